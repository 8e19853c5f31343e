import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { type Bench, makeBench, ndjson } from "./support/cli.ts"

let bench: Bench
beforeEach(async () => {
  bench = makeBench()
  expect(await bench.run(["merchants", "create", "--name", "Shop", "--time-zone", "UTC"])).toMatchObject({
    code: 0
  })
})
afterEach(() => bench.remove())

const person = (n: number) => ({
  externalIds: [{ system: "shop", key: `C-${n}` }],
  firstName: n % 3 === 0 ? "=cmd()" : `Ada ${n}`,
  lastName: n % 5 === 0 ? 'O"Brien, \n jr' : null,
  phone: `+7999${String(n).padStart(7, "0")}`,
  birthDate: { day: 10, month: 12, year: n % 2 === 0 ? 1815 + 40 : null },
  accumulatedSales: "15.5",
  group: n % 4 === 0 ? { name: "Gold" } : null,
  extensions: n % 7 === 0 ? { virtpos: { note: "@x" } } : {}
})

const people = (count: number, from = 1) =>
  Array.from({ length: count }, (_, at) => `${JSON.stringify(person(from + at))}\n`).join("")

const stored = (): number => {
  const database = new DatabaseSync(bench.path("store.sqlite"), { readOnly: true })
  try {
    return Number(database.prepare("SELECT count(*) AS n FROM customers").get()!["n"])
  } finally {
    database.close()
  }
}

const until = async (holds: () => boolean) => {
  for (let tries = 0; tries < 400 && !holds(); tries++)
    await new Promise((resolve) => setTimeout(resolve, 25))
  expect(holds()).toBe(true)
}

const totals = (stdout: string) => {
  const { created, event, rejected, rows, unchanged, updated } = ndjson(stdout).at(-1)!
  return { event, rows, created, updated, unchanged, rejected }
}

/** What an export says of the customers themselves, without ids and stamps of the store. */
const content = (text: string) =>
  ndjson(text).map(({ createdAt: _c, group, id: _i, updatedAt: _u, version: _v, ...rest }) => ({
    ...rest,
    group: (group as { readonly name: string } | null)?.name ?? null
  }))

describe("import and export", { timeout: 60_000 }, () => {
  it("go round through NDJSON and CSV, and again change nothing", async () => {
    writeFileSync(bench.path("people.ndjson"), `\ufeff${people(1_200)}`)
    const first = await bench.run(["customers", "import", "people.ndjson", "--json"])
    expect(first.code, first.stderr).toBe(0)
    expect(totals(first.stdout)).toEqual({
      event: "done",
      rows: 1_200,
      created: 1_200,
      updated: 0,
      unchanged: 0,
      rejected: 0
    })
    const again = await bench.run(["customers", "import", "people.ndjson"])
    expect(again.stdout).toMatch(
      /^Imported people\.ndjson: 0 created, 0 updated, 1,200 unchanged, 0 rejected in /
    )

    const exported = await bench.run(["customers", "export"])
    const toFile = await bench.run(["customers", "export", "safe.csv", "--json"])
    expect(JSON.parse(toFile.stdout)).toMatchObject({
      event: "done",
      file: "safe.csv",
      format: "csv",
      rows: 1_200
    })
    expect((await bench.run(["customers", "export", "raw.csv", "--raw"])).code).toBe(0)
    const safe = readFileSync(bench.path("safe.csv"), "utf8")
    expect(safe).toContain(",'=cmd(),")
    expect(safe).not.toMatch(/[,\n]=cmd/)
    expect(readFileSync(bench.path("raw.csv"), "utf8")).toContain(",=cmd(),")
    expect(readdirSync(bench.folder).filter((name) => name.endsWith(".tmp"))).toEqual([])

    for (const args of [["safe.csv"], ["raw.csv", "--raw"]]) {
      const same = await bench.run(["customers", "import", ...args, "--json"])
      expect(totals(same.stdout), same.stderr).toMatchObject({ rows: 1_200, unchanged: 1_200 })
    }
    const other = { TILLBRIDGE_DATABASE: "sqlite:other.sqlite" }
    await bench.run(["merchants", "create", "--name", "Other"], { env: other })
    const moved = await bench.run(["customers", "import", "safe.csv", "--json"], { env: other })
    expect(totals(moved.stdout), moved.stderr).toMatchObject({ created: 1_200 })
    const back = await bench.run(["customers", "export"], { env: other })
    expect(content(back.stdout)).toEqual(content(exported.stdout))
  })

  it("puts bad rows aside with line and reason and goes on", async () => {
    const rows = [
      JSON.stringify(person(1)),
      "{not json",
      '{"externalIds":[{"system":"s","key":"1"}],"fristName":"x"}',
      '{"externalIds":[{"system":"s","key":"2"}],"email":5}',
      '{"externalIds":[{"system":"s","key":"3"}],"birthDate":{"day":30,"month":2}}',
      '{"firstName":"nobody"}',
      "",
      `{"id":5,"notes":"${"x".repeat(1_100_000)}"}`,
      JSON.stringify(person(2))
    ]
    const bytes = Buffer.concat([Buffer.from(rows.join("\n")), Buffer.from([0x0a, 0x7b, 0xff, 0x0a])])
    writeFileSync(bench.path("mixed.ndjson"), bytes)
    const ended = await bench.run([
      "customers",
      "import",
      "mixed.ndjson",
      "--rejects",
      "bad.ndjson",
      "--json"
    ])
    expect(ended.code).toBe(1)
    expect(totals(ended.stdout)).toMatchObject({ event: "done", rows: 9, created: 2, rejected: 7 })
    const bad = ndjson(readFileSync(bench.path("bad.ndjson"), "utf8")).map((one) => ({
      line: Number(one["line"]),
      reason: String(one["reason"]),
      row: String(one["row"])
    }))
    const reasons = new Map(bad.map(({ line, reason }) => [line, reason]))
    expect([...reasons.keys()].sort((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 8, 10])
    expect(reasons.get(2)).toBe("is not valid JSON")
    expect(reasons.get(3)).toBe('has the unknown field "fristName". Did you mean "firstName"?')
    expect(reasons.get(4)).toMatch(/^email must be/)
    expect(reasons.get(5)).toBe("birthDate is not a date of the calendar")
    expect(reasons.get(6)).toContain("--key-system")
    expect(reasons.get(8)).toBe("is longer than 1 MiB")
    expect(reasons.get(10)).toBe("is not valid UTF-8")
    expect(bad.find(({ line }) => line === 2)!.row).toBe("{not json")
    expect(ndjson(ended.stdout).filter(({ event }) => event === "rejected")).toHaveLength(7)

    const stopped = await bench.run(["customers", "import", "mixed.ndjson", "--limit-errors", "2"])
    expect(stopped.code).toBe(1)
    expect(stopped.stdout).toMatch(/^Stopped .* 3 rejected/)
    expect(stopped.stderr).toContain('line 3: has the unknown field "fristName"')

    const list = "firstName;phone\nGrace;'+7999\nAda;5\nAda;5;6\n"
    const named = ["customers", "import", "-", "--format", "csv", "--key-system", "list", "--json"]
    expect(totals((await bench.run(named, { input: list })).stdout)).toMatchObject({
      created: 2,
      rejected: 1
    })
    expect(totals((await bench.run(named, { input: list })).stdout)).toMatchObject({
      unchanged: 2,
      rejected: 1
    })
    const heading = await bench.run(["customers", "import", "-", "--format", "csv"], {
      input: "id,frist\n1,x\n"
    })
    expect(heading.code).toBe(2)
    const same = await bench.run(["customers", "import", "mixed.ndjson", "--rejects", "mixed.ndjson"])
    expect(same.code).toBe(2)
    expect(readFileSync(bench.path("mixed.ndjson"))).toEqual(bytes)
  })

  it("leaves no half file where an export cannot be finished", async () => {
    writeFileSync(bench.path("kept.csv"), "before")
    const missing = await bench.run([
      "customers",
      "export",
      "kept.csv",
      "--database",
      "sqlite:nowhere.sqlite"
    ])
    expect(missing.code).toBe(3)
    const unwritable = await bench.run(["customers", "export", "no/such/folder.csv"])
    expect(unwritable).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^tillbridge: cannot write [^\n]+\n$/) as string
    })
    expect(readFileSync(bench.path("kept.csv"), "utf8")).toBe("before")
    expect(existsSync(bench.path("no"))).toBe(false)
  })
})

describe("an import that is broken off", { timeout: 60_000 }, () => {
  const rows = 3_000
  const start = () => {
    const running = bench.start(["customers", "import", "-", "--batch", "100"])
    running.child.stdin.write(people(1_250))
    return running
  }
  const finish = async () => {
    writeFileSync(bench.path("people.ndjson"), people(rows))
    const ended = await bench.run(["customers", "import", "people.ndjson", "--json"])
    expect(ended.code, ended.stderr).toBe(0)
    return totals(ended.stdout)
  }

  it("by kill -9 holds whole batches, and running it again finishes", async () => {
    const { child, ended } = start()
    await until(() => stored() >= 500)
    child.kill("SIGKILL")
    await ended
    const before = stored()
    expect(before % 100).toBe(0)
    expect(await finish()).toMatchObject({ created: rows - before, unchanged: before, rejected: 0 })
    expect(stored()).toBe(rows)
  })

  it("by Ctrl-C finishes its batch, tells the totals and how to go on, and exits with 130", async () => {
    const { child, ended } = start()
    await until(() => stored() >= 1_200)
    child.kill("SIGINT")
    const { code, stderr, stdout } = await ended
    expect(code).toBe(130)
    expect(stdout).toMatch(/^Interrupted standard input: 1,200 created, /)
    expect(stderr).toContain("Run the same command again")
    expect(await finish()).toMatchObject({ created: rows - 1_200, unchanged: 1_200 })
  })

  it("by a busy reader of its output ends quietly", async () => {
    writeFileSync(bench.path("people.ndjson"), people(rows))
    await bench.run(["customers", "import", "people.ndjson"])
    const { child, ended } = bench.start(["customers", "list", "--json"])
    child.stdout.once("data", () => child.stdout.destroy())
    const { code, stderr } = await ended
    expect([code, stderr]).toEqual([0, ""])
  })
})

import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { all, type Bench, makeBench, ndjson } from "./support/cli.ts"

let bench: Bench
beforeAll(async () => {
  bench = makeBench()
  const made = await bench.run([
    "merchants",
    "create",
    "--name",
    "Corner shop",
    "--time-zone",
    "Europe/Paris",
    "--json"
  ])
  expect(made, made.stderr).toMatchObject({ code: 0 })
  expect(JSON.parse(made.stdout)).toEqual({
    id: 1,
    name: "Corner shop",
    timeZone: "Europe/Paris",
    externalKeyPrefix: null
  })
})
afterAll(() => bench.remove())

const run = (line: string, env: Record<string, string> = {}) => bench.run(line.split(" "), { env })

/** Runs command lines and gives each ending with its line. */
const each = (lines: ReadonlyArray<readonly [line: string, env?: Record<string, string>]>) =>
  all(
    lines.map(
      ([line, env]) =>
        () =>
          run(line, env)
    )
  )

describe("the records of a merchant", { timeout: 60_000 }, () => {
  it("are put, shown, listed, reported and deleted", async () => {
    const put = await bench.run([
      ..."customers put --external-id shop:A:17 --first-name Ada --birth-date --12-10 --group Gold --consent-sms --json".split(
        " "
      ),
      "--phone",
      "8 (999) 000-00-01",
      "--notes",
      "red\u001b[31m"
    ])
    expect(put.code, put.stderr).toBe(0)
    const customer = JSON.parse(put.stdout) as Record<string, unknown>
    expect(customer).toMatchObject({
      id: 1,
      firstName: "Ada",
      externalIds: [{ system: "shop", key: "A:17" }],
      birthDate: { day: 10, month: 12, year: null },
      group: { name: "Gold" },
      consents: { push: false, email: false, sms: true }
    })
    const document = await bench.run(["customers", "put", "-", "--json"], {
      input: JSON.stringify({ ...customer, notes: null })
    })
    expect(JSON.parse(document.stdout)).toMatchObject({ id: 1, notes: null, firstName: "Ada" })
    const wrong = await bench.run(["customers", "put", "-"], { input: '{"frist":1}' })
    expect([wrong.code, wrong.stderr.includes('"frist"')]).toEqual([1, true])
    await bench.run(["customers", "put", "--id", "1", "--notes", "red\u001b[31m", "--title", ""])
    const card = await run(
      "cards put --number 0079001 --customer 1 --status active --type Club --registered-in 2 --json"
    )
    expect(JSON.parse(card.stdout)).toMatchObject({
      id: 1,
      number: "0079001",
      ean13: "0000000790017",
      customerId: 1,
      type: { name: "Club" }
    })

    const [get, byKey, list, none, cards, byBarcode, report, missing] = await each([
      ["customers get 1"],
      ["customers get --external-id shop:A:17 --json"],
      ["customers list --phone +79990000001 --with-phone --json"],
      ["customers list --without-phone"],
      ["cards list --customer 1"],
      ["cards get --barcode 0000000790017"],
      ["periods report --preset today --json"],
      ["customers get 99"]
    ])
    expect(get!.stdout).toMatch(/^birth date: +--12-10$/m)
    expect(get!.stdout).toContain("red\\u001b[31m")
    expect(JSON.parse(byKey!.stdout)).toMatchObject({ id: 1 })
    expect(ndjson(list!.stdout).map(({ id }) => id)).toEqual([1])
    expect([none!.code, none!.stdout]).toEqual([0, ""])
    expect(cards!.stdout.split("\n")[1]).toMatch(/^ *1 +0079001 +0000000790017 +Club +active +1 +2$/)
    expect(byBarcode!.stdout).toMatch(/^number: +0079001$/m)
    expect(ndjson(report!.stdout)).toHaveLength(1)
    expect([missing!.code, missing!.stdout]).toEqual([1, ""])

    const deleted = await run("cards delete --number 0079001 --yes --json")
    expect(JSON.parse(deleted.stdout)).toEqual({ id: 1, deleted: true })
    const gone = await run("customers delete 1 --yes")
    expect([gone.code, gone.stdout]).toEqual([0, "Customer 1 is deleted\n"])
    expect((await run("customers delete 1 --yes")).code).toBe(1)
  })

  it("is guarded by credentials whose keys are shown once", async () => {
    const made = await bench.run(["credentials", "create", "--dialect", "virtpos", "--json"])
    expect(JSON.parse(made.stdout)).toMatchObject({
      id: 1,
      dialect: "virtpos",
      secret: expect.stringMatching(/^tb_/) as string
    })
    const own = await bench.run(
      ["credentials", "create", "--dialect", "virtpos", "--secret-env", "OLD", "--scope", "read"],
      { env: { OLD: "my-old-key" } }
    )
    expect(own.stdout).toBe('Credential 2 opens virtpos of "Corner shop" (read)\n')
    await run("credentials revoke 1 --yes")
    const list = await run("credentials list --json")
    const found = ndjson(list.stdout)
    expect(list.stdout).not.toMatch(/secret|my-old-key/)
    expect(found.map(({ id, revokedAt }) => [id, revokedAt !== null])).toEqual([
      [1, true],
      [2, false]
    ])
  })

  it("has stores and lists of them, which are added, renamed and replaced", async () => {
    const shop = makeBench()
    const of = (...args: ReadonlyArray<string>) => shop.run(["merchants", ...args])
    const done = async (...args: ReadonlyArray<string>) => {
      const ended = await of(...args)
      expect(ended, `${args.join(" ")}: ${ended.stderr}`).toMatchObject({ code: 0, stderr: "" })
      return ended.stdout
    }
    try {
      for (const name of ["North", "South"])
        expect((await of("create", "--name", name, "--time-zone", "UTC")).code).toBe(0)
      const north = ["--merchant", "North"]
      expect(await of("stores", ...north)).toMatchObject({
        code: 0,
        stdout: "",
        stderr: "No store yet. Make one: tillbridge merchants put-store --id N --name TEXT\n"
      })
      expect(await done("put-store", "--id", "2", "--name", "Staton", ...north)).toBe(
        'Store 2 "Staton" of "North" is stored\n'
      )
      expect(await done("put-store", "--id", "2", "--name", "Station", ...north, "--json")).toBe(
        '{"kind":"store","id":2,"name":"Station"}\n'
      )
      await done("put-store", "--id", "10", "--name", "Main street", ...north)
      await done("put-store", "--id", "3", "--name", "Harbour", "--merchant", "2")
      expect(await done("put-store-list", "--id", "1", "--name", "All", "--stores", "2", ...north)).toBe(
        'Store list 1 "All" of "North" holds 2\n'
      )
      const replaced = ["put-store-list", "--id", "1", "--name", "Both", "--stores", "10, 2,2", ...north]
      expect(await done(...replaced, "--json")).toBe(
        '{"kind":"store list","id":1,"name":"Both","storeIds":[10,2]}\n'
      )
      // Store 3 is the other merchant's.
      const foreign = await of("put-store-list", "--id", "1", "--name", "X", "--stores", "2,3,4", ...north)
      expect(foreign).toMatchObject({
        code: 1,
        stdout: "",
        stderr:
          'tillbridge: "North" has no store 3, 4. Make it first: tillbridge merchants put-store --id N --name TEXT\n'
      })
      expect(await done("stores", ...north)).toBe(
        "STORE  NAME\n    2  Station\n   10  Main street\n\nLIST  NAME  STORES\n   1  Both  10,2\n"
      )
      expect(await done("stores", ...north, "--json")).toBe(
        '{"kind":"store","id":2,"name":"Station"}\n{"kind":"store","id":10,"name":"Main street"}\n' +
          '{"kind":"store list","id":1,"name":"Both","storeIds":[10,2]}\n'
      )
      expect(await done("stores", "--merchant", "South")).toBe("STORE  NAME\n    3  Harbour\n")
      expect(await of("stores")).toMatchObject({
        code: 2,
        stderr: 'tillbridge: say which merchant with --merchant ID or NAME: 1 "North", 2 "South"\n'
      })
    } finally {
      shop.remove()
    }
  })

  it("must be chosen when there are several", async () => {
    const other = makeBench()
    try {
      const create = (name: string) => other.run(["merchants", "create", "--name", name])
      await create("One")
      await create("Two")
      const unsaid = await other.run(["customers", "list"])
      expect(unsaid).toMatchObject({
        code: 2,
        stderr: 'tillbridge: say which merchant with --merchant ID or NAME: 1 "One", 2 "Two"\n'
      })
      const [byName, byId] = await all([
        () => other.run(["customers", "list", "--merchant", "two"]),
        () => other.run(["customers", "list", "--merchant", "1"])
      ])
      expect([byName!.code, byId!.code]).toEqual([0, 0])
    } finally {
      other.remove()
    }
  })
})

describe("tools", { timeout: 60_000 }, () => {
  it("print dialects and completions, without colour where it is not wanted", async () => {
    const [dialects, json, bash, zsh, fish] = await each([
      ["dialects"],
      ["dialects --json"],
      ["completions bash"],
      ["completions zsh"],
      ["completions fish"]
    ])
    expect(dialects!.stdout).toContain("/api/customer")
    expect(ndjson(json!.stdout)[0]).toMatchObject({ id: "virtpos", capabilities: { credentials: "key" } })
    for (const { code, stdout } of [bash!, zsh!, fish!]) {
      expect(code).toBe(0)
      for (const word of ["customers", "without-email", "yesterday", "database", "put-store-list"])
        expect(stdout).toContain(word)
      expect(stdout).not.toContain("\u001b[")
    }
  })

  it("serve the demo until they are stopped", async () => {
    const { child, ended } = bench.start(["serve", "--demo", "--port", "0", "--json"])
    const url = await new Promise<string>((resolve) =>
      child.stdout.once("data", (text: string) => resolve((JSON.parse(text) as { readonly url: string }).url))
    )
    const answer = await fetch(`${url}/api/customer?apikey=demo&format=json&id=1`)
    expect(answer.status).toBe(200)
    await answer.text()
    child.kill("SIGINT")
    expect((await ended).code).toBe(0)
  })
})

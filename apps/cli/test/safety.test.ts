/** What a careless command line or a hostile file must not do. */
import { spawn } from "node:child_process"
import { linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { visible } from "../src/Output.ts"
import { decodeJson } from "../src/transfer/RecordDecoder.ts"
import { csvReader } from "../src/transfer/RowReader.ts"
import { refuseTarget } from "../src/transfer/Target.ts"
import { all, type Bench, makeBench, ndjson } from "./support/cli.ts"

const red = "\u001b[31mred\u009b1m\u202etxt\u200b"
const shown = "\\u001b[31mred\\u009b1m\\u202etxt\\u200b"

let bench: Bench
beforeAll(async () => {
  bench = makeBench()
  const made = await bench.run(["merchants", "create", "--name", `Shop ${red}`, "--time-zone", "UTC"])
  expect(made.code, made.stderr).toBe(0)
  expect(made.stdout).toContain(`"Shop ${shown}"`)
  const put = await bench.run(["customers", "put", "--external-id", "s:1", "--first-name", "Ada"])
  expect(put.code, put.stderr).toBe(0)
}, 60_000)
afterAll(() => bench.remove())

describe("a file that is written", { timeout: 60_000 }, () => {
  it("is never the database, under whatever name, nor another database", async () => {
    const store = bench.path("store.sqlite")
    linkSync(store, bench.path("hard.csv"))
    symlinkSync("store.sqlite", bench.path("soft.csv"))
    symlinkSync("store.sqlite-wal", bench.path("wal.csv"))
    mkdirSync(bench.path("sub"))
    const other = new DatabaseSync(bench.path("other.csv"))
    other.exec("CREATE TABLE t (a)")
    other.close()
    writeFileSync(bench.path("row.ndjson"), "{bad\n")
    const before = readFileSync(bench.path("other.csv"))
    const targets = [
      "store.sqlite",
      "sub/../store.sqlite-wal",
      "store.sqlite-shm",
      "hard.csv",
      "soft.csv",
      "wal.csv",
      "other.csv"
    ]
    const runs = targets.flatMap((target) => [
      () => bench.run(["customers", "export", target]),
      () => bench.run(["customers", "import", "row.ndjson", "--rejects", target])
    ])
    for (const ended of await all(runs)) {
      expect(ended.code, ended.stderr).toBe(2)
      expect(ended.stderr).toMatch(/^tillbridge: cannot write [^\n]+database[^\n]*\n$/)
      expect(ended.stdout).toBe("")
    }
    expect(readFileSync(bench.path("other.csv"))).toEqual(before)
    const list = await bench.run(["customers", "list", "--json"])
    expect(ndjson(list.stdout)).toMatchObject([{ id: 1, firstName: "Ada" }])
  })

  it("may be anything else, also what is there already", () => {
    const store = bench.path("store.sqlite")
    writeFileSync(bench.path("plain.csv"), "SQLite format 2")
    for (const name of ["plain.csv", "new.csv", "store.sqlite.csv", "no/such/folder.csv"])
      expect(refuseTarget(bench.path(name), store)).toBeNull()
    expect(refuseTarget("/dev/null", store)).toBeNull()
    expect(refuseTarget(bench.path("none.sqlite-wal"), bench.path("none.sqlite"))).not.toBeNull()
  })
})

describe("text from outside", { timeout: 60_000 }, () => {
  it("is shown, not obeyed", () => {
    const bytes = [0x07, 0x1b, 0x7f, 0x9b]
    const unseen = [
      0xad, 0x61c, 0x200b, 0x200f, 0x2028, 0x202a, 0x202e, 0x2060, 0x2066, 0x2069, 0xfeff, 0xe0041
    ]
    for (const code of [...bytes, ...unseen])
      expect(visible(`a${String.fromCodePoint(code)}b`)).toBe(`a\\u${code.toString(16).padStart(4, "0")}b`)
    expect(visible("Zoë 🙂 я — 10\u00a0€")).toBe("Zoë 🙂 я — 10\u00a0€")
  })

  it("does not steer the terminal from any message, and stays exact in JSON", async () => {
    const row = JSON.stringify({ [`x${red}`]: 1 })
    const runs = await all([
      () => bench.run(["customers", "import", "-"], { input: `${row}\n` }),
      () => bench.run(["customers", "import", "-", "--format", "csv"], { input: `id,${red}\n` }),
      () => bench.run(["customers", "put", "-"], { input: row }),
      () => bench.run(["customers", "list", "--merchant", red]),
      () => bench.run(["customers", red]),
      () => bench.run(["customers", "import", red]),
      () => bench.run(["customers", "list", "--merchant", red], { env: { TILLBRIDGE_DEBUG: "1" } })
    ])
    for (const { code, stderr, stdout } of runs) {
      expect(code).not.toBe(0)
      expect(stderr).toContain(shown)
      expect(stdout + stderr).not.toMatch(/[\u001b\u009b\u202e\u200b]/)
    }
    const exact = await bench.run(["merchants", "list", "--json"])
    expect(JSON.parse(exact.stdout)).toMatchObject({ name: `Shop ${red}` })
    const rejected = await bench.run(["customers", "import", "-", "--json"], { input: `${row}\n` })
    expect(ndjson(rejected.stdout)[0]!["reason"]).toContain(red)
  })

  it("does not steer it from a question either", async () => {
    const ask = new URL("../src/actions/ask.ts", import.meta.url).href
    const code =
      `import { confirm } from ${JSON.stringify(ask)}; import * as Effect from "effect/Effect";` +
      `await Effect.runPromiseExit(confirm(${JSON.stringify(`Delete ${red}?`)}, false))`
    const cwd = fileURLToPath(new URL("..", import.meta.url))
    const child = spawn(
      process.execPath,
      ["--conditions=@tillbridge/source", "--input-type=module", "-e", code],
      { cwd }
    )
    let stderr = ""
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text))
    child.stdin.end("n\n")
    await new Promise((resolve) => child.on("close", resolve))
    expect(stderr).toBe(`Delete ${shown}? [y/N] `)
  })
})

describe("a row that JSON.parse would let pass", { timeout: 60_000 }, () => {
  const withNote = (note: string) => `{"id":1,"extensions":{"virtpos":{"note":${note}}}}`
  const nested = (depth: number) => withNote("[".repeat(depth) + "]".repeat(depth))

  it("is refused where it nests too deep", () => {
    // The row, extensions and the dialect hold the note.
    expect(decodeJson(nested(61))).toMatchObject({ id: 1 })
    expect(decodeJson(nested(62))).toBe("extensions are nested deeper than 64")
    expect(decodeJson(nested(500_000))).toBe("extensions are nested deeper than 64")
    expect(decodeJson(nested(62).replace("extensions", "\\u0065xtensions"))).toContain("nested deeper")
    expect(decodeJson(`{"id":1,"notes":${"[".repeat(100_000)}${"]".repeat(100_000)}}`)).toMatch(
      /^notes must be/
    )
  })

  it("is refused where a key is __proto__, however it is written", () => {
    for (const row of [
      '{"id":1,"__proto__":{"firstName":"x"}}',
      '{"id":1,"address":{"__proto__":{"city":"x"}}}',
      '{"id":1,"externalIds":[{"system":"s","key":"1","__proto__":{}}]}',
      '{"id":1,"extensions":{"__proto__":{"a":1}}}',
      withNote('[{"\\u005f_proto__":1}]')
    ]) {
      expect(decodeJson(row), row).toMatch(/__proto__/)
    }
    expect(decodeJson('{"id":1,"notes":"\\"__proto__\\""}')).toMatchObject({ notes: '"__proto__"' })
  })

  it("is refused where a number would lose digits", () => {
    for (const note of ["9007199254740993", "[-12345678901234567890]", "1e30"])
      expect(decodeJson(withNote(note))).toBe(
        "extensions hold a number of more than 15 digits, which must be text"
      )
    expect(decodeJson(withNote("1e999"))).toBe("extensions hold a number that is out of range")
    expect(decodeJson('{"id":9007199254740993}')).toMatch(/^id must be/)
    for (const note of ['"9007199254740993"', "9007199254740991", "-0.25"])
      expect(decodeJson(withNote(note))).toEqual(JSON.parse(withNote(note)))
  })

  it("is refused in CSV and from the command line too", async () => {
    const reader = csvReader(false)
    const [heading, row] = reader.split(
      Buffer.from('id,extensions\n1,"{""virtpos"":{""note"":9007199254740993}}"\n')
    )
    expect(reader.read(heading!)).toBeNull()
    expect(reader.read(row!)).toContain("must be text")
    const put = await bench.run(["customers", "put", "-"], { input: withNote("9007199254740993") })
    expect([put.code, put.stderr]).toEqual([
      1,
      "tillbridge: the document extensions hold a number of more than 15 digits, which must be text\n"
    ])
  })
})

describe("an import of a broken CSV file", { timeout: 60_000 }, () => {
  it("keeps the swallowed rows whole and tells their lines", async () => {
    const swallowed = `${Array.from({ length: 400 }, (_, at) => `k${at},Ada ${at}`).join("\n")}\n`
    const input = `externalId.s,firstName\ngood,Ada\nbad,"Bob\n${swallowed}`
    const args = ["customers", "import", "-", "--format", "csv", "--rejects", "bad.ndjson"]
    const ended = await bench.run(args, { input })
    expect(ended.code, ended.stderr).toBe(1)
    const bad = ndjson(readFileSync(bench.path("bad.ndjson"), "utf8"))
    expect(bad).toMatchObject([{ line: 3, row: `bad,"Bob\n${swallowed}` }])
    expect(bad[0]!["reason"]).toContain("lines 3 to 403 were read as this one row")
  })

  it("is warned of keys that a second file would share", async () => {
    const { stdout } = await bench.run(["customers", "import", "--help"])
    expect(stdout.replace(/\s+/g, " ")).toContain("A second file needs another SYSTEM")
  })
})

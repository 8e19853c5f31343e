import { writeFileSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { all, type Bench, type Ended, makeBench } from "./support/cli.ts"

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

const isOneLine = ({ stderr }: Ended) => expect(stderr).toMatch(/^tillbridge: [^\n]+\n$/)

describe("help", { timeout: 60_000 }, () => {
  it("fits the first screen, and opens a command's page with purpose, effects and examples", async () => {
    const [first, bare, page, list, storeList, version] = await each([
      ["--help"],
      ["--no-such --help"],
      ["customers import --help"],
      ["cards list -h"],
      ["merchants put-store-list --help"],
      ["--version"]
    ])
    const lines = first!.stdout.trimEnd().split("\n")
    expect(first!.code).toBe(0)
    expect(lines.length).toBeLessThanOrEqual(23)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
    const groups = lines.map((line) => /^(\w+) {2,}\w/.exec(line)?.[1]).filter((group) => group !== undefined)
    expect(groups).toEqual(["Run", "Sync", "Store", "Tools", "Examples"])
    expect(bare!.code).toBe(0)
    for (const { stdout } of [page!, list!, storeList!]) {
      const order = [
        /^\w[^\n]+/,
        /\n(Reads|Changes): /,
        /\nExamples\n {2}tillbridge|zcat/,
        /\nUsage\n/,
        /\nFlags\n/,
        /\nEvery command\n/
      ]
      const places = order.map((part) => stdout.search(part))
      expect(
        places.every((place) => place >= 0),
        stdout
      ).toBe(true)
      expect(places).toEqual([...places].sort((a, b) => a - b))
      expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(90)
      for (const flag of ["--help", "--json", "--config FILE", "--database URL"])
        expect(stdout).toContain(flag)
    }
    expect(version!.stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

describe("wrong usage", { timeout: 60_000 }, () => {
  it("is one line with the nearest right word, and exit code 2", async () => {
    const cases: ReadonlyArray<readonly [string, string]> = [
      ["custmers list", '"customers"'],
      ["customers lst", '"list"'],
      ["customers list --phon 1", "--phone"],
      ["customers list --jsno", "--json"],
      ["periods report --preset yesterdy", '"yesterday"'],
      ["cards put --number 1 --status actve", '"active"'],
      ["credentials create --dialect virtpo", '"virtpos"'],
      ["credentials create --dialect virtpos --scope raed", '"read"'],
      ["merchants create --name X --time-zone Europe/Pari", '"Europe/Paris"'],
      ["customers list --merchant Cornershop", '"Corner shop"']
    ]
    const ended = await each(cases.map(([line]) => [line]))
    ended.forEach((one, at) => {
      expect(one.code, cases[at]![0]).toBe(2)
      isOneLine(one)
      expect(one.stderr).toContain(`Did you mean ${cases[at]![1]}?`)
      expect(one.stdout).toBe("")
    })
  })

  it("covers values, combinations and places that cannot be", async () => {
    const cases: ReadonlyArray<readonly [line: string, said: RegExp]> = [
      ["customers import", /needs FILE/],
      ["customers get", /say which customer/],
      ["customers list --limit abc", /--limit must be a whole number, not "abc"/],
      ["customers list --limit 0", /too small/],
      ["customers list --page 2", /--page needs --limit/],
      ["customers list --with-phone --without-phone", /exclude each other/],
      ["customers get x", /whole number/],
      ["customers put --birth-date 2000-13-01", /birthDate.month/],
      ["customers delete 1", /--yes/],
      ["merchants put-store --name X", /--id/],
      ["merchants put-store --id x --name X", /--id must be a whole number, not "x"/],
      ["merchants put-store --id 0 --name X", /too small/],
      ["merchants put-store --id 9007199254740993 --name X", /--id must be/],
      ["merchants put-store --id 1 --name=", /--name must not be empty/],
      ["merchants put-store --id 1 --name X --merchant 7", /no merchant "7"/],
      ["merchants put-store-list --id 1 --name X --stores 1,x", /--stores must be numbers of stores/],
      ["merchants put-store-list --id 1 --name X --stores=", /--stores must be numbers of stores/],
      ["merchants put-store-list --id 1 --name X --stores 0", /--stores must be 1 or more/],
      ["customers import nowhere.csv", /no such file/],
      ["periods report --from 2026-02-30 --to 2026-03-01", /--from must be a day/],
      ["serve --demo --host 0.0.0.0", /127\.0\.0\.1 only/],
      ["customers list --database postgres://u:secret@h/db", /stores in SQLite only/],
      ["customers list --database mysql:x", /must be sqlite:PATH/]
    ]
    const ended = await each(cases.map(([line]) => [line]))
    ended.forEach((one, at) => {
      expect(one.code, `${cases[at]![0]}: ${one.stderr}`).toBe(2)
      isOneLine(one)
      expect(one.stderr).toMatch(cases[at]![1])
      expect(one.stderr).not.toContain("secret")
    })
    const [json, group] = await each([["customers list --phon 1 --json"], ["customers"]])
    expect(JSON.parse(json!.stderr)).toMatchObject({ error: { kind: "usage", exitCode: 2 } })
    expect([group!.code, group!.stdout]).toEqual([2, ""])
  })
})

describe("settings", { timeout: 60_000 }, () => {
  it("come from the file, then variables, then flags; a mistake in the file is named", async () => {
    const file = (name: string, text: string) => {
      writeFileSync(bench.path(name), text)
      return name
    }
    const unset = { TILLBRIDGE_DATABASE: "" }
    const found = file(
      "found.toml",
      'database = "sqlite:store.sqlite"\nmerchant = "Corner shop"\n[serve]\nport = 9000\n'
    )
    const secret = file("secret.toml", 'database = { file = "url.txt" }\n')
    file("url.txt", `sqlite:${bench.path("store.sqlite")}\n`)
    const cases: ReadonlyArray<
      readonly [line: string, env: Record<string, string>, code: number, said: RegExp]
    > = [
      [`customers list --config ${found}`, unset, 0, /No customer/],
      [`customers list --config ${secret}`, unset, 0, /No customer/],
      [
        `customers list --config ${found}`,
        { TILLBRIDGE_DATABASE: "sqlite:other.sqlite" },
        3,
        /no database at .*other\.sqlite/
      ],
      [`customers list --config ${found} --database sqlite:third.sqlite`, {}, 3, /third\.sqlite/],
      [
        `customers list --config ${found}`,
        { TILLBRIDGE_MERCHANT: "7" },
        2,
        /no merchant "7".*1 "Corner shop"/
      ],
      ["customers list", unset, 3, /no database at .*data.tillbridge.tillbridge\.sqlite/],
      [
        `customers list --config ${file("a.toml", 'databse = "x"\n')}`,
        {},
        2,
        /unknown key "databse"\. Did you mean "database"\?/
      ],
      [
        `customers list --config ${file("b.toml", "[serve]\nhots = 1\n")}`,
        {},
        2,
        /unknown key "hots" in \[serve\]\. Did you mean "host"\?/
      ],
      [
        `customers list --config ${file("c.toml", 'database = "postgres://me:word@h/db"\n')}`,
        unset,
        2,
        /may not stand in the file.*env = "NAME"/
      ],
      [
        `customers list --config ${file("d.toml", 'database = { env = "NOT_SET" }\n')}`,
        unset,
        2,
        /NOT_SET is not set/
      ],
      [`customers list --config ${file("e.toml", "database = \n")}`, {}, 2, /not valid TOML/],
      ["customers list --config nowhere.toml", {}, 2, /cannot read the settings file .*no such file/],
      ["customers list", { TILLBRIDGE_DATABSE: "x" }, 2, /Did you mean TILLBRIDGE_DATABASE\?/]
    ]
    const ended = await each(cases.map(([line, env]) => [line, env]))
    ended.forEach((one, at) => {
      const [line, , code, said] = cases[at]!
      expect(one.code, `${line}: ${one.stderr}`).toBe(code)
      expect(one.stderr).toMatch(said)
      expect(one.stderr.split("\n")).toHaveLength(2)
    })
  })

  it("tell a file that is no database of ours by exit code 3", async () => {
    const newer = new DatabaseSync(bench.path("newer.sqlite"))
    newer.exec("CREATE TABLE schema_migrations (id INTEGER PRIMARY KEY, name TEXT, applied_at INTEGER)")
    newer.exec("INSERT INTO schema_migrations VALUES (999, 'future', 0)")
    newer.close()
    const future = await run("merchants list --database sqlite:newer.sqlite")
    expect(future).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("made by a newer version") as string
    })
    writeFileSync(
      bench.path("text.sqlite"),
      "this is not a database, only text that is long enough to be read ".repeat(40)
    )
    const [garbage, folder] = await each([
      ["merchants list --database sqlite:text.sqlite"],
      ["merchants list --database sqlite:."]
    ])
    for (const one of [garbage!, folder!]) {
      expect(one.code, one.stderr).toBe(3)
      isOneLine(one)
    }
  })
})

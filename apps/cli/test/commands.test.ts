import { writeFileSync } from "node:fs"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { all, type Bench, type Ended, makeBench, ndjson } from "./support/cli.ts"

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

describe("help", () => {
  it("fits the first screen, and opens a command's page with purpose, effects and examples", async () => {
    const [first, bare, page, list, version] = await each([
      ["--help"],
      ["--no-such --help"],
      ["customers import --help"],
      ["cards list -h"],
      ["--version"]
    ])
    const lines = first!.stdout.trimEnd().split("\n")
    expect(first!.code).toBe(0)
    expect(lines.length).toBeLessThanOrEqual(23)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
    for (const group of ["Run", "Store", "Tools", "Examples"]) expect(lines).toContain(group)
    expect(bare!.code).toBe(0)
    for (const { stdout } of [page!, list!]) {
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

describe("wrong usage", () => {
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

describe("settings", () => {
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

describe("the records of a merchant", () => {
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
    isOneLine(missing!)

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

describe("tools", () => {
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
      for (const word of ["customers", "without-email", "yesterday", "database"])
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
    expect((await ended).code).toBe(130)
  })
})

/** What `[remotes.NAME]` and `[links.NAME]` may hold, and how the rest is refused. */
import { Duration, Effect, Result } from "effect"
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { openRemote, syncSettings } from "../src/remotes/index.ts"
import { keysOf, remoteDialects } from "../src/remotes/RemoteSettings.ts"
import { editSettings, withTable } from "../src/settings/SettingsEditor.ts"

const CANARY = "canary-s3cret"

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tillbridge-remotes-"))
  file = join(folder, "tillbridge.toml")
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
  for (const name of Object.keys(process.env)) {
    if (name.startsWith("TILLBRIDGE_REMOTE_")) delete process.env[name]
  }
})

/** All remotes and links of a file, or the one line that refuses them. */
const reading = (text: string) => {
  writeFileSync(file, text)
  const all = Effect.gen(function* () {
    const settings = yield* syncSettings({ config: file })
    return { remotes: yield* settings.remotes, links: yield* settings.links }
  })
  const result = Effect.runSync(Effect.result(all))
  return Result.isSuccess(result) ? result.success : result.failure.message
}

const till = `
[remotes.till]
dialect = "virtpos"
url = "https://shop.example"
key = { env = "TILL_KEY" }
time-zone = "Europe/Moscow"
`

const nice = `
[remotes.nice]
dialect = "polaris"
url = "https://192.0.2.7:3443"
user = "sync"
password = { file = "nice.secret" }
code-magasin = 1
`

describe("a settings file with remotes and links", () => {
  it("gives each its options, with paths meant from the file", () => {
    const read = reading(`${till}
format = "json"
page-size = 500
timeout = "10s"
rate = 2.5
burst = 4
cards = false
retry = { times = 2, cap = "1m" }
${nice}
prefix-cle = "SHOP"
since = 2024-01-31
margin = "10 minutes"
login = "basic"
write-store = true
names.client.Ville = "Commune"
names.errors.logged-out = [401, 440]
[remotes.loy]
dialect = "lcmanager"
url = "https://loy.example/app"
user = "sync"
password = { env = "LOY" }
operator = 7
window-days = 30
status-names = { blocked = "Stopped" }
[remotes.mega]
dialect = "megawin"
key = { env = "MEGA" }
time-zone = "Europe/Brussels"
[links.morning]
from = "nice"
to = "store"
every = "30s"
merchant = 2
match = ["card", "email"]
country = "FR"
max-delete = 2.5
[links.back]
from = "store"
to = "till"
`)
    if (typeof read === "string") throw new Error(read)
    const [virtpos, polaris, lcmanager, megawin] = read.remotes
    expect(virtpos).toMatchObject({
      name: "till",
      dialect: "virtpos",
      url: "https://shop.example",
      rate: 2.5,
      burst: 4,
      secrets: { key: { env: "TILL_KEY" } },
      options: { format: "json", pageSize: 500, cards: false, timeZone: "Europe/Moscow", retry: { times: 2 } }
    })
    expect(polaris).toMatchObject({
      secrets: { password: { file: join(folder, "nice.secret") } },
      options: {
        codeMagasin: 1,
        prefixCle: "SHOP",
        login: "basic",
        writeStore: true,
        names: { client: { Ville: "Commune" }, errors: { loggedOut: [401, 440] } }
      }
    })
    expect(lcmanager).toMatchObject({
      options: { operator: 7, windowDays: 30, statusNames: { blocked: "Stopped" } }
    })
    expect(megawin).toMatchObject({ dialect: "megawin", url: undefined })
    expect(read.links[0]).toMatchObject({
      name: "morning",
      from: "nice",
      to: "store",
      merchant: "2",
      match: ["card", "email"],
      country: "FR",
      maxDelete: 2.5
    })
    expect(read.links.map(({ every }) => Duration.toMillis(every))).toEqual([30_000, 300_000])
    expect(read.links[1]!.merchant).toBeUndefined()
  })

  it.each<[name: string, text: string, said: RegExp]>([
    [
      "no dialect",
      '[remotes.a]\nurl = "https://x"',
      /remotes\.a\.dialect is missing: one of virtpos, polaris/
    ],
    [
      "a misspelt dialect",
      '[remotes.a]\ndialect = "virtpo"',
      /remotes\.a\.dialect must be one of .* "virtpos"\?/
    ],
    ["the store's name", till.replace("till", "store"), /\[remotes\.store\]: "store" is the store/],
    ["a name with capitals", till.replace("till", "Till"), /lower-case letters/],
    ["a remote that is no table", "remotes.a = 1", /remotes\.a must be a table/],
    ["no url", till.replace(/url.*\n/, ""), /remotes\.till\.url is missing/],
    ["a url with a login", till.replace("https://", `https://me:${CANARY}@`), /url must begin with https/],
    ["a url with a query", till.replace(".example", `.example/?apikey=${CANARY}`), /url must begin with/],
    ["another kind of url", till.replace("https:", "ftp:"), /url must begin with/],
    ["an unknown key", `${till}page_size = 5`, /unknown key "page_size" in \[remotes\.till\].*"page-size"/],
    ["a key of another dialect", `${till}prefix-cle = "X"`, /unknown key "prefix-cle" in \[remotes\.till\]/],
    ["no key", till.replace(/key.*\n/, ""), /remotes\.till\.key is missing: write key = \{ env/],
    [
      "a key in plain text",
      till.replace(/\{ env.*\}/, `"${CANARY}"`),
      /till\.key holds a secret.*env = "NAME"/
    ],
    ["a key without quotes", till.replace(/\{ env.*\}/, CANARY), /is not valid TOML: Invalid value at line/],
    ["a key from nowhere", till.replace("env", "vault"), /till\.key must be \{ env = "NAME" \} or/],
    ["a password as url", nice.replace(/\{ file.*\}/, `"${CANARY}"`), /nice\.password holds a secret/],
    ["no time zone", till.replace(/time-zone.*\n/, ""), /till\.time-zone is missing/],
    ["a time zone that is none", till.replace("Moscow", "Moscou"), /time-zone must be an IANA time zone/],
    ["a page of nothing", `${till}page-size = 0`, /page-size must be a whole number from 1 to 10000/],
    [
      "a format that is none",
      `${till}format = "jsno"`,
      /format must be one of "xml", "json"\. Did you mean "json"\?/
    ],
    ["a time without unit", `${till}timeout = 30`, /timeout must be a time such as/],
    ["a rate of nothing", `${till}rate = 0`, /rate must be a number above 0/],
    ["burst without rate", `${till}burst = 2`, /burst means nothing without rate/],
    [
      "an unknown key of retry",
      `${till}retry = { tries = 2 }`,
      /unknown key "tries" in \[remotes\.till\.retry\]/
    ],
    [
      "its own name as the other",
      `${till}external-system = "till"`,
      /external-system must differ from the name/
    ],
    ["no shop", nice.replace(/code-magasin.*\n/, ""), /nice\.code-magasin is missing/],
    ["a shop in quotes", nice.replace("= 1", '= "1"'), /code-magasin must be a whole number/],
    ["a fingerprint that is none", `${nice}fingerprint = "AB:CD"`, /fingerprint must be the SHA-256/],
    ["a login that is none", `${nice}login = "basci"`, /login must be one of .*"basic"\?/],
    ["a day that is none", `${nice}since = "yesterday"`, /since must be a day such as/],
    [
      "a link to nowhere",
      `${till}[links.a]\nfrom = "tlil"\nto = "store"`,
      /links\.a\.from: .*Did you mean "till"\?/
    ],
    [
      "a link to itself",
      `${till}[links.a]\nfrom = "till"\nto = "till"`,
      /links\.a\.to must be another system/
    ],
    ["a link without end", `${till}[links.a]\nfrom = "till"`, /links\.a\.to is missing/],
    ["an unknown key of a link", `${till}[links.a]\nfrom="till"\nto="store"\nevry = "5m"`, /"evry".*"every"/],
    [
      "too often",
      `${till}[links.a]\nfrom="till"\nto="store"\nevery = "1ms"`,
      /every must be at least one second/
    ],
    ["matched by nothing known", `${till}[links.a]\nfrom="till"\nto="store"\nmatch = ["phnoe"]`, /"phone"\?/],
    [
      "a country by name",
      `${till}[links.a]\nfrom="till"\nto="store"\ncountry = "France"`,
      /two capital letters/
    ],
    ["more than all", `${till}[links.a]\nfrom="till"\nto="store"\nmax-delete = 101`, /percent from 0 to 100/]
  ])("is refused for %s", (_, text, said) => {
    const message = reading(text)
    expect(message).toMatch(said)
    expect(message).toContain(file)
    expect(message).not.toContain(CANARY)
  })

  it("knows every key that a dialect reads, and no other", () => {
    for (const dialect of remoteDialects) {
      const keys = keysOf(dialect)
      expect(new Set(keys).size).toBe(keys.length)
      for (const key of keys.filter((one) => !["dialect", "burst"].includes(one))) {
        // A value that no key takes.
        const message = reading(
          `[remotes.a]\ndialect = "${dialect}"\n${key} = [[]]\n${
            key === "url" ? "" : 'url = "https://x.example"\n'
          }${["key", "time-zone", "user", "password"]
            .filter((one) => keys.includes(one) && one !== key)
            .map((one) =>
              one === "user"
                ? 'user = "u"'
                : one === "time-zone"
                  ? 'time-zone = "UTC"'
                  : `${one} = { env = "X" }`
            )
            .join(
              "\n"
            )}${keys.includes("code-magasin") && key !== "code-magasin" ? "\ncode-magasin = 1" : ""}`
        )
        expect(message, `${dialect} ${key}`).toContain(`remotes.a.${key} must be`)
      }
    }
  })
})

describe("variables", () => {
  it("have the last word on url and secrets, and are refused when they name nothing", () => {
    process.env["TILLBRIDGE_REMOTE_TILL_URL"] = "https://other.example"
    process.env["TILLBRIDGE_REMOTE_TILL_KEY"] = CANARY
    expect(reading(till)).toMatchObject({
      remotes: [{ url: "https://other.example", secrets: { key: { env: "TILLBRIDGE_REMOTE_TILL_KEY" } } }]
    })
    expect(JSON.stringify(reading(till))).not.toContain(CANARY)
    process.env["TILLBRIDGE_REMOTE_TIL_KEY"] = CANARY
    const message = reading(till)
    expect(message).toMatch(
      /TILLBRIDGE_REMOTE_TIL_KEY means nothing here\. Did you mean TILLBRIDGE_REMOTE_TILL_KEY\?/
    )
    expect(message).not.toContain(CANARY)
  })
})

describe("opening", () => {
  it.each<[name: string, text: string, said: string]>([
    [
      "a secret that is not set",
      till.replace("TILL_KEY", "TILLBRIDGE_NOT_THERE"),
      "remotes.till.key in FILE cannot be had: the environment variable TILLBRIDGE_NOT_THERE is not set"
    ],
    [
      "a secret file that is not there",
      nice,
      "remotes.nice.password in FILE cannot be had: cannot read FOLDER/nice.secret: no such file or folder"
    ],
    [
      "a member that the dialect does not know",
      `${nice.replace("nice.secret", "tillbridge.toml")}names.client.Vile = "X"`,
      "remotes.nice.names.client.Vile in FILE is no member that this dialect knows"
    ],
    [
      "a fingerprint without encryption",
      `${nice.replace("nice.secret", "tillbridge.toml").replace("https", "http")}fingerprint = "${"AB".repeat(32)}"`,
      "remotes.nice.fingerprint in FILE needs a base URL that begins with https"
    ]
  ])("fails for %s", (_, text, said) => {
    const read = reading(text)
    if (typeof read === "string") throw new Error(read)
    const opening = Effect.runPromise(Effect.flip(Effect.scoped(openRemote(read.remotes[0]!))))
    return opening.then((error) =>
      expect(error.message.replaceAll(file, "FILE").replaceAll(folder, "FOLDER")).toBe(said)
    )
  })
})

describe("editing the settings file", () => {
  const path = ["remotes", "till"] as const
  const remote = { dialect: "virtpos", url: "https://shop.example", key: { env: "K" }, rate: 2.5 }
  const written = `[remotes.till]
dialect = "virtpos"
url = "https://shop.example"
key = { env = "K" }
rate = 2.5
`

  it("adds, writes anew and takes away one table, and leaves every other byte alone", () => {
    const before = `# ours\nmerchant = "Shop" # the first\n\n[serve]   # web\nport=80\n`
    const added = withTable(before, path, remote)
    expect(added).toBe(`${before}\n${written}`)
    expect(withTable(added!, path, null)).toBe(before)
    const among = `${written}\n# about b\n[remotes.b] # second\ndialect = "x"\n`
    expect(withTable(among, path, { dialect: "y" })).toBe(
      `[remotes.till]\ndialect = "y"\n\n# about b\n[remotes.b] # second\ndialect = "x"\n`
    )
    expect(withTable(among, path, null)).toBe(`# about b\n[remotes.b] # second\ndialect = "x"\n`)
    expect(withTable("", path, remote)).toBe(written)
    expect(withTable(`a = 1\r\n`, path, { dialect: "y" })).toBe(
      `a = 1\r\n\r\n[remotes.till]\r\ndialect = "y"\r\n`
    )
  })

  it("takes the tables below it along, and is not misled by text that looks like a header", () => {
    const text = `[serve]
host = """
[remotes.till]
"""
[remotes.till]
dialect = "x"
list = [
  "[remotes.b]", # a comment ]
]
[remotes.till.retry]
times = 1

[remotes.'till-2']
dialect = "z"
`
    expect(withTable(text, path, null)).toBe(
      `[serve]\nhost = """\n[remotes.till]\n"""\n\n[remotes.'till-2']\ndialect = "z"\n`
    )
  })

  it("refuses a table that is written in another way", () => {
    expect(withTable(`remotes = { till = { dialect = "x" } }`, path, null)).toBeUndefined()
    expect(withTable(`remotes = { a = { dialect = "x" } }`, path, remote)).toBeUndefined()
    expect(withTable(`[remotes]\ntill.dialect = "x"\n`, path, remote)).toBeUndefined()
    expect(withTable(`not toml`, path, remote)).toBeUndefined()
  })

  it("writes text that could break out of its quotes as text", () => {
    const sly = { url: '"\n[serve]\nhost = "0.0.0.0"\\', "time-zone": "\u0007é🙂" }
    const text = withTable("", path, sly)
    expect(text!.split("\n")).toHaveLength(4)
  })

  it("makes a file that is its owner's alone, keeps the mode of another, and writes behind a link", () => {
    editSettings(file, path, remote)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    chmodSync(file, 0o640)
    const link = join(folder, "link.toml")
    symlinkSync(file, link)
    editSettings(link, ["remotes", "b"], { dialect: "x" })
    expect(statSync(file).mode & 0o777).toBe(0o640)
    expect(readFileSync(file, "utf8")).toBe(`${written}\n[remotes.b]\ndialect = "x"\n`)
  })
})

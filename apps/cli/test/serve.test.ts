/** What `serve` makes of flags, variables and the settings file. */
import { servedDialects } from "@tillbridge/server"
import { writeFileSync } from "node:fs"
import { Duration, Redacted } from "effect"
import { afterAll, describe, expect, it } from "vitest"
import { Failure } from "../src/Failure.ts"
import { type ServeFlags, serveSettings } from "../src/settings/ServeSettings.ts"
import { readSettingsFile } from "../src/settings/SettingsFile.ts"
import { all, makeBench, ndjson } from "./support/cli.ts"

const bench = makeBench()
afterAll(bench.remove)

const noFlags: ServeFlags = {
  dialect: [],
  without: [],
  proxy: [],
  maxRequests: undefined,
  maxConnections: undefined,
  maxConnectionsPerAddress: undefined
}

interface Said {
  readonly toml?: string
  readonly env?: Readonly<Record<string, string>>
  readonly flags?: Partial<ServeFlags>
}

let files = 0
const file = (text: string): string => {
  const name = `settings${++files}.toml`
  writeFileSync(bench.path(name), text)
  return bench.path(name)
}

const settings = ({ env = {}, flags = {}, toml }: Said) =>
  serveSettings(
    servedDialects,
    toml === undefined ? undefined : readSettingsFile(file(toml)),
    { ...noFlags, ...flags },
    (name) => env[name]
  )

/** `virtpos`, or `polaris=/fr`. */
const mounted = (said: Said): ReadonlyArray<string> =>
  settings(said).dialects.map(({ at = "", served }) => `${served.id}${at && `=${at}`}`)

const everyDialect = ["virtpos", "polaris", "lcmanager", "megawin"]

describe("what is served", () => {
  it("is everything, less what is left out, or what is named and nothing else", () => {
    const toml = `[dialects.megawin]\nenabled = false\n`
    const cases: ReadonlyArray<readonly [said: Said, dialects: ReadonlyArray<string>]> = [
      [{}, everyDialect],
      [{ flags: { without: ["megawin", "polaris"] } }, ["virtpos", "lcmanager"]],
      [{ flags: { dialect: ["polaris"] } }, ["polaris"]],
      [{ toml }, ["virtpos", "polaris", "lcmanager"]],
      [{ toml, flags: { dialect: ["megawin"] } }, ["megawin"]],
      [{ toml, flags: { without: ["virtpos"] } }, ["polaris", "lcmanager"]],
      [{ env: { TILLBRIDGE_DIALECTS: "megawin, virtpos" } }, ["virtpos", "megawin"]],
      [{ env: { TILLBRIDGE_DIALECTS: "megawin,virtpos" }, flags: { without: ["megawin"] } }, ["virtpos"]],
      [{ env: { TILLBRIDGE_DIALECTS: "megawin" }, flags: { dialect: ["polaris"] } }, ["polaris"]]
    ]
    for (const [said, dialects] of cases) expect(mounted(said), JSON.stringify(said)).toEqual(dialects)
  })

  it("stands where the last word puts it: the file, then variables, then flags", () => {
    const toml = `[dialects.virtpos]\nmount = "/ru"\n`
    const env = { TILLBRIDGE_DIALECTS: "virtpos=/env,polaris" }
    const cases: ReadonlyArray<readonly [said: Said, mounts: ReadonlyArray<string>]> = [
      [{ toml }, ["virtpos=/ru", "polaris", "lcmanager", "megawin"]],
      [{ toml, env }, ["virtpos=/env", "polaris"]],
      [{ toml, env, flags: { dialect: ["virtpos"] } }, ["virtpos=/ru"]],
      [{ toml, env, flags: { dialect: ["virtpos=/flag", "megawin=/be"] } }, ["virtpos=/flag", "megawin=/be"]]
    ]
    for (const [said, mounts] of cases) expect(mounted(said), JSON.stringify(said)).toEqual(mounts)
  })

  it("has its limits, proxies and the settings of each dialect", () => {
    writeFileSync(bench.path("secret.txt"), "a secret of the shop's own\n")
    const toml = `[serve]
proxies = ["10.0.0.5", "::1"]
[limits]
requests = 9
lag = "2 seconds"
connections = 100
connections-per-address = 5
[dialects.lcmanager]
login-lifetime = "10 minutes"
refresh-lifetime = "1 day"
[dialects.polaris]
largest-page = 50
login-lifetime = "8 hours"
secret = { file = "secret.txt" }
`
    const { dialects, limits, proxies } = settings({
      toml,
      env: {
        TILLBRIDGE_MAX_REQUESTS: "10",
        TILLBRIDGE_LCMANAGER_SECRET: "another secret of it, long enough"
      },
      flags: { maxConnections: 200 }
    })
    expect(proxies).toEqual(["10.0.0.5", "::1"])
    expect({ ...limits, lag: Duration.toMillis(limits.lag!) }).toEqual({
      inProgress: 10,
      lag: 2_000,
      connections: 200,
      connectionsPerAddress: 5
    })
    const of = (id: string) => dialects.find(({ served }) => served.id === id)?.settings
    expect(of("virtpos")).toEqual({})
    expect(of("polaris")?.largestPage).toBe(50)
    expect(Duration.toHours(of("polaris")!.loginLifetime!)).toBe(8)
    expect(Redacted.value(of("polaris")!.secret!)).toBe("a secret of the shop's own")
    expect(Duration.toMinutes(of("lcmanager")!.loginLifetime!)).toBe(10)
    expect(Duration.toHours(of("lcmanager")!.refreshLifetime!)).toBe(24)
    expect(JSON.stringify(of("lcmanager"))).not.toContain("another")
    expect(settings({ env: { TILLBRIDGE_PROXIES: "10.0.0.9" } }).proxies).toEqual(["10.0.0.9"])
    expect(settings({ flags: { proxy: ["10.0.0.8"] }, toml }).proxies).toEqual(["10.0.0.8"])
  })

  it("is refused by name where it cannot be", () => {
    const cases: ReadonlyArray<readonly [said: Said, message: RegExp]> = [
      [
        { flags: { dialect: ["virtposs"] } },
        /--dialect: there is no dialect "virtposs"\. Did you mean "virtpos"\?/
      ],
      [{ flags: { without: ["nobody"] } }, /--without: there is no dialect "nobody"\. Known: virtpos/],
      [{ flags: { dialect: ["virtpos", "virtpos=/fr"] } }, /--dialect names virtpos twice/],
      [{ flags: { dialect: ["virtpos"], without: ["megawin"] } }, /leave out --without/],
      [{ flags: { without: everyDialect } }, /no dialect is left to serve/],
      [{ flags: { proxy: ["shop.example"] } }, /--proxy: "shop\.example" is no IP address/],
      [{ env: { TILLBRIDGE_DIALECTS: "x" } }, /TILLBRIDGE_DIALECTS: there is no dialect "x"/],
      [{ env: { TILLBRIDGE_MAX_REQUESTS: "many" } }, /TILLBRIDGE_MAX_REQUESTS must be a whole number/],
      [{ toml: "[dialects.virtpoz]\n" }, /dialects\.virtpoz\]: there is no dialect "virtpoz"\. Did you/],
      [{ toml: `[dialects.virtpos]\nsecret = "x"\n` }, /unknown key "secret" in \[dialects\.virtpos\]/],
      [
        { toml: `[dialects.polaris]\nsecret = "CANARY"\n` },
        /polaris\.secret holds a secret, and a secret may not stand in the file: write \{ env = "NAME" \}/
      ],
      [{ toml: `[dialects.polaris]\nsecret = { env = "NOT_SET" }\n` }, /NOT_SET is not set/],
      [{ toml: `[dialects.polaris]\nlogin-lifetime = 8\n` }, /login-lifetime must be a time such as/],
      [{ toml: `[dialects.virtpos]\nlargest-page = 0\n` }, /largest-page must be a whole number, 1 or more/],
      [{ toml: `[dialects.virtpos]\nenabled = "no"\n` }, /enabled must be true or false/],
      [{ toml: `[dialects.virtpos]\nmount = 1\n` }, /mount must be a path in quotes/],
      [{ toml: `[dialects]\nvirtpos = true\n` }, /virtpos must be a table/],
      [{ toml: `limits = 3\n` }, /limits must be a table/],
      [{ toml: `[limits]\nrequests = 0\n` }, /limits\.requests must be a whole number, 1 or more/],
      [{ toml: `[limits]\nlag = "soon"\n` }, /limits\.lag must be a time such as/],
      [{ toml: `[limits]\nrequest = 1\n` }, /unknown key "request" in \[limits\]\. Did you mean "requests"/],
      [{ toml: `[serve]\nproxies = "10.0.0.1"\n` }, /serve\.proxies must be a list/]
    ]
    for (const [said, message] of cases) {
      let thrown: unknown
      try {
        settings(said)
      } catch (error) {
        thrown = error
      }
      expect(thrown, JSON.stringify(said)).toBeInstanceOf(Failure)
      expect(thrown).toMatchObject({ exitCode: 2 })
      expect((thrown as Failure).message).toMatch(message)
      expect((thrown as Failure).message).not.toContain("CANARY")
    }
  })
})

describe("tillbridge serve", { timeout: 120_000 }, () => {
  /** Uses a server that listens, and stops it. */
  const served = async (
    line: string,
    env: Record<string, string>,
    use: (url: string, dialects: unknown) => Promise<void>
  ): Promise<void> => {
    const { child, ended } = bench.start(`serve --demo --port 0 --json ${line}`.trim().split(" "), env)
    try {
      const listening = await new Promise<string>((resolve, reject) => {
        let text = ""
        child.stdout.on("data", (chunk: string) => {
          text += chunk
          if (text.includes("\n")) resolve(text)
        })
        void ended.then(({ code, stderr }) => reject(new Error(`ended with ${code}: ${stderr}`)))
      })
      const [event] = ndjson(listening)
      await use(event!["url"] as string, event!["dialects"])
    } finally {
      child.kill("SIGTERM")
      await ended.catch(() => {})
    }
  }

  const statusOf = (url: string) => fetch(url).then((answer) => answer.status)

  it("answers a dialect below its mount and nowhere else, in any letter case, with its settings", async () => {
    const config = file(
      `[dialects.virtpos]\nmount = "/Ru/till/"\nlargest-page = 3\n[limits]\nlag = "1 hour"\n`
    )
    await served(`--config ${config} --without megawin`, {}, async (url, dialects) => {
      expect(dialects).toEqual(["virtpos", "polaris", "lcmanager"])
      const query = "?apikey=demo&format=json"
      for (const path of ["/ru/till/api/customer", "/RU/Till/API/Customer/"]) {
        const answer = await fetch(`${url}${path}${query}&id=1`)
        expect([answer.status, await answer.json()]).toMatchObject([200, { success: 1, count: 1 }])
      }
      for (const path of [`/api/customer${query}`, "/ru/api/customer", "/customer/list?apikey=demo"])
        expect(await statusOf(url + path), path).toBe(404)
      const page = (size: number) =>
        fetch(`${url}/ru/till/api/customer${query}&page=1&page_size=${size}`).then((one) => one.json())
      expect(await page(3)).toMatchObject({ success: 1, count: 3 })
      expect(await page(4)).toMatchObject({ success: 0 })
      expect(await statusOf(`${url}/healthz`)).toBe(200)
    })
  })

  it("names a mistake in one line and ends with 2", async () => {
    const cases: ReadonlyArray<readonly [line: string, env: Record<string, string>, said: RegExp]> = [
      ["--dialect virtpos=fr", {}, /"fr" is no path to mount at/],
      ["--dialect virtpos=/a/../b", {}, /no path to mount at/],
      ["--dialect virtpos=/%66r", {}, /no path to mount at/],
      [
        "--dialect virtpos --dialect megawin=/api",
        {},
        /virtpos answers \/api\/customer and megawin \/api\/customer: mount one of them elsewhere/
      ],
      ["", { TILLBRIDGE_POLARIS_SECRET: "short" }, /TILLBRIDGE_POLARIS_SECRET must have at least 16/],
      ["", { TILLBRIDGE_LCMANAGER_SECRET: "a".repeat(31) }, /LCMANAGER_SECRET must have at least 32/],
      ["--max-requests 0", {}, /--max-requests/]
    ]
    const ended = await all(
      cases.map(
        ([line, env]) =>
          () =>
            bench.run(`serve --demo --port 0 ${line}`.trim().split(" "), { env })
      )
    )
    ended.forEach((one, at) => {
      expect(one.code, one.stderr).toBe(2)
      expect(one.stderr).toMatch(cases[at]![2])
      expect(one.stderr.trimEnd().split("\n")).toHaveLength(1)
    })
  })
})

/** What `serve` makes of flags, variables and the settings file. */
import { writeFileSync } from "node:fs"
import { afterAll, describe, expect, it } from "vitest"
import { all, makeBench, ndjson } from "./support/cli.ts"

const bench = makeBench()
afterAll(bench.remove)

/** The server's address, once it says that it listens. */
const served = async <A>(
  line: string,
  env: Record<string, string>,
  use: (url: string, dialects: unknown) => Promise<A>
): Promise<A> => {
  const { child, ended } = bench.start(`serve --demo --port 0 --json ${line}`.trim().split(" "), env)
  let text = ""
  try {
    const listening = await new Promise<string>((resolve, reject) => {
      child.stdout.on("data", (chunk: string) => {
        text += chunk
        if (text.includes("\n")) resolve(text)
      })
      void ended.then(({ code, stderr }) => reject(new Error(`ended with ${code}: ${stderr}`)))
    })
    const [event] = ndjson(listening)
    return await use(event!["url"] as string, event!["dialects"])
  } finally {
    child.kill("SIGTERM")
    await ended.catch(() => {})
  }
}

const file = (name: string, text: string): string => {
  writeFileSync(bench.path(name), text)
  return name
}

const statusOf = (url: string) => fetch(url).then((answer) => answer.status)

describe("serve", { timeout: 60_000 }, () => {
  it("answers a dialect below its mount and nowhere else, in any letter case", async () => {
    const moved = file("moved.toml", `[dialects.virtpos]\nmount = "/Ru/till"\n`)
    const query = "?apikey=demo&format=json&id=1"
    const cases: ReadonlyArray<readonly [line: string, env: Record<string, string>, mount: string]> = [
      ["--dialect virtpos=/ru", {}, "/ru"],
      ["--dialect virtpos=/ru/", {}, "/ru"],
      ["--dialect virtpos", {}, ""],
      [`--config ${moved}`, {}, "/ru/till"],
      [`--config ${moved}`, { TILLBRIDGE_DIALECTS: "virtpos=/env" }, "/env"],
      [`--config ${moved} --dialect virtpos`, { TILLBRIDGE_DIALECTS: "virtpos=/env" }, "/ru/till"],
      [`--config ${moved} --dialect virtpos=/flag`, { TILLBRIDGE_DIALECTS: "virtpos=/env" }, "/flag"]
    ]
    await all(
      cases.map(
        ([line, env, mount]) =>
          () =>
            served(line, env, async (url) => {
              for (const path of [`${mount}/api/customer`, `${mount.toUpperCase()}/API/Customer`]) {
                const answer = await fetch(url + path + query)
                expect([answer.status, await answer.json()], `${line} ${path}`).toMatchObject([
                  200,
                  { success: 1, count: 1 }
                ])
              }
              if (mount !== "") expect(await statusOf(`${url}/api/customer${query}`), line).toBe(404)
              expect(await statusOf(`${url}/healthz`)).toBe(200)
            })
      )
    )
  })

  it("leaves out what is not asked for", async () => {
    const off = file("off.toml", `[dialects.megawin]\nenabled = false\n`)
    const cases: ReadonlyArray<readonly [line: string, dialects: ReadonlyArray<string>]> = [
      ["", ["virtpos", "polaris", "lcmanager", "megawin"]],
      ["--without megawin --without polaris", ["virtpos", "lcmanager"]],
      ["--dialect polaris", ["polaris"]],
      [`--config ${off}`, ["virtpos", "polaris", "lcmanager"]],
      [`--config ${off} --dialect megawin`, ["megawin"]]
    ]
    await all(
      cases.map(
        ([line, dialects]) =>
          () =>
            served(line, {}, async (url, listed) => {
              expect(listed, line).toEqual(dialects)
              const isHere = dialects.includes("megawin")
              expect(await statusOf(`${url}/customer/list?apikey=demo`), line).toBe(isHere ? 200 : 404)
            })
      )
    )
  })

  it("takes limits and the largest page from the file", async () => {
    const small = file("small.toml", `[limits]\nlag = "1 hour"\n[dialects.virtpos]\nlargest-page = 3\n`)
    await served(`--config ${small}`, {}, async (url) => {
      const page = (size: number) =>
        fetch(`${url}/api/customer?apikey=demo&format=json&page=1&page_size=${size}`).then((one) =>
          one.json()
        )
      expect(await page(3)).toMatchObject({ success: 1, count: 3 })
      expect(await page(4)).toMatchObject({ success: 0 })
    })
  })

  it("names what cannot be, in one line", async () => {
    const cases: ReadonlyArray<
      readonly [line: string, said: RegExp, env?: Record<string, string>, toml?: string]
    > = [
      ["--dialect virtposs", /--dialect: there is no dialect "virtposs"\. Did you mean "virtpos"\?/],
      ["--without nobody", /--without: there is no dialect "nobody"\. Known: virtpos/],
      ["--dialect virtpos --dialect virtpos=/fr", /--dialect names virtpos twice/],
      ["--dialect virtpos --without megawin", /leave out --without/],
      ["--dialect virtpos=fr", /"fr" is no path to mount at/],
      ["--dialect virtpos=/a/../b", /no path to mount at/],
      ["--dialect virtpos=/%66r", /no path to mount at/],
      [
        "--dialect virtpos --dialect megawin=/api",
        /virtpos answers \/api\/customer and megawin \/api\/customer/
      ],
      ["--proxy shop.example", /--proxy: "shop\.example" is no IP address/],
      ["", /TILLBRIDGE_DIALECTS: there is no dialect "x"/, { TILLBRIDGE_DIALECTS: "x" }],
      ["", /TILLBRIDGE_MAX_REQUESTS must be a whole number/, { TILLBRIDGE_MAX_REQUESTS: "many" }],
      ["", /TILLBRIDGE_POLARIS_SECRET must have at least 16/, { TILLBRIDGE_POLARIS_SECRET: "short" }],
      ["", /dialects\.virtpoz\]: there is no dialect "virtpoz"\. Did you/, {}, "[dialects.virtpoz]\n"],
      ["", /unknown key "secret" in \[dialects\.virtpos\]/, {}, `[dialects.virtpos]\nsecret = "x"\n`],
      ["", /lcmanager\.secret must be \{ env = "NAME" \}/, {}, `[dialects.lcmanager]\nsecret = "CANARY"\n`],
      ["", /NOT_SET is not set/, {}, `[dialects.lcmanager]\nsecret = { env = "NOT_SET" }\n`],
      ["", /enabled must be true or false/, {}, `[dialects.virtpos]\nenabled = "no"\n`],
      ["", /mount must be a path in quotes/, {}, `[dialects.virtpos]\nmount = 1\n`],
      ["", /virtpos must be a table/, {}, `[dialects]\nvirtpos = true\n`],
      ["", /limits must be a table/, {}, `limits = 3\n`],
      ["", /limits\.requests must be a whole number, 1 or more/, {}, `[limits]\nrequests = 0\n`],
      ["", /limits\.lag must be a time such as/, {}, `[limits]\nlag = "soon"\n`],
      ["", /unknown key "request" in \[limits\]\. Did you mean "requests"/, {}, `[limits]\nrequest = 1\n`],
      ["", /serve\.proxies must be a list/, {}, `[serve]\nproxies = "10.0.0.1"\n`],
      ["--without virtpos", /no dialect is left to serve/, { TILLBRIDGE_DIALECTS: "virtpos" }]
    ]
    const ended = await all(
      cases.map(([line, , env = {}, toml], at) => () => {
        const config = toml === undefined ? "" : `--config ${file(`wrong${at}.toml`, toml)}`
        return bench.run(`serve --demo --port 0 ${config} ${line}`.split(" ").filter(Boolean), { env })
      })
    )
    ended.forEach((one, at) => {
      const [line, said, , toml] = cases[at]!
      expect(one.code, `${line} ${toml ?? ""}: ${one.stderr}`).toBe(2)
      expect(one.stderr).toMatch(said)
      expect(one.stderr.trimEnd().split("\n")).toHaveLength(1)
      expect(one.stderr).not.toContain("CANARY")
    })
  })
})

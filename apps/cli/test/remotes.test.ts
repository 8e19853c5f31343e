/** Remotes on real sockets: opened against this project's own server in every dialect, and kept from the command line. */
import { NodeServices } from "@effect/platform-node"
import { Effect, Option, Stream } from "effect"
import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { createServer, type RequestListener, type Server } from "node:http"
import { createServer as createTlsServer } from "node:https"
import type { AddressInfo } from "node:net"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { endingOf, run } from "../src/index.ts"
import { openRemote, syncSettings } from "../src/remotes/index.ts"
import { makeCertificate } from "./support/certificate.ts"
import { makeBench, type Running } from "./support/cli.ts"

const CANARY = "canary-s3cret"

const bench = makeBench()
const servers: Array<Server> = []
let shop: Running
let url = ""

const listen = async (server: Server): Promise<number> => {
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return (server.address() as AddressInfo).port
}

const site = async (listener: RequestListener) => `http://127.0.0.1:${await listen(createServer(listener))}`

beforeAll(async () => {
  shop = bench.start(["serve", "--demo", "--port", "0", "--json"])
  url = await new Promise<string>((resolve, reject) => {
    shop.child.stdout.once("data", (text: string) =>
      resolve((JSON.parse(text) as { readonly url: string }).url)
    )
    void shop.ended.then(({ stderr }) => reject(new Error(stderr)))
  })
}, 30_000)

afterAll(async () => {
  shop.child.kill("SIGKILL")
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
  await shop.ended
  bench.remove()
})

const tables = (at: string) => `
[remotes.till]
dialect = "virtpos"
url = "${at}"
key = { env = "DEMO_KEY" }
time-zone = "Europe/Moscow"
page-size = 7

[remotes.mega]
dialect = "megawin"
url = "${at}"
key = { env = "DEMO_KEY" }
time-zone = "Europe/Brussels"
page-size = 7

[remotes.nice]
dialect = "polaris"
url = "${at}"
user = "demo"
password = { env = "DEMO_KEY" }
code-magasin = 1
prefix-cle = "SHOP"
page-size = 7

[remotes.loy]
dialect = "lcmanager"
url = "${at}"
user = "demo"
password = { env = "DEMO_KEY" }
since = "2027-01-01"
`

const opening = (
  text: string,
  name: string,
  options: Parameters<typeof openRemote>[1] = { retries: false }
) => {
  const file = bench.path(`${name}.toml`)
  writeFileSync(file, text)
  return Effect.gen(function* () {
    return yield* openRemote(yield* (yield* syncSettings({ config: file })).remote(name), options)
  })
}

describe("an open remote", { timeout: 30_000 }, () => {
  it("reads customers of every dialect under its own name, and tells what it can do", async () => {
    process.env["DEMO_KEY"] = "demo"
    for (const [name, dialect, canWrite, canWriteCards] of [
      ["till", "virtpos", "unknown", "unknown"],
      ["mega", "megawin", "unknown", "no"],
      ["nice", "polaris", "unknown", "no"],
      ["loy", "lcmanager", "no", "no"]
    ] as const) {
      const seen = await Effect.runPromise(
        Effect.scoped(
          Effect.gen(function* () {
            const remote = yield* opening(tables(url), name)
            const tested = yield* remote.test
            const first = Option.getOrThrow(yield* Stream.runHead(remote.source.pages(null)))
            return { remote, tested, first, traffic: yield* remote.traffic }
          })
        )
      )
      const { first, remote, tested, traffic } = seen
      expect([remote.name, remote.dialect, remote.source.system]).toEqual([name, dialect, name])
      expect(remote.destination?.system).toBe(dialect === "lcmanager" ? undefined : name)
      expect(first.changes.length).toBeGreaterThan(0)
      for (const { source } of first.changes) expect(source.system).toBe(name)
      expect(tested.steps.map(({ outcome }) => outcome)).toEqual(["ok", "ok", "ok"])
      expect([tested.rights.read, tested.rights.write, tested.rights.writeCards]).toEqual([
        "yes",
        canWrite,
        canWriteCards
      ])
      expect(tested.failure).toBeNull()
      expect(Math.abs(tested.clockSkewSeconds!)).toBeLessThanOrEqual(1)
      expect(tested.latencyMillis).toBeGreaterThan(0)
      expect(traffic.requests).toBeGreaterThanOrEqual(2)
      expect(traffic.open).toBe(false)
    }
  })

  it("obeys its rate, and is alone with its troubles", async () => {
    process.env["DEMO_KEY"] = "demo"
    const busy = await site((_, response) => {
      response.writeHead(429, { "retry-after": "600" }).end()
    })
    const outcome = await Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const slow = yield* opening(tables(busy), "till")
          const steady = yield* opening(
            tables(url).replaceAll("page-size = 7", "page-size = 7\nrate = 20\nburst = 1"),
            "mega"
          )
          const troubled = yield* slow.test
          yield* slow.test
          const began = performance.now()
          yield* Effect.all([steady.test, steady.test, steady.test])
          return {
            troubled,
            took: performance.now() - began,
            slow: yield* slow.traffic,
            steady: yield* steady.traffic
          }
        })
      )
    )
    expect(outcome.troubled.failure?.retryAfterMillis).toBe(600_000)
    // The second test was told to come later without a call.
    expect(outcome.slow.requests).toBe(1)
    expect(outcome.took).toBeGreaterThanOrEqual(99)
    expect(outcome.took).toBeLessThan(10_000)
    expect(outcome.steady).toMatchObject({ requests: 3, open: false })
  })

  it("tells the certificate that its first good login made the trusted one", async () => {
    process.env["DEMO_KEY"] = CANARY
    const day = 86_400_000
    const certificate = makeCertificate("till", new Date(Date.now() - 9 * day), new Date(Date.now() - day))
    const port = await listen(
      createTlsServer({ key: certificate.key, cert: certificate.cert }, (_, response) => {
        response.setHeader("date", "Sun, 06 Nov 1994 08:49:37 GMT")
        response.end("hello")
      })
    )
    const told: Array<string> = []
    const text = tables(`https://127.0.0.1:${port}`)
    const onTrusted = (name: string, fingerprint: string) =>
      Effect.sync(() => void told.push(`${name} ${fingerprint}`))
    const tested = await Effect.runPromise(
      Effect.scoped(Effect.flatMap(opening(text, "nice", { retries: false, onTrusted }), ({ test }) => test))
    )
    expect(told).toEqual([`nice ${certificate.fingerprint}`])
    expect(tested.fingerprint).toBe(certificate.fingerprint)
    expect(tested.clockSkewSeconds).toBeLessThan(-1_000_000_000)
    expect(tested.warnings.join()).toMatch(/its clock is \d+ seconds behind this one/)
    const other = `${text.replace("code-magasin", `fingerprint = "${"AB:".repeat(31)}AB"\ncode-magasin`)}`
    const refused = await Effect.runPromise(
      Effect.scoped(Effect.flatMap(opening(other, "nice"), ({ test }) => test))
    )
    expect(refused.steps[0]).toMatchObject({ step: "reach", outcome: "failed" })
    expect(refused.failure!.message).toContain("CERTIFICATE_NOT_TRUSTED")
    // Told which one it was, to compare.
    expect(refused.fingerprint).toBe(certificate.fingerprint)
  })

  it("never shows its secret, whatever the site answers", async () => {
    process.env["DEMO_KEY"] = CANARY
    const answers: ReadonlyArray<RequestListener> = [
      (_, response) => response.writeHead(401).end(`no ${CANARY}`),
      (_, response) => response.writeHead(500).end(CANARY),
      (request, response) => response.writeHead(302, { location: `/login?${request.url}` }).end(),
      (_, response) => response.end(`<html>${CANARY}</html>`),
      (_, response) => response.end(`{"error":"${CANARY}","Message":"${CANARY}","Code":"${CANARY}"}`),
      (request) => request.socket.destroy()
    ]
    let answer = answers[0]!
    const at = await site((request, response) => answer(request, response))
    for (const one of answers) {
      answer = one
      for (const name of ["till", "mega", "nice", "loy"]) {
        const tested = await Effect.runPromise(
          Effect.scoped(Effect.flatMap(opening(tables(at), name), ({ test }) => test))
        )
        expect(tested.failure, name).not.toBeNull()
        expect(JSON.stringify(tested) + String(tested.failure?.stack)).not.toContain(CANARY)
      }
    }
  })
})

describe("tillbridge remotes", { timeout: 60_000 }, () => {
  const file = bench.path("tillbridge.toml")
  const words = (line: string) => ["remotes", ...line.split(" "), "--config", file]

  /** As a process of its own: with its real exit code and all that it says. */
  const asProcess = (line: string, env: Record<string, string> = {}) => bench.run(words(line), { env })

  /** The same in this process, which is quicker; what is said beside the data is not seen. */
  const remotes = async (line: string, env: Record<string, string> = {}) => {
    let stdout = ""
    const take = (text: string, done: () => void) => {
      stdout += text
      done()
      return true
    }
    const out = vi.spyOn(process.stdout, "write").mockImplementation(take as typeof process.stdout.write)
    Object.assign(process.env, env)
    try {
      const exit = await Effect.runPromiseExit(run(words(line)).pipe(Effect.provide(NodeServices.layer)))
      const { exitCode, message } = endingOf(exit)
      return { code: exitCode, stdout, message: message ?? "" }
    } finally {
      out.mockRestore()
      for (const name of Object.keys(env)) delete process.env[name]
    }
  }

  it("adds, lists, shows, tests and removes", async () => {
    writeFileSync(bench.path("nice.secret"), "demo\n", { mode: 0o644 })
    chmodSync(bench.path("nice.secret"), 0o644)
    const added = await asProcess(
      `add till --dialect virtpos --url ${url} --key-env TILL --time-zone Europe/Moscow`
    )
    expect(added).toMatchObject({ code: 0, stdout: `Remote "till" is added to ${file}\n` })
    expect(added.stderr).toContain("remotes.till.key: the environment variable TILL is not set")
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const second = await remotes(
      `add nice --dialect polaris --url ${url} --user demo --password-file ${bench.path("nice.secret")} --code-magasin 1 --set page-size=7 --json`
    )
    expect(JSON.parse(second.stdout)).toEqual({
      name: "nice",
      dialect: "polaris",
      path: file,
      replaced: false
    })
    expect(readFileSync(file, "utf8")).toBe(`[remotes.till]
dialect = "virtpos"
url = "${url}"
key = { env = "TILL" }
time-zone = "Europe/Moscow"

[remotes.nice]
dialect = "polaris"
url = "${url}"
user = "demo"
password = { file = "nice.secret" }
code-magasin = 1
page-size = 7
`)
    const before = readFileSync(file, "utf8")
    const list = await remotes("list")
    const listJson = await remotes("list --json")
    const show = await remotes("show till", { TILL: CANARY })
    const showJson = await remotes("show nice --json")
    const good = await remotes("test till", { TILL: "demo" })
    const bad = await asProcess("test till", { TILL: CANARY })
    const json = await remotes("test nice --json")
    expect(list.stdout).toBe(
      [
        `NAME  DIALECT  URL${" ".repeat(url.length - 3)}  CAN`,
        `till  virtpos  ${url}  read, write`,
        `nice  polaris  ${url}  read, write`,
        ""
      ].join("\n")
    )
    expect(listJson.stdout.split("\n")[1]).toBe(
      `{"name":"nice","dialect":"polaris","url":"${url}","canRead":true,"canWrite":true}`
    )
    expect(show.stdout).toContain("environment variable TILL\n")
    expect(JSON.parse(showJson.stdout)).toMatchObject({ password: { file: bench.path("nice.secret") } })
    expect(good.code).toBe(0)
    expect(good.stdout).toMatch(
      /^reach +ok .*\ncredential +ok .*\nread +ok +first page: 200 customers, \d+ cards\n/
    )
    expect(good.stdout).toMatch(/\nlatency: .* ms\nclock: +as here\n/)
    expect(bad.code).toBe(2)
    expect(bad.stdout).toMatch(/^reach +ok .*\ncredential +failed .*\nread +not tried\n/)
    expect(bad.stderr).toMatch(/^tillbridge: remote "till": .*\(Unauthorized\).* Check key\n$/)
    expect(json.code).toBe(0)
    expect(JSON.parse(json.stdout)).toMatchObject({
      name: "nice",
      ok: true,
      failure: null,
      rights: { read: "yes", write: "unknown", readCards: "yes", writeCards: "no" },
      warnings: [expect.stringMatching(/others on this machine may read .*nice\.secret/)]
    })
    expect(show.stdout + bad.stdout + bad.stderr).not.toContain(CANARY)
    expect(readFileSync(file, "utf8")).toBe(before)

    writeFileSync(file, `# ours\n${before}\n[links.a]\nfrom = "till"\nto = "store"\n`)
    const needed = await remotes("remove till --yes")
    expect(needed).toMatchObject({
      code: 1,
      message: expect.stringContaining('links need the remote "till"')
    })
    const removed = await remotes("remove nice --yes --json")
    expect(JSON.parse(removed.stdout)).toEqual({ name: "nice", path: file, removed: true })
    expect(readFileSync(file, "utf8")).toBe(
      `# ours\n${before.slice(0, before.indexOf("[remotes.nice]"))}[links.a]\nfrom = "till"\nto = "store"\n`
    )
  })

  it("refuses what it cannot do in one line, with what to do instead", async () => {
    const kept = readFileSync(file, "utf8")
    const cases: ReadonlyArray<readonly [line: string, code: number, said: RegExp]> = [
      ["show tlil", 2, /there is no remote "tlil"\. Did you mean "till"\? In .*tillbridge\.toml: till/],
      ["test nobody", 2, /there is no remote "nobody"/],
      ["add till --dialect virtpos --key-env K", 2, /has a remote "till" already: .*--replace/],
      ["add store --dialect virtpos", 2, /"store" is the store/],
      ["add a --dialect virtpso", 2, /Did you mean "virtpos"\?/],
      ["add a --dialect virtpos --url https://x.example", 2, /needs --key-env NAME or --key-file PATH/],
      [
        `add a --dialect virtpos --url https://x.example --key-env ${CANARY}`,
        2,
        /must be the name of an environ/
      ],
      [
        `add a --dialect virtpos --set key=${CANARY}`,
        2,
        /a secret is not written to the file: use --key-env/
      ],
      ["add a --dialect virtpos --user me", 2, /virtpos has no --user/],
      ["add a --dialect virtpos --set pagesize=5", 2, /Did you mean "page-size"\?/],
      [
        "add a --dialect lcmanager --url x --user u --password-env P",
        2,
        /remotes\.a\.url must begin with https/
      ]
    ]
    for (const [line, expected, said] of cases) {
      const { code, message, stdout } = await remotes(line)
      expect(message, line).toMatch(said)
      expect(message, line).not.toContain("\n")
      expect(code, line).toBe(expected)
      expect(stdout, line).toBe("")
      expect(message, line).not.toContain(CANARY)
    }
    expect(readFileSync(file, "utf8")).toBe(kept)
    const gone = await asProcess("test till", {
      TILLBRIDGE_REMOTE_TILL_URL: "http://127.0.0.1:9",
      TILL: "demo"
    })
    expect(gone.code).toBe(3)
    expect(gone.stderr).toMatch(/remote "till": .*\(Unreachable\)/)
  })
})

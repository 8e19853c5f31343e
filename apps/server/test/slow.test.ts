import { assert, describe, it } from "@effect/vitest"
import { layerDomain, Credentials, Customers, Merchants, TimeZone } from "@tillbridge/domain"
import { layer } from "@tillbridge/sqlite"
import { Effect, Layer, Redacted } from "effect"
import * as fs from "node:fs"
import * as http from "node:http"
import * as path from "node:path"
import {
  answersIn,
  connect,
  eventually,
  logOf,
  metric,
  metricsOf,
  type Raw,
  type Running,
  running,
  tempFolder
} from "./support.ts"

const limits = { headers: "2 seconds", request: "3 seconds", idle: "3 seconds" } as const

/** Sends a byte of `text` every so often until it is sent or the other side has closed. */
const trickle = (raw: Raw, text: string, millis: number): void => {
  let at = 0
  const timer = setInterval(() => {
    if (at >= text.length || raw.socket.destroyed) clearInterval(timer)
    else raw.socket.write(text[at++]!)
  }, millis)
  void raw.closed.then(() => clearInterval(timer))
}

const gauge = (server: Running) =>
  metricsOf(server).then((text) => metric(text, "tillbridge_http_requests_in_flight"))

const handles = (server: Running): number => fs.readdirSync(`/proc/${server.child.pid}/fd`).length

/** A store of so many customers; the key is "demo". */
const filled = (file: string, count: number) =>
  Effect.gen(function* () {
    const merchant = yield* (yield* Merchants).create({
      name: "many",
      timeZone: TimeZone.make("Europe/Paris"),
      externalKeyPrefix: null
    })
    yield* (yield* Credentials).create({
      merchantId: merchant.id,
      dialect: "virtpos",
      login: null,
      secret: Redacted.make("demo"),
      label: null,
      scopes: ["read"]
    })
    const customers = yield* Customers
    for (let from = 0; from < count; from += 1_000) {
      const records = Array.from({ length: Math.min(1_000, count - from) }, (_, index) => ({
        firstName: `Имя ${from + index}`,
        notes: "notes ".repeat(20),
        externalIds: [{ system: "s", key: String(from + index) }]
      }))
      yield* customers.importBatch(merchant.id, records, null)
    }
  }).pipe(Effect.provide(layerDomain.pipe(Layer.provide(layer({ path: file })))))

describe("a client that holds on to a connection", () => {
  it.live(
    "is dropped within the limits, in each of the three ways, while others are served",
    () =>
      Effect.gen(function* () {
        const file = path.join(yield* tempFolder, "store.sqlite")
        yield* filled(file, 12_000)
        const server = yield* running({ path: file, limits })
        const { port } = server
        const get = "GET /api/customer?apikey=demo&format=json HTTP/1.1\r\nHost: a\r\n\r\n"
        yield* Effect.promise(() => fetch(`${server.url}/healthz`).then((answer) => answer.text()))
        const opened = handles(server)

        const slowHead = yield* Effect.promise(() => connect(port))
        trickle(slowHead, get + get + get, 200)
        const silent = yield* Effect.promise(() => connect(port))
        const slowBody = yield* Effect.promise(() => connect(port))
        slowBody.socket.write(
          "POST /api/customer HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\n"
        )
        trickle(slowBody, "x".repeat(1_000), 200)
        const deaf = yield* Effect.promise(() => connect(port, { keep: false }))
        deaf.socket.pause()
        deaf.socket.write(get)

        const stop = new AbortController()
        const times: Array<number> = []
        const good = (async () => {
          const agent = new http.Agent({ keepAlive: true })
          while (!stop.signal.aborted) {
            const started = performance.now()
            const status = await new Promise<number>((resolve, reject) => {
              http
                .get(
                  { port, host: "127.0.0.1", agent, path: "/api/customer?apikey=demo&id=5" },
                  (response) => {
                    response.resume().on("end", () => resolve(response.statusCode ?? 0))
                  }
                )
                .on("error", reject)
            })
            if (status !== 200) throw new Error(`status ${status}`)
            times.push(performance.now() - started)
            await new Promise((resolve) => setTimeout(resolve, 5))
          }
          agent.destroy()
        })()

        const [head, nothing, body] = yield* Effect.promise(() =>
          Promise.all([slowHead.closed, silent.closed, slowBody.closed])
        )
        // Node's own limits are a minute and five; these leave a busy machine its time.
        assert.isBelow(head, 20_000)
        assert.match(slowHead.text(), /^HTTP\/1\.1 408 /)
        assert.isBelow(nothing, 20_000)
        assert.isBelow(body, 20_000)
        assert.match(slowBody.text(), /^HTTP\/1\.1 408 /)
        yield* Effect.promise(() =>
          eventually(() => logOf(server).filter((line) => line["status"] === 408).length === 3, "lines")
        )
        assert.sameDeepMembers(
          logOf(server)
            .filter((line) => line["status"] === 408)
            .map((line) => [line["method"], line["path"]]),
          [
            ["-", "-"],
            ["-", "-"],
            ["POST", "/api/customer"]
          ]
        )
        // A socket that is not read does not learn that it was closed: the server's own count tells.
        yield* Effect.promise(() =>
          eventually(async () => (await gauge(server)) === 1, "the deaf one is dropped")
        )
        stop.abort()
        yield* Effect.promise(() => good)
        deaf.socket.destroy()
        times.sort((a, b) => a - b)
        assert.isAbove(times.length, 10)
        assert.isBelow(times[Math.floor(times.length / 2)]!, 1_000)
        yield* Effect.promise(() => eventually(() => handles(server) <= opened + 1, "no handle is left"))
      }),
    120_000
  )

  it.live(
    "is dropped when it reads its answer in bits for longer than an answer may take",
    () =>
      Effect.gen(function* () {
        const file = path.join(yield* tempFolder, "store.sqlite")
        yield* filled(file, 12_000)
        const server = yield* running({ path: file, limits: { answer: "2 seconds" } })
        const raw = yield* Effect.promise(() => connect(server.port, { keep: false }))
        raw.socket.removeAllListeners("error").on("error", () => {})
        raw.socket.on("data", () => raw.socket.pause())
        const bits = setInterval(() => raw.socket.resume(), 400)
        raw.socket.write(
          "GET /api/customer?apikey=demo&format=json HTTP/1.1\r\nHost: a\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
        )
        yield* Effect.promise(() => eventually(async () => (await gauge(server)) === 3, "both are under way"))
        yield* Effect.promise(() => eventually(async () => (await gauge(server)) === 1, "both are dropped"))
        clearInterval(bits)
        raw.socket.destroy()
        const dropped = () => logOf(server).filter((line) => line["aborted"] === true)
        yield* Effect.promise(() => eventually(() => dropped().length === 2, "both are logged"))
        assert.deepStrictEqual(
          dropped().map((line) => line["path"]),
          ["/api/customer", "/healthz"]
        )
        assert.isAtLeast(dropped()[0]!["millis"] as number, 2_000)
        assert.isBelow(dropped()[0]!["millis"] as number, 20_000)
      }),
    120_000
  )

  it.live(
    "is told 413 in the dialect's envelope when its body is long, and cut",
    () =>
      Effect.gen(function* () {
        const server = yield* running({
          limits: { request: "3 seconds", headers: "3 seconds", idle: "3 seconds" }
        })
        const { port } = server
        const form = "Content-Type: application/x-www-form-urlencoded\r\n"
        const post = (format: string, framing: string) =>
          `POST /api/customer/update?apikey=demo&id=1&format=${format} HTTP/1.1\r\nHost: a\r\n${form}${framing}\r\n\r\n`
        for (const framing of ["Content-Length: 10485760", "Transfer-Encoding: chunked"]) {
          for (const format of ["json", "xml"]) {
            const raw = yield* Effect.promise(() => connect(port))
            raw.socket.removeAllListeners("error")
            raw.socket.on("error", () => {})
            raw.socket.write(post(format, framing))
            const isChunked = framing.startsWith("T")
            const part = isChunked ? `1000\r\n${"x".repeat(4096)}\r\n` : "x".repeat(4096)
            let sent = 0
            const send = () => {
              while (sent < 10_485_760 && !raw.socket.destroyed) {
                sent += 4096
                if (!raw.socket.write(part)) return
              }
            }
            raw.socket.on("drain", send)
            send()
            yield* Effect.promise(() => raw.closed)
            const [answer] = answersIn(raw.text())
            if (answer === undefined) return assert.fail(`no answer: ${framing} ${format}`)
            assert.strictEqual(answer.status, 413, `${framing} ${format}: ${raw.text().slice(0, 100)}`)
            assert.include(answer.head.toLowerCase(), "connection: close")
            if (format === "json") assert.deepInclude(JSON.parse(answer.body) as object, { success: 0 })
            else assert.match(answer.body, /^<\?xml [^>]+\?><root><success>0<\/success><info>/)
            assert.isBelow(raw.socket.bytesWritten, 9_000_000, "cut before its end")
          }
        }
        assert.isAtMost(
          metric(yield* Effect.promise(() => metricsOf(server)), "tillbridge_http_requests_in_flight"),
          1
        )
      }),
    120_000
  )
})

describe("a list of 50,000 customers", () => {
  it.live(
    "goes to a slow reader whole and in bounded memory, and one who leaves in the middle leaves nothing behind",
    () =>
      Effect.gen(function* () {
        const file = path.join(yield* tempFolder, "store.sqlite")
        yield* filled(file, 50_000)
        const server = yield* running({ path: file })
        const list = "/api/customer?apikey=demo&format=json"
        const residentNow = () => {
          const pages = Number(fs.readFileSync(`/proc/${server.child.pid}/statm`, "utf8").split(" ")[1])
          return (pages * 4096) / 1024 / 1024
        }
        const read = (pauseEvery: number) =>
          new Promise<string>((resolve, reject) => {
            http
              .get(`${server.url}${list}`, (response) => {
                const chunks: Array<Buffer> = []
                let since = 0
                response.on("data", (chunk: Buffer) => {
                  chunks.push(chunk)
                  since += chunk.length
                  if (since < pauseEvery) return
                  since = 0
                  response.pause()
                  setTimeout(() => response.resume(), 15)
                })
                response.on("end", () => resolve(Buffer.concat(chunks).toString("utf8")))
                response.on("error", reject)
              })
              .on("error", reject)
          })
        // The first one warms what any request does: code, statements, buffers.
        const whole = yield* Effect.promise(() => read(Number.POSITIVE_INFINITY))
        const parsed = JSON.parse(whole) as {
          count: number
          customers: ReadonlyArray<{ id: number | string }>
        }
        assert.strictEqual(parsed.count, 50_000)
        assert.deepStrictEqual(
          parsed.customers.map(({ id }) => Number(id)),
          Array.from({ length: 50_000 }, (_, index) => index + 1)
        )

        const before = residentNow()
        let highest = before
        const watch = setInterval(() => (highest = Math.max(highest, residentNow())), 20)
        const slow = yield* Effect.promise(() => read(512 * 1024)).pipe(
          Effect.ensuring(Effect.sync(() => clearInterval(watch)))
        )
        assert.strictEqual(slow, whole)
        assert.isBelow(highest - before, 50, `grew from ${before} to ${highest} MB`)

        yield* Effect.promise(() => fetch(`${server.url}/healthz`).then((answer) => answer.text()))
        const opened = handles(server)
        for (let i = 0; i < 10; i++) {
          yield* Effect.promise(async () => {
            const raw = await connect(server.port, { keep: false })
            raw.socket.write(`GET ${list} HTTP/1.1\r\nHost: a\r\n\r\n`)
            await eventually(() => raw.bytes() > 100_000, "some of it")
            if (i % 2 === 0) raw.socket.destroy()
            else raw.socket.resetAndDestroy()
          })
        }
        yield* Effect.promise(() =>
          eventually(async () => (await gauge(server)) === 1, "no request is under way")
        )
        yield* Effect.promise(() => eventually(() => handles(server) <= opened + 1, "no handle is left"))
        assert.match(
          yield* Effect.promise(() => metricsOf(server)),
          /http_requests_total\{[^}]*aborted[^}]*\} 10$/m
        )
        assert.notInclude(server.stderr(), `"level":"ERROR"`)
        assert.notMatch(server.stderr() + server.stdout(), /ERROR|Unhandled/)
      }),
    180_000
  )
})

/** What is refused before a dialect or an operator's path can answer, and by whom. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import type { AddressInfo } from "node:net"
import { defaultLimits, makeListener } from "../src/Listener.ts"
import { answersIn, connect, eventually, exchange, logOf, metricsOf, type Raw, running } from "./support.ts"

/** One request on a connection of its own. */
const ask = (port: number, line: string, headers = "") =>
  Effect.promise(async () => {
    const text = await exchange(port, `${line} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${headers}\r\n`)
    const [head = "", body = ""] = text.split("\r\n\r\n")
    return { status: Number(head.slice(9, 12)), head: head.toLowerCase(), body }
  })

const unknownXml = `<?xml version="1.0" encoding="UTF-8"?><root><success>0</success><info>unknown action</info></root>`
const unknownJson = `{"success":0,"info":"unknown action"}`

describe("a path with a broken or misplaced escape", () => {
  it.live("below a dialect's own path is an unknown action in the dialect's envelope", () =>
    Effect.gen(function* () {
      const { port } = yield* running()
      const paths = [
        "/api/customer/%zz",
        "/api/customer/%",
        "/api/customer/%4",
        "/api/customer/%ff",
        "/api/customer/%C0%AF",
        "/api/customer/%ED%A0%80",
        "/api/customer/update/%zz",
        "/API/Customer/update%zz",
        "/api/customer%",
        "/api/customer%zz",
        "/api/customer%ff",
        "/api/customer;%zz",
        "/api/customer%2fupdate",
        "/api/customer%2Fupdate",
        "/Api/Customer%2f%zz",
        "/api/customer%20",
        "/api/customer/%75pdate",
        "/api/%63ustomer"
      ]
      for (const path of paths) {
        for (const method of ["GET", "POST"]) {
          const xml = yield* ask(port, `${method} ${path}?apikey=demo&id=1&fname=X`)
          assert.deepStrictEqual([xml.status, xml.body], [404, unknownXml], path)
          assert.include(xml.head, "cache-control: no-store")
          assert.match(xml.head, /^x-request-id: /m)
          const json = yield* ask(port, `${method} ${path}?format=json&apikey=demo&a=%zz`)
          assert.deepStrictEqual([json.status, json.body], [404, unknownJson], path)
        }
        const head = yield* ask(port, `HEAD ${path}`)
        assert.deepStrictEqual([head.status, head.body], [404, ""], path)
      }
    })
  )

  it.live("elsewhere is not found, in plain text", () =>
    Effect.gen(function* () {
      const server = yield* running()
      const paths = [
        "/%zz",
        "/%",
        "/api/%ff",
        "/api/customers%zz",
        "/api%2fcustomer",
        "/api/./customer",
        "/no"
      ]
      for (const path of paths) {
        const answer = yield* ask(server.port, `GET ${path}?apikey=demo`)
        assert.deepStrictEqual([answer.status, answer.body], [404, "not found\n"], path)
        assert.include(answer.head, "cache-control: no-store")
      }
      yield* Effect.promise(() => eventually(() => logOf(server).length === paths.length, "all lines"))
      assert.deepStrictEqual(
        logOf(server).map((line) => line["path"]),
        paths,
        "the log has the path that was asked for"
      )
    })
  )
})

describe("the operators' paths", () => {
  it.live("answer HEAD as GET without its body, and no other method", () =>
    Effect.gen(function* () {
      const { port } = yield* running()
      for (const path of ["/healthz", "/readyz", "/metrics"]) {
        const got = yield* ask(port, `GET ${path}`)
        const head = yield* ask(port, `HEAD ${path}`)
        assert.deepStrictEqual([got.status, head.status, head.body], [200, 200, ""], path)
        assert.isNotEmpty(got.body)
        for (const name of ["content-type", "cache-control"]) {
          const line = new RegExp(`^${name}: .+$`, "m")
          assert.strictEqual(line.exec(head.head)?.[0], line.exec(got.head)?.[0], path)
        }
        assert.match(head.head, /^content-length: [1-9]/m)
        for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"]) {
          const answer = yield* ask(port, `${method} ${path}`)
          assert.deepStrictEqual(
            [answer.status, answer.body],
            [405, "method not allowed\n"],
            `${method} ${path}`
          )
          assert.match(answer.head, /^allow: get, head$/m)
          assert.include(answer.head, "cache-control: no-store")
        }
        const below = yield* ask(port, `GET ${path}/x`)
        assert.deepStrictEqual([below.status, below.body], [404, "not found\n"])
      }
    })
  )
})

describe("what Node itself refuses", () => {
  it.live("is answered shortly and never stored, counted and logged", () =>
    Effect.gen(function* () {
      const server = yield* running({ limits: { headers: "1 second", request: "1 second" } })
      const { port } = server
      const cases: ReadonlyArray<readonly [number, string]> = [
        [400, "CANARY\r\n\r\n"],
        [400, "GET /CANARY HTTP/1.1\r\nHost: a\r\nBad Name: CANARY\r\n\r\n"],
        [408, "GET /CANARY HTTP/1.1\r\nHost: a\r\n"],
        [431, `GET /CANARY HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}\r\n\r\n`]
      ]
      for (const [status, bytes] of cases) {
        const text = yield* Effect.promise(() => exchange(port, bytes))
        const [answer, ...more] = answersIn(text)
        assert.strictEqual(answer?.status, status)
        assert.strictEqual(answer?.body, "")
        assert.match(answer?.head ?? "", /^Connection: close$/m)
        assert.match(answer?.head ?? "", /^Cache-Control: no-store$/m)
        assert.deepStrictEqual(more, [])
        const id = /^X-Request-Id: (.+)$/m.exec(answer?.head ?? "")?.[1]?.trim()
        yield* Effect.promise(() =>
          eventually(() => logOf(server).some((line) => line["id"] === id), "a line")
        )
        const line = logOf(server).find((one) => one["id"] === id)
        assert.deepInclude(line, { method: "-", path: "-", status })
      }
      const metrics = yield* Effect.promise(() => metricsOf(server))
      const count = (status: number) =>
        metrics
          .split("\n")
          .find((line) => line.startsWith("tillbridge_http_requests_total{") && line.includes(`"${status}"`))
          ?.split(" ")[1]
      assert.deepStrictEqual([count(400), count(408), count(431)], ["2", "1", "1"])
      assert.match(metrics, /^tillbridge_http_requests_in_flight 1$/m)
      assert.notInclude(metrics + server.stderr(), "CANARY")
    })
  )

  it.live("comes after the answer to a good request before it", () =>
    Effect.gen(function* () {
      const { port } = yield* running()
      const text = yield* Effect.promise(async () => {
        const raw = await connect(port)
        raw.socket.write("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        await eventually(() => raw.text().endsWith("ok\n"), "the first answer")
        raw.socket.write("nonsense\r\n\r\n")
        await raw.closed
        return raw.text()
      })
      assert.deepStrictEqual(
        answersIn(text).map(({ status }) => status),
        [200, 400]
      )
    })
  )

  it.live("an unknown expectation is told 417, a missing host 400, both as requests that are logged", () =>
    Effect.gen(function* () {
      const server = yield* running()
      const { port } = server
      const answer = yield* ask(
        port,
        "POST /api/customer?apikey=CANARY",
        "Expect: tea\r\nContent-Length: 3\r\n"
      )
      assert.deepStrictEqual([answer.status, answer.body], [417, "expectation failed\n"])
      assert.match(answer.head, /^cache-control: no-store$/m)
      assert.match(answer.head, /^connection: close$/m)
      const hostless = yield* Effect.promise(() => exchange(port, "GET /healthz HTTP/1.1\r\n\r\n"))
      assert.match(hostless, /^HTTP\/1\.1 400 /)
      assert.match(hostless, /^cache-control: no-store\r$/m)
      const old = yield* Effect.promise(() => exchange(port, "GET /healthz HTTP/1.0\r\n\r\n"))
      assert.match(old, /^HTTP\/1\.1 200 /)
      yield* Effect.promise(() => eventually(() => logOf(server).length === 3, "lines"))
      assert.deepStrictEqual(
        logOf(server).map((line) => [line["method"], line["path"], line["status"]]),
        [
          ["POST", "/api/customer", 417],
          ["GET", "/healthz", 400],
          ["GET", "/healthz", 200]
        ]
      )
      assert.match(yield* Effect.promise(() => metricsOf(server)), /http_requests_in_flight 1$/m)
      assert.notInclude(server.stderr(), "CANARY")
    })
  )
})

describe("a server that cannot take a connection", () => {
  it.live("tells so and listens on", () =>
    Effect.gen(function* () {
      const told: Array<Error> = []
      const { drain, server } = makeListener({
        log: { write: () => {}, tell: () => {}, flush: () => {}, dropped: () => 0 },
        metrics: {
          started: () => {},
          ended: () => {},
          refused: () => {},
          shed: () => {},
          connectionRefused: () => {}
        },
        limits: defaultLimits,
        onError: (error) => told.push(error)
      })
      server.on("request", (_, response) => response.end("here"))
      yield* Effect.promise(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)))
      const { port } = server.address() as AddressInfo
      // What Node does when the system refuses to accept: there is no way to make it do so from outside.
      const refusal = new Error("accept ENOBUFS")
      server.emit("error", refusal)
      assert.deepStrictEqual(told, [refusal])
      assert.strictEqual((yield* ask(port, "GET /")).body, "here")
      yield* drain
    })
  )

  it.live("because it may open no more files takes them again when it may", () =>
    Effect.gen(function* () {
      const server = yield* running()
      yield* ask(server.port, "GET /healthz")
      const opened = fs.readdirSync(`/proc/${server.child.pid}/fd`).length
      execFileSync("prlimit", [`--pid=${server.child.pid}`, `--nofile=${opened + 3}:`])
      const raws: Array<Raw> = []
      yield* Effect.promise(async () => {
        for (let i = 0; i < 20; i++) {
          const raw = await connect(server.port)
          raw.socket.removeAllListeners("error").on("error", () => {})
          raws.push(raw)
        }
        await new Promise((resolve) => setTimeout(resolve, 300))
      })
      assert.isNull(server.child.exitCode)
      for (const { socket } of raws) socket.destroy()
      execFileSync("prlimit", [`--pid=${server.child.pid}`, "--nofile=1024:"])
      yield* Effect.promise(() =>
        eventually(
          () =>
            fetch(`${server.url}/healthz`).then(
              (answer) => answer.ok,
              () => false
            ),
          "it answers again"
        )
      )
    })
  )

  it.live("a credential or a content type that is said twice is refused, whatever it says", () =>
    Effect.gen(function* () {
      const { port } = yield* running()
      for (const twice of [
        "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n",
        "authorization: Bearer a\r\nAUTHORIZATION: Bearer a\r\n",
        "Content-Type: application/json\r\nContent-Type: text/xml\r\n",
        "apikey: a\r\napikey: b\r\n"
      ]) {
        const answer = yield* ask(port, "GET /customer/list", twice)
        assert.deepStrictEqual([answer.status, answer.body], [400, "ambiguous request\n"])
      }
    })
  )
})

import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as path from "node:path"
import { PassThrough } from "node:stream"
import { DatabaseSync } from "node:sqlite"
import { makeAccessLog } from "../src/AccessLog.ts"
import {
  answersIn,
  connect,
  eventually,
  exchange,
  logOf,
  metric,
  metricsOf,
  running,
  tempFolder
} from "./support.ts"

const sample =
  /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\.)*",?)*\})? (-?[0-9.eE+-]+|NaN|[+-]Inf)$/

/** Reads the Prometheus text format strictly; the labels of each sample by its name. */
const readMetrics = (text: string): ReadonlyMap<string, ReadonlySet<string>> => {
  assert.isTrue(text.endsWith("\n"), "the last line ends")
  const types = new Map<string, string>()
  const series = new Map<string, Set<string>>()
  for (const line of text.split("\n")) {
    if (line === "") continue
    const header = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line)
    if (header !== null) {
      const [, kind, name, rest] = header as unknown as [string, string, string, string]
      if (kind !== "TYPE") continue
      assert.isFalse(types.has(name), `one TYPE for ${name}`)
      assert.include(["counter", "gauge", "histogram", "summary", "untyped"], rest)
      types.set(name, rest)
      continue
    }
    const match = sample.exec(line)
    assert.isNotNull(match, `not a sample: ${line}`)
    const [, name, labels = ""] = match as unknown as [string, string, string?]
    const family = types.has(name) ? name : name.replace(/_(bucket|sum|count)$/, "")
    assert.isTrue(types.has(family), `${name} has a TYPE before it`)
    const known = series.get(name) ?? new Set()
    assert.isFalse(known.has(labels), `${name}${labels} is there once`)
    series.set(name, known.add(labels))
  }
  return series
}

describe("the paths for operators", () => {
  it.live("say that it lives and is ready, and that it is not when the store fails", () =>
    Effect.gen(function* () {
      const file = path.join(yield* tempFolder, "store.sqlite")
      const server = yield* running({ path: file })
      const status = (at: string) =>
        Effect.promise(() =>
          fetch(`${server.url}${at}`).then(async (answer) => [answer.status, await answer.text()])
        )
      assert.deepStrictEqual(yield* status("/healthz"), [200, "ok\n"])
      assert.deepStrictEqual(yield* status("/readyz"), [200, "ready\n"])
      const database = new DatabaseSync(file)
      database.exec("ALTER TABLE merchants RENAME TO lost")
      assert.deepStrictEqual(yield* status("/readyz"), [503, "store not ready\n"])
      assert.deepStrictEqual(
        yield* status("/healthz"),
        [200, "ok\n"],
        "a failing store is no reason to restart"
      )
      const failed = yield* Effect.promise(() =>
        fetch(`${server.url}/api/customer?apikey=CANARY-failing&format=json`)
      )
      const body = yield* Effect.promise(() => failed.text())
      assert.include([500, 503], failed.status)
      assert.deepInclude(JSON.parse(body) as object, { success: 0 })
      assert.notMatch(body, /sql|table|lost|merchants/i)
      // What went wrong is for the operator: a line each, whatever its cause, with the id that the caller was told.
      const told = () => logOf(server).filter((line) => line["level"] === "ERROR")
      yield* Effect.promise(() => eventually(() => told().length === 2, "both are told"))
      assert.deepStrictEqual(
        told().map((line) => line["message"]),
        ["store not ready", "request failed"]
      )
      assert.strictEqual(told()[1]!["id"], failed.headers.get("x-request-id"))
      assert.match(String(told()[1]!["cause"]), /no such table[^]*\n +at /)
      for (const line of server.stderr().split("\n").slice(0, -1)) assert.isObject(JSON.parse(line))
      assert.strictEqual(server.stdout().trimEnd().split("\n").length, 1, "only where it listens")
      database.exec("ALTER TABLE lost RENAME TO merchants")
      database.close()
      assert.deepStrictEqual(yield* status("/readyz"), [200, "ready\n"])
      assert.notInclude(server.stdout() + server.stderr(), "CANARY")
    })
  )

  it.live("count in valid Prometheus text, with labels that no caller makes", () =>
    Effect.gen(function* () {
      const server = yield* running()
      yield* Effect.promise(() => metricsOf(server))
      const before = readMetrics(yield* Effect.promise(() => metricsOf(server)))
      for (let i = 0; i < 10; i++) {
        const paths = [
          `/CANARY${i}`,
          `/api/customer?apikey=CANARY${i}`,
          `/api/customer/CANARY${i}?apikey=demo`
        ]
        for (const at of paths)
          yield* Effect.promise(() => fetch(server.url + at).then((answer) => answer.text()))
      }
      for (const method of ["PROPFIND", "MKCOL", "PURGE", "SUBSCRIBE"]) {
        yield* Effect.promise(() =>
          exchange(server.port, `${method} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
        )
      }
      const text = yield* Effect.promise(() => metricsOf(server))
      const after = readMetrics(text)
      assert.notInclude(text, "CANARY")
      const count = (all: ReadonlyMap<string, ReadonlySet<string>>) =>
        [...all.values()].reduce((sum, { size }) => sum + size, 0)
      assert.isAtMost(count(after) - count(before), 8)
      assert.match(text, /tillbridge_http_requests_total\{[^}]*method="other"/)
      assert.strictEqual(metric(text, "tillbridge_http_requests_in_flight"), 1, "this one")
      assert.isAbove(metric(text, "process_resident_memory_bytes"), 1e6)
    })
  )
})

describe("the access log", () => {
  it.live("is one line of JSON for each request, with the id of the answer and nothing of the query", () =>
    Effect.gen(function* () {
      const server = yield* running()
      const answer = yield* Effect.promise(() =>
        fetch(`${server.url}/api/customer?apikey=demo&format=json&id=1`)
      )
      yield* Effect.promise(() => answer.text())
      const id = answer.headers.get("x-request-id")
      assert.match(id ?? "", /^[0-9a-f]{12}-\d+$/)
      yield* Effect.promise(() => eventually(() => logOf(server).length > 0, "a line"))
      const [line] = logOf(server)
      assert.deepInclude(line, { message: "request", id, method: "GET", path: "/api/customer", status: 200 })
      assert.match(String(line!["time"]), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
      assert.isAbove(line!["millis"] as number, 0)
    })
  )

  it("is for a terminal one line each, too, which no cause breaks or colours", () => {
    const out = new PassThrough()
    const log = makeAccessLog(out, { forTerminal: true })
    log.tell({
      time: new Date(Date.UTC(2026, 0, 2, 3, 4, 5)),
      level: "ERROR",
      id: "a-7",
      message: "request failed",
      cause: "Error: one\r\n    at \u001b[31mtwo\u2028three"
    })
    assert.strictEqual(
      String(out.read()),
      "03:04:05 ERROR request failed a-7 Error: one\\u000d\\n    at \\u001b[31mtwo\\u2028three\n"
    )
  })

  it.live("and everything else that is printed or counted holds no key, wherever a caller puts it", () =>
    Effect.gen(function* () {
      const server = yield* running()
      const { port } = server
      const head = "Host: a\r\nConnection: close\r\n"
      const form = "Content-Type: application/x-www-form-urlencoded\r\n"
      const body = "apikey=CANARY&fname=CANARY"
      const hostile = [
        `GET /api/customer?apikey=CANARY HTTP/1.1\r\n${head}\r\n`,
        `GET /api/customer?apikey=demo&phone=CANARY&email=CANARY&id=CANARY HTTP/1.1\r\n${head}\r\n`,
        `GET /nowhere?apikey=CANARY HTTP/1.1\r\n${head}\r\n`,
        `POST /api/customer/update?apikey=CANARY HTTP/1.1\r\n${head}${form}Content-Length: ${body.length}\r\n\r\n${body}`,
        `POST /api/customer/update?apikey=demo&id=1 HTTP/1.1\r\n${head}${form}Content-Length: ${body.length}\r\n\r\n${body}`,
        `POST /api/customer/update HTTP/1.1\r\n${head}Content-Type: CANARY/CANARY\r\nContent-Length: 6\r\n\r\nCANARY`,
        `GET /api/customer HTTP/1.1\r\n${head}Authorization: Bearer CANARY\r\nCookie: CANARY\r\nX-Api-Key: CANARY\r\n\r\n`,
        `GET /api/customer HTTP/1.1\r\n${head}Referer: http://a/?CANARY\r\nUser-Agent: CANARY\r\nX-Request-Id: CANARY\r\n\r\n`,
        `GET /api%0A{"message":"forged"}%0D%0Acustomer?apikey=CANARY HTTP/1.1\r\n${head}\r\n`,
        `GET /api/customer?apikey=CANARY%0A{"forged":1} HTTP/1.1\r\n${head}\r\n`,
        `GET /api/customer?%zz=CANARY%FF HTTP/1.1\r\n${head}\r\n`,
        `GET http://user:CANARY@a/api/customer?apikey=CANARY HTTP/1.1\r\n${head}\r\n`,
        `GET /api/customer?apikey=CANARY HTTP/1.1\r\nHost: a\r\nHost: CANARY\r\n\r\n`,
        `GET /api/customer?apikey=CANARY\u0000 HTTP/1.1\r\n${head}\r\n`,
        `CANARY /?apikey=CANARY HTTP/1.1\r\n${head}\r\n`
      ]
      for (const bytes of hostile) yield* Effect.promise(() => exchange(port, bytes))
      const metrics = yield* Effect.promise(() => metricsOf(server))
      server.child.kill("SIGTERM")
      yield* Effect.promise(() => server.ended)
      const printed = server.stdout() + server.stderr()
      for (const text of [printed, metrics]) {
        const at = text.indexOf("CANARY")
        assert.strictEqual(at, -1, text.slice(Math.max(0, at - 200), at + 50))
      }
      assert.isFalse(
        server
          .stderr()
          .split("\n")
          .some((line) => line.startsWith(`{"message":"forged"`))
      )
      assert.isAtLeast(logOf(server).length, 12)
    })
  )
})

describe("a request that two programs could read differently", () => {
  it.live("is refused", () =>
    Effect.gen(function* () {
      const { port } = yield* running()
      const statusOf = (bytes: string) =>
        Effect.promise(() =>
          exchange(port, bytes).then((text) => [
            Number(text.slice(9, 12)),
            text.split(/^HTTP\/1\.1 /m).length - 1
          ])
        )
      const close = "Connection: close\r\n"
      const get = "GET /healthz HTTP/1.1\r\n"
      assert.deepStrictEqual(yield* statusOf(`${get}Host: a\r\n${close}\r\n`), [200, 1])
      assert.deepStrictEqual(yield* statusOf(`${get}Host: a\r\nHost: b\r\n\r\n`), [400, 1])
      assert.deepStrictEqual(yield* statusOf(`${get}Host: a\r\nhOsT: a\r\n\r\n`), [400, 1])
      assert.deepStrictEqual(yield* statusOf(`${get}${close}\r\n`), [400, 1])
      assert.deepStrictEqual(yield* statusOf("GET http://evil/healthz HTTP/1.1\r\nHost: a\r\n\r\n"), [400, 1])
      assert.deepStrictEqual(yield* statusOf(`${get}Host: a\r\nX: ${"x".repeat(20_000)}\r\n\r\n`), [431, 1])
      assert.deepStrictEqual(
        yield* statusOf(`GET /${"x".repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`),
        [431, 1]
      )
      assert.deepStrictEqual(
        yield* statusOf(
          "POST /api/customer HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
        ),
        [400, 1]
      )
      assert.deepStrictEqual(
        yield* statusOf(
          "POST /api/customer HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde"
        ),
        [400, 1]
      )
    })
  )

  it.live("one after another without waiting, they are answered in their order", () =>
    Effect.gen(function* () {
      const { port } = yield* running()
      const asked = [3, 1, 700, 2, 5, 9, 1_002, 4]
      const requests = asked.map((id, index) => {
        const last = index === asked.length - 1 ? "Connection: close\r\n" : ""
        return `GET /api/customer?apikey=demo&format=json&id=${id} HTTP/1.1\r\nHost: a\r\n${last}\r\n`
      })
      const raw = yield* Effect.promise(() => connect(port))
      raw.socket.write(requests.join(""))
      yield* Effect.promise(() => raw.closed)
      const answers = answersIn(raw.text())
      const ids = answers.map(
        ({ body }) =>
          (JSON.parse(body) as { customers: ReadonlyArray<{ id: string | number }> }).customers[0]?.id
      )
      assert.deepStrictEqual(ids.map(Number), asked)
    })
  )
})

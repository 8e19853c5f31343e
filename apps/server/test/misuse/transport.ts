/** HTTP itself, used in ways that it is not meant to be. */
import { Effect } from "effect"
import { assert } from "vitest"
import * as path from "node:path"
import { connect, eventually, metric, metricsOf, type Running, running, tempFolder } from "../support.ts"
import { alike, type Check, type Row } from "./rows.ts"
import { callers, type DialectId, dialects, fillShop } from "./shop.ts"
import { loggedIn, loginAsk, periodAsk, seen, voices } from "./voices.ts"
import {
  type Ask,
  basic,
  bytesOf,
  form,
  formHeaders,
  jsonHeaders,
  newAddress,
  parseAnswer,
  send,
  sendBytes
} from "./wire.ts"

const { alpha } = callers

/** A server of one's own, filled, and gone afterwards. */
export const withServer = (
  limits: object,
  use: (server: Running, file: string) => Promise<void>
): Promise<void> =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const file = path.join(yield* tempFolder, "store.sqlite")
        yield* fillShop(file)
        const server = yield* running({ path: file, limits, proxies: ["127.0.0.1"] })
        yield* Effect.promise(() => use(server, file))
      })
    )
  )

/**
 * A row whose dialects share a server of their own, started when the first of them is checked; each is told how its
 * own check went.
 */
export const onOneServer = (
  limits: object,
  check: (dialect: DialectId, server: Running, file: string) => Promise<void>,
  options: { readonly loggedIn?: boolean; readonly atOnce?: boolean } = {}
): Row["checks"] => {
  const outcomes = new Map<DialectId, Promise<void>>()
  const checkAll = async (server: Running, file: string) => {
    for (const dialect of dialects) {
      const outcome = check(dialect, server, file)
      outcomes.set(dialect, outcome)
      outcome.catch(() => {})
      if (options.atOnce !== true) await Promise.allSettled([outcome])
    }
    await Promise.allSettled(outcomes.values())
  }
  const start = () =>
    withServer(limits, (server, file) =>
      options.loggedIn === true
        ? loggedIn(server.port, alpha, () => checkAll(server, file))
        : checkAll(server, file)
    )
  let all: Promise<void> | undefined
  return alike((dialect) => async () => {
    await (all ??= start())
    return outcomes.get(dialect)
  })
}

/** Posts a body to each dialect's own path, of which only the beginning comes. */
const unfinished: Readonly<Record<DialectId, Ask>> = {
  virtpos: { method: "POST", path: "/api/customer?format=json", headers: formHeaders },
  polaris: { method: "POST", path: "/core/api/ACL.Login?output=json", headers: formHeaders },
  lcmanager: { method: "POST", path: "/ManagerLogin", headers: formHeaders },
  megawin: { method: "POST", path: "/customer/update?apikey=x", headers: jsonHeaders }
}

const gauge = async (server: Running): Promise<number> =>
  metric(await metricsOf(server), "tillbridge_http_requests_in_flight")

const slowClients = onOneServer(
  { headers: "3 seconds", request: "5 seconds", idle: "8 seconds", answer: "8 seconds" },
  (dialect, server) => beSlow(dialect, server),
  { loggedIn: true, atOnce: true }
)

const beSlow = async (dialect: DialectId, server: Running): Promise<void> => {
  const { port } = server
  const everyone = voices[dialect].everyone(alpha)
  const [target = "/"] = everyone.path.split("?")
  assert.strictEqual((await send(port, everyone)).status, 200)
  const slowHead = await connect(port)
  slowHead.socket.write(`GET ${target} HTTP/1.1\r\nHost: a\r\nX-A`)
  const slowBody = await connect(port)
  const { headers = {}, method, path: to } = unfinished[dialect]
  slowBody.socket.write(
    bytesOf({ method, path: to, headers: { ...headers, "Content-Length": "500" } } as Ask)
  )
  slowBody.socket.write("a")
  const deaf = await connect(port, { keep: false })
  deaf.socket.removeAllListeners("error").on("error", () => {})
  deaf.socket.pause()
  // One connection on which far more is asked for than it can hold unread.
  const ask = bytesOf(everyone).toString("latin1").replace("Connection: close\r\n", "")
  deaf.socket.write(ask.repeat(150), "latin1")
  const times: Array<number> = []
  const all = Promise.all([slowHead.closed, slowBody.closed])
  const isOver = { now: false }
  void all.then(() => (isOver.now = true))
  while (!isOver.now) {
    const told = await send(port, everyone)
    assert.strictEqual(told.status, 200)
    times.push(told.millis)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const [head, body] = await all
  // Node's own limits are 60 and 300 seconds; these leave a busy machine its time.
  assert.isBelow(head, 20_000)
  assert.isBelow(body, 20_000)
  for (const raw of [slowHead, slowBody]) assert.match(raw.text(), /^HTTP\/1\.1 408 /)
  await eventually(async () => (await gauge(server)) === 1, "nothing is left under way", 30_000)
  deaf.socket.destroy()
  times.sort((a, b) => a - b)
  assert.isBelow(times[Math.floor(times.length / 2)]!, 1_000)
}

interface Methods {
  /** A call that changes something, and the methods by which it is made. */
  readonly write: Ask | null
  readonly refused: ReadonlyArray<readonly [method: string, ask: Ask]>
}

const methods: Readonly<Record<DialectId, () => Methods>> = {
  virtpos: () => {
    const write = { path: `/api/customer/update?apikey=${alpha.key}&id=3&fname=Changed&format=json` }
    const list = { path: `/api/customer?apikey=${alpha.key}&format=json` }
    return {
      write,
      refused: [
        ...["HEAD", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"].map((one) => [one, write] as const),
        ...["PUT", "PATCH", "DELETE"].map((one) => [one, list] as const)
      ]
    }
  },
  polaris: () => {
    const headers = { Authorization: basic(alpha.login, alpha.key) }
    const write = {
      path: `/core/api/Client.PutClient?${form({ CodeMagasin: "1", InfoClient: `{"IDClient":3,"Prenom":"Changed"}`, output: "json" })}`,
      headers
    }
    const read = { path: "/core/api/Client.GetClient?CodeMagasin=1&IDClient=3&output=json", headers }
    return {
      write,
      refused: [write, read].flatMap((ask) =>
        ["HEAD", "PUT", "PATCH", "DELETE", "TRACE"].map((one) => [one, ask] as const)
      )
    }
  },
  lcmanager: () => {
    const ask = periodAsk({ Registration: true }, alpha)
    return {
      write: null,
      refused: [
        ...["GET", "HEAD", "PUT", "PATCH", "DELETE"].map((one) => [one, { ...ask, headers: {} }] as const),
        ...["GET", "PUT", "DELETE"].map((one) => [one, { path: loginAsk(alpha).path }] as const)
      ].map(([one, given]) => {
        const { body: _, ...rest } = given as Ask
        return [one, rest] as const
      })
    }
  },
  megawin: () => {
    const write = {
      path: `/customer/update?${form({ apikey: alpha.key, id_client: "Alpha3", firstName: "Changed" })}`
    }
    return {
      write,
      refused: [
        ...["GET", "HEAD", "PUT", "PATCH", "DELETE"].map((one) => [one, write] as const),
        ...["POST", "PUT", "DELETE"].map(
          (one) => [one, { path: `/customer/list?apikey=${alpha.key}` }] as const
        ),
        ...["GET", "POST", "HEAD"].map(
          (one) => [one, { path: `/customer/delete?apikey=${alpha.key}&id_client=Alpha3` }] as const
        )
      ]
    }
  }
}

/** HEAD answers have no body to look into. */
const methodConfusion =
  (dialect: DialectId): Check =>
  async ({ send: ask }) => {
    const { errorOf, everyone } = voices[dialect]
    const before = await seen(ask, dialect, alpha)
    const { refused, write } = methods[dialect]()
    for (const [method, one] of refused) {
      const told = await ask({ ...one, method })
      assert.strictEqual(told.status, 405, `${method} ${one.path}`)
      assert.isNotEmpty(told.headers["allow"], `${method} ${one.path}`)
      if (method !== "HEAD") assert.isNotEmpty(errorOf(told))
    }
    if (dialect === "lcmanager") {
      const told = await ask({ path: "/api/client/ClientInfoPeriod" })
      assert.deepStrictEqual(JSON.parse(told.text), {
        Message: "The requested resource does not support http method 'GET'."
      })
    }
    if (write !== null) {
      const post = dialect === "virtpos" || dialect === "polaris" ? "GET" : "POST"
      for (const [name, value] of [
        ["Purpose", "prefetch"],
        ["Sec-Purpose", "prefetch;prerender"],
        ["X-Moz", "prefetch"]
      ] as const) {
        const told = await ask({
          ...write,
          method: post,
          headers: { ...write.headers, [name]: value }
        })
        assert.strictEqual(told.status, 403)
        assert.isNotEmpty(errorOf(told))
      }
      await ask({ ...write, method: "OPTIONS" })
    }
    // A header that names another method names nothing.
    const overridden = await ask({
      ...everyone(alpha),
      headers: {
        ...everyone(alpha).headers,
        "X-HTTP-Method-Override": "DELETE",
        "X-Method-Override": "PUT"
      }
    })
    assert.strictEqual(overridden.status, 200)
    assert.strictEqual(await seen(ask, dialect, alpha), before, "nothing has changed")
  }

const headerGames =
  (dialect: DialectId): Check =>
  async ({ port }) => {
    const { anonymous } = voices[dialect]
    const { method = "GET", path: target } = anonymous
    const head = `${method} ${target} HTTP/1.1\r\n`
    const from = `X-Forwarded-For: ${newAddress()}\r\n`
    const statuses = async (text: string): Promise<ReadonlyArray<number>> =>
      (await sendBytes(port, Buffer.from(text, "latin1")))
        .toString("latin1")
        .split(/^HTTP\/1\.1 /m)
        .slice(1)
        .map((answer) => Number(answer.slice(0, 3)))
    const game = (lines: string, body = "") => statuses(`${head}${from}${lines}\r\n${body}`)
    assert.deepStrictEqual(await game("Host: a\r\nHost: b\r\n"), [400], "two hosts")
    assert.deepStrictEqual(await game(""), [400], "no host")
    assert.deepStrictEqual(
      await statuses(`${method} http://evil.test${target} HTTP/1.1\r\nHost: a\r\n\r\n`),
      [400]
    )
    assert.deepStrictEqual(
      await game(
        "Host: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        "0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
      ),
      [400],
      "two lengths that disagree"
    )
    assert.deepStrictEqual(await game("Host: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n", "ab"), [400])
    assert.deepStrictEqual(await game("Host: a\r\nContent-Length: +4\r\n", "abcd"), [400])
    assert.deepStrictEqual(await game("Host: a\r\nA : b\r\n"), [400])
    assert.deepStrictEqual(await game(`Host: a\r\n${"X-A: b\r\n".repeat(3_000)}`), [431])
    assert.deepStrictEqual(await game(`Host: a\r\nX: ${"x".repeat(17_000)}\r\n`), [431])
    // What a caller says never becomes a line of an answer's head.
    const [base = ""] = target.split("?")
    for (const word of ["%0D%0ASet-Cookie:%20x=1", "%0aX-Injected:%201"]) {
      const bytes = await sendBytes(
        port,
        bytesOf({
          method,
          path: `${base}/${word}?format=${word}&output=${word}&id=${word}`,
          headers: { Origin: "http://a.test", Accept: "text/x;a=b" }
        })
      )
      const told = parseAnswer(bytes)
      assert.notProperty(told.headers, "x-injected")
      assert.isUndefined(told.headers["set-cookie"])
    }
  }

const withCors: ReadonlySet<DialectId> = new Set(["lcmanager", "megawin"])

const cachesAndOrigins =
  (dialect: DialectId): Check =>
  async ({ send: ask }) => {
    const { anonymous, customer, everyone } = voices[dialect]
    const origin = { Origin: "https://shop.test" }
    const [base = ""] = anonymous.path.split("?")
    const asks: ReadonlyArray<Ask> = [
      everyone(alpha),
      customer("1", alpha),
      customer("999", alpha),
      anonymous,
      { path: `${base}/nothing` },
      { method: "PUT", path: base },
      { method: "OPTIONS", path: base, headers: { "Access-Control-Request-Method": "POST" } },
      { method: "POST", path: base, headers: { "Content-Type": "image/png" }, body: "x" },
      { method: "POST", path: base, headers: { ...anonymous.headers }, body: "x".repeat(70_000) }
    ]
    for (const one of asks) {
      const { headers } = await ask({ ...one, headers: { ...one.headers, ...origin } })
      assert.strictEqual(headers["cache-control"], "no-store", `${one.method} ${one.path}`)
      assert.strictEqual(headers["x-content-type-options"], "nosniff", `${one.method} ${one.path}`)
      assert.isNotEmpty(headers["x-request-id"])
      assert.notProperty(headers, "access-control-allow-credentials")
      assert.notProperty(headers, "server")
      assert.notProperty(headers, "x-powered-by")
      if (withCors.has(dialect))
        assert.strictEqual(headers["access-control-allow-origin"], "*", `${one.method} ${one.path}`)
      else assert.notProperty(headers, "access-control-allow-origin")
    }
    for (const plain of ["/healthz", "/readyz", "/metrics", "/nobody", "/%zz"]) {
      const { headers } = await ask({ path: plain, headers: origin })
      assert.deepStrictEqual(
        [headers["cache-control"], headers["x-content-type-options"], headers["access-control-allow-origin"]],
        ["no-store", "nosniff", undefined]
      )
    }
  }

export const transportRows: ReadonlyArray<Row> = [
  { number: 10, misuse: "slow headers, a slow body, a slow reader", checks: slowClients },
  { number: 11, misuse: "a method that is not the call's", checks: alike(methodConfusion) },
  { number: 16, misuse: "games with headers", checks: alike(headerGames) },
  { number: 20, misuse: "answers in caches and on other sites' pages", checks: alike(cachesAndOrigins) }
]

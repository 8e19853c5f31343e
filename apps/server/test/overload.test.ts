/** More than can be answered: requests, connections, and who is asking when a proxy stands in between. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { IncomingMessage } from "node:http"
import { makeConnectionCount, forwardedFor } from "../src/Addresses.ts"
import { type Load, makeLoad } from "../src/Load.ts"
import { mountedPaths, MountError, servedDialects } from "../src/index.ts"
import { answersIn, connect, eventually, exchange, logOf, metricsOf, type Raw, running } from "./support.ts"

const counted = (metrics: string, name: string, reason: string): number =>
  Number(new RegExp(`^tillbridge_${name}\\{reason="${reason}"\\} (\\d+)$`, "m").exec(metrics)?.[1])

describe("more requests than the server works on at once", () => {
  it.live("are told 503 in the dialect's envelope, and those who watch are answered", () =>
    Effect.gen(function* () {
      const server = yield* running({ limits: { inProgress: 2 } })
      // A wrong key that nobody generated costs a slow digest, off the thread and one at a time.
      const slow = yield* Effect.promise(async () => {
        const raws = await Promise.all(Array.from({ length: 8 }, () => connect(server.port)))
        raws.forEach((raw, index) =>
          raw.socket.write(`GET /api/customer?apikey=wrong${index} HTTP/1.1\r\nHost: a\r\n\r\n`)
        )
        return raws
      })
      const get = (path: string) => Effect.promise(() => fetch(server.url + path))
      const started = performance.now()
      const json = yield* get("/api/customer?apikey=demo&format=json&id=1")
      const xml = yield* get("/API/Customer/update/?apikey=demo&id=1&fname=X")
      // At once, and not when the eight are done, which take a digest each.
      assert.isBelow(performance.now() - started, 5_000)
      for (const answer of [json, xml]) {
        assert.strictEqual(answer.status, 503)
        assert.match(answer.headers.get("retry-after") ?? "", /^[1-9]\d*$/)
        assert.strictEqual(answer.headers.get("cache-control"), "no-store")
        assert.strictEqual(answer.headers.get("x-content-type-options"), "nosniff")
      }
      assert.deepStrictEqual(yield* Effect.promise(() => json.json()), {
        success: 0,
        info: "temporary error, try again"
      })
      assert.strictEqual(
        yield* Effect.promise(() => xml.text()),
        `<?xml version="1.0" encoding="UTF-8"?><root><success>0</success><info>temporary error, try again</info></root>`
      )
      assert.deepStrictEqual(
        [(yield* get("/healthz")).status, (yield* get("/readyz")).status, (yield* get("/nobody")).status],
        [200, 200, 404]
      )
      const metrics = yield* Effect.promise(() => metricsOf(server))
      // Of the eight, all but the first few were too many as well.
      assert.isAtLeast(counted(metrics, "http_requests_shed_total", "in_progress"), 2)
      assert.strictEqual(counted(metrics, "http_requests_shed_total", "late"), 0)
      yield* Effect.promise(() =>
        eventually(() => slow.every((raw) => answersIn(raw.text()).length === 1), "all are answered")
      )
      const after = yield* get("/api/customer?apikey=demo&format=json&id=1")
      assert.strictEqual(after.status, 200)
      assert.notInclude((yield* get("/api/customer?apikey=demo&format=json&id=1")).statusText, "X")
      assert.deepInclude(yield* Effect.promise(() => after.json()), { success: 1, count: 1 })
      for (const { socket } of slow) socket.destroy()
    })
  )

  it.live("do not include those that wait for their caller", () =>
    Effect.gen(function* () {
      const server = yield* running({ limits: { inProgress: 2 } })
      const raws: Array<Raw> = []
      for (let i = 0; i < 20; i++) {
        const raw = yield* Effect.promise(() => connect(server.port))
        raw.socket.write(
          "POST /api/customer HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nap"
        )
        raws.push(raw)
      }
      yield* Effect.promise(() =>
        eventually(
          async () => (await metricsOf(server)).includes("tillbridge_http_requests_in_flight 21"),
          "all are under way"
        )
      )
      const answer = yield* Effect.promise(() => fetch(`${server.url}/api/customer?apikey=demo&id=1`))
      assert.strictEqual(answer.status, 200)
      for (const { socket } of raws) socket.destroy()
    })
  )
})

describe("requests that one connection sends without waiting", () => {
  it.live("are answered in their order, those too many with 503, and nobody else is refused", () =>
    Effect.gen(function* () {
      const server = yield* running({ limits: { inProgress: 4 } })
      const get = "GET /customer/list?apikey=demo&id_client=1 HTTP/1.1\r\nHost: a\r\n"
      yield* Effect.promise(() => exchange(server.port, `${get}Connection: close\r\n\r\n`))
      const raw = yield* Effect.promise(() => connect(server.port))
      raw.socket.write(`${get}\r\n`.repeat(99) + `${get}Connection: close\r\n\r\n`)
      const others = yield* Effect.promise(() =>
        Promise.all(
          [1, 2, 3].map(() =>
            fetch(`${server.url}/api/customer?apikey=demo&id=1`).then((answer) => answer.status)
          )
        )
      )
      yield* Effect.promise(() => raw.closed)
      const statuses = answersIn(raw.text()).map(({ status }) => status)
      assert.lengthOf(statuses, 100)
      assert.deepStrictEqual(
        statuses.slice(0, 32),
        Array.from({ length: 32 }, () => 200)
      )
      assert.include(statuses, 503)
      assert.deepStrictEqual(others, [200, 200, 200])
    })
  )
})

describe("requests that come faster than they are answered", () => {
  const request = {} as IncomingMessage

  /** A turn of the event loop in which requests came that took so long. */
  const turn = async (load: Load, millis: number): Promise<ReadonlyArray<string | undefined>> => {
    const seen: Array<string | undefined> = []
    load.began(performance.now())
    seen.push(load.refusal(request))
    const until = performance.now() + millis
    while (performance.now() < until);
    load.began(performance.now())
    seen.push(load.refusal(request))
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
    return seen
  }

  it("are refused when a turn takes long and one before it did, and never the first of a turn", async () => {
    const load = makeLoad({ lagMillis: 40 }, () => false)
    assert.deepStrictEqual(await turn(load, 30), [undefined, undefined], "a single stop")
    assert.deepStrictEqual(await turn(load, 30), [undefined, "late"], "a second one")
    assert.deepStrictEqual(await turn(load, 0), [undefined, undefined], "a short turn")
    await new Promise((resolve) => setTimeout(resolve, 1_050))
    assert.deepStrictEqual(await turn(load, 30), [undefined, undefined], "long after")
  })

  it("are refused while the loop itself is late", async () => {
    const load = makeLoad({ lagMillis: 20 }, () => false)
    load.start()
    const busy = setInterval(() => {
      const until = performance.now() + 150
      while (performance.now() < until);
    }, 1)
    await eventually(() => load.refusal(request) === "late", "it is late", 30_000)
    clearInterval(busy)
    await eventually(() => load.refusal(request) === undefined, "it is in time again", 30_000)
    load.stop()
  })

  it.live(
    "are answered or told to come again, none is lost",
    () =>
      Effect.gen(function* () {
        const server = yield* running({ limits: { lag: "2 millis" } })
        const tally = new Map<number, number>()
        yield* Effect.promise(async () => {
          await Promise.all(
            Array.from({ length: 60 }, async (_, index) => {
              for (let i = 0; i < 10; i++) {
                const raw = await exchange(
                  server.port,
                  `GET /api/customer?apikey=demo&format=json&page=${index + 1}&page_size=10 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`
                )
                const [answer] = answersIn(raw)
                assert.isDefined(answer)
                tally.set(answer!.status, (tally.get(answer!.status) ?? 0) + 1)
                if (answer!.status === 503) {
                  assert.match(answer!.head.toLowerCase(), /^retry-after: \d+$/m)
                  assert.deepInclude(JSON.parse(answer!.body) as object, { success: 0 })
                }
              }
            })
          )
        })
        assert.deepStrictEqual([...tally.keys()].sort(), [200, 503])
        assert.strictEqual((tally.get(200) ?? 0) + (tally.get(503) ?? 0), 600)
        const metrics = yield* Effect.promise(() => metricsOf(server))
        assert.strictEqual(counted(metrics, "http_requests_shed_total", "late"), tally.get(503))
        yield* Effect.promise(() =>
          eventually(
            () => logOf(server).filter((line) => line["status"] === 503).length === tally.get(503),
            "each has its line"
          )
        )
      }),
    120_000
  )
})

describe("connections of one address", () => {
  it.live("are bounded; those too many are told 503 and closed", () =>
    Effect.gen(function* () {
      const server = yield* running({ limits: { connectionsPerAddress: 3, freeAddresses: [] } })
      const held: Array<Raw> = []
      for (let i = 0; i < 3; i++) held.push(yield* Effect.promise(() => connect(server.port)))
      for (const raw of held) raw.socket.write("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
      yield* Effect.promise(() => eventually(() => held.every((raw) => raw.bytes() > 0), "they are served"))
      const text = yield* Effect.promise(() =>
        exchange(server.port, "GET /api/customer/update?apikey=demo&id=1&fname=X HTTP/1.1\r\nHost: a\r\n\r\n")
      )
      const [answer, ...more] = answersIn(text)
      assert.strictEqual(answer?.status, 503)
      assert.deepStrictEqual(more, [])
      for (const line of [/^retry-after: 1$/m, /^connection: close$/m, /^cache-control: no-store$/m])
        assert.match(answer?.head.toLowerCase().replaceAll("\r", "") ?? "", line)
      held[0]!.socket.destroy()
      yield* Effect.promise(() =>
        eventually(
          () =>
            exchange(server.port, "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").then(
              (got) => got.startsWith("HTTP/1.1 200")
            ),
          "there is room again"
        )
      )
      held[1]!.socket.destroy()
      const metrics = yield* Effect.promise(() =>
        eventually(() => fetch(`${server.url}/metrics`).then((got) => got.ok), "metrics").then(() =>
          metricsOf(server)
        )
      )
      assert.isAtLeast(counted(metrics, "http_connections_refused_total", "address"), 1)
      // Nothing of it was done.
      const customer = yield* Effect.promise(() =>
        exchange(
          server.port,
          "GET /api/customer?apikey=demo&format=json&id=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        )
      )
      assert.notInclude(customer, `"fname":"X"`)
    })
  )

  it.live("are not counted on loopback unless it is asked for", () =>
    Effect.gen(function* () {
      const server = yield* running({ limits: { connectionsPerAddress: 3 } })
      const raws: Array<Raw> = []
      for (let i = 0; i < 10; i++) raws.push(yield* Effect.promise(() => connect(server.port)))
      for (const raw of raws) raw.socket.write("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
      yield* Effect.promise(() =>
        eventually(() => raws.every((raw) => raw.text().startsWith("HTTP/1.1 200")), "all are served")
      )
      for (const { socket } of raws) socket.destroy()
    })
  )

  it("are counted by address, an IPv4 one also when it comes over IPv6, until they close", () => {
    const socket = (remoteAddress: string | undefined) => {
      const closers: Array<() => void> = []
      return {
        remoteAddress,
        once: (_: string, done: () => void) => closers.push(done),
        close: () => closers.forEach((done) => done())
      }
    }
    const count = makeConnectionCount(2, new Set(["10.0.0.9"]))
    const take = (one: ReturnType<typeof socket>) => count.take(one as never)
    const first = socket("10.0.0.1")
    assert.deepStrictEqual(
      [first, socket("::ffff:10.0.0.1"), socket("10.0.0.1"), socket("10.0.0.2"), socket(undefined)].map(take),
      [true, true, false, true, true]
    )
    assert.deepStrictEqual(
      [1, 2, 3, 4].map(() => take(socket("10.0.0.9"))),
      [true, true, true, true]
    )
    first.close()
    assert.deepStrictEqual([socket("10.0.0.1"), socket("10.0.0.1")].map(take), [true, false])
  })
})

describe("the caller behind a proxy", () => {
  it("is the last address that is no proxy's, and only a proxy is believed", () => {
    const proxies = new Set(["10.0.0.5", "10.0.0.6"])
    const cases: ReadonlyArray<
      readonly [peer: string, header: string | undefined, caller: string | undefined]
    > = [
      ["10.0.0.5", "203.0.113.7", "203.0.113.7"],
      ["::ffff:10.0.0.5", "203.0.113.7", "203.0.113.7"],
      ["10.0.0.5", "1.2.3.4, 203.0.113.7", "203.0.113.7"],
      ["10.0.0.5", "1.2.3.4, 203.0.113.7, 10.0.0.6", "203.0.113.7"],
      ["10.0.0.5", "2001:DB8::1", "2001:db8::1"],
      ["10.0.0.5", undefined, undefined],
      ["10.0.0.5", "", undefined],
      ["10.0.0.5", "10.0.0.6", undefined],
      ["203.0.113.9", "1.2.3.4", undefined]
    ]
    for (const [peer, header, caller] of cases)
      assert.strictEqual(forwardedFor(peer, header, proxies), caller, `${peer} ${header}`)
  })
})

describe("mounts", () => {
  it("that would answer the same path are told", () => {
    const [first] = servedDialects
    const other = { ...first!, id: "other", paths: ["/customer"] as const }
    const at = (mount: string) => mountedPaths([{ served: first! }, { served: other, at: mount }])
    for (const mount of ["/api", "/API/", "/api/customer"]) {
      const found = at(mount)
      assert.instanceOf(found, MountError, mount)
      assert.include(String((found as MountError).message), "virtpos answers /api/customer and other /api")
    }
    for (const mount of ["", "/api2", "/x/api"]) assert.notInstanceOf(at(mount), MountError, mount)
    assert.instanceOf(mountedPaths([{ served: first! }, { served: first!, at: "/fr" }]), MountError)
    assert.deepStrictEqual(
      (at("/Fr") as ReadonlyArray<{ path: string }>).map(({ path }) => path),
      ["/api/customer", "/fr/customer"]
    )
  })
})

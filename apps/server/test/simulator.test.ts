import { assert, describe, it } from "@effect/vitest"
import { CustomerId, layerMemory, StoreId } from "@tillbridge/domain"
import { Effect, Result } from "effect"
import * as fs from "node:fs"
import { faultKinds, faultText, parseFault, simulate, type SocketOptions } from "../src/index.ts"
import { connect, tempFolder } from "./support.ts"

const basic = { authorization: `Basic ${btoa("demo:demo")}` }
const changed = "/core/api/Client.GetClientsModified?lastChanged=2000-01-01&codeMagasin=1&prefixCle=SHOP"
const inJson = `${changed}&output=json&limit=10`

interface Slice {
  readonly hasMoreResults: boolean
  readonly checkPoint?: string
  readonly clients: ReadonlyArray<{
    readonly IDClient: number
    readonly DateModification: string
    readonly Nom?: string
  }>
}

const polaris = (options: Partial<SocketOptions> = {}) =>
  simulate({ dialect: "polaris", customers: 40, store: layerMemory, ...options })

interface Got {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly bytes: Uint8Array
  readonly millis: number
}

const ask = (url: string, init: RequestInit = { headers: basic }): Promise<Got> => {
  const started = performance.now()
  return fetch(url, init).then(async (response) => {
    const bytes = new Uint8Array(await response.arrayBuffer())
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes)
    return {
      status: response.status,
      headers: response.headers,
      bytes,
      text,
      millis: performance.now() - started
    }
  })
}

const get = (url: string, init?: RequestInit) => Effect.promise(() => ask(url, init))
const slice = (url: string) => Effect.map(get(url), ({ text }) => JSON.parse(text) as Slice)
const ids = ({ clients }: Slice) => clients.map(({ IDClient }) => IDClient)

/** The bytes of an answer with its head, until the other side ends; `undefined` when it resets. */
const exchanged = (url: string, target: string) =>
  Effect.promise(async () => {
    const raw = await connect(Number(new URL(url).port))
    let wasReset = false
    raw.socket.on("error", () => (wasReset = true))
    raw.socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\nAuthorization: ${basic.authorization}\r\n\r\n`)
    await raw.closed
    return { text: raw.text(), wasReset }
  })

describe("a simulator", () => {
  it.live("has the same customers for the same seed, others for another, and stamps that are equal", () =>
    Effect.gen(function* () {
      const everybody = `${changed}&output=json&limit=1000`
      const told = yield* Effect.forEach([7, 7, 8], (seed) =>
        Effect.flatMap(polaris({ seed, customers: 300 }), ({ url }) => slice(url + everybody))
      )
      assert.deepStrictEqual(told[0]!.clients, told[1]!.clients)
      assert.notDeepEqual(told[0]!.clients, told[2]!.clients)
      assert.lengthOf(told[0]!.clients, 300)
      const stamps = told[0]!.clients.map(({ DateModification }) => DateModification)
      assert.deepStrictEqual(stamps, [...stamps].sort(), "the oldest change comes first")
      const most = Math.max(
        ...Map.groupBy(stamps, (stamp) => stamp)
          .values()
          .map((same) => same.length)
      )
      assert.isAtLeast(most, 30, "one burst of equal stamps")
      assert.isAbove(new Set(stamps).size, 150, "and the others spread")
      assert.notDeepEqual(
        ids(told[0]!),
        ids(told[0]!).toSorted((a, b) => a - b)
      )
    })
  )

  it.live("keeps what is written to it, and its store is there to look into", () =>
    Effect.gen(function* () {
      const simulator = yield* polaris()
      const body =
        "CodeMagasin=1&prefixCle=SHOP&InfoClient=<InfoClient><IDClient>3</IDClient><Nom>Told</Nom></InfoClient>"
      const put = yield* get(`${simulator.url}/core/api/Client.PutClient`, {
        method: "POST",
        headers: { ...basic, "content-type": "application/x-www-form-urlencoded" },
        body
      })
      assert.strictEqual(put.status, 200)
      const { customers, merchant } = simulator
      const stored = yield* customers.find(merchant.id, { by: "id", id: CustomerId.make(3) })
      assert.strictEqual(stored.lastName, "Told")
      yield* customers.save(merchant.id, {
        references: [{ by: "id", id: stored.id }],
        createIfMissing: false,
        patch: { lastName: "From inside", registeredIn: StoreId.make(2) },
        actor: null
      })
      const read = yield* get(`${simulator.url}/core/api/Client.GetClient?CodeMagasin=1&IDClient=3`)
      assert.include(read.text, "<Nom>From inside</Nom>")
      assert.deepStrictEqual(
        simulator.requests
          .log()
          .map(({ method, operation, path, status }) => [method, path, operation, status]),
        [
          ["POST", "/core/api/client.putclient", "write", 200],
          ["GET", "/core/api/client.getclient", "read", 200]
        ]
      )
    })
  )

  it.live("leaves no file behind, and listens on loopback only", () =>
    Effect.gen(function* () {
      const folder = yield* tempFolder
      const usual = process.env["TMPDIR"]
      process.env["TMPDIR"] = folder
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          if (usual === undefined) delete process.env["TMPDIR"]
          else process.env["TMPDIR"] = usual
        })
      )
      const folders = () => fs.readdirSync(folder).filter((name) => name.startsWith("tillbridge-simulator-"))
      yield* Effect.scoped(
        Effect.gen(function* () {
          const { url } = yield* simulate({ dialect: "virtpos", customers: 5 })
          assert.strictEqual(new URL(url).hostname, "127.0.0.1")
          assert.lengthOf(folders(), 1)
        })
      )
      assert.lengthOf(folders(), 0)
      for (const host of ["0.0.0.0", "::", "192.0.2.1", "example.com"]) {
        const refused = yield* Effect.flip(polaris({ host }))
        assert.strictEqual(refused._tag, "SimulatorError")
        assert.include(refused.message, "127.0.0.1 only")
      }
      assert.include((yield* Effect.flip(simulate({ dialect: "nobody" }))).message, "virtpos, polaris")
    })
  )

  for (const dialect of ["virtpos", "polaris", "lcmanager", "megawin"]) {
    it.live(
      `plays ${dialect}, and its records are poisoned, shuffled and taken away where its lists have them`,
      () =>
        Effect.gen(function* () {
          const { faults, url } = yield* simulate({ dialect, customers: 30, store: layerMemory })
          const token =
            dialect === "lcmanager"
              ? (
                  JSON.parse(
                    (yield* get(`${url}/ManagerLogin`, {
                      method: "POST",
                      body: new URLSearchParams({
                        grant_type: "password",
                        username: "demo",
                        password: "demo"
                      })
                    })).text
                  ) as { access_token: string }
                ).access_token
              : ""
          const period = JSON.stringify({ BegDate: "2000-01-01", EndDate: "2030-01-01", Registration: true })
          const lists: Record<string, () => Effect.Effect<Got>> = {
            virtpos: () => get(`${url}/api/customer?apikey=demo&format=xml`),
            polaris: () => get(`${url}${changed}&limit=100`),
            lcmanager: () =>
              get(`${url}/api/client/ClientInfoPeriod`, {
                method: "POST",
                headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
                body: period
              }),
            megawin: () => get(`${url}/customer/list?apikey=demo`)
          }
          const list = lists[dialect]!
          const key = {
            virtpos: /<customer><id>/g,
            polaris: /<IDClient>/g,
            lcmanager: /"Client":/g,
            megawin: /"clcleunik":/g
          }[dialect]!
          const count = (text: string) => text.match(key)?.length ?? 0
          const whole = yield* list()
          assert.strictEqual(whole.status, 200)
          assert.isAtLeast(count(whole.text), 20)
          yield* faults.set(["reorder"])
          const shuffled = yield* list()
          assert.notStrictEqual(shuffled.text, whole.text)
          assert.strictEqual(count(shuffled.text), count(whole.text))
          yield* faults.set(["zero-rows"])
          assert.strictEqual(count((yield* list()).text), 0)
          yield* faults.set(["fewer=90%"])
          const fewer = yield* list()
          assert.isBelow(count(fewer.text), count(whole.text) / 2)
          if (dialect === "virtpos") assert.include(fewer.text, `<count>${count(fewer.text)}</count>`)
          for (const [spoil, seen] of [
            ["date", /2024-13-45T99:99:99/],
            ["int64", /99999999999999999999/],
            ["nul", /\\u0000|&#0;/],
            ["huge", /x{2000000}/],
            ["type", /unexpected/]
          ] as const) {
            yield* faults.set([`poison=10%:${spoil}`])
            // One in ten of thirty: hardly ever none in three answers.
            const texts = [yield* list(), yield* list(), yield* list()].map(({ text }) => text)
            assert.isTrue(
              texts.some((text) => seen.test(text)),
              spoil
            )
            if (spoil !== "huge")
              for (const text of texts)
                assert.notStrictEqual(text.match(new RegExp(seen, "g"))?.length ?? 0, count(whole.text))
          }
          yield* faults.set(["poison=1:no-id"])
          assert.strictEqual(count((yield* list()).text), 0)
          yield* faults.set(["duplicate-page@nth=2"])
          const first = yield* list()
          assert.strictEqual((yield* list()).text, first.text)
          yield* faults.clear
          assert.strictEqual((yield* list()).status, 200)
        })
    )
  }
})

describe("a fault at a simulator", () => {
  it.live("latency, status, 429 and 401 come instead of the answer, at the requests that they say", () =>
    Effect.gen(function* () {
      const { faults, requests, url } = yield* polaris()
      yield* faults.set(["latency=80ms@nth=1", "status=503@every=2"])
      const answers = [
        yield* get(url + inJson),
        yield* get(url + inJson),
        yield* get(url + inJson),
        yield* get(url + inJson)
      ]
      assert.deepStrictEqual(
        answers.map(({ status }) => status),
        [200, 503, 200, 503]
      )
      assert.isAtLeast(answers[0]!.millis, 75)
      assert.match(answers[1]!.text, /^<!DOCTYPE html>/)
      const waits = ["10", "1000000000", "-5"]
      for (const wait of waits) {
        yield* faults.set([`429=${wait}@first=1`])
        const told = yield* get(url + inJson)
        assert.deepStrictEqual([told.status, told.headers.get("retry-after")], [429, wait])
        assert.strictEqual((yield* get(url + inJson)).status, 200)
      }
      for (const [text, from, to] of [
        ["429=date+30s", 28_000, 31_000],
        ["429=past", -3_602_000, -3_598_000]
      ] as const) {
        yield* faults.set([text])
        const date = Date.parse((yield* get(url + inJson)).headers.get("retry-after") ?? "") - Date.now()
        assert.isTrue(date > from && date < to, `${text}: ${date}`)
      }
      requests.forget()
      yield* faults.set(["401@after=1,first=1,op=list", "status=500@op=write"])
      const last = [yield* get(url + inJson), yield* get(url + inJson), yield* get(url + inJson)]
      assert.deepStrictEqual(
        last.map(({ status }) => status),
        [200, 401, 200]
      )
      assert.include(last[1]!.text, '"Error"')
      assert.deepStrictEqual(
        requests.log().map((one) => one.faults),
        [[], ["401"], []]
      )
    })
  )

  it.live("a session that died stays dead until the next login", () =>
    Effect.gen(function* () {
      const { faults, url } = yield* polaris()
      const login = Effect.map(
        get(`${url}/core/api/ACL.Login`, {
          method: "POST",
          body: new URLSearchParams({ user: "demo", password: "demo" })
        }),
        ({ headers }) => headers.get("set-cookie")!.split(";")[0]!
      )
      const list = (cookie: string) =>
        Effect.map(get(url + inJson, { headers: { cookie } }), ({ status }) => status)
      const cookie = yield* login
      yield* faults.set(["401@nth=2"])
      assert.deepStrictEqual([yield* list(cookie), yield* list(cookie), yield* list(cookie)], [200, 401, 401])
      assert.strictEqual(yield* list(yield* login), 200)
    })
  )

  it.live("reset, short bodies, silence and a trickle are what the socket sees", () =>
    Effect.gen(function* () {
      const { faults, url } = yield* polaris()
      const target = inJson
      const whole = yield* get(url + target)
      yield* faults.set(["reset"])
      const reset = yield* exchanged(url, target)
      assert.isTrue(reset.wasReset)
      yield* faults.set(["reset=before"])
      assert.deepStrictEqual(yield* exchanged(url, target), { text: "", wasReset: true })
      yield* faults.set(["truncate"])
      const short = yield* exchanged(url, target)
      assert.include(short.text.toLowerCase(), `content-length: ${whole.bytes.length}`)
      assert.isBelow(Buffer.byteLength(short.text.split("\r\n\r\n")[1]!), whole.bytes.length * 0.6)
      assert.isFalse(short.wasReset)
      yield* faults.set(["truncate=chunked"])
      const chunked = yield* exchanged(url, target)
      assert.include(chunked.text.toLowerCase(), "transfer-encoding: chunked")
      assert.notMatch(chunked.text, /\r\n0\r\n\r\n$/)
      assert.notInclude(chunked.text.toLowerCase(), "content-length")
      yield* faults.set(["trickle=20"])
      const started = performance.now()
      const raw = yield* Effect.promise(() => connect(Number(new URL(url).port)))
      raw.socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\nAuthorization: ${basic.authorization}\r\n\r\n`)
      yield* Effect.sleep("500 millis")
      const body = Buffer.byteLength(raw.text().split("\r\n\r\n")[1] ?? "")
      const most = (performance.now() - started) / 50 + 2
      assert.isTrue(body >= 1 && body <= most, `${body} bytes`)
      raw.socket.destroy()
      yield* faults.set(["blackhole"])
      const silent = yield* Effect.promise(() => connect(Number(new URL(url).port)))
      silent.socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`)
      yield* Effect.sleep("150 millis")
      assert.strictEqual(silent.bytes(), 0)
      assert.isFalse(silent.socket.destroyed)
      silent.socket.destroy()
      yield* faults.clear
      assert.strictEqual((yield* get(url + target)).text, whole.text)
    })
  )

  it.live("bodies that are none of the dialect's, and texts that end early with the right length", () =>
    Effect.gen(function* () {
      const { faults, url } = yield* polaris()
      const whole = yield* get(url + inJson)
      const bodyWith = (fault: string) => Effect.andThen(faults.set([fault]), get(url + inJson))
      assert.match((yield* bodyWith("html")).text, /<form/)
      assert.strictEqual((yield* bodyWith("empty")).bytes.length, 0)
      assert.strictEqual((yield* bodyWith("braces")).text, "{}")
      assert.strictEqual((yield* bodyWith("bom")).text, `\uFEFF${whole.text}`)
      const latin1 = yield* bodyWith("charset")
      assert.include(latin1.text, "\uFFFD", "no UTF-8 any more")
      assert.match(latin1.headers.get("content-type")!, /utf-8/)
      assert.strictEqual((yield* bodyWith("charset=utf16")).bytes.length, 2 * whole.text.length)
      const cut = yield* bodyWith("truncate=text")
      assert.strictEqual(cut.headers.get("content-length"), String(cut.bytes.length))
      assert.throws(() => JSON.parse(cut.text))
      assert.isTrue(whole.text.startsWith(cut.text))
      const closed = JSON.parse((yield* bodyWith("truncate=records")).text) as Slice
      assert.lengthOf(closed.clients, 5)
      assert.strictEqual(closed.checkPoint, (JSON.parse(whole.text) as Slice).checkPoint)
    })
  )

  it.live("pages that repeat for ever, resume points that are refused, and times that are off", () =>
    Effect.gen(function* () {
      const { faults, url } = yield* polaris()
      const first = yield* slice(url + inJson)
      const next = `${url}${inJson}&checkPoint=${first.checkPoint}`
      assert.notDeepEqual(ids(yield* slice(next)), ids(first))
      yield* faults.set(["repeat-cursor"])
      assert.deepStrictEqual(
        [yield* slice(url + inJson), yield* slice(next), yield* slice(next)],
        [first, first, first]
      )
      yield* faults.set(["cursor-lost"])
      assert.strictEqual((yield* get(url + inJson)).status, 200)
      const lost = yield* get(next)
      assert.strictEqual(lost.status, 400)
      assert.include(lost.text, "InvalidCheckPoint")
      yield* faults.set(["skew=+1d"])
      const late = yield* get(url + inJson)
      const [was, is] = [first, JSON.parse(late.text) as Slice].map(({ clients }) =>
        Date.parse(clients[0]!.DateModification)
      )
      assert.strictEqual(is! - was!, 86_400_000)
      assert.approximately(Date.parse(late.headers.get("date")!) - Date.now(), 86_400_000, 5_000)
    })
  )

  it.live("changing changes the store, through the domain", () =>
    Effect.gen(function* () {
      const { change, customers, faults, merchant, url } = yield* polaris()
      const positions = Effect.map(customers.refs(merchant.id, {}, { after: null, limit: 1_000 }), (refs) =>
        refs.map(({ id, version }) => `${id} ${version}`)
      )
      const before = yield* positions
      yield* faults.set(["changing=20@nth=1"])
      yield* slice(url + inJson)
      const after = yield* positions
      assert.isAbove(after.filter((one) => !before.includes(one)).length, 5)
      assert.isTrue(before.some((one) => !after.includes(one)))
      const told = yield* slice(`${url}${changed}&output=json&limit=1000`)
      assert.deepStrictEqual(
        ids(told).toSorted((a, b) => a - b),
        after.map((one) => Number(one.split(" ")[0]))
      )
      yield* change(3)
      assert.notDeepEqual(yield* positions, after)
    })
  )

  it.live("chance follows the seed", () =>
    Effect.gen(function* () {
      const statuses = (seed: number) =>
        Effect.flatMap(polaris({ seed, faults: ["status=500@chance=0.5"] }), ({ url }) =>
          Effect.forEach(Array.from({ length: 12 }), () =>
            Effect.map(get(url + inJson), ({ status }) => status)
          )
        )
      const [a, b, c] = [yield* statuses(1), yield* statuses(1), yield* statuses(2)]
      assert.deepStrictEqual(a, b)
      assert.notDeepEqual(a, c)
      assert.include(a, 500)
      assert.include(a, 200)
    })
  )
})

describe("the text of a fault", () => {
  it("is read, and written as it is read", () => {
    for (const text of [
      "latency=2s",
      "status=502@every=3",
      "429=10@first=2",
      "429=date+30s",
      "429",
      "401@nth=4,op=list",
      "reset=middle",
      "trickle=1",
      "blackhole@chance=0.5,seed=3",
      "truncate=text@after=2",
      "poison=0.01:nul",
      "changing=5",
      "fewer=90%",
      "skew=+1d",
      "skew=-2h",
      "charset=utf16",
      "cursor-lost@path=/getclientsmodified",
      "empty"
    ]) {
      const parsed = parseFault(text)
      assert.isTrue(Result.isSuccess(parsed), text)
      if (Result.isSuccess(parsed)) assert.strictEqual(faultText(parsed.success), text)
    }
    assert.deepStrictEqual(Result.getOrThrow(parseFault("latency=1500ms@every=3,path=/x")), {
      kind: "latency",
      millis: 1_500,
      when: { every: 3, path: "/x" }
    })
    assert.deepStrictEqual(Result.getOrThrow(parseFault("429=1e9")), {
      kind: "429",
      retryAfter: { seconds: 1e9 }
    })
  })

  it("is refused in words that tell what there is", () => {
    const refusal = (text: string) => {
      const parsed = parseFault(text)
      return Result.isFailure(parsed) ? parsed.failure.message : assert.fail(`${text} was taken`)
    }
    for (const kind of faultKinds) assert.include(refusal("sttus=503"), kind)
    assert.match(refusal("status=1000"), /status=503/)
    assert.match(refusal("latency=soon"), /latency=2s/)
    assert.match(refusal("poison=2"), /poison=RATE/)
    assert.match(refusal("truncate=hard"), /length\|chunked\|text\|records/)
    assert.match(refusal("empty=1"), /it is empty/)
    for (const when of ["nth=0", "evry=3", "op=lists", "", "chance=2", "toString=1"])
      assert.match(refusal(`empty@${when}`), /every=N, nth=N/)
    for (const odd of ["", "=", "@", "toString", "__proto__=1"]) refusal(odd)
  })
})

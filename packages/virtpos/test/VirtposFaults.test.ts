/** A store that fails: the answer stays in the envelope and silent about the inside, and the next one is right. */
import { assert, describe, it } from "@effect/vitest"
import {
  CardRepository,
  ChangeFeed,
  CredentialRepository,
  CustomerRepository,
  MerchantRepository,
  type Repositories,
  StorageError,
  type StorageFailure
} from "@tillbridge/domain"
import { Context, Effect } from "effect"
import { TestClock } from "effect/testing"
import { idsIn, open, post, refused, xml } from "./server.ts"

const CANARY = "CANARY insert into customers values ('Anna') /var/lib/secret.db"

const storageError = (reason: StorageFailure) =>
  new StorageError({ operation: CANARY, reason, cause: new Error(CANARY) })

/** Which of the store's next calls fails (the first is 1), and how; none when `at` is 0. `made` counts them. */
interface Fault {
  at: number
  made: number
  fail: Effect.Effect<never, StorageError>
}

type Method = (...args: ReadonlyArray<unknown>) => Effect.Effect<unknown, unknown>

/** The same service, every call of which the fault may end before anything is done. */
const failing = <S extends object>(service: S, fault: Fault): S =>
  new Proxy(service, {
    get: (target, name) => {
      const method = Reflect.get(target, name) as Method | Effect.Effect<unknown, unknown>
      const run = (effect: () => Effect.Effect<unknown, unknown>) =>
        Effect.suspend(() => (++fault.made === fault.at ? fault.fail : effect()))
      return Effect.isEffect(method)
        ? run(() => method)
        : (...args: ReadonlyArray<unknown>) => run(() => method(...args))
    }
  })

const withFault = Effect.fnUntraced(function* (customers = 1) {
  const fault: Fault = { at: 0, made: 0, fail: Effect.fail(storageError("busy")) }
  const server = yield* open({}, (real): Context.Context<Repositories> =>
    real.pipe(
      Context.add(CustomerRepository, failing(Context.get(real, CustomerRepository), fault)),
      Context.add(CardRepository, failing(Context.get(real, CardRepository), fault)),
      Context.add(MerchantRepository, failing(Context.get(real, MerchantRepository), fault)),
      Context.add(CredentialRepository, failing(Context.get(real, CredentialRepository), fault)),
      Context.add(ChangeFeed, failing(Context.get(real, ChangeFeed), fault))
    )
  )
  yield* server.customers.importBatch(
    server.merchant.id,
    Array.from({ length: customers }, () => ({ firstName: "Anna" })),
    null
  )
  yield* server.call("/insertCard?uid=1&customer_id=1")
  /** Makes the given call of the store fail while the request runs; tells how many there were. */
  const during = <A>(at: number, request: Effect.Effect<A>) =>
    Effect.gen(function* () {
      // A proof of who calls is taken for granted for a second.
      yield* TestClock.adjust("2 seconds")
      fault.at = at
      fault.made = 0
      const answer = yield* request
      const { made } = fault
      fault.at = 0
      return [answer, made] as const
    })
  const everything = Effect.all([
    server.call("?cards=true"),
    server.cards.list(server.merchant.id, { after: null, limit: 99 }),
    server.directories.entries(server.merchant.id, "group"),
    server.directories.entries(server.merchant.id, "card type")
  ]).pipe(Effect.map(([list, ...rest]) => [list.text, ...rest]))
  return { ...server, fault, during, everything }
})

const requests = [
  ["", {}],
  ["?id=1&cards=true", {}],
  ["?page=1&page_size=5", {}],
  ["/update?id=1", post("fname=Changed&group_name=New")],
  ["/update?create_if_not_exist=1&external_id=e", post("fname=Changed&group_name=New")],
  ["/updateCard?uid=1&type_name=New&customer_id=1&status=BLOCKED", {}],
  ["/insertCard?uid=2&type_name=New", {}],
  ["/deleteCard?uid=1", {}]
] as const

const retryable = { status: 503, info: "temporary error, try again", retryAfter: "1" }
const final = { status: 500, info: "internal error", retryAfter: undefined }

const kinds: ReadonlyArray<
  readonly [string, Effect.Effect<never, StorageError>, typeof retryable | typeof final]
> = [
  ["is busy", Effect.fail(storageError("busy")), retryable],
  ["is out of reach", Effect.fail(storageError("unavailable")), retryable],
  ["is full", Effect.fail(storageError("full")), retryable],
  ["is read-only", Effect.fail(storageError("read-only")), final],
  ["is corrupt", Effect.fail(storageError("corrupt")), final],
  ["fails for an unknown reason", Effect.fail(storageError("unknown")), final],
  ["has a bug", Effect.die(new Error(CANARY)), final]
]

describe("when any one call of a store", () => {
  for (const [what, fail, expected] of kinds) {
    it.effect(
      `${what}, the answer is ${expected.status}, nothing is stored, and the next request works`,
      () =>
        Effect.gen(function* () {
          for (const [target, asked] of requests) {
            for (let at = 1; ; at++) {
              const { call, during, everything, fault, log } = yield* withFault()
              fault.fail = fail
              const before = yield* everything
              const format = at % 2 === 0 ? "json" : "xml"
              const [answer, made] = yield* during(
                at,
                call(`${target}${target === "" || !target.includes("?") ? "?" : "&"}format=${format}`, asked)
              )
              if (made < at) {
                // Every call that there is has failed once by now, and this request met none that fails.
                assert.strictEqual(answer.status, 200, `${target} ${at}`)
                assert.isAtLeast(at, 3)
                break
              }
              assert.strictEqual(answer.text, refused[format](expected.info), `${target} ${at}`)
              assert.strictEqual(answer.status, expected.status)
              assert.strictEqual(answer.headers["retry-after"], expected.retryAfter)
              assert.notInclude(JSON.stringify(answer.headers), "CANARY")
              assert.strictEqual(log.length, 1, "the failure is logged once")
              assert.deepStrictEqual(yield* everything, before, `${target} ${at}`)
              assert.include((yield* call(target, asked)).text, "<success>1</success>")
            }
          }
        })
    )
  }
})

describe("when a store fails while everyone is listed", () => {
  it.effect("before the first byte it is an error like any other, after it the answer breaks off", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      for (let at = 1; ; at++) {
        const { call, during, fault, fetch, key, log } = yield* withFault(1_200)
        fault.fail = Effect.fail(storageError("busy"))
        const reading = Effect.promise(async () => {
          const response = await fetch(`/api/customer?apikey=${key}`)
          return response.text().then(
            (text) => ({ status: response.status, text }),
            () => ({ status: response.status, text: undefined })
          )
        })
        const [answer, made] = yield* during(at, reading)
        assert.strictEqual(idsIn((yield* call("")).text).length, 1_200, "the next request works")
        if (made < at) {
          assert.strictEqual(idsIn(answer.text ?? "").length, 1_200)
          break
        }
        assert.strictEqual(log.length, 1, `failure ${at} is logged once`)
        seen.push(answer.text === undefined ? "broken off" : "told")
        if (answer.text !== undefined) {
          assert.strictEqual(answer.text, refused.xml("temporary error, try again"))
          assert.strictEqual(answer.status, 503)
        }
      }
      // Who calls, how many there are, which are the first 500 and what they say; then twice more.
      assert.deepStrictEqual(seen.slice(0, 4), ["told", "told", "told", "told"])
      assert.deepStrictEqual(new Set(seen.slice(4)), new Set(["broken off"]))
    })
  )

  it.effect("customers that go away while they are listed leave well-formed XML and JSON", () =>
    Effect.gen(function* () {
      let gone: (id: number) => boolean = () => false
      const { call, customers, merchant } = yield* open({}, (real) => {
        const repository = Context.get(real, CustomerRepository)
        return Context.add(real, CustomerRepository, {
          ...repository,
          getMany: (id, ids) =>
            Effect.map(repository.getMany(id, ids), (found) => found.filter(({ id }) => !gone(id)))
        })
      })
      yield* customers.importBatch(
        merchant.id,
        Array.from({ length: 1_200 }, () => ({ firstName: "A" })),
        null
      )
      for (const [test, left] of [
        [(id: number) => id <= 500, 700],
        [(id: number) => id > 500 && id <= 1_000, 700],
        [(id: number) => id > 1_000, 1_000],
        [(id: number) => id % 500 === 1, 1_197],
        [() => true, 0]
      ] as const) {
        gone = test
        for (const more of ["", "&cards=true"]) {
          const json = yield* call(`?format=json${more}`)
          assert.strictEqual(
            (JSON.parse(json.text) as { readonly customers: Array<unknown> }).customers.length,
            left
          )
          assert.strictEqual(idsIn((yield* call(`?format=xml${more}`)).text).length, left)
        }
      }
      xml((yield* call("?page=1")).text)
    })
  )
})

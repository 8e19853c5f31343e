/** Promises about a store that fails: the answer stays in the envelope and silent about the inside. */
import { assert } from "@effect/vitest"
import {
  CardRepository,
  ChangeFeed,
  CredentialRepository,
  CustomerRepository,
  MerchantRepository,
  type Repositories,
  StorageError,
  StorageFailure
} from "@tillbridge/domain"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { assertGood, assertRefused, type DialectCapability, promise, shown } from "./DialectCase.ts"
import { load, townspeople } from "./DialectRecords.ts"
import { openSite } from "./DialectSite.ts"
import type { Subject, WireCall } from "./DialectSubject.ts"

/** Word in everything that a failing store says: found in an answer, the inside has leaked. */
const canary = "CANARY"

/** Which of the store's next calls fails (the first is 1; none when 0), and how; `made` counts them. */
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

const withFault =
  (fault: Fault) =>
  (real: Context.Context<Repositories>): Context.Context<Repositories> =>
    real.pipe(
      Context.add(CustomerRepository, failing(Context.get(real, CustomerRepository), fault)),
      Context.add(CardRepository, failing(Context.get(real, CardRepository), fault)),
      Context.add(MerchantRepository, failing(Context.get(real, MerchantRepository), fault)),
      Context.add(CredentialRepository, failing(Context.get(real, CredentialRepository), fault)),
      Context.add(ChangeFeed, failing(Context.get(real, ChangeFeed), fault))
    )

interface Kind {
  readonly title: string
  readonly fail: Effect.Effect<never, StorageError>
  readonly isRetryable: boolean
}

const kinds: ReadonlyArray<Kind> = [
  ...StorageFailure.literals.map((reason): Kind => {
    const cause = new Error(`${canary} insert into customers values ('Anna') /var/lib/secret.db`)
    const error = new StorageError({ operation: canary, reason, cause })
    return {
      title: `a store that fails as ${reason}`,
      fail: Effect.fail(error),
      isRetryable: error.isRetryable
    }
  }),
  { title: "a bug", fail: Effect.die(new Error(canary)), isRetryable: false }
]

/** Lets one call of the store fail while a request runs; whether there was one to fail. */
const once = Effect.fnUntraced(function* (subject: Subject, call: WireCall, kind: Kind, at: number) {
  const fault: Fault = { at: 0, made: 0, fail: kind.fail }
  const site = yield* openSite(subject, withFault(fault))
  const [about] = yield* load(site.store, site.merchant, townspeople)
  const request = call.request(about!)
  // Signs in before anything fails; a proof of who calls is then taken for granted for a second.
  yield* site.ask({ method: "OPTIONS", target: request.target })
  yield* TestClock.adjust("2 seconds")
  const before = yield* site.everything
  Object.assign(fault, { at, made: 0 })
  const answer = yield* site.ask(request)
  const wasMet = fault.made >= at
  fault.at = 0
  const what = `${call.name}, when call ${at} of the store meets ${kind.title}`
  if (!wasMet) return false
  assertRefused(subject, answer, what)
  const all = JSON.stringify([answer.headers, answer.text])
  assert.isFalse(all.includes(canary), `${what}: tells what the store said: ${shown(answer)}`)
  if (kind.isRetryable) {
    assert.strictEqual(answer.status, 503, `${what}: ${shown(answer)}`)
    assert.match(answer.headers["retry-after"] ?? "", /^[1-9][0-9]*$/, `${what}: Retry-After`)
  } else {
    assert.notStrictEqual(answer.status, 503, `${what} cannot be helped by trying again: ${shown(answer)}`)
  }
  assert.deepStrictEqual(yield* site.everything, before, `${what}: something was stored`)
  assertGood(subject, yield* site.ask(request), `the same request after ${what}`)
  return true
})

const eachInTurn = Effect.fnUntraced(function* (subject: Subject, call: WireCall) {
  for (const kind of kinds) {
    let at = 1
    while (yield* Effect.scoped(once(subject, call, kind, at))) at++
    assert.isAbove(at, 1, `${call.name} never asked the store`)
  }
})

export const faultCases = (): DialectCapability => ({
  name: "when the store fails",
  cases: [
    promise(
      "every failure of the store is told in the envelope without a word of the inside, stores nothing, and is " +
        "503 with Retry-After where trying again may help",
      (subject) =>
        Effect.forEach(
          subject.wire.calls.filter(({ needs }) => needs !== null),
          (call) => eachInTurn(subject, call),
          { discard: true }
        )
    )
  ]
})

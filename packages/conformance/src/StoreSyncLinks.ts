/** Links and their leases: who may write, and that whoever was overtaken writes nothing. */
import { assert } from "@effect/vitest"
import {
  Checkpoint,
  type Lease,
  LeaseLost,
  type Link,
  LinkBusy,
  type LinkState,
  type MerchantId,
  newLinkState,
  noCounts,
  type Repositories,
  SyncRepository
} from "@tillbridge/domain"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { type Capability, testCase } from "./Case.ts"
import { addCustomer, at, idsOf, inUnit, makeMerchant } from "./Records.ts"

export const there: Link = { from: "till", to: "shop" }
export const back: Link = { from: "shop", to: "till" }

const noon = at("2024-02-29T12:00:00.000Z")
export const afterNoon = (millis: number) => DateTime.makeUnsafe(noon.epochMilliseconds + millis)

export const withSync = <A, E, R>(body: (sync: SyncRepository["Service"]) => Effect.Effect<A, E, R>) =>
  Effect.flatMap(SyncRepository, body)

/** From noon on, for a second. */
const acquire = (merchant: MerchantId, owner: string, from = 0, link = there) =>
  withSync((sync) =>
    sync.acquire(merchant, link, { owner, now: afterNoon(from), until: afterNoon(from + 1_000) })
  )

const advance = (merchant: MerchantId, lease: Lease, state: Partial<LinkState> = {}) =>
  withSync((sync) => sync.advance(merchant, lease, { ...newLinkState, ...state }))

const stateOf = (merchant: MerchantId, link = there) => withSync((sync) => sync.state(merchant, link))

const checkpoint = Checkpoint.make("page 1")

export const syncLinkCases = (): Capability<Repositories> => ({
  name: "links and leases",
  cases: [
    testCase(
      "a link that was never run stands at the beginning and is not listed",
      Effect.gen(function* () {
        const { id } = yield* makeMerchant()
        assert.deepStrictEqual(yield* stateOf(id), newLinkState)
        assert.deepStrictEqual(yield* withSync((sync) => sync.links(id)), [])
      })
    ),
    testCase(
      "of several that want the lease at once one has it, and the others are told who and until when",
      Effect.gen(function* () {
        const { id } = yield* makeMerchant()
        const names = ["a", "b", "c", "d", "e"]
        const taken = yield* Effect.forEach(
          names,
          (name) => acquire(id, name).pipe(Effect.catchTag("LinkBusy", (busy) => Effect.succeed(busy))),
          { concurrency: "unbounded" }
        )
        const busy = taken.filter((one) => one instanceof LinkBusy)
        assert.lengthOf(busy, 4)
        const winner = names[taken.findIndex((one) => !(one instanceof LinkBusy))]
        for (const one of busy) {
          assert.deepStrictEqual([one.from, one.to, one.owner], ["till", "shop", winner])
          assert.strictEqual(one.until.epochMilliseconds, afterNoon(1_000).epochMilliseconds)
        }
        yield* acquire(id, "the other way", 0, back)
        yield* acquire((yield* makeMerchant()).id, "another merchant")
      })
    ),
    testCase(
      "a lease that ran out is taken over with a higher epoch, one that was renewed is not",
      Effect.gen(function* () {
        const { id } = yield* makeMerchant()
        const first = yield* acquire(id, "first")
        assert.instanceOf(yield* Effect.flip(acquire(id, "second", 999)), LinkBusy)
        yield* withSync((sync) => sync.renew(id, first, afterNoon(1_500)))
        assert.instanceOf(yield* Effect.flip(acquire(id, "second", 1_499)), LinkBusy)
        const second = yield* acquire(id, "second", 1_500)
        assert.isAbove(second.epoch, first.epoch)
        const renewal = withSync((sync) => sync.renew(id, first, afterNoon(9_000)))
        assert.instanceOf(yield* Effect.flip(renewal), LeaseLost)
        yield* withSync((sync) => sync.release(id, first))
        assert.instanceOf(
          yield* Effect.flip(acquire(id, "third", 2_000)),
          LinkBusy,
          "not the first's to release"
        )
      })
    ),
    testCase(
      "a lease that was released can be had at once, with a higher epoch",
      Effect.gen(function* () {
        const { id } = yield* makeMerchant()
        const first = yield* acquire(id, "first")
        yield* withSync((sync) => sync.release(id, first))
        const second = yield* acquire(id, "second")
        assert.isAbove(second.epoch, first.epoch)
        assert.instanceOf(yield* Effect.flip(advance(id, first).pipe(inUnit)), LeaseLost)
      })
    ),
    testCase(
      "the newest lease goes on writing after its time, as long as nobody took it",
      Effect.gen(function* () {
        const { id } = yield* makeMerchant()
        const lease = yield* acquire(id, "slow")
        yield* inUnit(
          advance(id, lease, { checkpoint, sweep: 3, sweeping: true, paused: "too many deletes" })
        )
        const expected = { checkpoint, sweep: 3, sweeping: true, paused: "too many deletes" }
        assert.deepStrictEqual(yield* stateOf(id), expected)
        assert.deepStrictEqual(yield* stateOf(id, back), newLinkState)
        yield* inUnit(advance(id, lease))
        assert.deepStrictEqual(yield* stateOf(id), newLinkState)
      })
    ),
    testCase(
      "a worker that was overtaken writes nothing: neither the link's state nor the customers of its unit",
      Effect.gen(function* () {
        const { id } = yield* makeMerchant()
        const first = yield* acquire(id, "first")
        const second = yield* acquire(id, "second", 1_000)
        yield* inUnit(advance(id, second, { checkpoint }))
        const late = inUnit(
          Effect.andThen(
            addCustomer(id, { firstName: "Late" }),
            advance(id, first, { checkpoint: Checkpoint.make("page 9") })
          )
        )
        assert.instanceOf(yield* Effect.flip(late), LeaseLost)
        assert.deepStrictEqual(yield* idsOf(id), [])
        assert.strictEqual((yield* stateOf(id)).checkpoint, checkpoint)
      })
    ),
    testCase(
      "the state of a link is stored with the unit's other rows, or not at all",
      Effect.gen(function* () {
        const { id } = yield* makeMerchant()
        const lease = yield* acquire(id, "one")
        const unit = Effect.andThen(addCustomer(id), advance(id, lease, { checkpoint }))
        yield* Effect.flip(inUnit(Effect.andThen(unit, Effect.fail("no"))))
        assert.deepStrictEqual(yield* stateOf(id), newLinkState)
        yield* inUnit(unit)
        assert.strictEqual((yield* stateOf(id)).checkpoint, checkpoint)
        assert.lengthOf(yield* idsOf(id), 1)
      })
    ),
    testCase(
      "a lease from before a link was forgotten is no good afterwards",
      Effect.gen(function* () {
        const { id } = yield* makeMerchant()
        const first = yield* acquire(id, "first")
        yield* inUnit(withSync((sync) => sync.forget(id, there)))
        assert.instanceOf(yield* Effect.flip(inUnit(advance(id, first))), LeaseLost)
        const second = yield* acquire(id, "second")
        assert.isAbove(second.epoch, first.epoch)
        assert.instanceOf(yield* Effect.flip(inUnit(advance(id, first))), LeaseLost)
      })
    ),
    testCase(
      "links are listed by name, each with what it has",
      Effect.gen(function* () {
        const { id } = yield* makeMerchant()
        const sync = yield* SyncRepository
        const lease = yield* acquire(id, "worker 1")
        yield* inUnit(advance(id, lease, { checkpoint, paused: "wait" }))
        const run = yield* sync.startRun(id, back, noon)
        const record = { fromMark: null, toMark: null, sent: null, seen: 1 }
        yield* inUnit(sync.putRecords(id, there, [{ ...record, fromKey: "1", toKey: "2" }]))
        const letter = { name: "7", key: "7", kind: "refused" as const, reason: "email", payload: "{}" }
        yield* inUnit(sync.putDeadLetters(id, back, [letter], noon))
        const [first, second, ...others] = yield* sync.links(id)
        assert.lengthOf(others, 0)
        assert.deepStrictEqual(first, {
          ...newLinkState,
          link: back,
          records: 1,
          deadLetters: 1,
          lease: null,
          lastRun: {
            id: run,
            link: back,
            startedAt: noon,
            endedAt: null,
            outcome: "running",
            error: null,
            counts: noCounts
          }
        })
        assert.deepStrictEqual(second, {
          ...newLinkState,
          checkpoint,
          paused: "wait",
          link: there,
          records: 1,
          deadLetters: 0,
          lease: { owner: "worker 1", until: afterNoon(1_000) },
          lastRun: null
        })
      })
    )
  ]
})

/** Who is who: records that both directions between two systems share. */
import { assert } from "@effect/vitest"
import {
  type Link,
  type MerchantId,
  type Repositories,
  type SyncRecord,
  SyncRepository
} from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import { type Capability, randomCase, type Settings, testCase } from "./Case.ts"
import type { Random } from "./Random.ts"
import { inUnit, makeMerchant } from "./Records.ts"
import { back, there, withSync } from "./StoreSyncLinks.ts"

const record = (fromKey: string, toKey: string, more: Partial<SyncRecord> = {}): SyncRecord => ({
  fromKey,
  toKey,
  fromMark: `mark ${fromKey}`,
  toMark: null,
  sent: null,
  seen: 1,
  ...more
})

/** The same record as the opposite link tells it. */
const opposite = ({ fromKey, fromMark, toKey, toMark, sent }: SyncRecord, seen: number): SyncRecord => ({
  fromKey: toKey,
  toKey: fromKey,
  fromMark: toMark,
  toMark: fromMark,
  sent,
  seen
})

const put = (merchant: MerchantId, link: Link, records: ReadonlyArray<SyncRecord>) =>
  inUnit(withSync((sync) => sync.putRecords(merchant, link, records)))

const everything = { after: null, limit: 100_000 }

/** All records, ascending by the link's own key. */
const all = (merchant: MerchantId, link: Link) =>
  withSync((sync) => sync.unseenSince(merchant, link, Number.MAX_SAFE_INTEGER, everything))

const keysOf = (records: ReadonlyArray<SyncRecord>) => records.map(({ fromKey }) => fromKey)

/** One record of the model: what each side has. */
interface Both {
  readonly keys: readonly [string, string]
  readonly marks: readonly [string | null, string | null]
  readonly sent: string | null
  readonly seen: readonly [number, number]
}

const flip = <A>([a, b]: readonly [A, A]): readonly [A, A] => [b, a]

const facing = (side: 0 | 1, one: Both): Both =>
  side === 0 ? one : { keys: flip(one.keys), marks: flip(one.marks), sent: one.sent, seen: flip(one.seen) }

const toldBy = (side: 0 | 1, model: ReadonlyArray<Both>): ReadonlyArray<SyncRecord> =>
  model
    .map((one) => facing(side, one))
    .map(({ keys, marks, seen, sent }) => ({
      fromKey: keys[0],
      toKey: keys[1],
      fromMark: marks[0],
      toMark: marks[1],
      sent,
      seen: seen[0]
    }))
    .sort((a, b) => (a.fromKey < b.fromKey ? -1 : 1))

/** A write of one record: it takes the place of those that have one of its keys; what the other side saw of its own key stays. */
const written = (side: 0 | 1, model: ReadonlyArray<Both>, one: SyncRecord): ReadonlyArray<Both> => {
  const facedBefore = model.map((known) => facing(side, known))
  const there = facedBefore.find(({ keys }) => keys[1] === one.toKey)
  const added: Both = {
    keys: [one.fromKey, one.toKey],
    marks: [one.fromMark, one.toMark],
    sent: one.sent,
    seen: [one.seen, there?.seen[1] ?? 0]
  }
  const others = facedBefore.filter(({ keys }) => keys[0] !== one.fromKey && keys[1] !== one.toKey)
  return [...others, added].map((known) => facing(side, known))
}

const asModel = (random: Random) =>
  Effect.gen(function* () {
    const { id } = yield* makeMerchant()
    const sync = yield* SyncRepository
    let model: ReadonlyArray<Both> = []
    for (let step = 1; step <= 40; step++) {
      const side = random.pick([0, 1] as const)
      const link = side === 0 ? there : back
      const keys = Array.from({ length: random.integer(1, 3) }, () => `${random.below(6)}`)
      const doing = random.below(6)
      if (doing === 0) {
        yield* inUnit(sync.removeRecords(id, link, keys))
        model = model.filter((one) => !keys.includes(facing(side, one).keys[0]))
      } else if (doing === 1) {
        yield* inUnit(sync.markSeen(id, link, keys, step))
        model = model.map((one) => {
          const { seen, ...rest } = facing(side, one)
          return facing(side, { ...rest, seen: keys.includes(rest.keys[0]) ? [step, seen[1]] : seen })
        })
      } else {
        const one = record(keys[0]!, `${random.below(6)}`, {
          toMark: random.pick([null, "m"]),
          sent: random.pick([null, "{}"]),
          seen: step
        })
        yield* put(id, link, [one])
        model = written(side, model, one)
      }
      assert.deepStrictEqual(yield* all(id, there), toldBy(0, model))
      assert.deepStrictEqual(yield* all(id, back), toldBy(1, model))
      const told = toldBy(side, model)
      assert.sameDeepMembers(
        [...(yield* sync.records(id, link, ["0", "1", "2"]))],
        told.filter(({ fromKey }) => fromKey < "3")
      )
      assert.sameDeepMembers(
        [...(yield* sync.recordsByTo(id, link, ["0", "1", "2"]))],
        told.filter(({ toKey }) => toKey < "3")
      )
      assert.deepStrictEqual(yield* sync.countRecords(id, link, step - 5), {
        all: told.length,
        unseen: told.filter(({ seen }) => seen <= step - 5).length
      })
    }
  })

export const syncRecordCases = (settings: Settings): Capability<Repositories> => ({
  name: "who is who",
  cases: [
    testCase(
      "what one direction writes the other one reads, turned round",
      Effect.gen(function* () {
        const { id } = yield* makeMerchant()
        const sync = yield* SyncRepository
        const one = record("t1", "s1", { toMark: "theirs", sent: '{"a":1}', seen: 4 })
        yield* put(id, there, [one])
        assert.deepStrictEqual(yield* sync.records(id, there, ["t1", "t2"]), [one])
        assert.deepStrictEqual(yield* sync.recordsByTo(id, there, ["s1"]), [one])
        assert.deepStrictEqual(yield* sync.records(id, back, ["s1", "t1"]), [opposite(one, 0)])
        const answer = record("s1", "t1", { fromMark: "told", toMark: null, seen: 2 })
        yield* put(id, back, [answer])
        assert.deepStrictEqual(yield* sync.records(id, there, ["t1"]), [opposite(answer, 4)])
        assert.deepStrictEqual(yield* sync.records((yield* makeMerchant()).id, there, ["t1"]), [])
        assert.deepStrictEqual(yield* sync.records(id, { from: "till", to: "bank" }, ["t1"]), [])
      })
    ),
    testCase(
      "a record whose key at the other side is another's takes its place",
      Effect.gen(function* () {
        const { id } = yield* makeMerchant()
        yield* put(id, there, [record("1", "a"), record("2", "b")])
        yield* put(id, there, [record("3", "a")])
        assert.deepStrictEqual(yield* all(id, there), [record("2", "b"), record("3", "a")])
        yield* put(id, there, [record("2", "a"), record("3", "b")])
        assert.deepStrictEqual(yield* all(id, there), [record("2", "a"), record("3", "b")])
      })
    ),
    randomCase(
      "whatever both directions write in whatever order, the records are those of a plain list",
      settings,
      Math.max(3, Math.ceil(settings.runs / 10)),
      asModel
    ),
    testCase(
      "1,200 records written, marked and removed at once; those that a sweep did not tell come in windows",
      Effect.gen(function* () {
        const { id } = yield* makeMerchant()
        const sync = yield* SyncRepository
        const keys = Array.from({ length: 1_200 }, (_, index) => `k${String(index).padStart(4, "0")}`)
        for (const link of [there, back]) {
          yield* put(
            id,
            link,
            keys.map((key) => record(key, key, { seen: 1 }))
          )
          const told = keys.filter((_, index) => index % 3 !== 0)
          const gone = keys.filter((_, index) => index % 3 === 0)
          yield* inUnit(sync.markSeen(id, link, told, 2))
          assert.deepStrictEqual(yield* sync.countRecords(id, link, 1), { all: 1_200, unseen: 400 })
          const found: Array<string> = []
          for (let after: string | null = null; ;) {
            const page: ReadonlyArray<SyncRecord> = yield* sync.unseenSince(id, link, 1, {
              after,
              limit: 150
            })
            assert.isAtMost(page.length, 150)
            if (page.length === 0) break
            assert.isTrue(after === null || page[0]!.fromKey > after, "a window begins after the one before")
            found.push(...keysOf(page))
            after = page.at(-1)!.fromKey
          }
          assert.deepStrictEqual(found, gone)
          assert.deepStrictEqual(yield* sync.unseenSince(id, link, 0, everything), [])
          yield* inUnit(sync.removeRecords(id, link, gone))
          assert.deepStrictEqual(keysOf(yield* all(id, link)), told)
        }
      })
    ),
    testCase(
      "what one direction has seen is its own",
      Effect.gen(function* () {
        const { id } = yield* makeMerchant()
        const sync = yield* SyncRepository
        yield* put(id, there, [record("1", "a", { seen: 7 })])
        assert.lengthOf(yield* sync.unseenSince(id, there, 6, everything), 0)
        assert.lengthOf(yield* sync.unseenSince(id, back, 6, everything), 1)
        yield* inUnit(sync.markSeen(id, back, ["a"], 9))
        yield* put(id, there, [record("1", "a", { seen: 8 })])
        assert.deepStrictEqual(
          (yield* all(id, back)).map(({ seen }) => seen),
          [9],
          "a write from the one side leaves what the other has seen"
        )
      })
    ),
    testCase(
      "records of a unit that fails are not there",
      Effect.gen(function* () {
        const { id } = yield* makeMerchant()
        yield* Effect.flip(inUnit(Effect.andThen(put(id, there, [record("1", "a")]), Effect.fail("no"))))
        assert.deepStrictEqual(yield* all(id, there), [])
        yield* put(id, there, [])
      })
    )
  ]
})

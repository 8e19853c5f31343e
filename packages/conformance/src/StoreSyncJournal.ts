/** Records that were set aside, runs, and forgetting a link. */
import { assert } from "@effect/vitest"
import { type NewDeadLetter, noCounts, type Repositories, SyncRepository } from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import { type Capability, testCase } from "./Case.ts"
import { inUnit, makeMerchant } from "./Records.ts"
import { afterNoon, back, there } from "./StoreSyncLinks.ts"

const letter = (name: string, more: Partial<NewDeadLetter> = {}): NewDeadLetter => ({
  name,
  key: name,
  kind: "refused",
  reason: "email is not valid",
  payload: `{"id":"${name}"}`,
  ...more
})

const every = { after: 0, limit: 1_000 }

const names = (letters: ReadonlyArray<{ readonly name: string }>) => letters.map(({ name }) => name)

export const syncJournalCases = (): Capability<Repositories> => ({
  name: "dead letters and runs",
  cases: [
    testCase(
      "a record that fails again is the same dead letter, with one more attempt and the newest reason",
      Effect.gen(function* () {
        const { id } = yield* makeMerchant()
        const sync = yield* SyncRepository
        yield* inUnit(sync.putDeadLetters(id, there, [letter("1"), letter("2")], afterNoon(0)))
        const newer = letter("1", {
          kind: "unreadable",
          key: null,
          reason: "phone is too long",
          payload: null
        })
        yield* inUnit(sync.putDeadLetters(id, there, [newer, letter("3")], afterNoon(5)))
        const letters = yield* sync.deadLetters(id, { link: there, ...every })
        assert.deepStrictEqual(
          letters.map(({ id: _number, ...rest }) => rest),
          [
            { ...newer, link: there, createdAt: afterNoon(0), failedAt: afterNoon(5), attempts: 2 },
            { ...letter("2"), link: there, createdAt: afterNoon(0), failedAt: afterNoon(0), attempts: 1 },
            { ...letter("3"), link: there, createdAt: afterNoon(5), failedAt: afterNoon(5), attempts: 1 }
          ]
        )
        yield* inUnit(sync.putDeadLetters(id, there, [letter("4"), letter("4")], afterNoon(6)))
        const last = (yield* sync.deadLetters(id, { link: there, ...every })).at(-1)
        assert.deepStrictEqual([last?.name, last?.attempts], ["4", 2])
      })
    ),
    testCase(
      "dead letters are listed by link or all together, in windows, and nobody else's",
      Effect.gen(function* () {
        const [{ id }, other] = [yield* makeMerchant(), yield* makeMerchant()]
        const sync = yield* SyncRepository
        yield* inUnit(sync.putDeadLetters(id, there, [letter("1"), letter("2")], afterNoon(0)))
        yield* inUnit(sync.putDeadLetters(id, back, [letter("1")], afterNoon(0)))
        yield* inUnit(sync.putDeadLetters(id, there, [letter("3")], afterNoon(0)))
        const all = yield* sync.deadLetters(id, { link: null, ...every })
        assert.deepStrictEqual(names(all), ["1", "2", "1", "3"])
        const numbers = all.map((one) => one.id)
        assert.deepStrictEqual(
          numbers,
          [...numbers].sort((a, b) => a - b)
        )
        assert.strictEqual(new Set(numbers).size, 4)
        const window = { link: there, after: numbers[0]!, limit: 1 }
        assert.deepStrictEqual(names(yield* sync.deadLetters(id, window)), ["2"])
        assert.deepStrictEqual(names(yield* sync.deadLetters(id, { ...window, after: numbers[1]! })), ["3"])
        assert.deepStrictEqual(yield* sync.deadLetter(id, numbers[2]!), all[2])
        assert.isNull(yield* sync.deadLetter(other.id, numbers[2]!))
        assert.isNull(yield* sync.deadLetter(id, 987_654))
        assert.deepStrictEqual(yield* sync.deadLetters(other.id, { link: null, ...every }), [])
        assert.strictEqual(yield* inUnit(sync.dropDeadLetters(other.id, numbers)), 0)
      })
    ),
    testCase(
      "a dead letter goes when its record was written after all, or is dropped; its number is not given again",
      Effect.gen(function* () {
        const { id } = yield* makeMerchant()
        const sync = yield* SyncRepository
        for (const link of [there, back]) {
          yield* inUnit(sync.putDeadLetters(id, link, [letter("1"), letter("2"), letter("3")], afterNoon(0)))
        }
        yield* inUnit(sync.resolveDeadLetters(id, there, ["1", "3", "unknown"]))
        const left = yield* sync.deadLetters(id, { link: null, ...every })
        assert.deepStrictEqual(names(left), ["2", "1", "2", "3"])
        const dropped = left.slice(2).map((one) => one.id)
        assert.strictEqual(yield* inUnit(sync.dropDeadLetters(id, [...dropped, 987_654])), 2)
        yield* inUnit(sync.putDeadLetters(id, back, [letter("4")], afterNoon(0)))
        const [, , newest] = yield* sync.deadLetters(id, { link: null, ...every })
        assert.isAbove(newest!.id, Math.max(...dropped))
        yield* inUnit(sync.resolveDeadLetters(id, { from: "no", to: "where" }, ["1"]))
      })
    ),
    testCase(
      "a dead letter of a unit that fails is not there",
      Effect.gen(function* () {
        const { id } = yield* makeMerchant()
        const sync = yield* SyncRepository
        const putting = sync.putDeadLetters(id, there, [letter("1")], afterNoon(0))
        yield* Effect.flip(inUnit(Effect.andThen(putting, Effect.fail("no"))))
        assert.deepStrictEqual(yield* sync.deadLetters(id, { link: null, ...every }), [])
        yield* inUnit(sync.putDeadLetters(id, there, [], afterNoon(0)))
      })
    ),
    testCase(
      "runs are told with the newest first, each as it was last put",
      Effect.gen(function* () {
        const { id } = yield* makeMerchant()
        const sync = yield* SyncRepository
        const first = yield* sync.startRun(id, there, afterNoon(0))
        const second = yield* sync.startRun(id, there, afterNoon(10))
        yield* sync.startRun(id, back, afterNoon(11))
        const counts = { ...noCounts, pages: 2, seen: 7, created: 3, unchanged: 4 }
        const ended = { endedAt: afterNoon(9), outcome: "failed", error: "no answer", counts } as const
        yield* sync.putRun(id, first, { ...ended, endedAt: null, outcome: "running", error: null })
        yield* inUnit(sync.putRun(id, first, ended))
        const running = {
          id: second,
          link: there,
          startedAt: afterNoon(10),
          endedAt: null,
          outcome: "running",
          error: null,
          counts: noCounts
        }
        const failed = { ...ended, id: first, link: there, startedAt: afterNoon(0) }
        assert.deepStrictEqual<unknown>(yield* sync.runs(id, there, 10), [running, failed])
        assert.deepStrictEqual<unknown>(yield* sync.runs(id, there, 1), [running])
        assert.deepStrictEqual(yield* sync.runs((yield* makeMerchant()).id, there, 10), [])
      })
    ),
    testCase(
      "of each link the newest thousand runs are kept",
      Effect.gen(function* () {
        const { id } = yield* makeMerchant()
        const sync = yield* SyncRepository
        const other = yield* sync.startRun(id, back, afterNoon(0))
        const ids = yield* inUnit(
          Effect.forEach(Array.from({ length: 1_002 }), (_, at) => sync.startRun(id, there, afterNoon(at)))
        )
        const kept = yield* sync.runs(id, there, 2_000)
        assert.deepStrictEqual([kept.length, kept[0]?.id, kept.at(-1)?.id], [1_000, ids[1_001], ids[2]])
        assert.deepStrictEqual(
          (yield* sync.runs(id, back, 10)).map((run) => run.id),
          [other]
        )
      })
    ),
    testCase(
      "a link that is forgotten leaves nothing but what the opposite link needs",
      Effect.gen(function* () {
        const { id } = yield* makeMerchant()
        const sync = yield* SyncRepository
        const record = { fromKey: "1", toKey: "a", fromMark: "m", toMark: null, sent: null, seen: 5 }
        yield* inUnit(sync.putRecords(id, there, [record]))
        yield* inUnit(sync.markSeen(id, back, ["a"], 3))
        for (const link of [there, back]) {
          yield* sync.startRun(id, link, afterNoon(0))
          yield* inUnit(sync.putDeadLetters(id, link, [letter("1")], afterNoon(0)))
        }
        yield* inUnit(sync.forget(id, there))
        assert.deepStrictEqual(
          (yield* sync.links(id)).map(({ deadLetters, lastRun, link, records }) => [
            link,
            records,
            deadLetters,
            lastRun?.link
          ]),
          [[back, 1, 1, back]]
        )
        assert.deepStrictEqual(yield* sync.runs(id, there, 10), [])
        assert.deepStrictEqual(yield* sync.deadLetters(id, { link: there, ...every }), [])
        assert.deepStrictEqual(yield* sync.records(id, there, ["1"]), [{ ...record, seen: 0 }])
        assert.strictEqual((yield* sync.records(id, back, ["a"]))[0]?.seen, 3)
        yield* inUnit(sync.forget(id, back))
        assert.deepStrictEqual(yield* sync.links(id), [])
        assert.deepStrictEqual(yield* sync.records(id, back, ["a"]), [])
      })
    )
  ]
})

/** A pair may have a million records: no statement of a page may walk through them. */
import { assert, describe, it } from "@effect/vitest"
import { inUnit, makeMerchant } from "@tillbridge/conformance"
import {
  CardRepository,
  ChangeFeed,
  type ChangePosition,
  CustomerRepository,
  type Link,
  newLinkState,
  type SyncRecord,
  SyncRepository
} from "@tillbridge/domain"
import { DateTime, Effect } from "effect"
import { plansOf } from "./plans.ts"
import { openStore, tempFile } from "./support.ts"

const links: ReadonlyArray<Link> = [
  { from: "till", to: "shop" },
  { from: "shop", to: "till" }
]

const keys = Array.from({ length: 300 }, (_, index) => `k${index}`)

const records = (turn: number): ReadonlyArray<SyncRecord> =>
  keys.map((fromKey, index) => ({
    fromKey,
    toKey: `t${(index + turn) % keys.length}`,
    fromMark: "m",
    toMark: null,
    sent: null,
    seen: 1
  }))

/** Everything that a page, a sweep's end and a look at the links ask, in both directions. */
const asked = Effect.gen(function* () {
  const { id } = yield* makeMerchant()
  const sync = yield* SyncRepository
  const now = DateTime.makeUnsafe("2024-01-01T00:00:00Z")
  const letter = { name: "1", key: "1", kind: "refused" as const, reason: "r", payload: null }
  for (const link of links) {
    const lease = yield* sync.acquire(id, link, { owner: "w", now, until: now })
    yield* sync.renew(id, lease, now)
    const run = yield* sync.startRun(id, link, now)
    yield* inUnit(
      Effect.gen(function* () {
        yield* sync.putRecords(id, link, records(0))
        yield* sync.putRecords(id, link, records(1))
        yield* sync.markSeen(id, link, keys, 2)
        yield* sync.removeRecords(id, link, keys.slice(0, 30))
        yield* sync.putDeadLetters(id, link, [letter], now)
        yield* sync.resolveDeadLetters(id, link, keys)
        yield* sync.dropDeadLetters(id, [1, 2, 3])
        yield* sync.putRun(id, run, { endedAt: now, outcome: "complete", error: null, counts: {} as never })
        yield* sync.advance(id, lease, newLinkState)
      })
    )
    yield* sync.state(id, link)
    yield* sync.records(id, link, keys)
    yield* sync.recordsByTo(id, link, keys)
    yield* sync.unseenSince(id, link, 1, { after: null, limit: 10 })
    yield* sync.unseenSince(id, link, 1, { after: "k1", limit: 10 })
    yield* sync.countRecords(id, link, 1)
    yield* sync.deadLetters(id, { link, after: 0, limit: 10 })
    yield* sync.deadLetters(id, { link: null, after: 0, limit: 10 })
    yield* sync.deadLetter(id, 1)
    yield* sync.runs(id, link, 10)
    yield* sync.release(id, lease)
  }
  yield* sync.links(id)
  return yield* inUnit(Effect.forEach(links, (link) => sync.forget(id, link)))
})

/** What one may walk through: what a statement brings along itself, and (by a range) all of one pair. */
const walks = /^SCAN (k( VIRTUAL TABLE INDEX 1:)?|CONSTANT ROW|\d+ CONSTANT ROWS|\d+-ROW VALUES CLAUSE)$/

describe("an index leads to", () => {
  it.live("whatever synchronising asks, in both directions", () =>
    Effect.gen(function* () {
      const file = yield* tempFile
      const store = yield* openStore(file)
      const plans = yield* plansOf(file, asked, store, /sync_(records|links|pairs|runs|dead_letters)/)
      assert.isAbove(plans.length, 30)
      for (const { steps, text: whole } of plans) {
        const text = whole.replace(/(\(\?\),)+|(\?,)+/g, "…")
        // The next number of a new link or pair: the largest of an index.
        if (/coalesce\(max\(id\)/.test(text)) continue
        for (const step of steps) {
          if (step.startsWith("SCAN")) assert.match(step, walks, text)
          if (/^SEARCH (r|sync_records) /.test(step) && /(_key"? IN|k\.value)/.test(text)) {
            assert.match(step, / AND [ab]_key=\?\)$/, text)
          }
          assert.notMatch(step, /TEMP B-TREE/, text)
        }
      }
    })
  )

  it.live("the customers that are gone, cards by their names, and where customers stand", () =>
    Effect.gen(function* () {
      const file = yield* tempFile
      const store = yield* openStore(file)
      const ask = Effect.gen(function* () {
        const { id } = yield* makeMerchant()
        yield* (yield* ChangeFeed).removals(id, 5 as ChangePosition, 10)
        yield* (yield* CardRepository).named(
          id,
          keys,
          keys.map((key) => ({ system: "s", key }))
        )
        yield* (yield* CustomerRepository).positions(id, [1 as never, 2 as never, 3 as never])
      })
      const plans = yield* plansOf(file, ask, store, /^SELECT (position|c\.\*|id, version)/)
      assert.deepStrictEqual(
        plans.map(({ steps }) => steps.filter((step) => /^(SEARCH|SCAN)/.test(step))),
        [
          [
            "SEARCH removals USING INDEX removals_of_customers (merchant_id=? AND position>?)",
            "SEARCH customers USING COVERING INDEX sqlite_autoindex_customers_1 (merchant_id=? AND id=?)"
          ],
          [
            "SCAN k VIRTUAL TABLE INDEX 1:",
            "SEARCH c USING INDEX sqlite_autoindex_cards_2 (merchant_id=? AND number=?)"
          ],
          [
            "SCAN k VIRTUAL TABLE INDEX 1:",
            "SEARCH e USING INDEX sqlite_autoindex_card_external_ids_1 (merchant_id=? AND system=? AND key=?)",
            "SEARCH c USING INDEX sqlite_autoindex_cards_1 (merchant_id=? AND id=?)"
          ],
          ["SEARCH customers USING INDEX sqlite_autoindex_customers_1 (merchant_id=? AND id=?)"]
        ]
      )
    })
  )
})

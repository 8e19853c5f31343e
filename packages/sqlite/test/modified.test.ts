import { assert, describe, it } from "@effect/vitest"
import { addCustomers, changeCustomer, makeMerchant } from "@tillbridge/conformance"
import { type ChangePosition, CustomerRepository, type MerchantId } from "@tillbridge/domain"
import { DateTime, Effect } from "effect"
import { StatementSync } from "node:sqlite"
import { openStore, run, tempFile } from "./support.ts"

/** After which positions the index is read while the effect runs. */
const startsOf = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const { all } = StatementSync.prototype
    const starts: Array<number> = []
    StatementSync.prototype.all = function (this: StatementSync, ...params: ReadonlyArray<never>) {
      if (this.sourceSQL.includes("touched_at >=")) starts.push(Number(params[1]))
      return all.apply(this, params as never)
    } as typeof all
    return effect.pipe(
      Effect.map((found) => [found, starts] as const),
      Effect.ensuring(Effect.sync(() => (StatementSync.prototype.all = all)))
    )
  })

const old = DateTime.makeUnsafe("2024-01-01T00:00:00Z")
const recent = DateTime.makeUnsafe("2024-06-01T00:00:00Z")
const later = DateTime.makeUnsafe("2024-06-02T00:00:00Z")

const since = (merchant: MerchantId, time: DateTime.Utc) =>
  Effect.flatMap(CustomerRepository, (customers) =>
    Effect.map(customers.modified(merchant, { since: time, after: 0 as ChangePosition, limit: 10 }), (page) =>
      page.customers.map(({ id }) => Number(id))
    )
  )

describe("customers changed since a recent time", () => {
  it.live("are looked for after all that were found older before, whoever writes meanwhile", () =>
    Effect.gen(function* () {
      const file = yield* tempFile
      const store = yield* openStore(file)
      yield* Effect.gen(function* () {
        const { id: merchant } = yield* makeMerchant()
        const made = yield* addCustomers(
          merchant,
          Array.from({ length: 100 }, () => ({ updatedAt: old }))
        )
        const ask = (time: DateTime.Utc) => startsOf(since(merchant, time))
        const newest = made.at(-1)!.version
        assert.deepStrictEqual(yield* ask(recent), [[], [0]])
        assert.deepStrictEqual(yield* ask(recent), [[], [newest]])
        assert.deepStrictEqual(yield* ask(later), [[], [newest]])
        assert.deepStrictEqual((yield* ask(old))[1], [0], "an earlier date knows nothing of it")

        yield* changeCustomer(merchant, made[4]!, { updatedAt: recent })
        assert.deepStrictEqual(yield* ask(recent), [[5], [newest]])
        // Another process writes, with a clock that stands a little earlier.
        run(
          file,
          `UPDATE customers SET touched = 1000, touched_at = ${recent.epochMilliseconds - 1} WHERE id = 7;
UPDATE customers SET touched = 1001, touched_at = ${later.epochMilliseconds} WHERE id = 8;
UPDATE merchants SET next_position = 1002`
        )
        assert.deepStrictEqual(yield* ask(recent), [[5, 8], [newest]])
        assert.deepStrictEqual(yield* ask(later), [[8], [newest]])
        assert.deepStrictEqual(yield* ask(later), [[8], [1000]])
      }).pipe(Effect.provide(store))
    })
  )
})

import { assert, describe, it } from "@effect/vitest"
import { addCustomers, makeMerchant } from "@tillbridge/conformance"
import { Feed, layerDomain } from "@tillbridge/domain"
import { Context, Effect, Layer } from "effect"
import { StatementSync } from "node:sqlite"
import { layer } from "../src/index.ts"
import { run, tempFile } from "./support.ts"

/** Runs `between` once, between two statements of the next read: what another process may do at that moment. */
const interrupting = <A, E, R>(effect: Effect.Effect<A, E, R>, between: () => void) =>
  Effect.suspend(() => {
    const { all } = StatementSync.prototype
    let statements = 0
    StatementSync.prototype.all = function (this: StatementSync, ...params: ReadonlyArray<never>) {
      if (++statements === 2) between()
      return all.apply(this, params as never)
    } as typeof all
    return Effect.ensuring(
      effect,
      Effect.sync(() => {
        StatementSync.prototype.all = all
        assert.isAtLeast(statements, 2)
      })
    )
  })

describe("the change feed", () => {
  it.live("says that there is more although another process changes a customer while the page is read", () =>
    Effect.gen(function* () {
      const file = yield* tempFile
      const store = yield* Layer.build(Layer.fresh(Layer.provideMerge(layerDomain, layer({ path: file }))))
      const merchant = yield* Effect.provide(makeMerchant(), store)
      yield* Effect.provide(
        addCustomers(
          merchant.id,
          Array.from({ length: 10 }, () => ({}))
        ),
        store
      )
      const page = yield* interrupting(Context.get(store, Feed).page(merchant.id, null, 4), () =>
        run(
          file,
          `UPDATE customers SET version = (SELECT next_position FROM merchants WHERE id = ${merchant.id})
WHERE merchant_id = ${merchant.id} AND id = 2;
UPDATE merchants SET next_position = next_position + 1 WHERE id = ${merchant.id}`
        )
      )
      assert.isTrue(page.hasMore, "a reader that stops at the end must not stop here")
      assert.deepStrictEqual(
        page.changes.map((change) => change._tag === "CustomerChanged" && (change.customer.id as number)),
        [1, 3, 4, 5]
      )
    })
  )
})

import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Checkpoint, type Change, checkpointAt, Customers, Feed, InvalidField } from "../src/index.ts"
import { create, layer, makeMerchant, save } from "./support.ts"

const told = (changes: ReadonlyArray<Change>) =>
  changes.map((change) => (change._tag === "CustomerChanged" ? change.customer.firstName : change._tag))

describe("reading changes by checkpoint", () => {
  it.effect("tells each customer once, at its newest change, page by page", () =>
    Effect.gen(function* () {
      const { id } = yield* makeMerchant()
      const feed = yield* Feed
      for (const firstName of ["a", "b", "c", "d"]) yield* create(id, { firstName })
      yield* save(id, { references: [{ by: "id", id: 1 as never }], patch: { firstName: "A" } })
      const first = yield* feed.page(id, null, 2)
      assert.deepStrictEqual([told(first.changes), first.hasMore], [["b", "c"], true])
      yield* (yield* Customers).remove(id, { by: "id", id: 2 as never })
      const second = yield* feed.page(id, first.next, 2)
      assert.deepStrictEqual([told(second.changes), second.hasMore], [["d", "A"], true])
      const last = yield* feed.page(id, second.next, 2)
      assert.deepStrictEqual([told(last.changes), last.hasMore], [["CustomerRemoved"], false])
      const end = yield* feed.page(id, last.next, 2)
      assert.deepStrictEqual(end, { changes: [], next: last.next, hasMore: false })
      yield* create(id, { firstName: "e" })
      assert.deepStrictEqual(told((yield* feed.page(id, end.next, 2)).changes), ["e"])
    }).pipe(Effect.provide(layer))
  )

  it.effect("says that there is more only when there is", () =>
    Effect.gen(function* () {
      const { id } = yield* makeMerchant()
      const feed = yield* Feed
      assert.deepStrictEqual(yield* feed.page(id, null, 5), {
        changes: [],
        next: checkpointAt(id, 0 as never),
        hasMore: false
      })
      for (const firstName of ["a", "b", "c"]) yield* create(id, { firstName })
      const more = (limit: number) => Effect.map(feed.page(id, null, limit), ({ hasMore }) => hasMore)
      assert.deepStrictEqual([yield* more(2), yield* more(3), yield* more(4)], [true, false, false])
    }).pipe(Effect.provide(layer))
  )

  it.effect("refuses a checkpoint that is another merchant's or garbled", () =>
    Effect.gen(function* () {
      const [own, other] = [yield* makeMerchant(), yield* makeMerchant()]
      const feed = yield* Feed
      yield* create(own.id, {})
      yield* create(other.id, {})
      const { next } = yield* feed.page(other.id, null, 10)
      const bad = [
        next,
        "",
        " ",
        "0",
        "1",
        "null",
        "f1",
        "f1.",
        "f1.1",
        "f1.1.",
        "f1..1",
        "f1.1.-1",
        "f1.1.1.5",
        "f1.1.1e3",
        "f1.1.0x1",
        "f1.1.1 ",
        " f1.1.1",
        "f1.1.1\n",
        "F1.1.1",
        "f2.1.1",
        "f1.01.1",
        "f1.1.9999999999999999",
        "f1.1.١",
        "ZjEuMS4x"
      ]
      for (const text of bad) {
        const error = yield* Effect.flip(feed.page(own.id, Checkpoint.make(text), 10))
        assert.instanceOf(error, InvalidField, JSON.stringify(text))
        assert.strictEqual((error as InvalidField).field, "checkpoint")
        if (text.length > 2) assert.notInclude(error.message, text)
      }
    }).pipe(Effect.provide(layer))
  )
})

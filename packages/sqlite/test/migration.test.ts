/** A database made by an older version, brought to the newest schema with what is in it. */
import { assert, describe, it } from "@effect/vitest"
import {
  Cards,
  type ChangePosition,
  type CustomerId,
  Customers,
  layerDomain,
  type MerchantId
} from "@tillbridge/domain"
import { migrations } from "@tillbridge/sql"
import { DateTime, Effect, Layer } from "effect"
import { layer } from "../src/index.ts"
import { ask, holder, run, tempFile } from "./support.ts"

const [first, second] = migrations

const quoted = (value: string | number | null) => (typeof value === "string" ? `'${value}'` : String(value))

const insert = (table: string, row: Readonly<Record<string, string | number | null>>) =>
  `INSERT INTO ${table} (${Object.keys(row).join(", ")}) VALUES (${Object.values(row).map(quoted).join(", ")})`

const customer = (merchant: number, id: number, version: number, updatedAt: number) =>
  insert("customers", {
    merchant_id: merchant,
    id,
    version,
    external_ids: "[]",
    first_name: `Customer ${id}`,
    consents: 0,
    accumulated_sales: "0",
    created_at: 1,
    updated_at: updatedAt
  })

const card = (merchant: number, id: number, version: number, owner: number | null, updatedAt: number) =>
  insert("cards", {
    merchant_id: merchant,
    id,
    version,
    external_ids: "[]",
    number: `card ${id}`,
    status: "new",
    customer_id: owner,
    created_at: 1,
    updated_at: updatedAt
  })

const merchant = (id: number, nextPosition: number) =>
  insert("merchants", {
    id,
    name: `Merchant ${id}`,
    time_zone: "Europe/Paris",
    next_position: nextPosition,
    next_customer_id: 10,
    next_card_id: 10
  })

/** What the version before the second step left: two merchants whose ids and positions are alike. */
const old = [
  "CREATE TABLE schema_migrations (id BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)",
  ...first!.statements,
  insert("schema_migrations", { id: 1, name: first!.name, applied_at: 0 }),
  merchant(1, 20),
  merchant(2, 20),
  // No card; older cards; newer cards, the newest of them with the lower id; a card that is nobody's.
  customer(1, 1, 5, 1_500),
  customer(1, 2, 9, 1_900),
  customer(1, 3, 1, 1_100),
  card(1, 1, 6, 2, 9_999),
  card(1, 2, 12, 3, 2_200),
  card(1, 3, 11, 3, 2_100),
  card(1, 4, 13, null, 2_300),
  customer(2, 1, 1, 3_100),
  customer(2, 3, 15, 3_150),
  card(2, 1, 12, 1, 3_120)
].join(";\n")

const open = (file: string) =>
  Layer.build(Layer.fresh(Layer.provideMerge(layerDomain, layer({ path: file }))))

const modified = (of: number, since = 0, after = 0) =>
  Effect.gen(function* () {
    const customers = yield* Customers
    const page = yield* customers.modified(of as MerchantId, {
      since: DateTime.makeUnsafe(since),
      after: after as ChangePosition,
      limit: 100
    })
    return page.customers.map(({ at, id, position, version }) => [
      id,
      version,
      position,
      at.epochMilliseconds
    ])
  })

const expectRight = Effect.gen(function* () {
  assert.deepStrictEqual<unknown>(yield* modified(1), [
    [1, 5, 5, 1_500],
    [2, 9, 9, 1_900],
    [3, 1, 12, 2_200]
  ])
  assert.deepStrictEqual<unknown>(yield* modified(1, 1_900), [
    [2, 9, 9, 1_900],
    [3, 1, 12, 2_200]
  ])
  assert.deepStrictEqual<unknown>(yield* modified(1, 0, 9), [[3, 1, 12, 2_200]])
  assert.deepStrictEqual<unknown>(yield* modified(2), [
    [1, 1, 12, 3_120],
    [3, 15, 15, 3_150]
  ])
})

describe("a database of the first version", () => {
  it.live("knows after its migration which customers changed since a time, by their cards too", () =>
    Effect.gen(function* () {
      const file = yield* tempFile
      run(file, old)
      const store = yield* open(file)
      yield* Effect.provide(expectRight, store)
      assert.strictEqual(ask(file, "SELECT count(*) FROM schema_migrations"), migrations.length)
      assert.strictEqual(ask(file, "PRAGMA integrity_check"), "ok")
      yield* Effect.gen(function* () {
        const cards = yield* Cards
        yield* cards.save(1 as MerchantId, {
          search: [{ by: "number", number: "card 2" }],
          createIfMissing: false,
          patch: { customerId: 1 as CustomerId },
          actor: null
        })
        const changed = yield* modified(1, 0, 19)
        assert.sameMembers(
          changed.map(([id]) => id),
          [1, 3]
        )
        assert.deepStrictEqual(
          changed.map(([, , position]) => position),
          [20, 21]
        )
      }).pipe(Effect.provide(store))
    })
  )

  it.live(
    "whose migration is killed after any of its statements stays as it was, and the next one does it all",
    () =>
      Effect.gen(function* () {
        for (let steps = 1; steps <= second!.statements.length; steps++) {
          const file = yield* tempFile
          run(file, old)
          const schema = "SELECT group_concat(sql, ';') FROM (SELECT sql FROM sqlite_schema ORDER BY name)"
          const before = ask(file, schema)
          const half = second!.statements.slice(0, steps).join(";")
          const { child, release } = yield* holder(
            file,
            `PRAGMA journal_mode = WAL; PRAGMA cache_size = 1; BEGIN IMMEDIATE; ${half}`
          )
          const ended = new Promise((resolve) => child.once("close", resolve))
          release()
          yield* Effect.promise(() => ended)
          assert.strictEqual(ask(file, schema), before)
          yield* Effect.provide(expectRight, yield* open(file))
        }
      })
  )
})

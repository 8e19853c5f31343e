import type { MerchantId } from "@tillbridge/domain"
import { type Merchant, MerchantRepository, type StoreId, type StoreList } from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as SqlClient from "effect/sql/SqlClient"
import { makeStoring } from "./StorageFailures.ts"

export interface MerchantRow {
  readonly id: number
  readonly name: string
  readonly time_zone: string
  readonly external_key_prefix: string | null
}

export const merchantFromRow = (row: MerchantRow): Merchant => ({
  id: row.id as MerchantId,
  name: row.name,
  timeZone: row.time_zone as Merchant["timeZone"],
  externalKeyPrefix: row.external_key_prefix
})

/** The counters beside these are not for reading: one of them may be past what a number can hold. */
const columns = "id, name, time_zone, external_key_prefix"

/** Merchants and what each of them names. */
export const layerMerchants = Layer.effect(
  MerchantRepository,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const storing = yield* makeStoring

    const findEntry = (
      merchant: MerchantId,
      directory: string,
      named: { readonly id?: number; readonly name?: string }
    ) =>
      sql<{ id: number; name: string }>`SELECT id, name FROM directory_entries
WHERE merchant_id = ${merchant} AND directory = ${directory}
  AND ${named.id === undefined ? sql`name = ${named.name}` : sql`id = ${named.id}`}`.pipe(
        Effect.map((rows) => Option.fromUndefinedOr(rows[0]))
      )

    const addEntry = Effect.fnUntraced(function* (merchant: MerchantId, directory: string, name: string) {
      const found = yield* findEntry(merchant, directory, { name })
      if (Option.isSome(found)) return found.value
      const [made] = yield* sql<{
        id: number
        name: string
      }>`INSERT INTO directory_entries (merchant_id, directory, id, name)
SELECT ${merchant}, ${directory}, coalesce(max(id), 0) + 1, ${name} FROM directory_entries
WHERE merchant_id = ${merchant} AND directory = ${directory}
RETURNING id, name`
      return made!
    })

    return MerchantRepository.of({
      insert: (merchant) =>
        sql<MerchantRow>`INSERT INTO merchants (id, name, time_zone, external_key_prefix)
SELECT coalesce(max(id), 0) + 1, ${merchant.name}, ${merchant.timeZone}, ${merchant.externalKeyPrefix} FROM merchants
WHERE 1 = 1
RETURNING ${sql.literal(columns)}`.pipe(
          Effect.map((rows) => merchantFromRow(rows[0]!)),
          storing("merchants.insert")
        ),
      get: (id) =>
        sql<MerchantRow>`SELECT ${sql.literal(columns)} FROM merchants WHERE id = ${id}`.pipe(
          Effect.map((rows) => Option.map(Option.fromUndefinedOr(rows[0]), merchantFromRow)),
          storing("merchants.get")
        ),
      list: sql<MerchantRow>`SELECT ${sql.literal(columns)} FROM merchants ORDER BY id`.pipe(
        Effect.map((rows) => rows.map(merchantFromRow)),
        storing("merchants.list")
      ),
      putStore: (merchant, store) =>
        sql`INSERT INTO stores (merchant_id, id, name) VALUES (${merchant}, ${store.id}, ${store.name})
ON CONFLICT (merchant_id, id) DO UPDATE SET name = excluded.name`.pipe(Effect.asVoid, storing("stores.put")),
      stores: (merchant) =>
        sql<{
          id: number
          name: string
        }>`SELECT id, name FROM stores WHERE merchant_id = ${merchant} ORDER BY id`.pipe(
          Effect.map((rows) => rows.map(({ id, name }) => ({ id: id as StoreId, name }))),
          storing("stores.list")
        ),
      putStoreList: (merchant, list) =>
        sql`INSERT INTO store_lists (merchant_id, id, name, store_ids)
VALUES (${merchant}, ${list.id}, ${list.name}, ${JSON.stringify(list.storeIds)})
ON CONFLICT (merchant_id, id) DO UPDATE SET name = excluded.name, store_ids = excluded.store_ids`.pipe(
          Effect.asVoid,
          storing("storeLists.put")
        ),
      storeLists: (merchant) =>
        sql<{ id: number; name: string; store_ids: string }>`SELECT id, name, store_ids FROM store_lists
WHERE merchant_id = ${merchant} ORDER BY id`.pipe(
          Effect.map((rows) =>
            rows.map(({ id, name, store_ids }): StoreList => ({
              id: id as StoreList["id"],
              name,
              storeIds: JSON.parse(store_ids) as Array<StoreId>
            }))
          ),
          storing("storeLists.list")
        ),
      findEntry: (merchant, directory, named) =>
        findEntry(merchant, directory, named).pipe(storing("directory.find")),
      addEntry: (merchant, directory, name) =>
        addEntry(merchant, directory, name).pipe(storing("directory.add")),
      entries: (merchant, directory) =>
        sql<{ id: number; name: string }>`SELECT id, name FROM directory_entries
WHERE merchant_id = ${merchant} AND directory = ${directory} ORDER BY id`.pipe(storing("directory.list"))
    })
  })
)

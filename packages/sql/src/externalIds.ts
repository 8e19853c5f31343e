/** The tables that lead from an external id to its owner, kept beside the lists in the owners' own rows. */
import type { ExternalId, MerchantId } from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import { makeMultiRow } from "./multiRow.ts"

interface Owned {
  readonly id: number
  readonly externalIds: ReadonlyArray<ExternalId>
}

interface Added {
  readonly system: string
  readonly key: string
  readonly owner: number
}

interface Write {
  readonly before: Owned | null
  readonly after: Owned
}

/** A batch has more. */
const fewIds = 8

const lacks = (list: ReadonlyArray<ExternalId>, id: ExternalId): boolean =>
  !list.some((other) => other.system === id.system && other.key === id.key)

/** Index maintenance for one kind of owner. */
export const makeExternalIds = (sql: SqlClient.SqlClient, table: string, ownerColumn: string) => {
  const insert = makeMultiRow(sql, {
    table,
    columns: ["merchant_id", "system", "key", ownerColumn],
    suffix: `ON CONFLICT (merchant_id, system, key) DO NOTHING RETURNING ${ownerColumn}`
  })
  const insertNew = makeMultiRow(sql, {
    table,
    columns: ["merchant_id", "system", "key", ownerColumn],
    suffix: ""
  })

  const forget = Effect.fnUntraced(function* (merchant: MerchantId, ids: ReadonlyArray<ExternalId>) {
    for (const { key, system } of ids) {
      yield* sql`DELETE FROM ${sql(table)} WHERE merchant_id = ${merchant} AND system = ${system} AND key = ${key}`
    }
  })

  /** Brings the index up to date; `false` when an added id belongs to another owner. */
  const update = Effect.fnUntraced(function* (merchant: MerchantId, writes: ReadonlyArray<Write>) {
    const added: Array<Added> = []
    const gone: Array<ExternalId> = []
    for (const { after, before } of writes) {
      const old = before?.externalIds ?? []
      if (old === after.externalIds) continue
      for (const id of after.externalIds)
        if (lacks(old, id)) added.push({ system: id.system, key: id.key, owner: after.id })
      for (const id of old) if (lacks(after.externalIds, id)) gone.push(id)
    }
    if (gone.length > 0) yield* forget(merchant, gone)
    if (added.length === 0) return true
    const push = (out: Array<unknown>, id: Added) => out.push(merchant, id.system, id.key, id.owner)
    // Few are asked one by one whether they were free; for a batch, whose unit ends when one was not, that costs a third.
    if (added.length <= fewIds) return (yield* insert(added, push)).length === added.length
    return yield* insertNew(added, push).pipe(
      Effect.as(true),
      Effect.catchTag("SqlError", (error) =>
        error.reason._tag === "UniqueViolation" ? Effect.succeed(false) : Effect.fail(error)
      )
    )
  })

  return { forget, update }
}

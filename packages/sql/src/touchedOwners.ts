/** Marks the owners of cards as changed, in a few statements for many cards. */
import { type CardWrite, type CustomerId, type MerchantId, type Touched, touchedBy } from "@tillbridge/domain"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"

/** Owners of one statement. */
const ownersAtOnce = 64

type Owner = readonly [CustomerId, number, number]

export const makeTouchedOwners = (sql: SqlClient.SqlClient) => {
  const touchOne = (merchant: MerchantId, [id, position, at]: Owner) =>
    sql`UPDATE customers SET touched = ${position}, touched_at = ${at}
WHERE merchant_id = ${merchant} AND id = ${id}`

  /** By ids and not by a join: a planner without statistics may take a join for a walk through all customers. */
  const touchMany = (merchant: MerchantId, owners: ReadonlyArray<Owner>) => {
    // The casts are for databases that would take parameters without a type for text.
    const values = (column: 1 | 2) =>
      sql.join(" ", false)(owners.map((owner) => sql`WHEN ${owner[0]} THEN CAST(${owner[column]} AS BIGINT)`))
    const ids = owners.map(([id]) => id)
    return sql`UPDATE customers SET touched = CASE id ${values(1)} END, touched_at = CASE id ${values(2)} END
WHERE merchant_id = ${merchant} AND ${sql.in("id", ids)}`
  }

  const touchAll = Effect.fnUntraced(function* (merchant: MerchantId, owners: ReadonlyArray<Owner>) {
    for (let from = 0; from < owners.length; from += ownersAtOnce) {
      const some = owners.slice(from, from + ownersAtOnce)
      yield* some.length === 1 ? touchOne(merchant, some[0]!) : touchMany(merchant, some)
    }
  })

  /** The writer holds the merchant's counter already, so nothing comes between these positions and the cards'. */
  const claim = (merchant: MerchantId, positions: number) =>
    Effect.map(
      sql<{ position: number }>`UPDATE merchants SET next_position = next_position + ${positions}
WHERE id = ${merchant} RETURNING next_position - ${positions} AS position`,
      ([row]) => row?.position ?? 0
    )

  const ownerOf = ([id, { at, position }]: readonly [CustomerId, Touched]): Owner => [
    id,
    position,
    at.epochMilliseconds
  ]

  const leave = Effect.fnUntraced(function* (
    merchant: MerchantId,
    touched: Map<CustomerId, Touched>,
    left: ReadonlyMap<CustomerId, DateTime.Utc>
  ) {
    let position = yield* claim(merchant, left.size)
    for (const [id, at] of left) touched.set(id, { position: position++ as Touched["position"], at })
  })

  return {
    one: (merchant: MerchantId, id: CustomerId, change: Touched) => touchOne(merchant, ownerOf([id, change])),
    of: Effect.fnUntraced(function* (merchant: MerchantId, writes: ReadonlyArray<CardWrite>) {
      const { left, touched } = touchedBy(writes)
      if (left.size > 0) yield* leave(merchant, touched, left)
      if (touched.size > 0) yield* touchAll(merchant, Array.from(touched, ownerOf))
    })
  }
}

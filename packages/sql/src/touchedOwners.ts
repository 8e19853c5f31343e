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

  // The casts are for databases that would take parameters without a type for text.
  const touchMany = (merchant: MerchantId, owners: ReadonlyArray<Owner>) =>
    sql`UPDATE customers SET touched = owners.column2, touched_at = owners.column3
FROM (VALUES ${sql.csv(
      owners.map(
        ([id, position, at]) =>
          sql`(CAST(${id} AS BIGINT), CAST(${position} AS BIGINT), CAST(${at} AS BIGINT))`
      )
    )}) AS owners
WHERE customers.merchant_id = ${merchant} AND customers.id = owners.column1`

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

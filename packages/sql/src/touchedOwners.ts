/** Marks the owners of cards as changed, in a few statements for many cards. */
import { type CardWrite, type CustomerId, type MerchantId, type Touched, touchedBy } from "@tillbridge/domain"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"

/** Owners of one statement. */
const ownersAtOnce = 250

type Owner = readonly [CustomerId, number, number]

export const makeTouchedOwners = (sql: SqlClient.SqlClient) => {
  const touchOne = (merchant: MerchantId, [id, position, at]: Owner) =>
    sql`UPDATE customers SET touched = ${position}, touched_at = ${at}
WHERE merchant_id = ${merchant} AND id = ${id}`

  const texts = new Map<number, string>()
  const numbered = sql.onDialectOrElse({ pg: () => true, orElse: () => false })
  const parameter = (number: number) => (numbered ? `$${number}` : "?")

  /** The casts are for databases that would take parameters without a type for text. */
  const textOf = (owners: number): string => {
    let text = texts.get(owners)
    if (text === undefined) {
      const row = (first: number) => `(${[first, first + 1, first + 2].map(parameter).join(", ")})`
      const rows = Array.from({ length: owners }, (_, index) => row(3 * index + 1)).join(", ")
      text = `UPDATE customers SET touched = CAST(k.column2 AS BIGINT), touched_at = CAST(k.column3 AS BIGINT)
FROM (VALUES ${rows}) AS k
WHERE customers.merchant_id = ${parameter(3 * owners + 1)} AND customers.id = CAST(k.column1 AS BIGINT)`
      texts.set(owners, text)
    }
    return text
  }

  const touchMany = (merchant: MerchantId, owners: ReadonlyArray<Owner>) => {
    const params: Array<unknown> = []
    for (const [id, position, at] of owners) params.push(id, position, at)
    params.push(merchant)
    return sql.unsafe(textOf(owners.length), params)
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

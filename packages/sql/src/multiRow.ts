/**
 * INSERT statements of several rows. Their texts are made once per shape, so that the driver's prepared statements
 * are found again.
 */
import type * as SqlClient from "effect/sql/SqlClient"
import type * as SqlError from "effect/sql/SqlError"
import * as Effect from "effect/Effect"

/** Beyond this the statement only gets longer, not faster. */
const rowsAtOnce = 64

/** Values of one IN list. */
const valuesAtOnce = 500

/** Lists short enough for an IN list. */
export const inParts = <A>(all: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> => {
  if (all.length <= valuesAtOnce) return all.length === 0 ? [] : [all]
  const parts: Array<ReadonlyArray<A>> = []
  for (let from = 0; from < all.length; from += valuesAtOnce) parts.push(all.slice(from, from + valuesAtOnce))
  return parts
}

export interface MultiRowInsert {
  readonly table: string
  readonly columns: ReadonlyArray<string>
  /** What follows the values, such as an ON CONFLICT clause. */
  readonly suffix: string
}

/** ON CONFLICT clause that overwrites every column but the key. */
export const overwrite = (key: ReadonlyArray<string>, columns: ReadonlyArray<string>): string =>
  `ON CONFLICT (${key.join(", ")}) DO UPDATE SET ${columns
    .filter((column) => !key.includes(column))
    .map((column) => `${column} = excluded.${column}`)
    .join(", ")}`

/** Runs the insert for `count` rows whose values `push` appends, and gives all returned rows. */
export const makeMultiRow = (sql: SqlClient.SqlClient, insert: MultiRowInsert) => {
  const texts = new Map<number, string>()
  const numbered = sql.onDialectOrElse({ pg: () => true, orElse: () => false })
  const textOf = (rows: number): string => {
    let text = texts.get(rows)
    if (text === undefined) {
      let next = 1
      const row = () => `(${insert.columns.map(() => (numbered ? `$${next++}` : "?")).join(", ")})`
      const values = Array.from({ length: rows }, row).join(", ")
      text = `INSERT INTO ${insert.table} (${insert.columns.join(", ")}) VALUES ${values} ${insert.suffix}`
      texts.set(rows, text)
    }
    return text
  }
  return <A>(
    items: ReadonlyArray<A>,
    push: (out: Array<unknown>, item: A) => void
  ): Effect.Effect<ReadonlyArray<object>, SqlError.SqlError> => {
    const chunk = (from: number) => {
      const until = Math.min(from + rowsAtOnce, items.length)
      const params: Array<unknown> = []
      for (let i = from; i < until; i++) push(params, items[i]!)
      return sql.unsafe(textOf(until - from), params)
    }
    if (items.length <= rowsAtOnce) return items.length === 0 ? Effect.succeed([]) : chunk(0)
    return Effect.gen(function* () {
      const returned: Array<object> = []
      for (let from = 0; from < items.length; from += rowsAtOnce) returned.push(...(yield* chunk(from)))
      return returned
    })
  }
}

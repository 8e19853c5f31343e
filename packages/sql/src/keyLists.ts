/**
 * Lists of keys as a table that a statement joins with, named `k`, its only column `value`. Joined, not `IN`: without
 * statistics SQLite prefers a walk through a table's own order to the index that leads to the keys.
 */
import type * as SqlClient from "effect/sql/SqlClient"
import type * as Statement from "effect/sql/Statement"

export type KeyList = (keys: ReadonlyArray<string>) => Statement.Fragment

/** What SQLite reads from JSON otherwise than from a parameter: NUL and halves of surrogate pairs. */
const isReadOtherwise = /\\u(?:0000|d[89a-f])/

export const makeKeyList = (sql: SqlClient.SqlClient): KeyList => {
  const asValues: KeyList = (keys) =>
    sql`(SELECT v.column1 AS value FROM (VALUES ${sql.csv(keys.map((key) => sql`(${key})`))}) AS v) AS k`
  /** One parameter, so that the statement is the same, and prepared once, for lists of any length. */
  const asJson: KeyList = (keys) => {
    const json = JSON.stringify(keys)
    return isReadOtherwise.test(json) ? asValues(keys) : sql`json_each(${json}) AS k`
  }
  return sql.onDialectOrElse({ pg: () => asValues, orElse: () => asJson })
}

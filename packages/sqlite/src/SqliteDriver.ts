/**
 * One connection to a SQLite file through `node:sqlite`, which blocks the event loop while a statement runs: keep
 * statements short. Statements are prepared once per text. Why this driver: docs/decisions/sqlite-driver.md.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite"

export interface SqliteDriver {
  /** All rows, as objects keyed by column. */
  readonly rows: (sql: string, params: ReadonlyArray<unknown>) => Array<Record<string, unknown>>
  /** All rows, as arrays in column order. */
  readonly values: (sql: string, params: ReadonlyArray<unknown>) => Array<Array<unknown>>
  readonly exec: (sql: string) => void
  readonly inTransaction: () => boolean
  readonly close: () => void
}

const statementCacheSize = 200

/** Opens a file, which must exist. Throws the driver's own error, with SQLite's extended code in `errcode`. */
export type OpenDriver = (path: string, options: { readonly readOnly: boolean }) => SqliteDriver

export const openDriver: OpenDriver = (path, options) => {
  const database = new DatabaseSync(path, { readOnly: options.readOnly, timeout: 0 })
  const cache = new Map<string, StatementSync>()

  const prepared = (key: string, sql: string, arrays: boolean): StatementSync => {
    let statement = cache.get(key)
    if (statement === undefined) {
      statement = database.prepare(sql)
      if (arrays) statement.setReturnArrays(true)
      if (cache.size >= statementCacheSize) cache.delete(cache.keys().next().value!)
      cache.set(key, statement)
    }
    return statement
  }

  return {
    rows: (sql, params) => prepared(sql, sql, false).all(...(params as Array<SQLInputValue>)),
    values: (sql, params) =>
      prepared(`[]${sql}`, sql, true).all(...(params as Array<SQLInputValue>)) as unknown as Array<
        Array<unknown>
      >,
    exec: (sql) => database.exec(sql),
    inTransaction: () => database.isTransaction,
    close: () => database.close()
  }
}

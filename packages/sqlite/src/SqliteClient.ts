/**
 * `effect/sql`'s client on one SQLite file, WAL mode: one connection that only reads, so that readers never wait, and
 * one that writes, which transactions take in turn. A transaction begins as a writer (BEGIN IMMEDIATE); when another
 * process holds the file, it asks again without blocking the event loop, for five seconds.
 *
 * Writing outside of a transaction is an error: statements go to the reading connection then.
 */
import { StorageError } from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import * as SqlClient from "effect/sql/SqlClient"
import type * as SqlConnection from "effect/sql/SqlConnection"
import * as SqlError from "effect/sql/SqlError"
import * as Statement from "effect/sql/Statement"
import { Reactivity } from "effect/reactivity"
import { whileThere } from "./presence.ts"
import type { OpenDriver, SqliteDriver } from "./SqliteDriver.ts"

const busyWaitMillis = 5_000
const busyPollMillis = 10
const begin = "BEGIN IMMEDIATE"

/** SQLite's primary result code (5 for BUSY) of a driver's error, if it is one. */
export const resultCode = (cause: unknown): number | undefined =>
  typeof cause === "object" && cause !== null && "errcode" in cause && typeof cause.errcode === "number"
    ? cause.errcode & 0xff
    : undefined

/** SQLITE_CONSTRAINT_UNIQUE and SQLITE_CONSTRAINT_PRIMARYKEY: a duplicate is a duplicate, as on other databases. */
const unique = 2067
const uniquePrimaryKey = 1555

const isDuplicate = (cause: unknown): boolean =>
  typeof cause === "object" &&
  cause !== null &&
  "errcode" in cause &&
  (cause.errcode === unique || cause.errcode === uniquePrimaryKey)

const sqlError = (cause: unknown, operation: string): SqlError.SqlError => {
  // effect/sql classifies by `errno`, the name other drivers give to the result code.
  const errno = isDuplicate(cause) ? unique : resultCode(cause)
  const classified = errno === undefined ? cause : Object.assign(cause as object, { errno })
  return new SqlError.SqlError({
    reason: SqlError.classifySqliteError(classified, { message: `SQLite ${operation} failed`, operation })
  })
}

/** Looks at the file before anything in it is changed, and throws a `StorageError` to leave it alone. */
export type Inspect = (driver: SqliteDriver) => void

/** A transaction that waited for its turn may wait only until `deadline` for another process as well. */
const connectionOf = (driver: SqliteDriver, deadline = 0): SqlConnection.Connection => {
  const attempt = <A>(run: () => A) =>
    Effect.suspend(() => {
      try {
        return Effect.succeed(run())
      } catch (cause) {
        return Effect.fail(sqlError(cause, "statement"))
      }
    })

  const rows: SqlConnection.Connection["execute"] = (sql, params, transformRows) => {
    const run = attempt(() => driver.rows(sql, params))
    const found = sql === begin ? whileBusy(run, deadline) : run
    return transformRows === undefined ? found : Effect.map(found, transformRows)
  }
  const values = (sql: string, params: ReadonlyArray<unknown>) => attempt(() => driver.values(sql, params))

  return {
    execute: rows,
    executeUnprepared: rows,
    executeRaw: (sql, params) => attempt(() => driver.rows(sql, params)),
    executeValues: values,
    executeValuesUnprepared: values,
    executeStream: () => Stream.die("SQLite statements are not streamed: read in windows")
  }
}

const whileBusy = <A, E extends SqlError.SqlError | StorageError>(
  self: Effect.Effect<A, E>,
  deadline: number
): Effect.Effect<A, E> =>
  Effect.catch(self, (error) =>
    error._tag === "SqlError" && error.reason._tag === "LockTimeoutError" && performance.now() < deadline
      ? Effect.andThen(Effect.sleep(busyPollMillis), whileBusy(self, deadline))
      : Effect.fail(error)
  )

const opened = (
  open: OpenDriver,
  path: string,
  readOnly: boolean,
  inspect: Inspect
): Effect.Effect<SqliteDriver, SqlError.SqlError | StorageError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.try({
      try: () => {
        const driver = open(path, { readOnly })
        try {
          inspect(driver)
          // NORMAL would lose the newest commits in a power cut; FULL syncs the log at each.
          if (!readOnly)
            driver.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON")
          driver.exec("PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY")
          driver.rows("SELECT count(*) FROM sqlite_schema", [])
          return whileThere(driver, path, readOnly ? null : begin)
        } catch (cause) {
          driver.close()
          throw cause
        }
      },
      catch: (cause) => (cause instanceof StorageError ? cause : sqlError(cause, "open"))
    }).pipe((opening) => Effect.suspend(() => whileBusy(opening, performance.now() + busyWaitMillis))),
    (driver) => Effect.sync(() => driver.close())
  )

const make = Effect.fnUntraced(function* (open: OpenDriver, path: string, inspect: Inspect) {
  const writing = yield* opened(open, path, false, inspect)
  const reading = yield* opened(open, path, true, () => {})
  const writer = connectionOf(writing)
  const reader = connectionOf(reading)
  const { isTransaction, onCommitFailure, transactionAcquirer } = SqlClient.makeSqliteAcquirers({
    connection: Effect.succeed(writer),
    semaphore: yield* Semaphore.make(1),
    isTransaction: () => writing.inTransaction()
  })
  return yield* SqlClient.make({
    acquirer: Effect.succeed(reader),
    borrower: (use) => use(reader),
    transactionAcquirer: Effect.suspend(() => {
      const deadline = performance.now() + busyWaitMillis
      return Effect.as(transactionAcquirer, connectionOf(writing, deadline))
    }),
    isTransaction,
    onCommitFailure,
    compiler: Statement.makeCompilerSqlite(),
    driver: "sqlite",
    spanAttributes: [["db.system.name", "sqlite"]],
    beginTransaction: begin,
    prepareTransactionControls: true
  })
})

/** The client on a file that exists; the file's WAL is folded back when the layer closes. */
export const layerClient = (
  open: OpenDriver,
  path: string,
  inspect: Inspect
): Layer.Layer<SqlClient.SqlClient, SqlError.SqlError | StorageError> =>
  Layer.effect(SqlClient.SqlClient, make(open, path, inspect)).pipe(Layer.provide(Reactivity.layer))

/**
 * Opens a SQLite file as a store. A file that does not exist is made, readable by its owner only; a file that is not
 * a Tillbridge database, is damaged, or belongs to a newer version is refused and left as it was.
 */
import { type Repositories, StorageError, type StorageFailure } from "@tillbridge/domain"
import { commonFailure, FailureOf, layerRepositories, migrations } from "@tillbridge/sql"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import type * as SqlError from "effect/sql/SqlError"
import * as fs from "node:fs"
import * as path from "node:path"
import { layerClient, resultCode } from "./SqliteClient.ts"
import { type OpenDriver, openDriver, type SqliteDriver } from "./SqliteDriver.ts"

export interface SqliteOptions {
  readonly path: string
  /** Another binding to SQLite, such as one to measure against. Default: `node:sqlite`. */
  readonly driver?: OpenDriver
}

/** SQLite's result codes: https://www.sqlite.org/rescode.html */
const failures: Record<number, StorageFailure> = {
  5: "busy",
  6: "busy",
  8: "read-only",
  10: "unavailable",
  11: "corrupt",
  13: "full",
  14: "unavailable",
  26: "corrupt"
}

const failureOf = (error: SqlError.SqlError): StorageFailure =>
  failures[resultCode(error.reason.cause) ?? 0] ?? commonFailure(error)

const shortestDatabase = 512

/** Step by step: Node's own `recursive` never returns where the system denies that a parent exists (as below /proc). */
const makeFolder = (folder: string): void => {
  if (fs.existsSync(folder)) return
  makeFolder(path.dirname(folder))
  try {
    fs.mkdirSync(folder)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause
  }
}

/** Makes an empty file for its owner only, in a folder that is made when missing. */
const ensureFile = (file: string): Effect.Effect<void, StorageError> =>
  Effect.try({
    try: () => {
      makeFolder(path.dirname(path.resolve(file)))
      // A log without its database: the new file would take over writes that belong to the one that is missing.
      if (!fs.existsSync(file) && fs.existsSync(`${file}-wal`)) {
        throw new StorageError({ operation: "open", reason: "corrupt" })
      }
      fs.closeSync(fs.openSync(file, "a", 0o600))
      const { size } = fs.statSync(file)
      // SQLite takes so short a file for an empty one and would write over it.
      if (size > 0 && size < shortestDatabase)
        throw new StorageError({ operation: "open", reason: "corrupt" })
    },
    catch: (cause) => {
      if (cause instanceof StorageError) return cause
      const code = (cause as NodeJS.ErrnoException).code
      const reason =
        code === "EACCES" || code === "EROFS" ? "read-only" : code === "ENOSPC" ? "full" : "unavailable"
      return new StorageError({ operation: "open", reason, cause })
    }
  })

const newestMigration = migrations.reduce((newest, { id }) => Math.max(newest, id), 0)

/** A database with anything in it but without our record of migrations is somebody else's. */
const refuseForeign = (driver: SqliteDriver): void => {
  if (driver.rows("SELECT 1 FROM sqlite_schema LIMIT 1", []).length === 0) return
  const columns = driver.rows("SELECT name FROM pragma_table_info('schema_migrations')", [])
  if (columns.map(({ name }) => name).join() !== "id,name,applied_at") {
    throw new StorageError({ operation: "open", reason: "corrupt" })
  }
  if (driver.rows("SELECT 1 FROM schema_migrations WHERE id > ?", [newestMigration]).length > 0) {
    throw new StorageError({ operation: "open", reason: "newer-schema" })
  }
}

/** The client, with the failure to open told as the domain tells it. */
const client = ({
  driver = openDriver,
  path: file
}: SqliteOptions): Layer.Layer<SqlClient.SqlClient, StorageError> =>
  Layer.unwrap(Effect.as(ensureFile(file), layerClient(driver, file, refuseForeign))).pipe(
    Layer.catch((cause) =>
      Layer.effect(
        SqlClient.SqlClient,
        Effect.fail(
          cause._tag === "SqlError"
            ? new StorageError({ operation: "open", reason: failureOf(cause), cause })
            : cause
        )
      )
    )
  )

/** Every repository of the domain over the file. */
export const layer = (options: SqliteOptions): Layer.Layer<Repositories, StorageError> =>
  layerRepositories.pipe(Layer.provide(client(options)), Layer.provide(Layer.succeed(FailureOf, failureOf)))

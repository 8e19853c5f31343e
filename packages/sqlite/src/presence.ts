/**
 * SQLite goes on with a file that was deleted or replaced under its path: writes would be acknowledged into a file that
 * nobody can open again. A connection made with `whileThere` fails instead, as one whose database cannot be opened.
 */
import * as fs from "node:fs"
import type { SqliteDriver } from "./SqliteDriver.ts"

/** How often a connection that only reads looks; one that writes looks before each transaction. */
const readingMillis = 1_000

/** SQLITE_CANTOPEN */
const cannotOpen = 14

/** The driver, refusing to begin a transaction, or to read on, once `path` is no longer the file that it opened. */
export const whileThere = (driver: SqliteDriver, path: string, begin: string | null): SqliteDriver => {
  const { dev, ino } = fs.statSync(path)
  let checkedAt = performance.now()

  const check = () => {
    checkedAt = performance.now()
    const now = fs.statSync(path, { throwIfNoEntry: false })
    if (now?.ino !== ino || now.dev !== dev) {
      throw Object.assign(new Error("the database file was removed or replaced"), { errcode: cannotOpen })
    }
  }
  const beforeReading = () => {
    if (begin === null && performance.now() - checkedAt > readingMillis) check()
  }

  return {
    ...driver,
    rows: (sql, params) => {
      if (sql === begin) check()
      else beforeReading()
      return driver.rows(sql, params)
    },
    values: (sql, params) => {
      beforeReading()
      return driver.values(sql, params)
    }
  }
}

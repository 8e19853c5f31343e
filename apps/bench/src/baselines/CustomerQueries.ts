/**
 * What a hand-written server asks of its database: prepared statements on better-sqlite3, which reads rows as
 * objects faster than node:sqlite does in Node 26 (`node apps/bench/src/Drivers.ts` shows both).
 */
import Database from "better-sqlite3"
import { createCardsTables } from "./CardsTable.ts"
import {
  createTable,
  merchantId,
  pragmas,
  selectAfter,
  selectById,
  selectCount,
  selectPage,
  updateById
} from "./CustomersTable.ts"

export type CustomerRow = Record<string, unknown>

export interface CustomerQueries {
  readonly page: (page: number, pageSize: number) => Array<CustomerRow>
  readonly after: (id: number, limit: number) => Array<CustomerRow>
  readonly byId: (id: number) => CustomerRow | undefined
  readonly count: () => number
  /** Reads, merges and writes in one transaction; false when there is no such customer. */
  readonly update: (id: number, changes: Readonly<Record<string, unknown>>) => boolean
}

const editable = new Set([
  "fname",
  "lname",
  "mname",
  "email",
  "phone",
  "gender",
  "custom_information",
  "birth_day",
  "birth_month",
  "birth_year",
  "send_push",
  "send_email",
  "send_sms",
  "group_id",
  "group_name"
])

const ageOf = (row: CustomerRow, today: Date): number | null => {
  if (row["birth_year"] === null || row["birth_month"] === null || row["birth_day"] === null) return null
  const years = today.getUTCFullYear() - (row["birth_year"] as number)
  const month = today.getUTCMonth() + 1 - (row["birth_month"] as number)
  return month < 0 || (month === 0 && today.getUTCDate() < (row["birth_day"] as number)) ? years - 1 : years
}

const withAges = (rows: Array<CustomerRow>): Array<CustomerRow> => {
  const today = new Date()
  for (const row of rows) row["age"] = ageOf(row, today)
  return rows
}

export const openDatabase = (path: string): Database => {
  const database = new Database(path)
  for (const pragma of pragmas) database.pragma(pragma)
  database.exec(createTable)
  database.exec(createCardsTables)
  return database
}

export const openCustomers = (database: Database): CustomerQueries => {
  const page = database.prepare(selectPage)
  const after = database.prepare(selectAfter)
  const byId = database.prepare(selectById)
  const count = database.prepare(selectCount)
  const write = database.prepare(updateById)
  const begin = database.prepare("BEGIN IMMEDIATE")
  const commit = database.prepare("COMMIT")
  const rollback = database.prepare("ROLLBACK")
  return {
    page: (number, size) => withAges(page.all(merchantId, size, (number - 1) * size)),
    after: (id, limit) => withAges(after.all(merchantId, id, limit)),
    byId: (id) => {
      const row = byId.get(id, merchantId)
      if (row !== undefined) row["age"] = ageOf(row, new Date())
      return row
    },
    count: () => count.get(merchantId)?.["count"] as number,
    update: (id, changes) => {
      begin.run()
      try {
        const row = byId.get(id, merchantId)
        if (row !== undefined) {
          for (const name in changes)
            if (editable.has(name)) row[name] = changes[name] === "" ? null : changes[name]
          row["last_update_date"] = new Date().toISOString().slice(0, 19).replace("T", " ")
          write.run(row)
        }
        commit.run()
        return row !== undefined
      } catch (cause) {
        rollback.run()
        throw cause
      }
    }
  }
}

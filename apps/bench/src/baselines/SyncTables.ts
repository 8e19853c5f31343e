/** Tables of the same columns as Tillbridge's, with their keys and no other index, and how many rows are put at once. */
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite"
import { merchantId, pragmas } from "./CustomersTable.ts"

export type Row = Readonly<Record<string, SQLInputValue | undefined>>

const audit = "created_at BIGINT NOT NULL, created_by BIGINT, updated_at BIGINT NOT NULL, updated_by BIGINT"

const createTables = `
  CREATE TABLE IF NOT EXISTS customers (
    merchant_id BIGINT NOT NULL, id BIGINT NOT NULL, version BIGINT NOT NULL,
    phone_key TEXT, mobile_phone_key TEXT, email_key TEXT, external_ids TEXT NOT NULL, title TEXT,
    first_name TEXT, middle_name TEXT, last_name TEXT, gender TEXT,
    birth_day INTEGER, birth_month INTEGER, birth_year INTEGER, email TEXT, phone TEXT, mobile_phone TEXT,
    address TEXT, company_name TEXT, vat_number TEXT, language TEXT, consents INTEGER NOT NULL, notes TEXT,
    discount_percent TEXT, accumulated_sales TEXT NOT NULL, registered_at BIGINT, registered_in BIGINT,
    extensions TEXT, group_id BIGINT, group_name TEXT, ${audit},
    touched BIGINT NOT NULL, touched_at BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, id)
  );
  CREATE TABLE IF NOT EXISTS cards (
    merchant_id BIGINT NOT NULL, id BIGINT NOT NULL, version BIGINT NOT NULL, external_ids TEXT NOT NULL,
    number TEXT NOT NULL, ean13 TEXT, barcode TEXT, medium TEXT, status TEXT NOT NULL,
    activated_at BIGINT, blocked_at BIGINT, customer_id BIGINT, registered_at BIGINT, registered_in BIGINT,
    extensions TEXT, type_id BIGINT, type_name TEXT, ${audit},
    PRIMARY KEY (merchant_id, id), UNIQUE (merchant_id, number)
  );
`

const rowsPerStatement = 50

export interface Table {
  readonly columns: ReadonlyArray<string>
  readonly put: (rows: ReadonlyArray<Row>) => void
  /** The rows with these ids. */
  readonly read: (ids: ReadonlyArray<number>) => ReadonlyArray<Readonly<Record<string, unknown>>>
}

const tableOf = (database: DatabaseSync, name: string): Table => {
  const columns = database
    .prepare(`PRAGMA table_info(${name})`)
    .all()
    .map((column) => String(column["name"]))
  const row = `(${columns.map(() => "?").join(",")})`
  const assignments = columns.filter((column) => column !== "merchant_id" && column !== "id")
  const statements = new Map<number, StatementSync>()
  const upsert = (rows: number): StatementSync => {
    const kept = statements.get(rows)
    if (kept !== undefined) return kept
    const made = database.prepare(
      `INSERT INTO ${name} (${columns.join(",")}) VALUES ${Array(rows).fill(row).join(",")}
       ON CONFLICT (merchant_id, id) DO UPDATE SET ${assignments.map((column) => `${column} = excluded.${column}`).join(",")}`
    )
    statements.set(rows, made)
    return made
  }
  const select = database.prepare(
    `SELECT * FROM ${name} WHERE merchant_id = ${merchantId} AND id IN (SELECT value FROM json_each(?))`
  )
  return {
    columns,
    put: (rows) => {
      for (let from = 0; from < rows.length; from += rowsPerStatement) {
        const batch = rows.slice(from, from + rowsPerStatement)
        const values: Array<SQLInputValue> = []
        for (const one of batch) for (const column of columns) values.push(one[column] ?? null)
        upsert(batch.length).run(...values)
      }
    },
    read: (ids) => select.all(JSON.stringify(ids))
  }
}

export const openTables = (database: DatabaseSync) => {
  for (const pragma of pragmas) database.exec(`PRAGMA ${pragma}`)
  database.exec(createTables)
  return { customers: tableOf(database, "customers"), cards: tableOf(database, "cards") }
}

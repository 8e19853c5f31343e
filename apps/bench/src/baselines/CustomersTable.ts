/**
 * The table and the statements every baseline shares, and how its database is opened.
 * One flat table is the most a hand-written server can hope for: no groups to join, no feed to append to.
 */
import { fields } from "../Customers.ts"

export const merchantId = 1

/** Age is derived from the birth date on every read, so it has no column. */
export const columns = fields.filter((field) => field !== "age")

export const createTable = `
  CREATE TABLE IF NOT EXISTS customers (
    id INTEGER PRIMARY KEY,
    merchant_id INTEGER NOT NULL,
    fname TEXT, lname TEXT, mname TEXT, email TEXT, phone TEXT, gender TEXT, custom_information TEXT,
    birth_day INTEGER, birth_month INTEGER, birth_year INTEGER, register_date TEXT,
    accumulated_sales NUMERIC NOT NULL DEFAULT 0,
    send_push INTEGER NOT NULL, send_email INTEGER NOT NULL, send_sms INTEGER NOT NULL,
    group_id INTEGER, group_name TEXT,
    created_date TEXT NOT NULL, created_by INTEGER, last_update_date TEXT NOT NULL, last_update_by INTEGER,
    external_id TEXT
  );
  CREATE UNIQUE INDEX IF NOT EXISTS customers_by_external_id ON customers (merchant_id, external_id);
`

/** The same durability as Tillbridge: an answered write survives a power cut. */
export const pragmas = ["journal_mode = WAL", "synchronous = FULL", "busy_timeout = 5000"]

const wireColumns = fields.map((field) => (field === "age" ? "NULL AS age" : field)).join(", ")

/**
 * NOT INDEXED keeps the planner from finding the merchant by the external-id index and then sorting every
 * row of it by id, which made a page ten times dearer; the walk by primary key is already in order.
 */
export const selectPage = `SELECT ${wireColumns} FROM customers NOT INDEXED
  WHERE merchant_id = ? ORDER BY id LIMIT ? OFFSET ?`
export const selectAfter = `SELECT ${wireColumns} FROM customers NOT INDEXED
  WHERE merchant_id = ? AND id > ? ORDER BY id LIMIT ?`
export const selectById = `SELECT ${wireColumns} FROM customers WHERE id = ? AND merchant_id = ?`
/** The oldest change first, after a time and, among those of that very time, an id. */
export const selectModified = `SELECT ${wireColumns} FROM customers
  WHERE merchant_id = ? AND (last_update_date, id) > (?, ?) ORDER BY last_update_date, id LIMIT ?`
export const selectCount = "SELECT count(*) AS count FROM customers WHERE merchant_id = ?"

const writable = columns.filter((column) => column !== "id")

export const updateById = `
  UPDATE customers SET ${writable.map((column) => `${column} = @${column}`).join(", ")}
  WHERE id = @id AND merchant_id = ${merchantId}`

/** A statement that upserts `rows` customers at once: the parse and bind cost is paid per statement. */
export const upsert = (rows: number): string => {
  const row = `(${["?", ...columns.map(() => "?")].join(",")})`
  const assignments = writable
    .filter((column) => column !== "external_id")
    .map((column) => `${column} = excluded.${column}`)
  return `INSERT INTO customers (merchant_id, ${columns.join(", ")}) VALUES ${Array(rows).fill(row).join(",")}
    ON CONFLICT (merchant_id, external_id) DO UPDATE SET ${assignments.join(", ")}`
}

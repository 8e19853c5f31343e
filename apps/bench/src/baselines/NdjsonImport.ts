/**
 * Baseline 5: the barest honest import. One customer a line, JSON.parse, fifty rows a statement, five
 * thousand rows a transaction (found fastest, and flat from there on), on node:sqlite, which binds many
 * values faster than better-sqlite3 does. Run as: node NdjsonImport.ts --database PATH [FILE]; without FILE
 * it only makes the table.
 */
import { createReadStream } from "node:fs"
import { DatabaseSync, type SQLInputValue } from "node:sqlite"
import { parseArgs } from "node:util"
import { columns, createTable, merchantId, pragmas, upsert } from "./CustomersTable.ts"

const rowsPerStatement = 50
const rowsPerTransaction = 5_000

const { values: flags, positionals } = parseArgs({
  options: { database: { type: "string" } },
  allowPositionals: true
})
const database = new DatabaseSync(flags.database ?? "")
for (const pragma of pragmas) database.exec(`PRAGMA ${pragma}`)
database.exec(createTable)

const full = database.prepare(upsert(rowsPerStatement))
let values: Array<SQLInputValue> = []
let rows = 0
let inTransaction = 0

const write = (): void => {
  if (rows === 0) return
  if (inTransaction === 0) database.exec("BEGIN IMMEDIATE")
  ;(rows === rowsPerStatement ? full : database.prepare(upsert(rows))).run(...values)
  inTransaction += rows
  rows = 0
  values = []
}

const commit = (): void => {
  if (inTransaction > 0) database.exec("COMMIT")
  inTransaction = 0
}

const take = (line: string): void => {
  if (line === "") return
  const customer = JSON.parse(line) as Record<string, SQLInputValue>
  values.push(merchantId)
  for (const column of columns) values.push(customer[column] ?? null)
  if (++rows < rowsPerStatement) return
  write()
  if (inTransaction >= rowsPerTransaction) commit()
}

const file = positionals[0]
if (file !== undefined) {
  // Splitting chunks by hand: node:readline costs more than the parsing of a line does.
  let rest = ""
  for await (const chunk of createReadStream(file, { encoding: "utf8", highWaterMark: 1 << 18 })) {
    const lines = (rest + (chunk as string)).split("\n")
    rest = lines.pop() ?? ""
    for (const line of lines) take(line)
  }
  take(rest)
  write()
  commit()
}
database.close()

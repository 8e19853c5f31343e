/**
 * The barest honest synchronisation: fetch a page, JSON.parse, upsert its customers and cards in one transaction, while
 * the next page is fetched. Nothing is checked, remembered or compared. With --check it writes nothing and compares
 * every column of every row with the tables instead.
 * Run as: node BareSync.ts --database PATH --url URL --dialect ID --key KEY [--check]; tells what it did as JSON.
 */
import { DatabaseSync } from "node:sqlite"
import { setImmediate as turn } from "node:timers/promises"
import { parseArgs } from "node:util"
import { openTables, type Row, type Table } from "./SyncTables.ts"
import { polarisPages, virtposPages } from "./VendorPages.ts"

const pageSize = 200

const string = { type: "string" } as const
const { values: flags } = parseArgs({
  options: {
    database: string,
    url: string,
    dialect: string,
    key: string,
    check: { type: "boolean", default: false }
  }
})
const database = new DatabaseSync(flags.database ?? "")
const { cards, customers } = openTables(database)
const counts = { customers: 0, cards: 0, different: 0 }

/** Ours alone, and different each time. */
const own = new Set(["version", "created_at", "updated_at", "touched", "touched_at"])

const compare = (table: Table, rows: ReadonlyArray<Row>): void => {
  const columns = table.columns.filter((column) => !own.has(column))
  const kept = new Map(table.read(rows.map((row) => Number(row["id"]))).map((row) => [row["id"], row]))
  for (const row of rows) {
    const other = kept.get(row["id"])
    if (other === undefined || columns.some((column) => (row[column] ?? null) !== other[column]))
      counts.different++
  }
}

const pages = (flags.dialect === "polaris" ? polarisPages : virtposPages)(
  flags.url ?? "",
  flags.key ?? "",
  pageSize
)
let next = pages.next()
for (;;) {
  const { done, value } = await next
  if (done === true) break
  next = pages.next()
  // SQLite holds the loop up: the next request is on its way before.
  await turn()
  counts.customers += value.customers.length
  counts.cards += value.cards.length
  if (flags.check) {
    compare(customers, value.customers)
    compare(cards, value.cards)
    continue
  }
  database.exec("BEGIN IMMEDIATE")
  customers.put(value.customers)
  cards.put(value.cards)
  database.exec("COMMIT")
}
database.close()
process.stdout.write(`${JSON.stringify(counts)}\n`)

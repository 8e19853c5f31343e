/**
 * Gives a baseline's database one store, and a card to each of its first customers.
 * Run as: node CardsImport.ts --database PATH --count N
 */
import { parseArgs } from "node:util"
import { cardOf, storeId, storeName } from "../Cards.ts"
import { createChangesIndex, insertCard, insertStore } from "./CardsTable.ts"
import { openDatabase } from "./CustomerQueries.ts"
import { merchantId } from "./CustomersTable.ts"

const text = { type: "string" } as const
const { values: flags } = parseArgs({ options: { database: text, count: text } })
const database = openDatabase(flags.database ?? "")

database.exec(createChangesIndex)
database.exec("BEGIN IMMEDIATE")
database.prepare(insertStore).run(storeId, merchantId, storeName)
const insert = database.prepare(insertCard)
for (let number = 1; number <= Number(flags.count); number++) {
  const card = cardOf(number)
  insert.run(
    Number(card.number),
    merchantId,
    card.customer,
    Number(card.externalId.key),
    0,
    card.type,
    card.status === "blocked" ? "Blocked" : "Active",
    storeId,
    card.registered
  )
}
database.exec("COMMIT")
database.close()

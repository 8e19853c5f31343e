/**
 * Every customer in one JSON answer, a batch at a time: a hand-written server that built it whole would pass
 * the longest string V8 can hold before it reached a million customers.
 */
import type { CustomerQueries } from "./CustomerQueries.ts"

const batch = 500

export function* listing(customers: CustomerQueries): Generator<Buffer> {
  yield Buffer.from(`{"success":1,"type":"customer","count":${customers.count()},"customers":[`)
  let last = 0
  for (let rows = customers.after(last, batch); rows.length > 0; rows = customers.after(last, batch)) {
    const text = JSON.stringify(rows)
    yield Buffer.from(`${last === 0 ? "" : ","}${text.slice(1, -1)}`)
    last = rows.at(-1)?.["id"] as number
  }
  yield Buffer.from("]}")
}

/**
 * How a baseline server writes its answers; the body is encoded exactly once, into the Buffer that is sent.
 */
import type { CustomerRow } from "./CustomerQueries.ts"

export interface Encoding {
  readonly contentType: string
  readonly list: (rows: ReadonlyArray<CustomerRow>) => Buffer
  readonly saved: (id: number) => Buffer
  readonly failed: (info: string) => Buffer
}

export const json: Encoding = {
  contentType: "application/json; charset=UTF-8",
  list: (rows) =>
    Buffer.from(JSON.stringify({ success: 1, type: "customer", count: rows.length, customers: rows })),
  saved: (id) => Buffer.from(JSON.stringify({ success: 1, id, isnew: 0 })),
  failed: (info) => Buffer.from(JSON.stringify({ success: 0, info }))
}

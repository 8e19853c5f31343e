import type { DialectWire } from "../Wire.ts"

const one = ["id", "external_id", "card_uid", "card_barcode"]

export const virtpos: DialectWire = {
  id: "virtpos",
  operation: (_method, path, query) => {
    if (/\/api\/customer\/(?:update|updatecard|insertcard|deletecard)\/?$/.test(path)) return "write"
    if (!/\/api\/customer\/?$/.test(path)) return "other"
    return one.some((name) => query.has(name)) ? "read" : "list"
  },
  xml: { list: "customers", record: "customer" },
  json: { list: "customers" },
  members: { id: "id", date: "last_update_date", text: "lname", notes: "custom_information" },
  stamps: ["register_date", "created_date", "last_update_date", "block_date", "activate_date"],
  count: "count"
}

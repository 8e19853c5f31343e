import type { DialectWire } from "../Wire.ts"

export const megawin: DialectWire = {
  id: "megawin",
  operation: (_method, path, query) => {
    if (/\/customer\/(?:add|update|delete)\/?$/.test(path)) return "write"
    if (!/\/customer\/list\/?$/.test(path)) return "other"
    return ["id_client", "clcleunik", "id", "email"].some((name) => query.has(name)) ? "read" : "list"
  },
  json: { list: "customer" },
  members: { id: "clcleunik", date: "addedDate", text: "lastName", notes: "denomination" },
  stamps: ["addedDate"]
}

import type { DialectWire } from "../Wire.ts"

export const polaris: DialectWire = {
  id: "polaris",
  operation: (_method, path) => {
    if (path.endsWith("/acl.login") || path.endsWith("/acl.logout")) return "login"
    if (path.endsWith("/client.getclientsmodified")) return "list"
    if (path.endsWith("/client.getclient")) return "read"
    return path.endsWith("/client.putclient") ? "write" : "other"
  },
  xml: { list: "clients", record: "InfoClient" },
  json: { list: "clients" },
  members: { id: "IDClient", date: "DateModification", text: "Nom", notes: "Adresse1" },
  stamps: ["DateModification"],
  more: "hasMoreResults",
  resume: "checkPoint"
}

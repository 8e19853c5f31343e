/** What the rows of VirtualPOS ask. */
import { form, type Call } from "./Calls.ts"
import type { Server } from "./Fleet.ts"
import { type Format, type Listed, type Place, walk, type WireRecord } from "./Records.ts"

export const virtposRecords: Place = { json: ["customers"], xml: ["root", "customers", "customer"] }

const pageSize = 200

const query = (server: Server, format: Format): string =>
  `/api/customer?apikey=${server.apikey}&format=${format}`

/** Every page of so many customers. */
export const listPages = (server: Server, format: Format, count: number): Promise<Listed> =>
  walk(server, format, virtposRecords, {}, (index) =>
    index * pageSize < count
      ? { path: `${query(server, format)}&page=${index + 1}&page_size=${pageSize}` }
      : null
  )

export const customerById = (server: Server, _listed: Listed, { id }: WireRecord): Call => ({
  path: `${query(server, "json")}&id=${String(id)}`
})

export const updateById = (
  server: Server,
  { id }: WireRecord,
  values: Readonly<Record<string, string>>
): Call => ({
  path: `/api/customer/update?apikey=${server.apikey}&format=json&id=${String(id)}`,
  headers: form,
  body: new URLSearchParams(values).toString()
})

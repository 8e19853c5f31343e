/** What the rows of Megawin ask. */
import type { Call } from "./Calls.ts"
import type { Server } from "./Fleet.ts"
import { type Format, type Listed, type Place, walk, type WireRecord } from "./Records.ts"

export const megawinRecords: Place = { json: ["result", "customer"] }

const path = ({ apikey }: Server): string => `/CUSTOMER/LIST/?apikey=${apikey}`

/** The whole shop in one answer: the vendor knows no pages. */
export const listShop = (server: Server, format: Format): Promise<Listed> =>
  walk(server, format, megawinRecords, {}, (index) => (index === 0 ? { path: path(server) } : null))

export const shopCustomer = (server: Server, _listed: Listed, { clcleunik }: WireRecord): Call => ({
  path: `${path(server)}&id_client=${String(clcleunik)}`
})

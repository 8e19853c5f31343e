/** Requests that the rows about input begin with. */
import { callers } from "./shop.ts"
import { type Ask, basic } from "./wire.ts"

const { alpha } = callers
export const virtposQuery = `/api/customer?apikey=${alpha.key}&format=json`
export const megawinQuery = `/customer/list?apikey=${alpha.key}`
export const polarisHeaders = { Authorization: basic(alpha.login, alpha.key) }
export const polaris = (name: string, query: string): Ask => ({
  path: `/core/api/Client.${name}?${query}&output=json`,
  headers: polarisHeaders
})
export const xmlHeaders = { "Content-Type": "application/xml" }

export const xmlRequest = (members: string): string =>
  `<ClientInfoPeriodRequest xmlns="http://schemas.datacontract.org/2004/07/LCManagerPartner.Implementation.Request">${members}</ClientInfoPeriodRequest>`

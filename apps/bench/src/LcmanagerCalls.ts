/** What the rows of LCManager ask, with the bearer token of a login. */
import { ask, type Call, form } from "./Calls.ts"
import { cardsADay, dayOf } from "./Cards.ts"
import type { Server } from "./Fleet.ts"
import { login } from "./Participant.ts"
import { type Format, type Listed, type Place, walk } from "./Records.ts"

export const lcmanagerRecords: Place = {
  json: ["Clients"],
  xml: ["ClientInfoPeriodResponse", "Clients", "ClientInfoPeriodResponse.ClientInfoPeriodClient"]
}

const bearer = async (server: Server): Promise<Listed["access"]> => {
  const password = server.apikey
  const body = new URLSearchParams({ grant_type: "password", username: login, password }).toString()
  const { text } = await ask(server, { path: "/ManagerLogin", headers: form, body })
  return { Authorization: `Bearer ${(JSON.parse(text) as { access_token?: string }).access_token ?? ""}` }
}

/** Day after day, each with the cards that were registered on it. */
export const listDays = async (server: Server, format: Format, count: number): Promise<Listed> => {
  const access = await bearer(server)
  const headers = { ...access, Accept: `application/${format}`, "Content-Type": "application/json" }
  return walk(server, format, lcmanagerRecords, access, (index): Call | null => {
    if (index * cardsADay >= count) return null
    const day = dayOf(index)
    const body = JSON.stringify({ BegDate: day, EndDate: day, Registration: true })
    return { path: "/api/client/ClientInfoPeriod", headers, body }
  })
}

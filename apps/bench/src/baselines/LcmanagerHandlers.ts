/** LCManager: a token, and the cards that were registered in a period. */
import { parse } from "node:querystring"
import type Database from "better-sqlite3"
import { XMLBuilder } from "fast-xml-parser"
import { selectRegistered } from "./CardsTable.ts"
import type { CustomerRow } from "./CustomerQueries.ts"
import { merchantId } from "./CustomersTable.ts"
import { type Handlers, jsonType, readBody, refuse, send } from "./Exchange.ts"

const builder = new XMLBuilder({ suppressEmptyNode: true })

const contracts = "http://schemas.datacontract.org/2004/07/LCManagerPartner.Implementation"
const abstractions = `xmlns="${contracts}.Abstractions"`
const head =
  `<ClientInfoPeriodResponse xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns="${contracts}.Response">` +
  `<ErrorCode ${abstractions}>0</ErrorCode><Message ${abstractions}/>`
const tail = "</ClientInfoPeriodResponse>"

/** Members in the order of their names, as the vendor's XML has them. */
const inOrder = (r: CustomerRow): object => ({
  Card: r["Card"],
  Card_Status: r["Card_Status"],
  Card_Type: r["Card_Type"],
  Client: r["Client"],
  OutNumber: r["OutNumber"],
  RegDate: r["RegDate"],
  RegPos: r["RegPos"],
  RegPosName: r["RegPosName"],
  Virtual: r["Virtual"]
})

export const periodJson = (rows: ReadonlyArray<CustomerRow>): string =>
  JSON.stringify({ Clients: rows, ErrorCode: 0, Message: "" })

export const periodXml = (rows: ReadonlyArray<CustomerRow>): string => {
  const element = "ClientInfoPeriodResponse.ClientInfoPeriodClient"
  return head + builder.build({ Clients: { [element]: rows.map(inOrder) } }) + tail
}

/** The day after, as text that sorts behind every time of the day. */
const afterDay = (day: string): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10)

export const lcmanagerHandlers = (database: Database, apikey: string): Handlers => {
  const registered = database.prepare(selectRegistered)

  const period = (from: string, to: string): ReadonlyArray<CustomerRow> => {
    const rows = registered.all(merchantId, from, afterDay(to))
    for (const row of rows) row["Virtual"] = row["Virtual"] === 1
    return rows
  }

  return {
    "/managerlogin": ({ request, response }) =>
      readBody(request, (body) =>
        parse(body ?? "")["password"] === apikey
          ? send(response, jsonType, JSON.stringify({ access_token: apikey, token_type: "bearer" }))
          : refuse(response, 400)
      ),
    "/api/client/clientinfoperiod": ({ request, response }) =>
      readBody(request, (body) => {
        if (request.headers.authorization !== `Bearer ${apikey}`) return refuse(response, 401)
        const asked = JSON.parse(body ?? "{}") as { readonly BegDate: string; readonly EndDate: string }
        const rows = period(asked.BegDate, asked.EndDate)
        if (request.headers.accept === "application/xml")
          return send(response, "application/xml; charset=utf-8", periodXml(rows))
        send(response, jsonType, periodJson(rows))
      })
  }
}

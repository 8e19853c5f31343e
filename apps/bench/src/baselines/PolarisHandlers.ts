/** Polaris: a login, one client, a slice of those that changed. The checkpoint is the last one's time and id. */
import type { ServerResponse } from "node:http"
import { parse, type ParsedUrlQuery } from "node:querystring"
import type Database from "better-sqlite3"
import { selectCardsOf } from "./CardsTable.ts"
import type { CustomerRow } from "./CustomerQueries.ts"
import { merchantId, selectById, selectModified } from "./CustomersTable.ts"
import { type Exchange, type Handlers, readBody, refuse, send } from "./Exchange.ts"
import { type CardRow, type PolarisEncoding, polarisJson } from "./PolarisClients.ts"

const cookie = "PolarisSession"

const pointOf = (row: CustomerRow | undefined): string =>
  row === undefined
    ? ""
    : Buffer.from(`${String(row["last_update_date"])}|${String(row["id"])}`).toString("base64url")

export const polarisHandlers = (database: Database, xml: PolarisEncoding, apikey: string): Handlers => {
  const modified = database.prepare(selectModified)
  const byId = database.prepare(selectById)
  const cardsOf = database.prepare(selectCardsOf)

  const cardsByOwner = (rows: ReadonlyArray<CustomerRow>): Map<number, Array<CardRow>> => {
    const cards = cardsOf.all(JSON.stringify(rows.map((row) => row["id"])), merchantId)
    return Map.groupBy(cards as unknown as ReadonlyArray<CardRow>, (card) => card.customer_id)
  }

  const slice = (query: ParsedUrlQuery, encoding: PolarisEncoding, response: ServerResponse): void => {
    const limit = Number(query["limit"] ?? 100)
    const point = Buffer.from(String(query["checkPoint"] ?? ""), "base64url").toString()
    const [time = "", id = 0] =
      point === "" ? [String(query["lastChanged"]).replace("T", " ")] : point.split("|")
    const found = modified.all(merchantId, time, Number(id), limit + 1)
    const rows = found.slice(0, limit)
    const hasMore = found.length > limit
    const checkPoint = pointOf(rows.at(-1))
    send(
      response,
      encoding.contentType,
      encoding.slice({ rows, cards: cardsByOwner(rows), hasMore, checkPoint })
    )
  }

  const one = (query: ParsedUrlQuery, encoding: PolarisEncoding, response: ServerResponse): void => {
    const row = byId.get(Number(query["IDClient"]), merchantId)
    if (row === undefined) return refuse(response, 404)
    const cards = cardsOf.all(`[${String(row["id"])}]`, merchantId) as unknown as ReadonlyArray<CardRow>
    send(response, encoding.contentType, encoding.one(row, cards))
  }

  const withSession =
    (act: typeof slice) =>
    ({ query, request, response }: Exchange): void =>
      request.headers.cookie === `${cookie}=${apikey}`
        ? act(query, query["output"] === "json" ? polarisJson : xml, response)
        : refuse(response, 401)

  return {
    "/core/api/acl.login": ({ request, response }) =>
      readBody(request, (body) => {
        if (parse(body ?? "")["password"] !== apikey) return refuse(response, 401)
        send(response, "text/xml", "<boolean>true</boolean>", 200, { "set-cookie": `${cookie}=${apikey}` })
      }),
    "/core/api/client.getclient": withSession(one),
    "/core/api/client.getclientsmodified": withSession(slice)
  }
}

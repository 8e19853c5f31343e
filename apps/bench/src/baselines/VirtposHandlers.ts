/** VirtualPOS: the list, one customer, an update. */
import type { ServerResponse } from "node:http"
import { parse, type ParsedUrlQuery } from "node:querystring"
import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import type { CustomerQueries } from "./CustomerQueries.ts"
import { type Encoding, json } from "./Encoding.ts"
import { type Exchange, type Handlers, readBody, send } from "./Exchange.ts"
import { listing } from "./Listing.ts"

export const virtposHandlers = (customers: CustomerQueries, xml: Encoding, apikey: string): Handlers => {
  const list = (query: ParsedUrlQuery, encoding: Encoding, response: ServerResponse): void => {
    if (query["id"] !== undefined) {
      const row = customers.byId(Number(query["id"]))
      return send(response, encoding.contentType, encoding.list(row === undefined ? [] : [row]))
    }
    if (query["page"] !== undefined) {
      const rows = customers.page(Number(query["page"]), Number(query["page_size"] ?? 200))
      return send(response, encoding.contentType, encoding.list(rows))
    }
    if (encoding !== json) return send(response, encoding.contentType, encoding.failed("page is required"))
    response.writeHead(200, { "content-type": encoding.contentType })
    pipeline(Readable.from(listing(customers)), response).catch(() => response.destroy())
  }

  const withKey =
    (act: (exchange: Exchange, encoding: Encoding) => void) =>
    (exchange: Exchange): void => {
      const encoding = exchange.query["format"] === "json" ? json : xml
      if (exchange.query["apikey"] !== apikey)
        return send(exchange.response, encoding.contentType, encoding.failed("bad apikey"))
      act(exchange, encoding)
    }

  return {
    "/api/customer": withKey(({ query, response }, encoding) => list(query, encoding, response)),
    "/api/customer/update": withKey(({ query, request, response }, encoding) =>
      readBody(request, (body) => {
        if (body === null) return send(response, encoding.contentType, encoding.failed("body too large"), 413)
        const id = Number(query["id"])
        const found = customers.update(id, parse(body))
        send(response, encoding.contentType, found ? encoding.saved(id) : encoding.failed("no such customer"))
      })
    )
  }
}

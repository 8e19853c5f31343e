/**
 * Baselines 1 to 3: bare node:http and prepared statements, JSON by JSON.stringify, XML by template or
 * builder. Run as: node HttpServer.ts --port N --database PATH --apikey K [--xml template|builder]
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { parse } from "node:querystring"
import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { parseArgs } from "node:util"
import { openCustomers } from "./CustomerQueries.ts"
import { json, type Encoding } from "./Encoding.ts"
import { listing } from "./Listing.ts"
import { xmlBuilt } from "./XmlBuilt.ts"
import { xmlTemplate } from "./XmlTemplate.ts"

const text = { type: "string" } as const
const { values: flags } = parseArgs({ options: { port: text, database: text, apikey: text, xml: text } })
const customers = openCustomers(flags.database ?? "")
const xml = flags.xml === "builder" ? xmlBuilt : xmlTemplate
const bodyLimit = 65_536

const send = (response: ServerResponse, contentType: string, body: Buffer, status = 200): void => {
  response.writeHead(status, { "content-type": contentType, "content-length": body.length })
  response.end(body)
}

const readBody = (request: IncomingMessage, use: (body: string | null) => void): void => {
  const chunks: Array<Buffer> = []
  let length = 0
  request.on("data", (chunk: Buffer) => {
    length += chunk.length
    if (length <= bodyLimit) chunks.push(chunk)
  })
  request.on("end", () => use(length > bodyLimit ? null : Buffer.concat(chunks).toString()))
}

const list = (query: ReturnType<typeof parse>, encoding: Encoding, response: ServerResponse): void => {
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

const server = createServer((request, response) => {
  const url = request.url ?? "/"
  const mark = url.indexOf("?")
  const path = mark < 0 ? url : url.slice(0, mark)
  if (path === "/readyz") return send(response, "text/plain", Buffer.from("ready"))
  const query = parse(mark < 0 ? "" : url.slice(mark + 1))
  const encoding = query["format"] === "json" ? json : xml
  if (query["apikey"] !== flags.apikey)
    return send(response, encoding.contentType, encoding.failed("bad apikey"))
  if (path === "/api/customer") return list(query, encoding, response)
  if (path !== "/api/customer/update") return send(response, "text/plain", Buffer.from("not found"), 404)
  readBody(request, (body) => {
    if (body === null) return send(response, encoding.contentType, encoding.failed("body too large"), 413)
    const id = Number(query["id"])
    const found = customers.update(id, parse(body))
    send(response, encoding.contentType, found ? encoding.saved(id) : encoding.failed("no such customer"))
  })
})

server.listen(Number(flags.port), "127.0.0.1")
process.on("SIGTERM", () => {
  customers.close()
  process.exit(0)
})

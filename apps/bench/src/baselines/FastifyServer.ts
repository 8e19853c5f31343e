/**
 * Baseline 4: Fastify on the same statements, JSON only. Its answers go through JSON.stringify like those
 * of baseline 1, because a response schema (fast-json-stringify) was measured and was not faster for this
 * record. Run as: node FastifyServer.ts --port N --database PATH --apikey K
 */
import { parse } from "node:querystring"
import { Readable } from "node:stream"
import { parseArgs } from "node:util"
import Fastify from "fastify"
import { openCustomers, openDatabase } from "./CustomerQueries.ts"
import { json } from "./Encoding.ts"
import { listing } from "./Listing.ts"

interface CustomerQuery {
  readonly apikey?: string
  readonly id?: string
  readonly page?: string
  readonly page_size?: string
}

const text = { type: "string" } as const
const { values: flags } = parseArgs({ options: { port: text, database: text, apikey: text } })
const database = openDatabase(flags.database ?? "")
const customers = openCustomers(database)
const app = Fastify({ bodyLimit: 65_536 })

app.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (_request, body, done) =>
  done(null, parse(body as string))
)

app.get("/readyz", async () => "ready")

app.get<{ Querystring: CustomerQuery }>("/api/customer", (request, reply) => {
  reply.type(json.contentType)
  const { apikey, id, page, page_size: pageSize } = request.query
  if (apikey !== flags.apikey) return reply.send(json.failed("bad apikey"))
  if (id !== undefined) {
    const row = customers.byId(Number(id))
    return reply.send(json.list(row === undefined ? [] : [row]))
  }
  if (page !== undefined) return reply.send(json.list(customers.page(Number(page), Number(pageSize ?? 200))))
  return reply.send(Readable.from(listing(customers)))
})

app.post<{ Querystring: CustomerQuery }>("/api/customer/update", (request, reply) => {
  reply.type(json.contentType)
  if (request.query.apikey !== flags.apikey) return reply.send(json.failed("bad apikey"))
  const id = Number(request.query.id)
  const found = customers.update(id, request.body as Record<string, unknown>)
  return reply.send(found ? json.saved(id) : json.failed("no such customer"))
})

await app.listen({ port: Number(flags.port), host: "127.0.0.1" })
process.on("SIGTERM", () => {
  database.close()
  process.exit(0)
})

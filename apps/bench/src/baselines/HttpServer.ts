/**
 * Baselines 1 to 3: bare node:http and prepared statements, JSON by JSON.stringify, XML by template or
 * builder, in each of the dialects. Run as: node HttpServer.ts --port N --database PATH --apikey K [--xml template|builder]
 */
import { createServer } from "node:http"
import { parse } from "node:querystring"
import { parseArgs } from "node:util"
import { openCustomers, openDatabase } from "./CustomerQueries.ts"
import { type Handlers, send } from "./Exchange.ts"
import { lcmanagerHandlers } from "./LcmanagerHandlers.ts"
import { megawinHandlers } from "./MegawinHandlers.ts"
import { polarisBuilt, polarisTemplate } from "./PolarisClients.ts"
import { polarisHandlers } from "./PolarisHandlers.ts"
import { virtposHandlers } from "./VirtposHandlers.ts"
import { xmlBuilt } from "./XmlBuilt.ts"
import { xmlTemplate } from "./XmlTemplate.ts"

const text = { type: "string" } as const
const { values: flags } = parseArgs({ options: { port: text, database: text, apikey: text, xml: text } })
const apikey = flags.apikey ?? ""
const isBuilt = flags.xml === "builder"
const database = openDatabase(flags.database ?? "")

const handlers: Handlers = {
  ...virtposHandlers(openCustomers(database), isBuilt ? xmlBuilt : xmlTemplate, apikey),
  ...polarisHandlers(database, isBuilt ? polarisBuilt : polarisTemplate, apikey),
  ...megawinHandlers(database, apikey),
  ...lcmanagerHandlers(database, apikey),
  "/readyz": ({ response }) => send(response, "text/plain", "ready")
}

const server = createServer((request, response) => {
  const url = request.url ?? "/"
  const mark = url.indexOf("?")
  const path = (mark < 0 ? url : url.slice(0, mark)).toLowerCase()
  const handle = Object.hasOwn(handlers, path) ? handlers[path] : undefined
  if (handle === undefined) return send(response, "text/plain", "not found", 404)
  handle({ request, response, query: parse(mark < 0 ? "" : url.slice(mark + 1)) })
})

server.listen(Number(flags.port), "127.0.0.1")
process.on("SIGTERM", () => {
  database.close()
  process.exit(0)
})

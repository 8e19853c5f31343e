/**
 * A participant is whatever can be measured: how its server is started, how it imports a file, and how an
 * empty database is made for it. The baselines are participants like the contender, and any of them can
 * stand in for it.
 */
import type { Customer } from "./Customers.ts"
import type { Command } from "./Subprocess.ts"
import { run } from "./Subprocess.ts"

export interface Participant {
  readonly name: string
  /** Command lines, with {port}, {database}, {file}, {count} and {apikey} still to be filled in. */
  readonly serve: Command
  readonly importing: Command
  /** Gives a store, and a card to each of the first {count} customers of a {database} that has them. */
  readonly addingCards: Command
  /** One customer as a line of the file that `importing` reads. */
  readonly line: (customer: Customer) => string
  /** Makes a database with one merchant and no customers; answers the API key that reads them. */
  readonly prepare: (database: string, home: string) => Promise<string>
}

export interface Slots {
  readonly database: string
  readonly port?: number
  readonly file?: string
  readonly apikey?: string
  readonly count?: number
}

/** User of the logins with a password, which is the API key everywhere. */
export const login = "bench"

export const fillIn = (command: Command, slots: Slots): Command =>
  command.map((part) =>
    part.replace(/\{(\w+)\}/g, (whole, name: keyof Slots) => String(slots[name] ?? whole))
  )

const baselines = "apps/bench/src/baselines"
const importing = ["node", `${baselines}/NdjsonImport.ts`, "--database", "{database}", "{file}"]

const baseline = (name: string, program: string, ...more: ReadonlyArray<string>): Participant => ({
  name,
  serve: [
    ...`node ${baselines}/${program} --port {port} --database {database} --apikey {apikey}`.split(" "),
    ...more
  ],
  importing,
  addingCards: `node ${baselines}/CardsImport.ts --database {database} --count {count}`.split(" "),
  line: (customer) => JSON.stringify(customer),
  prepare: async (database, home) => {
    await run(fillIn(importing.slice(0, -1), { database }), home)
    return "bench-key"
  }
})

export const http = baseline("http", "HttpServer.ts", "--xml", "template")
export const httpBuilder = baseline("http + xml builder", "HttpServer.ts", "--xml", "builder")
export const fastify = baseline("fastify", "FastifyServer.ts")

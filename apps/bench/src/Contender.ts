/**
 * Tillbridge as a participant: a subprocess like every baseline, reached through its command line and HTTP only,
 * so that nothing of the bench runs inside it.
 */
import { fastify, fillIn, http, type Participant } from "./Participant.ts"
import { CommandFailed, type Command, run } from "./Subprocess.ts"
import type { Customer } from "./Customers.ts"
import { UsageError } from "./Options.ts"

const tillbridge = (...args: ReadonlyArray<string>): Command => [
  "node",
  "apps/cli/bin/tillbridge.js",
  ...args,
  "--database",
  "sqlite:{database}"
]

/** One line of the file that `customers import` reads. The baselines read the same line. */
export const importLine = (customer: Customer): string => JSON.stringify(customer)

/**
 * Makes the merchant and its key through the CLI.
 * TO PLUG IN: the flags of `merchants create` and `credentials create`, and where their JSON holds id and key.
 */
const prepare = async (database: string, home: string): Promise<string> => {
  const answer = async (...args: ReadonlyArray<string>): Promise<Readonly<Record<string, unknown>>> => {
    const { stdout } = await run(fillIn(tillbridge(...args, "--json"), { database }), home)
    return JSON.parse(stdout) as Readonly<Record<string, unknown>>
  }
  const merchant = await answer("merchants", "create", "Bench")
  const credential = await answer(
    "credentials",
    "create",
    "--merchant",
    String(merchant["id"]),
    "--dialect",
    "virtpos"
  )
  const key = credential["apikey"]
  if (typeof key !== "string") throw new CommandFailed("credentials create printed no apikey")
  return key
}

export const tillbridgeContender: Participant = {
  name: "tillbridge",
  serve: tillbridge("serve", "--host", "127.0.0.1", "--port", "{port}"),
  importing: tillbridge("customers", "import", "{file}"),
  prepare
}

const contenders: Readonly<Record<string, Participant>> = {
  tillbridge: tillbridgeContender,
  http: { ...http, name: "http (as contender)" },
  fastify: { ...fastify, name: "fastify (as contender)" }
}

export const contenderNamed = (name: string): Participant => {
  const found = Object.hasOwn(contenders, name) ? contenders[name] : undefined
  if (found !== undefined) return found
  throw new UsageError(`--contender takes ${Object.keys(contenders).join(", ")}, not "${name}"`)
}

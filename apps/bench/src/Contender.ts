/**
 * Tillbridge as a participant: a subprocess like every baseline, reached through its command line and HTTP
 * only, so that nothing of the bench runs inside it.
 */
import { writeFile } from "node:fs/promises"
import { fastify, fillIn, http, login, type Participant } from "./Participant.ts"
import { CommandFailed, type Command, run } from "./Subprocess.ts"
import { type Customer, merchantPrefix } from "./Customers.ts"
import { UsageError } from "./Options.ts"

const tillbridge = (...args: ReadonlyArray<string>): Command => [
  "node",
  "apps/cli/bin/tillbridge.js",
  ...args,
  "--database",
  "sqlite:{database}"
]

const instant = (local: string): string => `${local.replace(" ", "T")}.000Z`

/** A customer as `customers import` reads it: the domain's own record. The merchant's time zone is UTC. */
export const domainLine = (customer: Customer): string =>
  JSON.stringify({
    id: customer.id,
    externalIds: [{ system: merchantPrefix, key: customer.external_id }],
    firstName: customer.fname,
    lastName: customer.lname,
    middleName: customer.mname,
    email: customer.email,
    phone: customer.phone,
    gender: customer.gender === "F" ? "female" : "male",
    notes: customer.custom_information,
    birthDate: { day: customer.birth_day, month: customer.birth_month, year: customer.birth_year },
    registeredAt: instant(customer.register_date),
    accumulatedSales: String(customer.accumulated_sales),
    consents: {
      push: customer.send_push === 1,
      email: customer.send_email === 1,
      sms: customer.send_sms === 1
    },
    group: customer.group_name === null ? null : { name: customer.group_name },
    createdAt: instant(customer.created_date),
    createdBy: customer.created_by
  })

const otherAccess: ReadonlyArray<ReadonlyArray<string>> = [
  ["megawin"],
  ["polaris", "--login", login],
  ["lcmanager", "--login", login]
]

/**
 * Makes the merchant and its key through the CLI; `credentials create` shows a key it made once, as `secret`. The same
 * one is then the key, or the password, of every dialect.
 */
const prepare = async (database: string, home: string): Promise<string> => {
  const answer = async (...args: ReadonlyArray<string>): Promise<Readonly<Record<string, unknown>>> => {
    const { stdout } = await run(fillIn(tillbridge(...args, "--json"), { database }), home)
    return JSON.parse(stdout) as Readonly<Record<string, unknown>>
  }
  const prefix = ["--external-key-prefix", merchantPrefix]
  await answer("merchants", "create", "--name", "Bench", "--time-zone", "UTC", ...prefix)
  const { secret } = await answer("credentials", "create", "--dialect", "virtpos")
  if (typeof secret !== "string") throw new CommandFailed("credentials create printed no secret")
  const file = `${database}.key`
  await writeFile(file, secret, { mode: 0o600 })
  for (const [dialect = "", ...more] of otherAccess)
    await answer("credentials", "create", "--dialect", dialect, ...more, "--secret-file", file)
  return secret
}

export const tillbridgeContender: Participant = {
  name: "tillbridge",
  serve: tillbridge("serve", "--host", "127.0.0.1", "--port", "{port}"),
  importing: tillbridge("customers", "import", "{file}"),
  addingCards: [
    "node",
    "apps/bench/src/TillbridgeCards.ts",
    "--database",
    "{database}",
    "--count",
    "{count}"
  ],
  line: domainLine,
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

/** What `serve` answers, where, and how much of it: `[serve]`, `[limits]` and `[dialects.NAME]`, variables, flags. */
import { isIP } from "node:net"
import { dirname, resolve } from "node:path"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { DialectSettings, ListenerLimits, Mount, ServedDialect, ServerOptions } from "@tillbridge/server"
import { misconfigured } from "../Failure.ts"
import { didYouMean } from "../Suggest.ts"
import { readSecret, secretSource } from "./Secret.ts"
import { isTable, knownKeys, type ServeTables, type Table } from "./SettingsFile.ts"

export interface ServeFlags {
  readonly dialect: ReadonlyArray<string>
  readonly without: ReadonlyArray<string>
  readonly proxy: ReadonlyArray<string>
  readonly maxRequests: number | undefined
  readonly maxConnections: number | undefined
  readonly maxConnectionsPerAddress: number | undefined
}

type Variable = (name: string) => string | undefined

const listed = (text: string | undefined): ReadonlyArray<string> =>
  (text ?? "")
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "")

const dialectOf = (dialects: ReadonlyArray<ServedDialect>, id: string, said: string): ServedDialect => {
  const found = dialects.find((one) => one.id === id)
  if (found !== undefined) return found
  const ids = dialects.map((one) => one.id)
  throw misconfigured(
    `${said}: there is no dialect "${id}".${didYouMean(id, ids) || ` Known: ${ids.join(", ")}`}`
  )
}

const wholeNumber = (value: unknown, said: string, least = 1): number => {
  const number = typeof value === "bigint" ? Number(value) : value
  if (typeof number === "number" && Number.isSafeInteger(number) && number >= least) return number
  throw misconfigured(`${said} must be a whole number, ${least} or more`)
}

const durationOf = (value: unknown, said: string): Duration.Duration => {
  const duration =
    typeof value === "string" && /^\d+ [a-z]+$/.test(value)
      ? Duration.fromInput(value as Duration.Input)
      : Option.none<Duration.Duration>()
  if (Option.isSome(duration) && Duration.toMillis(duration.value) > 0) return duration.value
  throw misconfigured(`${said} must be a time such as "500 millis", "30 minutes" or "8 hours"`)
}

/** The keys of `[dialects.NAME]` that a dialect may take, as the file spells them. */
const settingKeys = {
  largestPage: "largest-page",
  secret: "secret",
  loginLifetime: "login-lifetime",
  refreshLifetime: "refresh-lifetime"
} as const satisfies Record<keyof DialectSettings, string>

interface DialectTable {
  readonly enabled: boolean
  readonly at: string
  readonly settings: DialectSettings
}

const dialectTable = (
  served: ServedDialect,
  file: ServeTables | undefined,
  variable: Variable
): DialectTable => {
  const { id } = served
  const table = file?.dialects?.[id] ?? {}
  const said = `${file?.path}: dialects.${id}`
  if (!isTable(table)) throw misconfigured(`${said} must be a table: [dialects.${id}]`)
  const keys = served.settings.map((key) => settingKeys[key])
  knownKeys(file?.path ?? "", ` in [dialects.${id}]`, table, ["enabled", "mount", ...keys])
  const { enabled = true, mount = "" } = table
  if (typeof enabled !== "boolean") throw misconfigured(`${said}.enabled must be true or false`)
  if (typeof mount !== "string") throw misconfigured(`${said}.mount must be a path in quotes, such as "/fr"`)
  const page = table[settingKeys.largestPage]
  const lifetime = (key: "loginLifetime" | "refreshLifetime") => {
    const value = table[settingKeys[key]]
    return value === undefined ? {} : { [key]: durationOf(value, `${said}.${settingKeys[key]}`) }
  }
  const secret = secretOf(served, table, said, file, variable)
  return {
    enabled,
    at: mount,
    settings: {
      ...(page === undefined ? {} : { largestPage: wholeNumber(page, `${said}.largest-page`) }),
      ...lifetime("loginLifetime"),
      ...lifetime("refreshLifetime"),
      ...(secret === undefined ? {} : { secret })
    }
  }
}

const secretOf = (
  { id, leastSecret = 1, settings }: ServedDialect,
  table: Table,
  said: string,
  file: ServeTables | undefined,
  variable: Variable
): Redacted.Redacted | undefined => {
  if (!settings.includes("secret")) return undefined
  const name = `TILLBRIDGE_${id.toUpperCase()}_SECRET`
  const given = variable(name)
  const what = `${said}.secret`
  const value = table[settingKeys.secret]
  const secret =
    given !== undefined
      ? Redacted.make(given)
      : value === undefined
        ? undefined
        : readSecret(secretSource(value, what, folderOf(file)), what)
  const where = given === undefined ? what : name
  if (secret !== undefined && Redacted.value(secret).length < leastSecret)
    throw misconfigured(`${where} must have at least ${leastSecret} characters`)
  return secret
}

const folderOf = (file: ServeTables | undefined): string => dirname(resolve(file?.path ?? "."))

/** `NAME` or `NAME=/MOUNT`. */
const chosen = (text: string) => {
  const at = text.indexOf("=")
  return at < 0 ? { id: text, mount: undefined } : { id: text.slice(0, at), mount: text.slice(at + 1) }
}

const mountsOf = (
  dialects: ReadonlyArray<ServedDialect>,
  file: ServeTables | undefined,
  flags: ServeFlags,
  variable: Variable
): ReadonlyArray<Mount> => {
  for (const id of Object.keys(file?.dialects ?? {}))
    dialectOf(dialects, id, `${file?.path}: [dialects.${id}]`)
  if (flags.dialect.length > 0 && flags.without.length > 0)
    throw misconfigured("--dialect names all that is served: leave out --without")
  const fromFlags = flags.dialect.length > 0
  const said = fromFlags ? "--dialect" : "TILLBRIDGE_DIALECTS"
  const only = (fromFlags ? flags.dialect : listed(variable("TILLBRIDGE_DIALECTS"))).map(chosen)
  for (const { id } of only) dialectOf(dialects, id, said)
  for (const id of flags.without) dialectOf(dialects, id, "--without")
  const twice = only.find(({ id }, index) => only.findIndex((one) => one.id === id) !== index)
  if (twice !== undefined) throw misconfigured(`${said} names ${twice.id} twice`)
  const mounts = dialects.flatMap((served): ReadonlyArray<Mount> => {
    const { id } = served
    const { at, enabled, settings } = dialectTable(served, file, variable)
    const choice = only.find((one) => one.id === id)
    const isServed = (only.length > 0 ? choice !== undefined : enabled) && !flags.without.includes(id)
    return isServed ? [{ served, at: choice?.mount ?? at, settings }] : []
  })
  if (mounts.length === 0) throw misconfigured("no dialect is left to serve")
  return mounts
}

const limitKeys = {
  requests: "inProgress",
  lag: "lag",
  connections: "connections",
  "connections-per-address": "connectionsPerAddress"
} as const

const limitsOf = (
  file: ServeTables | undefined,
  flags: ServeFlags,
  variable: Variable
): Partial<ListenerLimits> => {
  const table = file?.limits ?? {}
  knownKeys(file?.path ?? "", " in [limits]", table, Object.keys(limitKeys))
  const count = (flag: number | undefined, name: string, key: keyof typeof limitKeys) => {
    const text = variable(name)
    const value =
      flag ??
      (text !== undefined
        ? wholeNumber(Number(text), name)
        : table[key] === undefined
          ? undefined
          : wholeNumber(table[key], `${file?.path}: limits.${key}`))
    return value === undefined ? {} : { [limitKeys[key]]: value }
  }
  return {
    ...count(flags.maxRequests, "TILLBRIDGE_MAX_REQUESTS", "requests"),
    ...count(flags.maxConnections, "TILLBRIDGE_MAX_CONNECTIONS", "connections"),
    ...count(
      flags.maxConnectionsPerAddress,
      "TILLBRIDGE_MAX_CONNECTIONS_PER_ADDRESS",
      "connections-per-address"
    ),
    ...(table["lag"] === undefined ? {} : { lag: durationOf(table["lag"], `${file?.path}: limits.lag`) })
  }
}

const proxiesOf = (
  file: ServeTables | undefined,
  flags: ServeFlags,
  variable: Variable
): ReadonlyArray<string> => {
  const fromVariable = variable("TILLBRIDGE_PROXIES")
  const [given, said]: readonly [unknown, string] =
    flags.proxy.length > 0
      ? [flags.proxy, "--proxy"]
      : fromVariable !== undefined
        ? [listed(fromVariable), "TILLBRIDGE_PROXIES"]
        : [file?.proxies ?? [], `${file?.path}: serve.proxies`]
  if (!Array.isArray(given)) throw misconfigured(`${said} must be a list of addresses, such as ["10.0.0.5"]`)
  return given.map((one) => {
    if (typeof one === "string" && isIP(one) !== 0) return one
    throw misconfigured(`${said}: "${String(one)}" is no IP address`)
  })
}

/** Throws a `Failure` that names the first mistake. */
export const serveSettings = (
  dialects: ReadonlyArray<ServedDialect>,
  file: ServeTables | undefined,
  flags: ServeFlags,
  variable: Variable
): Required<Pick<ServerOptions, "dialects" | "limits" | "proxies">> => ({
  dialects: mountsOf(dialects, file, flags, variable),
  limits: limitsOf(file, flags, variable),
  proxies: proxiesOf(file, flags, variable)
})

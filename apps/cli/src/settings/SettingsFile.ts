/** `tillbridge.toml`: read whole, every key known, every mistake named. */
import { readFileSync } from "node:fs"
import { dirname, resolve } from "node:path"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Toml from "effect/encoding/Toml"
import { misconfigured, systemReason } from "../Failure.ts"
import { didYouMean } from "../Suggest.ts"
import { readSecret, secretSource } from "./Secret.ts"

/** What only `serve` reads, as it stands in the file: a secret that is not set must not stop another command. */
export interface ServeTables {
  readonly path: string
  readonly limits?: Table
  readonly dialects?: Table
  readonly proxies?: unknown
}

/** What only commands on remotes read, as it stands in the file. */
export interface RemoteTables {
  readonly path: string
  readonly remotes?: Table
  readonly links?: Table
}

export interface SettingsFile extends ServeTables, RemoteTables {
  readonly database?: string
  readonly merchant?: string
  readonly host?: string
  readonly port?: number
}

export type Table = Record<string, unknown>

export const isTable = (value: unknown): value is Table =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date)

export const knownKeys = (path: string, where: string, table: Table, known: ReadonlyArray<string>): void => {
  for (const key of Object.keys(table)) {
    if (known.includes(key)) continue
    const hint = didYouMean(key, known)
    throw misconfigured(
      `${path}: unknown key "${key}"${where}.${hint === "" ? ` Known: ${known.join(", ")}` : hint}`
    )
  }
}

/** A database URL: text, or a secret where it holds one. */
const databaseOf = (path: string, value: unknown): string => {
  if (isTable(value)) {
    knownKeys(path, " in database", value, ["env", "file"])
    const what = `${path}: database`
    return Redacted.value(readSecret(secretSource(value, what, dirname(path)), what))
  }
  if (typeof value !== "string")
    throw misconfigured(`${path}: database must be a text such as "sqlite:shop.sqlite"`)
  if (/^[a-z][a-z0-9+.-]*:\/\/[^/@\s]*:[^/@\s]+@/i.test(value)) {
    throw misconfigured(
      `${path}: database holds a password, and a secret may not stand in the file: write database = { env = "NAME" } or { file = "PATH" }`
    )
  }
  // A path in the file is meant from the file's own folder, wherever the command runs.
  const relative = /^sqlite:(?!\/\/)(.+)$/.exec(value)
  return relative === null ? value : `sqlite:${resolve(dirname(path), relative[1]!)}`
}

const textOf = (path: string, key: string, value: unknown): string => {
  if (typeof value === "string" && value !== "") return value
  throw misconfigured(`${path}: ${key} must be a text in quotes`)
}

const tableOf = (path: string, key: string, root: Table): Table | undefined => {
  const value = root[key]
  if (value === undefined || isTable(value)) return value
  throw misconfigured(`${path}: ${key} must be a table: [${key}]`)
}

/** What the parser says, without the value it stumbled over: that may be a secret that lacks its quotes. */
const faultOf = (message: string): string =>
  message.replace(/^(Invalid value|Invalid date-time|Integer out of range) '.*' (at line)/s, "$1 $2")

/** The settings file, whether it exists or not. */
export const settingsPath = (given: string | undefined): string => resolve(given ?? "tillbridge.toml")

/** `undefined` when the file is the default one and does not exist. */
export const readSettingsFile = (given: string | undefined): SettingsFile | undefined => {
  const path = settingsPath(given)
  let text: string
  try {
    text = readFileSync(path, "utf8")
  } catch (cause) {
    if (given === undefined && (cause as NodeJS.ErrnoException).code === "ENOENT") return undefined
    throw misconfigured(`cannot read the settings file ${path}: ${systemReason(cause)}`)
  }
  const parsed = Toml.parse(text)
  if (Result.isFailure(parsed))
    throw misconfigured(`${path} is not valid TOML: ${faultOf(parsed.failure.message)}`)
  const root: Table = parsed.success
  knownKeys(path, "", root, ["database", "merchant", "serve", "limits", "dialects", "remotes", "links"])
  const { database, merchant } = root
  const serve = tableOf(path, "serve", root)
  const limits = tableOf(path, "limits", root)
  const dialects = tableOf(path, "dialects", root)
  const remotes = tableOf(path, "remotes", root)
  const links = tableOf(path, "links", root)
  if (serve !== undefined) knownKeys(path, " in [serve]", serve, ["host", "port", "proxies"])
  const host = serve?.["host"]
  const port = serve?.["port"] === undefined ? undefined : Number(serve["port"])
  if (port !== undefined && !isPort(port))
    throw misconfigured(`${path}: serve.port must be a number from 0 to 65535`)
  return {
    path,
    ...(database === undefined ? {} : { database: databaseOf(path, database) }),
    ...(merchant === undefined
      ? {}
      : {
          merchant:
            typeof merchant === "number" || typeof merchant === "bigint"
              ? String(merchant)
              : textOf(path, "merchant", merchant)
        }),
    ...(host === undefined ? {} : { host: textOf(path, "serve.host", host) }),
    ...(port === undefined ? {} : { port }),
    ...(limits === undefined ? {} : { limits }),
    ...(dialects === undefined ? {} : { dialects }),
    ...(remotes === undefined ? {} : { remotes }),
    ...(links === undefined ? {} : { links }),
    ...(serve?.["proxies"] === undefined ? {} : { proxies: serve["proxies"] })
  }
}

export const isPort = (port: number): boolean => Number.isInteger(port) && port >= 0 && port <= 65_535

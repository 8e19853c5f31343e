/** `[remotes.NAME]`: what a remote is called, where it is, and how its dialect is to speak with it. */
import { STORE_SYSTEM } from "@tillbridge/sync"
import { misconfigured } from "../Failure.ts"
import { type SecretSource, secretWarning } from "../settings/Secret.ts"
import { isTable, type Table } from "../settings/SettingsFile.ts"
import { didYouMean } from "../Suggest.ts"
import * as lcmanager from "./lcmanager.ts"
import * as megawin from "./megawin.ts"
import { type OptionReader, readerOf } from "./OptionReader.ts"
import * as polaris from "./polaris.ts"
import * as virtpos from "./virtpos.ts"

export interface CommonSettings {
  /** Also the `system` of its customers' external ids. */
  readonly name: string
  /** `undefined`: the vendor's only one. */
  readonly url: string | undefined
  /** Requests a second; `undefined`: as many as are made. */
  readonly rate: number | undefined
  /** Requests that may go at once after a quiet time. */
  readonly burst: number | undefined
  /** The settings file. */
  readonly path: string
  /** As it stands in the file: no secret is in it. */
  readonly table: Table
  readonly secrets: Readonly<Record<string, SecretSource>>
}

export type RemoteSettings = CommonSettings &
  (
    | { readonly dialect: "virtpos"; readonly options: virtpos.Options }
    | { readonly dialect: "polaris"; readonly options: polaris.Options }
    | { readonly dialect: "lcmanager"; readonly options: lcmanager.Options }
    | { readonly dialect: "megawin"; readonly options: megawin.Options }
  )

export const remoteDialects = ["virtpos", "polaris", "lcmanager", "megawin"] as const
export type RemoteDialect = (typeof remoteDialects)[number]

/** The keys of every remote, whatever its dialect. */
const commonKeys = ["dialect", "url", "rate", "burst"]

const dialectKeys: Readonly<Record<RemoteDialect, ReadonlyArray<string>>> = {
  virtpos: virtpos.keys,
  polaris: polaris.keys,
  lcmanager: lcmanager.keys,
  megawin: megawin.keys
}

/** Every key that `[remotes.NAME]` may have in a dialect. */
export const keysOf = (dialect: RemoteDialect): ReadonlyArray<string> => [
  ...commonKeys,
  ...dialectKeys[dialect]
]

/** The store's own name where links name their ends. */
export const STORE = "store"

/** Why a remote or link cannot be called so; `undefined`: it can. */
export const nameFault = (name: string): string | undefined => {
  if (name === STORE || name === STORE_SYSTEM)
    return `"${name}" is the store of this project itself: choose another name`
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(name))
    return "a name has lower-case letters, digits and hyphens, begins with a letter and has at most 40 characters"
  return undefined
}

const urlOf = (option: OptionReader, dialect: RemoteDialect): string | undefined => {
  const text = option.text("url")
  if (text === undefined)
    return dialect === "megawin" ? undefined : option.needed("url", text, 'write url = "https://…"')
  const url = URL.canParse(text) ? new URL(text) : undefined
  // Blanks and quotes are none of a URL's: what reads them away would hide them.
  const plain = url !== undefined && url.username === "" && url.password === "" && !/[?#\s"'<>\\]/.test(text)
  return plain && /^https?:$/.test(url.protocol)
    ? text
    : option.refuse("url", "must begin with https:// or http://, without login, question mark or #")
}

const readDialect = (dialect: RemoteDialect, option: OptionReader) => {
  switch (dialect) {
    case "virtpos":
      return { dialect, options: virtpos.read(option) }
    case "polaris":
      return { dialect, options: polaris.read(option) }
    case "lcmanager":
      return { dialect, options: lcmanager.read(option) }
    case "megawin":
      return { dialect, options: megawin.read(option) }
  }
}

/** Keys that hold secrets, in any dialect. */
export const secretKeys = ["key", "password"]

/** Checks one table whole. Throws a `Failure` that names file, table and field. */
export const readRemote = (path: string, name: string, value: unknown): RemoteSettings => {
  const where = `remotes.${name}`
  const fault = nameFault(name)
  if (fault !== undefined) throw misconfigured(`${path}: [${where}]: ${fault}`)
  if (!isTable(value)) throw misconfigured(`${path}: ${where} must be a table: [${where}]`)
  const option = readerOf(path, where, value)
  const dialect = option.needed(
    "dialect",
    option.choice("dialect", remoteDialects),
    `one of ${remoteDialects.join(", ")}`
  )
  option.only(keysOf(dialect))
  const settings = {
    name,
    url: urlOf(option, dialect),
    rate: option.positive("rate", 10_000),
    burst: option.whole("burst", 1, 100_000),
    path,
    table: value,
    secrets: Object.fromEntries(
      secretKeys.flatMap((key) => {
        const source = dialectKeys[dialect].includes(key) ? option.secret(key) : undefined
        return source === undefined ? [] : [[key, source]]
      })
    ),
    ...readDialect(dialect, option)
  } satisfies RemoteSettings
  const { externalSystem } = { externalSystem: undefined, ...settings.options }
  if (externalSystem === name) option.refuse("external-system", "must differ from the name of the remote")
  if (settings.burst !== undefined && settings.rate === undefined)
    option.refuse("burst", "means nothing without rate")
  return settings
}

/** What is said where no remote has that name. */
export const unknownRemote = (name: string, known: ReadonlyArray<string>, path: string): string => {
  if (known.length === 0) {
    return `there is no remote "${name}", and none in ${path}. Add one: tillbridge remotes add NAME --dialect ID --url URL`
  }
  const hint = didYouMean(name, known)
  return `there is no remote "${name}".${hint} In ${path}: ${known.join(", ")}`
}

/** What somebody should know of the places of its secrets; nothing of the secrets. */
export const secretWarnings = ({ name, secrets }: RemoteSettings): ReadonlyArray<string> =>
  Object.entries(secrets).flatMap(([key, source]) => secretWarning(source, `remotes.${name}.${key}`) ?? [])

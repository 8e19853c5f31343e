/** The remotes and links of the settings file, with what variables say of them. Each is checked when it is asked for. */
import { existsSync } from "node:fs"
import type * as Effect from "effect/Effect"
import { type Failure, misconfigured, usage } from "../Failure.ts"
import { attempt, variable } from "../settings/Settings.ts"
import { isTable, readSettingsFile, settingsPath, type Table } from "../settings/SettingsFile.ts"
import { didYouMean } from "../Suggest.ts"
import { type LinkSettings, readLink } from "./LinkSettings.ts"
import { readRemote, type RemoteSettings, secretKeys, unknownRemote } from "./RemoteSettings.ts"

export interface SyncSettings {
  /** The settings file, which need not exist. */
  readonly path: string
  readonly remoteNames: ReadonlyArray<string>
  readonly linkNames: ReadonlyArray<string>
  /** An unknown name is answered with the known ones and the nearest. */
  readonly remote: (name: string) => Effect.Effect<RemoteSettings, Failure>
  readonly link: (name: string) => Effect.Effect<LinkSettings, Failure>
  readonly remotes: Effect.Effect<ReadonlyArray<RemoteSettings>, Failure>
  readonly links: Effect.Effect<ReadonlyArray<LinkSettings>, Failure>
}

/** The fields of a remote that TILLBRIDGE_REMOTE_NAME_FIELD sets. */
const variableFields = ["url", "user", ...secretKeys]

const prefix = "TILLBRIDGE_REMOTE_"

const variableOf = (name: string, field: string) =>
  `${prefix}${name.replaceAll("-", "_").toUpperCase()}_${field.toUpperCase()}`

/** A table with the word of variables in place; of a secret it is the variable's name that stands there. */
const withVariables = (name: string, table: unknown): unknown => {
  if (!isTable(table)) return table
  const said: Table = {}
  for (const field of variableFields) {
    const value = variable(variableOf(name, field))
    if (value !== undefined)
      said[field] = secretKeys.includes(field) ? { env: variableOf(name, field) } : value
  }
  return { ...table, ...said }
}

/** A variable of a remote that is not there would be taken for set. */
const refuseStray = (names: ReadonlyArray<string>): void => {
  const known = names.flatMap((name) => variableFields.map((field) => variableOf(name, field)))
  for (const name of Object.keys(process.env)) {
    if (!name.startsWith(prefix) || known.includes(name)) continue
    const hint = didYouMean(name, known, "")
    if (hint !== "") throw misconfigured(`the environment variable ${name} means nothing here.${hint}`)
  }
}

/**
 * `config` is the file that the caller named; without one, `tillbridge.toml` of the working folder. A file that was
 * named must be there, unless `mayCreate`.
 */
export const syncSettings = (
  given: { readonly config: string | undefined },
  { mayCreate = false }: { readonly mayCreate?: boolean } = {}
): Effect.Effect<SyncSettings, Failure> =>
  attempt((): SyncSettings => {
    const path = settingsPath(given.config)
    const file = mayCreate && !existsSync(path) ? undefined : readSettingsFile(given.config)
    const remoteTables = file?.remotes ?? {}
    const linkTables = file?.links ?? {}
    const remoteNames = Object.keys(remoteTables)
    const linkNames = Object.keys(linkTables)
    refuseStray(remoteNames)
    const remote = (name: string) => {
      if (!remoteNames.includes(name)) throw usage(unknownRemote(name, remoteNames, path))
      return readRemote(path, name, withVariables(name, remoteTables[name]))
    }
    const link = (name: string) => {
      if (linkNames.includes(name)) return readLink(path, name, linkTables[name], remoteNames)
      const known = linkNames.length === 0 ? `${path} has none` : `In ${path}: ${linkNames.join(", ")}`
      throw usage(`there is no link "${name}".${didYouMean(name, linkNames)} ${known}`)
    }
    return {
      path,
      remoteNames,
      linkNames,
      remote: (name) => attempt(() => remote(name)),
      link: (name) => attempt(() => link(name)),
      remotes: attempt(() => remoteNames.map(remote)),
      links: attempt(() => linkNames.map(link))
    }
  })

/** Settings: `tillbridge.toml`, then TILLBRIDGE_* variables, then flags; the last word wins. */
import { homedir } from "node:os"
import { join, resolve } from "node:path"
import * as Effect from "effect/Effect"
import { Failure, misconfigured, usage } from "../Failure.ts"
import type { Session } from "../GlobalFlags.ts"
import { didYouMean } from "../Suggest.ts"
import { serveVariables } from "./serveVariables.ts"
import { isPort, readSettingsFile, type ServeTables } from "./SettingsFile.ts"

export { isPort }

export interface Settings {
  readonly databasePath: string
  readonly merchant: string | undefined
  readonly host: string
  readonly port: number
  /** What of the settings file is for `serve` alone. */
  readonly serve: ServeTables | undefined
}

const known = [
  "TILLBRIDGE_DATABASE",
  "TILLBRIDGE_MERCHANT",
  "TILLBRIDGE_HOST",
  "TILLBRIDGE_PORT",
  "TILLBRIDGE_DEBUG",
  ...serveVariables
]

/** Of the environment; one that is set to nothing is not set. */
export const variable = (name: string): string | undefined => {
  const value = process.env[name]
  return value === undefined || value === "" ? undefined : value
}

/** Where programs of this system keep a user's data. */
const dataFolder = (): string => {
  if (process.platform === "win32")
    return join(process.env["LOCALAPPDATA"] ?? join(homedir(), "AppData", "Local"), "Tillbridge")
  if (process.platform === "darwin") return join(homedir(), "Library", "Application Support", "tillbridge")
  const base = process.env["XDG_DATA_HOME"]
  return join(
    base === undefined || !base.startsWith("/") ? join(homedir(), ".local", "share") : base,
    "tillbridge"
  )
}

/** The file of a `sqlite:` URL. `said` names where the URL was given. */
const pathOf = (url: string, said: string): string => {
  if (/^postgres(ql)?:/i.test(url)) {
    throw misconfigured(
      `${said} names a Postgres database, but this version stores in SQLite only: use sqlite:PATH`
    )
  }
  const match = /^sqlite:(?:\/\/(?=\/))?(.*)$/.exec(url)
  if (match === null)
    throw misconfigured(`${said} must be sqlite:PATH, not "${url.replace(/:[^:/@]+@/, ":***@")}"`)
  const path = match[1]!
  if (path === "" || path === ":memory:") throw misconfigured(`${said} must name a file: sqlite:PATH`)
  return resolve(path)
}

const resolveSettings = (session: Session): Settings => {
  for (const name of Object.keys(process.env)) {
    if (!name.startsWith("TILLBRIDGE_") || known.includes(name)) continue
    const hint = didYouMean(name, known, "")
    if (hint !== "") throw misconfigured(`the environment variable ${name} means nothing here.${hint}`)
  }
  const file = readSettingsFile(session.config)
  const [url, said] =
    session.database !== undefined
      ? [session.database, "--database"]
      : variable("TILLBRIDGE_DATABASE") !== undefined
        ? [variable("TILLBRIDGE_DATABASE")!, "TILLBRIDGE_DATABASE"]
        : [file?.database, `database in ${file?.path}`]
  const portText = variable("TILLBRIDGE_PORT")
  const port = portText === undefined ? (file?.port ?? 8080) : Number(portText)
  if (!isPort(port))
    throw misconfigured(`TILLBRIDGE_PORT must be a number from 0 to 65535, not "${portText}"`)
  return {
    databasePath: url === undefined ? join(dataFolder(), "tillbridge.sqlite") : pathOf(url, said),
    merchant: variable("TILLBRIDGE_MERCHANT") ?? file?.merchant,
    host: variable("TILLBRIDGE_HOST") ?? file?.host ?? "127.0.0.1",
    port,
    serve: file
  }
}

/** Runs code that refuses by throwing a `Failure`. */
export const attempt = <A>(run: () => A): Effect.Effect<A, Failure> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(run())
    } catch (error) {
      return error instanceof Failure ? Effect.fail(error) : Effect.die(error)
    }
  })

export const settingsOf = (session: Session): Effect.Effect<Settings, Failure> =>
  attempt(() => resolveSettings(session))

/** `SYSTEM:KEY`; the key may hold further colons. */
export const externalIdOf = (text: string) => {
  const at = text.indexOf(":")
  if (at < 1 || at === text.length - 1) throw usage(`--external-id must be SYSTEM:KEY, not "${text}"`)
  return { system: text.slice(0, at), key: text.slice(at + 1) }
}

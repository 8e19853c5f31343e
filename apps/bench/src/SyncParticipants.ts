/**
 * Who synchronises: command lines that mirror a site into a fresh database and compare the two. Tillbridge is reached
 * through its command line alone, with a settings file as its user writes it.
 */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { tillbridgeContender } from "./Contender.ts"
import type { Fleet } from "./Fleet.ts"
import { UsageError } from "./Options.ts"
import { http } from "./Participant.ts"
import { pageSize, type Site, siteSecret } from "./Sites.ts"
import { CommandFailed, type Command } from "./Subprocess.ts"

export type Format = "json" | "xml"

export interface Synced {
  readonly customers: number
  readonly cards: number
  readonly problem: string | null
}

export interface Checked {
  readonly compared: number
  readonly different: number
}

export interface SyncParticipant {
  readonly name: string
  /** Path of a new database without customers. */
  readonly empty: () => Promise<string>
  readonly sync: (site: Site, format: Format, database: string) => Command
  readonly check: (site: Site, format: Format, database: string) => Command
  /** What the commands said. */
  readonly synced: (stdout: string) => Synced
  readonly checked: (stdout: string) => Checked
}

const lastLine = (stdout: string): Readonly<Record<string, unknown>> => {
  const line = stdout.trimEnd().split("\n").at(-1) ?? ""
  try {
    return JSON.parse(line) as Readonly<Record<string, unknown>>
  } catch {
    throw new CommandFailed(`no JSON at the end of: ${line.slice(0, 200)}`)
  }
}

const numbers = (document: Readonly<Record<string, unknown>>, ...names: ReadonlyArray<string>): number =>
  names.reduce((sum, name) => sum + Number(document[name] ?? 0), 0)

const settingsOf = ({ dialect, url }: Site, format: Format, secretFile: string): string => {
  const secret = `{ file = ${JSON.stringify(secretFile)} }`
  const common = [
    "[remotes.site]",
    `dialect = "${dialect}"`,
    `url = "${url}"`,
    `format = "${format}"`
  ].concat(`page-size = ${pageSize}`, 'time-zone = "Europe/Paris"')
  const own =
    dialect === "virtpos"
      ? [`key = ${secret}`]
      : [`user = "${siteSecret}"`, `password = ${secret}`, "code-magasin = 1", 'prefix-cle = "SHOP"']
  return `${[...common, ...own].join("\n")}\n`
}

const tillbridge = (fleet: Fleet): SyncParticipant => {
  const command =
    (words: ReadonlyArray<string>) =>
    (site: Site, format: Format, database: string): Command => {
      const name = join(fleet.folder, `${site.dialect}-${format}-${site.customers}`)
      writeFileSync(`${name}.secret`, siteSecret, { mode: 0o600 })
      writeFileSync(`${name}.toml`, settingsOf(site, format, `${name}.secret`))
      const flags = ["--config", `${name}.toml`, "--database", `sqlite:${database}`, "--json"]
      return ["node", "apps/cli/bin/tillbridge.js", ...words, "site", "store", ...flags]
    }
  return {
    name: tillbridgeContender.name,
    empty: async () => (await fleet.empty(tillbridgeContender)).database,
    sync: command(["sync", "run"]),
    check: command(["check"]),
    synced: (stdout) => {
      const end = lastLine(stdout)
      const aside = numbers(end, "deadLettered", "kept")
      const problem =
        end["event"] !== "done" || aside > 0
          ? `ended as ${String(end["event"])} with ${aside} set aside`
          : null
      return { customers: numbers(end, "seen"), cards: numbers(end, "cards"), problem }
    },
    checked: (stdout) => {
      const { counts } = lastLine(stdout) as { readonly counts: Readonly<Record<string, unknown>> }
      return {
        compared: numbers(counts, "same", "different"),
        different: numbers(counts, "different", "onlyA", "onlyB", "unreadable")
      }
    }
  }
}

let made = 0

export const bareSync = (fleet: Fleet): SyncParticipant => {
  const command =
    (...more: ReadonlyArray<string>) =>
    ({ dialect, url }: Site, _format: Format, database: string): Command => [
      "node",
      "apps/bench/src/baselines/BareSync.ts",
      "--database",
      database,
      "--url",
      url,
      "--dialect",
      dialect,
      "--key",
      siteSecret,
      ...more
    ]
  return {
    name: "bare sync",
    empty: async () => join(fleet.folder, `bare-${made++}.sqlite`),
    sync: command(),
    check: command("--check"),
    synced: (stdout) => {
      const end = lastLine(stdout)
      return { customers: numbers(end, "customers"), cards: numbers(end, "cards"), problem: null }
    },
    checked: (stdout) => {
      const end = lastLine(stdout)
      return { compared: numbers(end, "customers"), different: numbers(end, "different") }
    }
  }
}

/** The baselines of HTTP servers do not synchronise: in their place the bare loop is measured against itself. */
export const syncContender = (fleet: Fleet, name: string): SyncParticipant => {
  if (name === tillbridgeContender.name) return tillbridge(fleet)
  if (name === http.name) return { ...bareSync(fleet), name: "bare sync (as contender)" }
  throw new UsageError(`the rows of sync take --contender ${tillbridgeContender.name} or ${http.name}`)
}

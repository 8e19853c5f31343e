/** What the rows of synchronising share: one run of one side, and what is left of it. */
import { rmSync } from "node:fs"
import type { Comparison } from "./Comparison.ts"
import type { Fleet } from "./Fleet.ts"
import type { Options } from "./Options.ts"
import { cpuMs, watchMemory } from "./Proc.ts"
import type { Site, Sites, SyncedDialect } from "./Sites.ts"
import { type Command, run } from "./Subprocess.ts"
import { bareSync, type Format, syncContender, type SyncParticipant } from "./SyncParticipants.ts"

export interface Ran {
  readonly seconds: number
  readonly cpuMs: number
  readonly peakMb: number
  /** Of a CPU, of the site meanwhile. */
  readonly siteShare: number
  readonly requests: number
  readonly stdout: string
}

/** What a first run left. */
export interface Mirror {
  readonly database: string
  readonly ran: Ran
}

export interface SyncBench {
  readonly fleet: Fleet
  readonly options: Options
  readonly sites: Sites
  readonly ours: SyncParticipant
  readonly theirs: SyncParticipant
  /** Mirrors the whole site into a new database. */
  readonly mirror: (side: SyncParticipant, site: Site, format: Format) => Promise<Mirror>
  /** One such mirror that stays for the rest of the run; made unless there is one. */
  readonly kept: (side: SyncParticipant, site: Site, format: Format) => Promise<Mirror>
  /** Keeps a mirror unless there is one already; otherwise it is removed. */
  readonly keepOrRemove: (side: SyncParticipant, site: Site, format: Format, mirror: Mirror) => void
}

/** Runs a command that talks to the site. */
export const runAgainst = async (fleet: Fleet, site: Site, command: Command): Promise<Ran> => {
  let memory = { stop: () => 0 }
  const requestsBefore = await site.requests()
  const siteBefore = cpuMs(site.pid)
  const finished = await run(command, fleet.folder, (pid) => {
    memory = watchMemory(pid)
  })
  return {
    ...finished,
    peakMb: memory.stop(),
    siteShare: (cpuMs(site.pid) - siteBefore) / 1000 / finished.seconds,
    requests: (await site.requests()) - requestsBefore
  }
}

const removeDatabase = (database: string): void => {
  for (const suffix of ["", "-wal", "-shm"]) rmSync(database + suffix, { force: true })
}

export const openSyncBench = (fleet: Fleet, sites: Sites, options: Options): SyncBench => {
  const mirrors = new Map<string, Promise<Mirror>>()
  const keyOf = (side: SyncParticipant, site: Site, format: Format): string =>
    [side.name, site.dialect, site.customers, format].join(" ")
  const mirror: SyncBench["mirror"] = async (side, site, format) => {
    const database = await side.empty()
    return { database, ran: await runAgainst(fleet, site, side.sync(site, format, database)) }
  }
  return {
    fleet,
    options,
    sites,
    ours: syncContender(fleet, options.contender),
    theirs: bareSync(fleet),
    mirror,
    kept: (side, site, format) => {
      const key = keyOf(side, site, format)
      return mirrors.get(key) ?? mirrors.set(key, mirror(side, site, format)).get(key)!
    },
    keepOrRemove: (side, site, format, made) => {
      const key = keyOf(side, site, format)
      if (mirrors.has(key)) removeDatabase(made.database)
      else mirrors.set(key, Promise.resolve(made))
    }
  }
}

/** A line of one figure of each side, without rounds. */
export const plainLine = (
  { ours, theirs }: SyncBench,
  about: Pick<Comparison, "row" | "unit"> & { readonly remarks?: ReadonlyArray<string> },
  mine: number,
  other: number,
  /** At most so much. */
  limit: readonly [most: number, unit: string] | null = null
): Comparison => ({
  contender: ours.name,
  baseline: theirs.name,
  remarks: [],
  ...about,
  ours: mine,
  theirs: other,
  ratio: other / mine,
  range: [other / mine, other / mine],
  rates: null,
  target: limit === null ? null : `<= ${limit.join(" ")}`,
  isMet: limit === null ? null : mine <= limit[0]
})

export const siteOf = ({ options, sites }: SyncBench, dialect: SyncedDialect): Promise<Site> =>
  sites(dialect, options.customers)

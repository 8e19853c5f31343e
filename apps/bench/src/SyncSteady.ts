/** Measures what a mirror costs once it is there: memory, a run without news, and a comparison of both ends. */
import type { Comparison } from "./Comparison.ts"
import { type Site, syncedDialects } from "./Sites.ts"
import type { Format, SyncParticipant } from "./SyncParticipants.ts"
import { plainLine, type Ran, runAgainst, siteOf, type SyncBench } from "./SyncRows.ts"

const fewest = 10_000
const growthLimit = 50
const checkLimit = 60
const format: Format = "json"

const peakOf = async (bench: SyncBench, side: SyncParticipant, site: Site): Promise<number> =>
  (await bench.kept(side, site, format)).ran.peakMb

/** Peaks of the process while it mirrors ten thousand and many more. */
export const benchSyncMemory = async (bench: SyncBench): Promise<ReadonlyArray<Comparison>> => {
  const many = bench.options.million ? 1_000_000 : bench.options.customers
  const few = Math.min(fewest, Math.ceil(many / 10))
  const lines: Array<Comparison> = []
  for (const dialect of syncedDialects) {
    const row = `sync-memory ${dialect}`
    const [small, large] = [await bench.sites(dialect, few), await bench.sites(dialect, many)]
    const ours = [await peakOf(bench, bench.ours, small), await peakOf(bench, bench.ours, large)] as const
    const theirs = [
      await peakOf(bench, bench.theirs, small),
      await peakOf(bench, bench.theirs, large)
    ] as const
    const more = `more MB than at ${few}`
    lines.push(
      plainLine(bench, { row, unit: `peak MB at ${many}` }, ours[1], theirs[1]),
      plainLine(bench, { row, unit: more }, ours[1] - ours[0], theirs[1] - theirs[0], [growthLimit, "MB"])
    )
  }
  return lines
}

/** A second run right after the first: nothing has changed. */
export const benchSyncAgain = async (bench: SyncBench): Promise<ReadonlyArray<Comparison>> => {
  const lines: Array<Comparison> = []
  for (const dialect of syncedDialects) {
    const site = await siteOf(bench, dialect)
    const again = async (side: SyncParticipant): Promise<Ran> => {
      const { database } = await bench.kept(side, site, format)
      return runAgainst(bench.fleet, site, side.sync(site, format, database))
    }
    const [ours, theirs] = [await again(bench.ours), await again(bench.theirs)]
    const row = `sync-again ${dialect}`
    const limit = dialect === "polaris" ? ([1, "request"] as const) : null
    lines.push(
      plainLine(bench, { row, unit: "requests" }, ours.requests, theirs.requests, limit),
      plainLine(bench, { row, unit: "seconds" }, ours.seconds, theirs.seconds),
      plainLine(bench, { row, unit: "CPU-ms" }, ours.cpuMs, theirs.cpuMs)
    )
  }
  return lines
}

/** The site against the mirror of it: every customer and card on both ends. */
export const benchSyncCheck = async (bench: SyncBench): Promise<ReadonlyArray<Comparison>> => {
  const site = await siteOf(bench, "virtpos")
  const remarks: Array<string> = []
  const check = async (side: SyncParticipant): Promise<Ran> => {
    const { database } = await bench.kept(side, site, format)
    const ran = await runAgainst(bench.fleet, site, side.check(site, format, database))
    const { compared, different } = side.checked(ran.stdout)
    if (compared !== site.customers || different > 0)
      remarks.push(`${side.name}: compared ${compared} customers, ${different} of them differ`)
    return ran
  }
  const [ours, theirs] = [await check(bench.ours), await check(bench.theirs)]
  const row = "sync-check virtpos"
  return [
    plainLine(bench, { row, unit: "seconds", remarks }, ours.seconds, theirs.seconds, [checkLimit, "s"]),
    plainLine(bench, { row, unit: "CPU-ms", remarks }, ours.cpuMs, theirs.cpuMs),
    plainLine(bench, { row, unit: "peak MB", remarks }, ours.peakMb, theirs.peakMb)
  ]
}

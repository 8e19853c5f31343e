/** A whole run: the rows in their order, and everything taken down again however it ends. */
import { mkdtemp, rm } from "node:fs/promises"
import { rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Comparison } from "./Comparison.ts"
import { contenderNamed } from "./Contender.ts"
import { type Fleet, openFleet } from "./Fleet.ts"
import { benchHttp } from "./HttpBench.ts"
import { httpRows } from "./HttpRows.ts"
import { benchImport } from "./ImportBench.ts"
import { benchMemory } from "./MemoryBench.ts"
import { isMeant, type Options, rowNames } from "./Options.ts"
import type { Participant } from "./Participant.ts"
import { makeReport, type Report } from "./Report.ts"
import { benchStart } from "./StartBench.ts"
import { openSites } from "./Sites.ts"
import { killAll, stopAll } from "./Subprocess.ts"
import { openSyncBench, type SyncBench } from "./SyncRows.ts"
import { benchSyncSpeed } from "./SyncSpeed.ts"
import { benchSyncAgain, benchSyncCheck, benchSyncMemory } from "./SyncSteady.ts"

type SyncRow = (bench: SyncBench) => Promise<ReadonlyArray<Comparison>>

const syncRows: { readonly [name in (typeof rowNames)[number]]?: SyncRow } = {
  "sync-virtpos-json": (bench) => benchSyncSpeed(bench, "virtpos", "json"),
  "sync-virtpos-xml": (bench) => benchSyncSpeed(bench, "virtpos", "xml"),
  "sync-polaris-json": (bench) => benchSyncSpeed(bench, "polaris", "json"),
  "sync-polaris-xml": (bench) => benchSyncSpeed(bench, "polaris", "xml"),
  "sync-memory": benchSyncMemory,
  "sync-again": benchSyncAgain,
  "sync-check": benchSyncCheck
}

const benchRow = (
  name: (typeof rowNames)[number],
  fleet: Fleet,
  contender: Participant,
  options: Options,
  syncBench: () => SyncBench
): Promise<ReadonlyArray<Comparison>> => {
  const syncRow = syncRows[name]
  if (syncRow !== undefined) return syncRow(syncBench())
  if (name === "import") return benchImport(fleet, contender, options)
  if (name === "start") return benchStart(fleet, contender, options)
  if (name === "memory") return benchMemory(fleet, contender, options)
  return benchHttp(
    fleet,
    httpRows.find((row) => row.name === name)!,
    contender,
    options
  )
}

/** Signals cannot wait for an orderly end: children are killed and the folder goes at once. */
const cleanUpOnSignal = (folder: string): (() => void) => {
  const onSignal = (): void => {
    killAll()
    rmSync(folder, { recursive: true, force: true })
    process.exit(130)
  }
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal)
  return () => process.off("SIGINT", onSignal).off("SIGTERM", onSignal)
}

export const runBench = async (options: Options, onProgress: (text: string) => void): Promise<Report> => {
  const contender = contenderNamed(options.contender)
  const began = performance.now()
  const folder = await mkdtemp(join(tmpdir(), "tillbridge-bench-"))
  const forget = cleanUpOnSignal(folder)
  try {
    const fleet = openFleet(folder)
    let opened: SyncBench | undefined
    const syncBench = () => (opened ??= openSyncBench(fleet, openSites(folder), options))
    const comparisons: Array<Comparison> = []
    for (const name of rowNames) {
      if (options.only.length > 0 && !options.only.some((asked) => isMeant(name, asked))) continue
      onProgress(`${name} …`)
      comparisons.push(...(await benchRow(name, fleet, contender, options, syncBench)))
    }
    return makeReport(comparisons, options, (performance.now() - began) / 1000)
  } finally {
    await stopAll()
    await rm(folder, { recursive: true, force: true })
    forget()
  }
}

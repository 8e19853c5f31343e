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
import { killAll, stopAll } from "./Subprocess.ts"

const benchRow = (
  name: (typeof rowNames)[number],
  fleet: Fleet,
  contender: Participant,
  options: Options
): Promise<ReadonlyArray<Comparison>> => {
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
    const comparisons: Array<Comparison> = []
    for (const name of rowNames) {
      if (options.only.length > 0 && !options.only.some((asked) => isMeant(name, asked))) continue
      onProgress(`${name} …`)
      comparisons.push(...(await benchRow(name, fleet, contender, options)))
    }
    return makeReport(comparisons, options, (performance.now() - began) / 1000)
  } finally {
    await stopAll()
    await rm(folder, { recursive: true, force: true })
    forget()
  }
}

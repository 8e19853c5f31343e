/** Measures how long a server takes from spawn to its first 200 of /readyz, on a database that exists. */
import { type Comparison, median } from "./Comparison.ts"
import { type Fleet, usualShop } from "./Fleet.ts"
import type { Options } from "./Options.ts"
import { http, type Participant } from "./Participant.ts"
import { cpuMs } from "./Proc.ts"
import { stop } from "./Subprocess.ts"

const limitMs = 1_000

interface Start {
  readonly ms: number
  readonly cpuMs: number
}

const startOnce = async (fleet: Fleet, participant: Participant): Promise<Start> => {
  const server = await fleet.start(participant, await fleet.filled(participant, usualShop))
  const used = cpuMs(server.pid)
  await stop(server.child)
  return { ms: server.readyMs, cpuMs: used }
}

export const benchStart = async (
  fleet: Fleet,
  contender: Participant,
  options: Options
): Promise<ReadonlyArray<Comparison>> => {
  const ours: Array<Start> = []
  const theirs: Array<Start> = []
  for (let round = 0; round <= options.rounds; round++) {
    const pair = [await startOnce(fleet, contender), await startOnce(fleet, http)] as const
    // The first start reads its files from disk and not from the page cache.
    if (round === 0) continue
    ours.push(pair[0])
    theirs.push(pair[1])
  }
  const line = (key: keyof Start, unit: string, target: number | null): Comparison => {
    const ratios = ours.map((start, round) => (theirs[round]?.[key] ?? Number.NaN) / start[key])
    const mine = median(ours.map((start) => start[key]))
    return {
      row: "start",
      contender: contender.name,
      baseline: http.name,
      unit,
      ours: mine,
      theirs: median(theirs.map((start) => start[key])),
      ratio: median(ratios),
      range: [Math.min(...ratios), Math.max(...ratios)],
      rates: null,
      target: target === null ? null : `< ${target} ms`,
      isMet: target === null ? null : mine < target,
      remarks: []
    }
  }
  return [line("ms", "ms to ready", limitMs), line("cpuMs", "CPU-ms to ready", null)]
}

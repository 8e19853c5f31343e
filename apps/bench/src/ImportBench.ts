/** Measures an import of a hundred thousand customers, each time into a fresh database. */
import { rmSync } from "node:fs"
import { compare, type Comparison, type Sample } from "./Comparison.ts"
import type { Fleet } from "./Fleet.ts"
import type { Options } from "./Options.ts"
import { fillIn, http, type Participant } from "./Participant.ts"
import { run } from "./Subprocess.ts"

const count = 100_000

interface Timed {
  readonly seconds: number
  readonly cpuMs: number
}

const importOnce = async (fleet: Fleet, participant: Participant, rows: number): Promise<Timed> => {
  const filled = await fleet.empty(participant)
  const file = await fleet.file(participant, rows)
  const finished = await run(fillIn(participant.importing, { ...filled, file }), fleet.folder)
  for (const suffix of ["", "-wal", "-shm"]) rmSync(filled.database + suffix, { force: true })
  return finished
}

const sample = (whole: Timed, less: Timed): Sample => ({
  cost: (whole.cpuMs - less.cpuMs) / (count / 1000),
  rate: count / (whole.seconds - less.seconds),
  loaderShare: 0
})

/** The command's own start is measured with one customer, and shown taken off as a second line. */
export const benchImport = async (
  fleet: Fleet,
  contender: Participant,
  options: Options
): Promise<ReadonlyArray<Comparison>> => {
  const baseline = { ...http, name: "bare import" }
  const samples = { whole: [[], []] as Array<Array<Sample>>, net: [[], []] as Array<Array<Sample>> }
  for (let round = 1; round <= options.rounds; round++) {
    for (const turn of [round % 2, (round + 1) % 2]) {
      const participant = turn === 0 ? contender : baseline
      const start = await importOnce(fleet, participant, 1)
      const whole = await importOnce(fleet, participant, count)
      samples.whole[turn]?.push(sample(whole, { seconds: 0, cpuMs: 0 }))
      samples.net[turn]?.push(sample(whole, start))
    }
  }
  const about = { contender: contender.name, baseline: baseline.name, rateUnit: "rows/s", remarks: [] }
  const unit = "CPU-ms/1000 rows"
  const line = (
    row: string,
    [ours = [], theirs = []]: Array<Array<Sample>>,
    target: number | null
  ): Comparison => compare({ ...about, unit, row }, ours, theirs, target)
  return [line("import", samples.whole, 0.5), line("import less start", samples.net, null)]
}

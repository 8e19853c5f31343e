/** Measures one HTTP row: the same requests to the contender and to each baseline, in interleaved rounds. */
import { ask } from "./Calls.ts"
import { compare, type Comparison, type Sample } from "./Comparison.ts"
import type { Fleet, Server } from "./Fleet.ts"
import { type HttpRow, updatesToCheck } from "./HttpRows.ts"
import type { Options } from "./Options.ts"
import type { Participant } from "./Participant.ts"
import { difference, type Listed, parseRecords } from "./Records.ts"
import { virtposRecords } from "./VirtposCalls.ts"

const connections = 16
const slices = 4

interface Side {
  readonly server: Server
  readonly listed: Listed
  readonly samples: Array<Sample>
  readonly remarks: Set<string>
}

const join = async (fleet: Fleet, participant: Participant, row: HttpRow): Promise<Side> => {
  const server = await fleet.standing(participant, row.shop)
  const listed = await row.list(server, row.format, row.shop.customers)
  return { server, listed, samples: [], remarks: new Set() }
}

const digits = (value: unknown): string => String(value).replace(/\D/g, "")

const checkWrites = async (
  { server, listed, remarks }: Side,
  requests: number,
  round: number
): Promise<void> => {
  for (const { call, expected } of updatesToCheck(server, listed, requests, round)) {
    const [record] = parseRecords("json", (await ask(server, call)).text, virtposRecords)
    if (record?.["fname"] !== expected.fname || digits(record["phone"]) !== digits(expected.phone))
      remarks.add(`${server.participant.name}: an answered update was not there when read back`)
  }
}

/**
 * One round: every server gets the same requests, a slice at a time and in turn, so that a disturbance longer
 * than a slice falls on all of them. Each slice begins with another server, so that none is always first.
 */
const playRound = async (
  fleet: Fleet,
  row: HttpRow,
  sides: ReadonlyArray<Side>,
  total: number,
  round: number
) => {
  const played = sides.map((side) => ({
    side,
    shots: row.shots(side.server, side.listed, total, round),
    sum: { cpuMs: 0, seconds: 0, loaderSeconds: 0 }
  }))
  const slice = Math.ceil(total / slices)
  for (let first = 0, turn = round; first < total; first += slice, turn++) {
    for (let place = 0; place < played.length; place++) {
      const { side, shots, sum } = played[(turn + place) % played.length]!
      const job = { port: side.server.port, connections, total: Math.min(slice, total - first), shots, first }
      const measured = await fleet.loader.load(side.server.pid, job)
      for (const problem of measured.problems) side.remarks.add(`${side.server.participant.name}: ${problem}`)
      sum.cpuMs += measured.cpuMs
      sum.seconds += measured.seconds
      sum.loaderSeconds += measured.loaderShare * measured.seconds
    }
  }
  return played.map(({ sum }): Sample => ({
    cost: sum.cpuMs / total,
    rate: total / sum.seconds,
    loaderShare: sum.loaderSeconds / sum.seconds
  }))
}

/** Round 0 warms up and is not counted. */
export const benchHttp = async (
  fleet: Fleet,
  row: HttpRow,
  contender: Participant,
  options: Options
): Promise<ReadonlyArray<Comparison>> => {
  const ours = await join(fleet, contender, row)
  const theirs: Array<Side> = []
  for (const { participant } of row.opponents) theirs.push(await join(fleet, participant, row))
  const sides = [ours, ...theirs]
  const total = options.requests ?? row.requests
  for (let round = 0; round <= options.rounds; round++) {
    const samples = await playRound(fleet, row, sides, total, round)
    if (row.name === "update") for (const side of sides) await checkWrites(side, total, round)
    if (round > 0) for (const [index, sample] of samples.entries()) sides[index]?.samples.push(sample)
  }
  return row.opponents.map(({ target }, index) => {
    const other = theirs[index] as Side
    const differs = difference(ours.listed.records, other.listed.records)
    const about = {
      row: row.name,
      contender: contender.name,
      baseline: other.server.participant.name,
      unit: "CPU-ms/request",
      rateUnit: "req/s",
      remarks: [...(differs === null ? [] : [differs]), ...ours.remarks, ...other.remarks]
    }
    return compare(about, ours.samples, other.samples, target)
  })
}

/**
 * Measures memory: a server idle, and the peak while importing and while listing every customer without
 * `page`, with ten thousand customers and with many more. What counts is the growth between the two.
 */
import { rmSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"
import type { Comparison } from "./Comparison.ts"
import { type Fleet, usualShop } from "./Fleet.ts"
import type { Options } from "./Options.ts"
import { fillIn, http, type Participant } from "./Participant.ts"
import { rssMb, watchMemory } from "./Proc.ts"
import { run, stop } from "./Subprocess.ts"

/** A server that only waits may take so much, in MB. */
const idleLimit = 150
/** And so much more for the peak of many customers than for that of ten thousand: it is flat. */
const growthLimit = 50
const leastBytes = 300
const customersServed = usualShop.customers

interface Memory {
  readonly idle: number
  readonly importing: number
  readonly listing: number
  readonly problems: ReadonlyArray<string>
}

const memoryOf = async (fleet: Fleet, participant: Participant, count: number): Promise<Memory> => {
  const filled = await fleet.empty(participant)
  const file = await fleet.file(participant, count)
  let importing = { stop: () => 0 }
  await run(fillIn(participant.importing, { ...filled, file }), fleet.folder, (pid) => {
    importing = watchMemory(pid)
  })
  const importPeak = importing.stop()
  const server = await fleet.start(participant, filled)
  await sleep(3_000)
  const idle = rssMb(server.pid)
  const listing = watchMemory(server.pid)
  const raw = `GET /api/customer?apikey=${server.apikey}&format=json HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`
  const shots = [{ raw, shortest: count * leastBytes, longest: Number.MAX_SAFE_INTEGER }]
  const job = { port: server.port, connections: 1, total: 1, shots, first: 0 }
  const { problems } = await fleet.loader.load(server.pid, job)
  const listPeak = listing.stop()
  await stop(server.child)
  for (const suffix of ["", "-wal", "-shm"]) rmSync(filled.database + suffix, { force: true })
  return { idle, importing: importPeak, listing: listPeak, problems }
}

export const benchMemory = async (
  fleet: Fleet,
  contender: Participant,
  options: Options
): Promise<ReadonlyArray<Comparison>> => {
  const many = options.million ? 1_000_000 : 100_000
  const ours = [
    await memoryOf(fleet, contender, customersServed),
    await memoryOf(fleet, contender, many)
  ] as const
  const theirs = [await memoryOf(fleet, http, customersServed), await memoryOf(fleet, http, many)] as const
  const line = (
    row: string,
    unit: string,
    mine: number,
    other: number,
    limit: number | null
  ): Comparison => ({
    row,
    contender: contender.name,
    baseline: http.name,
    unit,
    ours: mine,
    theirs: other,
    ratio: other / mine,
    range: [other / mine, other / mine],
    rates: null,
    target: limit === null ? null : `<= ${limit} MB`,
    isMet: limit === null ? null : mine <= limit,
    remarks: ours.flatMap((memory) => memory.problems)
  })
  const pair = (row: string, key: "importing" | "listing"): ReadonlyArray<Comparison> => [
    line(row, `peak MB at ${many}`, ours[1][key], theirs[1][key], null),
    line(
      row,
      `more MB than at ${customersServed}`,
      ours[1][key] - ours[0][key],
      theirs[1][key] - theirs[0][key],
      growthLimit
    )
  ]
  return [
    line("memory idle", "MB", ours[1].idle, theirs[1].idle, idleLimit),
    ...pair("memory import", "importing"),
    ...pair("memory list", "listing")
  ]
}

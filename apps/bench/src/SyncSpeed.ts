/** Measures a whole site mirrored into a fresh database, and says whether both sides have the same afterwards. */
import { DatabaseSync } from "node:sqlite"
import { compare, type Comparison, type Sample } from "./Comparison.ts"
import type { Site, SyncedDialect } from "./Sites.ts"
import type { Format, SyncParticipant } from "./SyncParticipants.ts"
import { plainLine, type Ran, siteOf, type SyncBench } from "./SyncRows.ts"

/** More say little more, and take long. */
const mostRounds = 3

interface Side {
  readonly participant: SyncParticipant
  readonly whole: Array<Sample>
  readonly net: Array<Sample>
  readonly shares: Array<number>
  readonly remarks: Set<string>
}

const sums = `SELECT
  (SELECT json_array(count(*), count(first_name), count(last_name), count(email), count(phone), count(mobile_phone),
    sum(birth_year), sum(birth_month), sum(consents)) FROM customers) AS customers,
  (SELECT json_array(count(*), count(customer_id), sum(number), count(type_name), count(DISTINCT type_name))
    FROM cards) AS cards`

/** Numbers that are the same for databases that hold the same customers and cards. */
const look = (path: string): string => {
  const database = new DatabaseSync(path, { readOnly: true })
  const row = database.prepare(sums).get()
  database.close()
  return `${String(row?.["customers"])} ${String(row?.["cards"])}`
}

const syncOnce = async (
  bench: SyncBench,
  { participant, remarks }: Side,
  site: Site,
  format: Format
): Promise<{ readonly ran: Ran; readonly look: string }> => {
  const mirror = await bench.mirror(participant, site, format)
  const { customers, problem } = participant.synced(mirror.ran.stdout)
  if (customers !== site.customers) remarks.add(`${participant.name}: told ${customers} customers`)
  if (problem !== null) remarks.add(`${participant.name}: ${problem}`)
  const looks = look(mirror.database)
  bench.keepOrRemove(participant, site, format, mirror)
  return { ran: mirror.ran, look: looks }
}

const sample = (whole: Ran, start: Ran | null, rows: number): Sample => ({
  cost: (whole.cpuMs - (start?.cpuMs ?? 0)) / (rows / 1000),
  rate: rows / (whole.seconds - (start?.seconds ?? 0)),
  loaderShare: whole.siteShare
})

/** Round 0 fills the site's tape and is not counted. */
export const benchSyncSpeed = async (
  bench: SyncBench,
  dialect: SyncedDialect,
  format: Format
): Promise<ReadonlyArray<Comparison>> => {
  const row = `sync-${dialect}-${format}`
  const site = await siteOf(bench, dialect)
  const nearlyNothing = await bench.sites(dialect, 1)
  const side = (participant: SyncParticipant): Side => ({
    participant,
    whole: [],
    net: [],
    shares: [],
    remarks: new Set()
  })
  const sides = [side(bench.ours), side(bench.theirs)] as const
  const rounds = Math.min(bench.options.rounds, mostRounds)
  for (let round = 0; round <= rounds; round++) {
    const looks: Array<string> = []
    for (const one of round % 2 === 0 ? sides : sides.toReversed()) {
      const start = await syncOnce(bench, one, nearlyNothing, format)
      const whole = await syncOnce(bench, one, site, format)
      looks.push(whole.look)
      if (round === 0) continue
      one.whole.push(sample(whole.ran, null, site.customers))
      one.net.push(sample(whole.ran, start.ran, site.customers))
      one.shares.push(100 * whole.ran.siteShare)
    }
    if (looks[0] !== looks[1]) sides[0].remarks.add(`not the same afterwards: ${looks.join(" and ")}`)
  }
  const [ours, theirs] = sides
  const about = {
    contender: bench.ours.name,
    baseline: bench.theirs.name,
    unit: "CPU-ms/1000 rows",
    rateUnit: "rows/s",
    remarks: [...ours.remarks, ...theirs.remarks]
  }
  const mean = (values: ReadonlyArray<number>): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length
  return [
    compare({ ...about, row }, ours.whole, theirs.whole, 0.5),
    compare({ ...about, row: `${row} less start` }, ours.net, theirs.net, null),
    plainLine(bench, { row: `${row} site`, unit: "% of a CPU" }, mean(ours.shares), mean(theirs.shares))
  ]
}

/**
 * What the worker counts and tells, in Prometheus' text form. Labels are names of the settings and fixed words: nothing
 * that a remote told becomes one.
 */
import { noCounts, type RunCounts } from "@tillbridge/domain"
import type { SyncEvent } from "@tillbridge/sync"
import type { TrafficReport } from "tillbridge/remotes"
import { errorKinds, kindOf, type RunError } from "./errorKind.ts"
import type { WorkerLink } from "./Link.ts"

/** Why a link does not go on: it waits for a person, or for the store. */
export interface Pause {
  readonly by: "person" | "store"
  /** Without secrets and personal data. */
  readonly reason: string
}

/** What the store tells of a link. */
export interface Standing {
  /** End of the newest run that was complete, in milliseconds since 1970. */
  readonly completeAt: number | null
  readonly paused: string | null
  readonly deadLetters: number
  readonly records: number
}

export interface LinkMetrics {
  readonly started: () => void
  readonly event: (event: SyncEvent) => void
  readonly ended: (run: {
    readonly now: number
    readonly millis: number
    readonly failures: number
    readonly result: RunError | "complete" | "interrupted"
  }) => void
  /** Somebody else runs it. */
  readonly idle: () => void
  readonly paused: (pause: Pause | null) => void
}

export interface Scrape {
  readonly now: number
  /** By the link's name; `null`: the store does not answer. */
  readonly standings: ReadonlyMap<string, Standing> | null
  readonly remotes: ReadonlyArray<{ readonly name: string; readonly traffic: TrafficReport }>
  readonly residentBytes: number
}

export interface Metrics {
  readonly of: (link: WorkerLink) => LinkMetrics
  /** Links that do not go on, by name. */
  readonly pauses: () => ReadonlyMap<string, Pause>
  readonly text: (scrape: Scrape) => string
}

const rowOutcomes = {
  created: "created",
  updated: "updated",
  unchanged: "unchanged",
  kept: "kept",
  deadLettered: "dead_lettered",
  removed: "removed",
  notRemovable: "not_removable"
} as const satisfies Partial<Record<keyof RunCounts, string>>

const rowKeys = Object.keys(rowOutcomes) as ReadonlyArray<keyof typeof rowOutcomes>
const runOutcomes = ["complete", "failed", "interrupted"] as const

interface Counted {
  /** Of all runs before this one, and of this one so far. */
  before: RunCounts
  run: RunCounts
  readonly runs: Record<(typeof runOutcomes)[number], number>
  readonly errors: Map<string, number>
  failures: number
  running: boolean
  pause: Pause | null
  /** Of the last run, and of all together. */
  lastMillis: number | null
  millis: number
  /** Kept beside what the store tells, which may be out of reach. */
  standing: Standing
}

const sum = (a: RunCounts, b: RunCounts): RunCounts => {
  const keys = Object.keys(noCounts) as ReadonlyArray<keyof RunCounts>
  return Object.fromEntries(keys.map((key) => [key, a[key] + b[key]])) as unknown as RunCounts
}

const newCounted = (): Counted => ({
  before: noCounts,
  run: noCounts,
  runs: { complete: 0, failed: 0, interrupted: 0 },
  // So that a rate can be taken from the first one on.
  errors: new Map(errorKinds.map((kind) => [kind, 0])),
  failures: 0,
  running: false,
  pause: null,
  lastMillis: null,
  millis: 0,
  standing: { completeAt: null, paused: null, deadLetters: 0, records: 0 }
})

type Labels = Readonly<Record<string, string>>
type Sample = readonly [labels: Labels, value: number, suffix?: string]

const escaped = (text: string) => text.replace(/[\\"\n]/g, (char) => (char === "\n" ? "\\n" : `\\${char}`))

const labelled = (labels: Labels) => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`
}

const family = (name: string, type: string, help: string, samples: ReadonlyArray<Sample>): string =>
  samples.length === 0
    ? ""
    : `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${samples
        .map(([labels, value, suffix = ""]) => `${name}${suffix}${labelled(labels)} ${value}\n`)
        .join("")}`

const watch = (own: Counted): LinkMetrics => ({
  started: () => {
    own.running = true
  },
  event: (event) => {
    if (event._tag === "PageWritten") own.run = event.counts
  },
  ended: ({ failures, millis, now, result }) => {
    own.before = sum(own.before, own.run)
    own.run = noCounts
    own.running = false
    own.failures = failures
    own.lastMillis = millis
    own.millis += millis
    const outcome = result === "complete" || result === "interrupted" ? result : "failed"
    own.runs[outcome] += 1
    if (result === "complete") own.standing = { ...own.standing, completeAt: now }
    else if (result !== "interrupted")
      own.errors.set(kindOf(result), (own.errors.get(kindOf(result)) ?? 0) + 1)
  },
  idle: () => {
    own.running = false
  },
  paused: (pause) => {
    own.pause = pause
  }
})

/** `startedAt`: of the worker, in milliseconds since 1970. */
export const makeMetrics = (links: ReadonlyArray<WorkerLink>, startedAt: number): Metrics => {
  const counted = new Map(links.map((link) => [link.name, newCounted()]))
  const of = (name: string) => counted.get(name)!

  const text = ({ now, remotes, residentBytes, standings }: Scrape) => {
    for (const [name, standing] of standings ?? []) {
      const own = of(name)
      const completeAt = Math.max(own.standing.completeAt ?? 0, standing.completeAt ?? 0) || null
      own.standing = { ...standing, completeAt }
    }
    const each = (samples: (own: Counted, labels: Labels) => ReadonlyArray<Sample>) =>
      links.flatMap(({ link, name }) => samples(of(name), { link: name, ...link }))
    const gauge = (name: string, help: string, value: (own: Counted) => number | null) =>
      family(
        `tillbridge_link_${name}`,
        "gauge",
        help,
        each((own, labels) => {
          const told = value(own)
          return told === null ? [] : [[labels, told]]
        })
      )
    const counter = (name: string, help: string, samples: Parameters<typeof each>[0]) =>
      family(`tillbridge_link_${name}`, "counter", help, each(samples))
    const remote = (name: string, type: string, help: string, value: (traffic: TrafficReport) => number) =>
      family(
        `tillbridge_remote_${name}`,
        type,
        help,
        remotes.map((one) => [{ remote: one.name }, value(one.traffic)])
      )
    const total = (own: Counted, key: keyof RunCounts) => own.before[key] + own.run[key]
    return [
      gauge(
        "last_success_timestamp_seconds",
        "End of the newest complete run, seconds since 1970",
        ({ standing }) => (standing.completeAt === null ? null : standing.completeAt / 1000)
      ),
      gauge(
        "lag_seconds",
        "Time since the end of the newest complete run, or since the worker started where there was none",
        ({ standing }) => Math.max(0, now - (standing.completeAt ?? startedAt)) / 1000
      ),
      counter(
        "rows_total",
        "Customers told by the source or gone from it, by what became of them",
        (own, labels) => rowKeys.map((key) => [{ ...labels, outcome: rowOutcomes[key] }, total(own, key)])
      ),
      counter("cards_total", "Cards written or taken away", (own, labels) => [[labels, total(own, "cards")]]),
      counter("pages_total", "Pages written", (own, labels) => [[labels, total(own, "pages")]]),
      counter("runs_total", "Runs that ended, by outcome", (own, labels) =>
        runOutcomes.map((outcome) => [{ ...labels, outcome }, own.runs[outcome]])
      ),
      counter("errors_total", "Runs that failed, by kind of error", (own, labels) =>
        [...own.errors].map(([kind, count]) => [{ ...labels, kind }, count])
      ),
      gauge("failures_in_a_row", "Runs that failed since the last that did not", ({ failures }) => failures),
      gauge("running", "1 while a run of this worker goes on", ({ running }) => Number(running)),
      gauge("paused", "1 while the link waits for a person, or for the store", ({ pause, standing }) =>
        Number(pause !== null || standing.paused !== null)
      ),
      gauge("dead_letters", "Records set aside now", ({ standing }) => standing.deadLetters),
      gauge("records", "Customers known on both sides", ({ standing }) => standing.records),
      gauge("last_run_duration_seconds", "Of the last run", ({ lastMillis }) =>
        lastMillis === null ? null : lastMillis / 1000
      ),
      family(
        "tillbridge_link_run_duration_seconds",
        "summary",
        "Of all runs",
        each((own, labels) => [
          [labels, own.millis / 1000, "_sum"],
          [labels, own.runs.complete + own.runs.failed + own.runs.interrupted, "_count"]
        ])
      ),
      remote("requests_total", "counter", "Requests sent to the remote", ({ requests }) => requests),
      remote("retries_total", "counter", "Requests that repeated one before", ({ retries }) => retries),
      remote(
        "throttled_seconds_total",
        "counter",
        "Time that requests were held back",
        ({ throttledMillis }) => throttledMillis / 1000
      ),
      remote(
        "breaker_open",
        "gauge",
        "1 while the remote is left alone because it does not answer",
        ({ open }) => Number(open)
      ),
      family("tillbridge_store_up", "gauge", "1 while the store answers", [[{}, Number(standings !== null)]]),
      family("process_resident_memory_bytes", "gauge", "Resident memory", [[{}, residentBytes]])
    ].join("")
  }

  return {
    of: ({ name }) => watch(of(name)),
    pauses: () =>
      new Map([...counted].flatMap(([name, { pause }]) => (pause === null ? [] : [[name, pause]]))),
    text
  }
}

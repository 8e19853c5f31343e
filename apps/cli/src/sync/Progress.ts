/** What a run says while it goes on: a line refreshed in place, a line every 10 s, or JSON events. */
import { noCounts, type RunCounts } from "@tillbridge/domain"
import type { SyncEvent } from "@tillbridge/sync"
import * as Effect from "effect/Effect"
import { isTerminal, sayExactly, sayNow, visible } from "../Output.ts"
import type { TrafficReport } from "../remotes/Remote.ts"
import { duration } from "../transfer/Progress.ts"
import type { End } from "./Ends.ts"

const quiet: TrafficReport = { requests: 0, retries: 0, throttledMillis: 0, open: false }

/** What both sides together did on their connections. */
const together = (a: TrafficReport, b: TrafficReport): TrafficReport => ({
  requests: a.requests + b.requests,
  retries: a.retries + b.retries,
  throttledMillis: a.throttledMillis + b.throttledMillis,
  open: a.open || b.open
})

export const trafficOf = (ends: ReadonlyArray<End>): Effect.Effect<TrafficReport> =>
  Effect.map(
    Effect.forEach(ends, ({ traffic }) => traffic ?? Effect.succeed(quiet)),
    (reports) => reports.reduce(together, quiet)
  )

export const count = (value: number): string => value.toLocaleString("en-US")

/** `customers` beside a number of them. */
export const people = (value: number): string => `${count(value)} ${value === 1 ? "customer" : "customers"}`

const round = (seconds: number): number => Math.round(seconds * 1000) / 1000

interface Look {
  readonly counts: RunCounts
  readonly seconds: number
  /** Customers that the run will tell; `null`: nobody knows. */
  readonly total: number | null
  readonly traffic: TrafficReport
}

/** What is true of the run at this moment, for people and for JSON alike. */
export const progressOf = ({ counts, seconds, total, traffic }: Look) => {
  const rate = counts.seen / Math.max(seconds, 0.001)
  const known = total !== null && total > 0 && counts.seen <= total ? total : null
  return {
    ...counts,
    total: known,
    customersPerSecond: Math.round(rate),
    seconds: round(seconds),
    secondsLeft: known === null || counts.seen === 0 ? null : round((known - counts.seen) / rate),
    requests: traffic.requests,
    retries: traffic.retries,
    throttledSeconds: round(traffic.throttledMillis / 1000),
    waiting: traffic.open
  }
}

export const progressLine = (name: string, look: Look): string => {
  const now = progressOf(look)
  const percent = now.total === null ? [] : [`${Math.floor((100 * now.seen) / now.total)}%`]
  return [
    name,
    ...percent,
    people(now.seen),
    `${count(now.customersPerSecond)}/s`,
    `page ${count(now.pages)}`,
    ...(now.secondsLeft === null ? [] : [`${duration(now.secondsLeft)} left`]),
    ...(now.deadLettered === 0 ? [] : [`${count(now.deadLettered)} set aside`]),
    ...(now.retries === 0 ? [] : [`${count(now.retries)} retries`]),
    ...(now.throttledSeconds < 1 ? [] : [`held back ${duration(now.throttledSeconds)}`]),
    ...(now.waiting ? ["waiting for it to recover"] : [])
  ].join("  ")
}

export interface ProgressOptions {
  /** `store → virtpos`. */
  readonly name: string
  readonly json: boolean
  readonly total: number | null
  readonly traffic: Effect.Effect<TrafficReport>
}

export class SyncProgress {
  counts: RunCounts = noCounts
  readonly #options: ProgressOptions
  readonly #started = performance.now()
  #onScreen = false

  constructor(options: ProgressOptions) {
    this.#options = options
  }

  take(event: SyncEvent): void {
    if (event._tag === "PageWritten") this.counts = event.counts
  }

  get look(): Effect.Effect<Look> {
    return Effect.map(this.#options.traffic, (traffic) => ({
      counts: this.counts,
      seconds: (performance.now() - this.#started) / 1000,
      total: this.#options.total,
      traffic
    }))
  }

  /** Says how far it is, again and again; JSON has events instead. */
  get going(): Effect.Effect<never> {
    if (this.#options.json) return Effect.never
    const onTerminal = isTerminal.talk()
    return Effect.forever(
      Effect.andThen(
        Effect.sleep(onTerminal ? 200 : 10_000),
        Effect.map(this.look, (look) => {
          const line = visible(progressLine(this.#options.name, look))
          if (!onTerminal) return sayNow(line)
          this.#onScreen = true
          sayExactly(`\r\u001b[2K${line.slice(0, Math.max(20, (process.stderr.columns || 80) - 1))}`)
        })
      )
    )
  }

  /** Takes the line that is refreshed in place off the screen. */
  clear(): void {
    if (!this.#onScreen) return
    this.#onScreen = false
    sayExactly("\r\u001b[2K")
  }
}

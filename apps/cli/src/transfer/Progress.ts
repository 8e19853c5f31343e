/** What long work says while it runs: a line refreshed in place, a line every 10 s, or JSON events. */
import * as Effect from "effect/Effect"
import type { Failure, Stopped } from "../Failure.ts"
import { isTerminal, sayExactly, sayNow, writeJson } from "../Output.ts"

export interface Totals {
  rows: number
  created: number
  updated: number
  unchanged: number
  rejected: number
}

export const duration = (seconds: number): string => {
  if (seconds < 60) return `${Math.ceil(seconds)} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

const count = (value: number): string => value.toLocaleString("en-US")

export class Progress {
  readonly totals: Totals = { rows: 0, created: 0, updated: 0, unchanged: 0, rejected: 0 }
  bytes = 0
  readonly #started = performance.now()
  readonly #totalBytes: number | null
  readonly #mode: "json" | "terminal" | "lines"
  readonly #pause: number
  #said = performance.now()
  #onScreen = false

  constructor(options: { readonly json: boolean; readonly totalBytes: number | null }) {
    this.#totalBytes = options.totalBytes
    this.#mode = options.json ? "json" : isTerminal.talk() ? "terminal" : "lines"
    this.#pause = { json: 1_000, terminal: 200, lines: 10_000 }[this.#mode]
  }

  /** Totals and speed so far. */
  summary() {
    const seconds = (performance.now() - this.#started) / 1000
    return {
      ...this.totals,
      seconds: round(seconds),
      rowsPerSecond: Math.round(this.totals.rows / Math.max(seconds, 0.001))
    }
  }

  /** Says where the work is, when it is time to. */
  tick(): Effect.Effect<void, Stopped | Failure> {
    const now = performance.now()
    if (now - this.#said < this.#pause) return Effect.void
    this.#said = now
    const elapsed = (now - this.#started) / 1000
    const total = this.#totalBytes
    const left =
      total === null || this.bytes === 0 ? null : (elapsed * Math.max(0, total - this.bytes)) / this.bytes
    if (this.#mode === "json") {
      const { seconds, ...rest } = this.summary()
      return writeJson({
        event: "progress",
        ...rest,
        seconds,
        bytes: this.bytes,
        totalBytes: total,
        secondsLeft: left === null ? null : round(left)
      })
    }
    const { rejected, rows, rowsPerSecond } = this.summary()
    const percent =
      total === null || total === 0 ? "" : `${Math.min(100, Math.floor((100 * this.bytes) / total))}%  `
    const text =
      `${percent}${count(rows)} rows  ${count(rowsPerSecond)} rows/s` +
      (left === null ? "" : `  ${duration(left)} left`) +
      (rejected === 0 ? "" : `  ${count(rejected)} rejected`)
    if (this.#mode === "terminal") {
      this.#onScreen = true
      sayExactly(`\r\u001b[2K${text}`)
    } else sayNow(text)
    return Effect.void
  }

  /** Takes the line that is refreshed in place off the screen, so that other lines can follow. */
  clear(): void {
    if (!this.#onScreen) return
    this.#onScreen = false
    sayExactly("\r\u001b[2K")
  }
}

const round = (seconds: number): number => Math.round(seconds * 1000) / 1000

/** `980 created, 0 updated, 20 unchanged, 0 rejected in 1.2 s (833 rows/s)` */
export const summaryLine = (summary: ReturnType<Progress["summary"]>): string =>
  `${count(summary.created)} created, ${count(summary.updated)} updated, ${count(summary.unchanged)} unchanged, ` +
  `${count(summary.rejected)} rejected in ${summary.seconds.toFixed(1)} s (${count(summary.rowsPerSecond)} rows/s)`

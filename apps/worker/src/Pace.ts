/**
 * When a link is to run next. It follows from the journal, so that it outlives a restart, and so that several workers
 * on one store, and people who run the link by hand, do not run it more often than it is meant to.
 */
import type { SyncRun } from "@tillbridge/domain"
import * as DateTime from "effect/DateTime"

/** Times in milliseconds since 1970. */
export interface Pace {
  /** When the newest run that was looked at ended. */
  readonly at: number
  /** Runs that failed since the last that did not. */
  readonly failures: number
  readonly notBefore: number
}

const LEAST_MILLIS = 1_000

/** The longest wait after a failure of a remote. */
export const MOST_MILLIS = 900_000

/** The longest wait for the store, which is near and mostly only full or busy. */
export const MOST_STORE_MILLIS = 60_000

/** Runs of the journal that are looked at: more failures in a row make the wait no longer. */
export const RUNS_LOOKED_AT = 12

/** A wait with full jitter after so many failures; `random` is from 0 to 1. */
export const backoff = (failures: number, random: number, most: number): number =>
  Math.max(LEAST_MILLIS, random * Math.min(most, LEAST_MILLIS * 2 ** Math.min(failures, 20)))

/** When a run ended; of one whose process died, and of one that goes on, when it began. */
export const endOf = (run: SyncRun): number => DateTime.toEpochMillis(run.endedAt ?? run.startedAt)

/** A run that was never ended was broken off by a death of its process, which may be the run's own fault. */
const isFailure = ({ outcome }: SyncRun) => outcome === "failed" || outcome === "running"

/** The pace with what the journal tells of runs that it does not know of, the newest of them first. */
export const withJournal = (
  pace: Pace,
  runs: ReadonlyArray<SyncRun>,
  { everyMillis, random }: { readonly everyMillis: number; readonly random: number }
): Pace => {
  const [last] = runs
  if (last === undefined) return pace
  const at = endOf(last)
  if (at < pace.at) return pace
  if (last.outcome === "complete")
    return { at, failures: 0, notBefore: Math.max(pace.notBefore, at + everyMillis) }
  if (at === pace.at) return pace
  if (!isFailure(last)) return { ...pace, at, failures: 0 }
  const others = runs.findIndex((run) => !isFailure(run))
  const failures = others === -1 ? runs.length : others
  return { at, failures, notBefore: Math.max(pace.notBefore, at + backoff(failures, random, MOST_MILLIS)) }
}

export const afterSuccess = (now: number, everyMillis: number): Pace => ({
  at: now,
  failures: 0,
  notBefore: now + everyMillis
})

/** `leastMillis`: what the remote asked to be left alone for. */
export const afterFailure = (
  pace: Pace,
  now: number,
  wait: { readonly random: number; readonly leastMillis: number; readonly mostMillis: number }
): Pace => {
  const failures = pace.failures + 1
  const millis = Math.max(backoff(failures, wait.random, wait.mostMillis), wait.leastMillis)
  return { at: now, failures, notBefore: now + Math.min(millis, wait.mostMillis) }
}

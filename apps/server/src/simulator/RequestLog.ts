/** What a simulator was asked: paths without their query, in which keys stand, and nothing of any body. */
import * as Effect from "effect/Effect"
import type { FaultKind, Operation } from "./Fault.ts"

export interface AskedRequest {
  /** From 1. */
  readonly number: number
  readonly method: string
  /** In lower case. */
  readonly path: string
  readonly operation: Operation
  /** The faults that it met. */
  readonly faults: ReadonlyArray<FaultKind["kind"]>
  /** `null`: not answered, or not yet. */
  readonly status: number | null
}

export interface Requests {
  readonly count: () => number
  /** The newest 10,000 of them, the oldest first. */
  readonly log: () => ReadonlyArray<AskedRequest>
  readonly forget: () => void
  /**
   * How many are being worked on. One that sleeps by a fault is none of them: a program that drives a clock by hand
   * waits until there are none before it moves the clock.
   */
  readonly busy: () => number
}

export interface RequestLog extends Requests {
  readonly begin: (asked: Omit<AskedRequest, "number" | "status">) => number
  readonly end: (number: number, status: number) => void
  readonly working: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

const most = 10_000

export const makeRequestLog = (): RequestLog => {
  let entries: Array<AskedRequest> = []
  let count = 0
  let busy = 0
  return {
    count: () => count,
    log: () => entries.slice(-most),
    forget: () => {
      entries = []
      count = 0
    },
    busy: () => busy,
    begin: (asked) => {
      entries.push({ number: ++count, ...asked, status: null })
      if (entries.length >= 2 * most) entries = entries.slice(-most)
      return count
    },
    end: (number, status) => {
      const at = entries.findLastIndex((one) => one.number === number)
      if (at >= 0) entries[at] = { ...entries[at]!, status }
    },
    working: (effect) =>
      Effect.suspend(() => {
        busy++
        return Effect.ensuring(
          effect,
          Effect.sync(() => void busy--)
        )
      })
  }
}

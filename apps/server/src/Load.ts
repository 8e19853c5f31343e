/**
 * Whether the server has more to do than it can do in time. A store on a file answers in the thread that takes the
 * requests, so what counts is how long the requests that wait together take; a store elsewhere lets requests pile up,
 * so those that are being answered are counted too. A single long stop, such as a collection of garbage, refuses nobody.
 */
import type { IncomingMessage } from "node:http"

export type Refusal = "in_progress" | "late"

export interface Load {
  /** Begins to watch. */
  readonly start: () => void
  readonly stop: () => void
  /** A request came. */
  readonly began: (now: number) => void
  /** Why a request that came should be refused; nothing when it should not. */
  readonly refusal: (request: IncomingMessage) => Refusal | undefined
}

export interface LoadLimits {
  /** How long a request may wait for its turn, in milliseconds. */
  readonly lagMillis: number
}

const sampleMillis = 100
/** How long a batch that took too long makes the next ones short. */
const memoryMillis = 1_000

/** `isFull`: as many requests as may be are being answered already. */
export const makeLoad = (limits: LoadLimits, isFull: (request: IncomingMessage) => boolean): Load => {
  // A request waits for the batch before its own, and for those of its own that came first.
  const batchMillis = limits.lagMillis / 2
  let batchStart: number | undefined
  let longBatchAt = Number.NEGATIVE_INFINITY
  let sampledAt = 0
  let lateSamples = 0
  let timer: NodeJS.Timeout | undefined

  const endBatch = () => {
    const now = performance.now()
    if (batchStart !== undefined && now - batchStart > batchMillis) longBatchAt = now
    batchStart = undefined
  }

  const sample = () => {
    const now = performance.now()
    lateSamples = now - sampledAt - sampleMillis > limits.lagMillis ? lateSamples + 1 : 0
    sampledAt = now
  }

  const isLate = (now: number): boolean =>
    lateSamples > 1 ||
    (batchStart !== undefined && now - batchStart > batchMillis && now - longBatchAt < memoryMillis)

  return {
    start: () => {
      sampledAt = performance.now()
      timer = setInterval(sample, sampleMillis).unref()
    },
    stop: () => clearInterval(timer),
    began: (now) => {
      if (batchStart !== undefined) return
      batchStart = now
      // Runs when all requests that had arrived were begun, and those that need not wait were answered.
      setImmediate(endBatch)
    },
    refusal: (request) => (isLate(performance.now()) ? "late" : isFull(request) ? "in_progress" : undefined)
  }
}

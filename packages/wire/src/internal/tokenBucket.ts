/** A token bucket that hands out places in a queue: each request knows at once how long it has to wait. */
export interface TokenBucket {
  /** How long a request of this moment waits, in milliseconds. */
  readonly waitAt: (at: number) => number
  readonly take: (at: number) => void
  /** A place that nobody uses moves those after it up. */
  readonly giveBack: () => void
}

export const makeTokenBucket = (options: {
  readonly rate?: number
  readonly burst?: number
}): TokenBucket => {
  const { rate } = options
  if (rate === undefined) return { waitAt: () => 0, take: () => {}, giveBack: () => {} }
  const interval = 1_000 / rate
  const slack = (Math.max(1, options.burst ?? Math.floor(rate)) - 1) * interval
  /** When a bucket that is used without a break would be full again. */
  let due = -Infinity
  return {
    waitAt: (at) => Math.max(0, due - slack - at),
    take: (at) => {
      due = Math.max(due, at) + interval
    },
    giveBack: () => {
      due -= interval
    }
  }
}

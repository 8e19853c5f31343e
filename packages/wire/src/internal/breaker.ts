/**
 * A circuit breaker: after some failures in a row nothing passes for a while, then one request alone tries whether it
 * works again. Times are milliseconds of a clock that only goes forward.
 */
export interface Pass {
  /** The head of an answer came: as good as success for a probe, though its body may still break. */
  readonly answered: () => void
  /** Once; what is `unknown` counts neither way. */
  readonly end: (outcome: "success" | "failure" | "unknown", at: number) => void
}

export interface Breaker {
  /** Whether a request that comes now would pass. */
  readonly isPassable: (at: number) => boolean
  readonly isOpen: (at: number) => boolean
  /** `null`: nothing passes. */
  readonly enter: (at: number) => Pass | null
}

export const makeBreaker = (options: {
  readonly failures?: number
  readonly openMillis?: number
  readonly mostOpenMillis?: number
}): Breaker => {
  const { failures: limit = 5, mostOpenMillis = 300_000, openMillis = 10_000 } = options
  let failures = 0
  /** How often in a row it opened; 0: it is closed. */
  let openings = 0
  let openUntil = -Infinity
  let probing = false

  const isPassable = (at: number) => openings === 0 || (at >= openUntil && !probing)

  const open = (at: number) => {
    openUntil = at + Math.min(mostOpenMillis, openMillis * 2 ** openings)
    openings++
  }

  const enter = (at: number): Pass | null => {
    if (!isPassable(at)) return null
    const epoch = openings
    const isProbe = openings > 0
    if (isProbe) probing = true
    let ended = false
    const close = () => {
      probing = false
      openings = 0
    }
    return {
      answered: () => {
        if (!isProbe || ended || openings !== epoch) return
        close()
        // One more failure, such as a body that breaks off, opens it again.
        failures = limit - 1
      },
      end: (outcome, then) => {
        if (ended) return
        ended = true
        if (isProbe && openings === epoch) probing = false
        if (outcome === "success") {
          failures = 0
          if (isProbe && openings === epoch) close()
        } else if (outcome === "failure") {
          failures++
          if (isProbe && openings === epoch) open(then)
          // Requests that were under way when it opened change nothing.
          else if (openings === 0 && failures >= limit) open(then)
        }
      }
    }
  }

  return { isPassable, enter, isOpen: (at) => openings > 0 && at < openUntil }
}

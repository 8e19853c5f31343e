/**
 * When a client of a remote system tries again: full jitter (uniform between 0 and
 * min(cap, base * 2^n)), unless the remote said how long to wait, never past a total deadline.
 * The deadline stops the start of another attempt, it does not cut one that runs: a client bounds
 * each attempt itself. Whether a request may be sent twice is the caller's to know.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"

/** The longest wait a remote's `Retry-After` is believed, in milliseconds. */
export const MAX_RETRY_AFTER_MILLIS = 15 * 60 * 1000

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
const IMF_DATE = /^[a-z]{3}, (\d{1,2}) ([a-z]{3}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) (?:GMT|UTC)$/i
const RFC850_DATE = /^[a-z]{6,9}, (\d{2})-([a-z]{3})-(\d{2}) (\d{2}):(\d{2}):(\d{2}) GMT$/i
const ASCTIME_DATE = /^[a-z]{3} ([a-z]{3}) +(\d{1,2}) (\d{2}):(\d{2}):(\d{2}) (\d{4})$/i

/** Epoch milliseconds of an HTTP-date in any of its three forms, undefined when it is none. */
const httpDate = (text: string, nowMillis: number): number | undefined => {
  const asctime = ASCTIME_DATE.exec(text)
  const fields =
    asctime === null
      ? (IMF_DATE.exec(text) ?? RFC850_DATE.exec(text))?.slice(1)
      : [asctime[2], asctime[1], asctime[6], asctime[3], asctime[4], asctime[5]]
  if (fields === undefined) return undefined
  const [day, monthName = "", yearText = "", hour, minute, second] = fields
  const month = MONTHS.indexOf(monthName.toLowerCase())
  let year = Number(yearText)
  if (yearText.length === 2) {
    // A two-digit year is in this century unless that is more than 50 years ahead (RFC 9110).
    const thisYear = new Date(nowMillis).getUTCFullYear()
    year += thisYear - (thisYear % 100)
    if (year > thisYear + 50) year -= 100
  }
  const millis = Date.UTC(year, month, Number(day), Number(hour), Number(minute), Number(second))
  return month === -1 ? undefined : millis
}

/** Epoch milliseconds of an HTTP-date in any of its three forms, undefined when it is none. */
export const parseHttpDate = (text: string | undefined, nowMillis: number): number | undefined =>
  text === undefined ? undefined : httpDate(text.trim(), nowMillis)

/**
 * How long a reply's `Retry-After` asks to wait, in milliseconds: seconds or an HTTP-date, at most 15 minutes.
 * A date is measured from the reply's own `Date`, since the remote's clock need not be ours, else from `nowMillis`.
 * Undefined where nothing usable is asked: no header, one that cannot be understood, a negative number, a date that
 * is past. Header names are lower case.
 */
export const retryAfter = (
  headers: Readonly<Record<string, string | undefined>>,
  nowMillis: number
): number | undefined => {
  const value = headers["retry-after"]?.trim()
  if (value === undefined) return undefined
  if (/^\+?\d+(?:\.\d+)?$/.test(value)) {
    return Math.min(Math.ceil(Number(value) * 1000), MAX_RETRY_AFTER_MILLIS)
  }
  const date = httpDate(value, nowMillis)
  const millis = (date ?? Number.NaN) - (parseHttpDate(headers["date"], nowMillis) ?? nowMillis)
  return millis >= 0 ? Math.min(millis, MAX_RETRY_AFTER_MILLIS) : undefined
}

/** How many attempts of the same call went before this one: 0 for the first. */
export const AttemptsBefore = Context.Reference<number>("@tillbridge/wire/AttemptsBefore", {
  defaultValue: () => 0
})

/** What `retrying` does with a failure. */
export interface RetryOptions<E> {
  /** Whether this failure may go away by itself. */
  readonly isRetryable: (error: E) => boolean
  /** The wait the remote asked for, in milliseconds; it is obeyed instead of the jitter. */
  readonly retryAfter: (error: E) => number | undefined
  /** Upper bound of the first wait. */
  readonly base: Duration.Input
  /** Upper bound of every wait by jitter. */
  readonly cap: Duration.Input
  /** How many times to try again: 0 tries once. */
  readonly times: number
  /** No attempt starts later than this after the first one started. */
  readonly deadline: Duration.Input
}

/**
 * Runs an effect again while it fails with a failure that may go away. Fails with the last
 * failure; defects and interruption pass at once. Uses Effect's Clock and Random.
 */
export const retrying = <E>(
  options: RetryOptions<E>
): (<A, E1 extends E, R>(self: Effect.Effect<A, E1, R>) => Effect.Effect<A, E1, R>) => {
  const base = Duration.toMillis(options.base)
  const cap = Duration.toMillis(options.cap)
  const deadline = Duration.toMillis(options.deadline)
  // Monotonic: a step of the wall clock neither ends nor prolongs the retries.
  const now = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos) / 1e6)

  return <A, E1 extends E, R>(self: Effect.Effect<A, E1, R>): Effect.Effect<A, E1, R> => {
    const attempt = (retries: number, startedAt: number): Effect.Effect<A, E1, R> =>
      (retries === 0 ? self : Effect.provideService(self, AttemptsBefore, retries)).pipe(
        Effect.catch(
          Effect.fnUntraced(function* (error: E1) {
            if (retries >= options.times || !options.isRetryable(error)) return yield* Effect.fail(error)
            const asked = options.retryAfter(error)
            const wait = asked ?? (yield* Random.nextBetween(0, Math.min(cap, base * 2 ** retries)))
            if ((yield* now) - startedAt + wait > deadline) return yield* Effect.fail(error)
            yield* Effect.sleep(Duration.millis(wait))
            return yield* attempt(retries + 1, startedAt)
          })
        )
      )
    return Effect.flatMap(now, (startedAt) => attempt(0, startedAt))
  }
}

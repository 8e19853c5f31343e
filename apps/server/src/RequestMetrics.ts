/** What the server counts about its requests. Labels are few and fixed: no path, key or id of a caller becomes one. */
import type * as Context from "effect/Context"
import * as Metric from "effect/Metric"
import type { Refusal } from "./Load.ts"

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export interface RequestMetrics {
  readonly started: () => void
  readonly ended: (method: string, status: number, answered: boolean, millis: number) => void
  /** Something that never became a request was answered with an error. */
  readonly refused: (status: number) => void
  /** A request was not looked at, because there is too much to do. */
  readonly shed: (why: Refusal) => void
  /** A connection was not taken: its address, or all together, hold too many. */
  readonly connectionRefused: (why: "address" | "total") => void
}

const knownMethods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])

export const makeRequestMetrics = (context: Context.Context<never>): RequestMetrics => {
  const total = Metric.counter("http_requests_total", {
    description: "Requests answered, by method and status",
    incremental: true
  })
  const duration = Metric.histogram("http_request_duration_seconds", {
    description: "Time from a request's headers to the end of its answer",
    boundaries: seconds
  })
  const inFlight = Metric.gauge("http_requests_in_flight", { description: "Requests being answered" })
  const shed = Metric.counter("http_requests_shed_total", {
    description: "Requests refused because there was too much to do, by reason",
    incremental: true
  })
  const connections = Metric.counter("http_connections_refused_total", {
    description: "Connections not taken, by what was exhausted",
    incremental: true
  })
  const reasonsOf = <Reason extends string>(
    counter: Metric.Counter<number>,
    reasons: ReadonlyArray<Reason>
  ): ((why: Reason) => void) => {
    const counters = new Map(reasons.map((reason) => [reason, Metric.withAttributes(counter, { reason })]))
    // So that a rate can be taken from the first one on.
    for (const one of counters.values()) one.updateUnsafe(0, context)
    return (why) => counters.get(why)?.updateUnsafe(1, context)
  }
  const byLabels = new Map<string, typeof total>()
  let open = 0

  const counterOf = (method: string, status: string) => {
    const key = `${method} ${status}`
    let counter = byLabels.get(key)
    if (counter === undefined) {
      counter = Metric.withAttributes(total, { method, status })
      byLabels.set(key, counter)
    }
    return counter
  }

  return {
    started: () => inFlight.updateUnsafe(++open, context),
    ended: (method, status, answered, millis) => {
      inFlight.updateUnsafe(--open, context)
      counterOf(
        knownMethods.has(method) ? method : "other",
        answered ? String(status) : "aborted"
      ).updateUnsafe(1, context)
      duration.updateUnsafe(millis / 1000, context)
    },
    refused: (status) => counterOf("other", String(status)).updateUnsafe(1, context),
    shed: reasonsOf(shed, ["in_progress", "late"]),
    connectionRefused: reasonsOf(connections, ["address", "total"])
  }
}

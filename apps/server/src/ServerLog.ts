/**
 * What goes wrong inside the server, told among the lines of the access log: one line for each entry, however many its
 * cause has, with the id of the request that it was about.
 */
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Logger from "effect/Logger"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import type { AccessLog } from "./AccessLog.ts"

/** The id that the listener gave the answer; nothing where no request of a socket is being answered. */
const requestId = (context: Context.Context<never>): string | undefined => {
  const request = Context.getOrUndefined(context, HttpServerRequest.HttpServerRequest)
  if (request === undefined) return undefined
  const id = NodeHttpServerRequest.toServerResponse(request).getHeader("x-request-id")
  return typeof id === "string" ? id : undefined
}

/** Words are said as they are; errors, which carry where they come from, go with the cause. */
const told = (message: unknown, cause: Cause.Cause<unknown>) => {
  const parts: ReadonlyArray<unknown> = Array.isArray(message) ? message : [message]
  const errors = parts.filter((part) => part instanceof Error)
  return {
    message: parts
      .filter((part) => !(part instanceof Error))
      .map(String)
      .join(" "),
    cause: [
      ...errors.map((error) => Cause.pretty(Cause.fail(error))),
      ...(cause.reasons.length === 0 ? [] : [Cause.pretty(cause)])
    ].join("\n")
  }
}

export const makeServerLogger = (log: AccessLog): Logger.Logger<unknown, void> =>
  Logger.make(({ cause, date, fiber, logLevel, message }) => {
    const id = requestId(fiber.context)
    log.tell({ time: date, level: logLevel.toUpperCase(), id, ...told(message, cause) })
  })

/** These loggers with the server's own in the place of Effect's default, which writes to standard output. */
export const withServerLogger = (
  loggers: ReadonlySet<Logger.Logger<unknown, unknown>>,
  log: AccessLog
): ReadonlySet<Logger.Logger<unknown, unknown>> =>
  new Set([...loggers].map((one) => (one === Logger.defaultLogger ? makeServerLogger(log) : one)))

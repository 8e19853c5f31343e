/**
 * The worker's log on standard error, one line for each entry: JSON for machines, short text for a terminal. When
 * nobody reads the pipe, lines are dropped rather than kept.
 */
import * as Cause from "effect/Cause"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import type { Writable } from "node:stream"

const mostWaiting = 1024 * 1024

/** Whatever a reader of the log could take for the end of a line, or a terminal for a command. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

const escaped = (text: string) =>
  text.replaceAll(unprintable, (char) =>
    char === "\n" ? "\\n" : `\\u${char.codePointAt(0)!.toString(16).padStart(4, "0")}`
  )

/**
 * Where a defect comes from. What it says, and what an expected error carries inside, may quote a person's data, and is
 * shown with TILLBRIDGE_DEBUG=1 only.
 */
const causeOf = (cause: Cause.Cause<unknown>): string => {
  if (cause.reasons.length === 0) return ""
  if (process.env["TILLBRIDGE_DEBUG"] === "1") return Cause.pretty(cause)
  const error = Cause.squash(cause)
  if (!(error instanceof Error)) return typeof error
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line))
  return [error.name, ...frames].join("\n")
}

const textOf = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value))

export const makeLogger = (
  out: Writable,
  { json }: { readonly json: boolean }
): Logger.Logger<unknown, void> =>
  Logger.make(({ cause, date, fiber, logLevel, message }) => {
    if (out.writableLength > mostWaiting) return
    const words = (Array.isArray(message) ? message : [message]).map(String).join(" ")
    const fields = fiber.getRef(References.CurrentLogAnnotations)
    const level = logLevel.toUpperCase()
    const where = causeOf(cause)
    if (json) {
      const entry = {
        time: date,
        level,
        message: words,
        ...fields,
        ...(where === "" ? {} : { cause: where })
      }
      return void out.write(`${JSON.stringify(entry)}\n`)
    }
    const { link, from: _from, to: _to, ...rest } = fields
    const told = Object.entries(rest).map(([name, value]) => `${name}=${textOf(value)}`)
    const parts = [date.toISOString().slice(11, 19), level, link, words, ...told, where]
    const line = parts
      .filter((part) => part !== undefined && part !== "")
      .map((part) => escaped(String(part)))
    out.write(`${line.join(" ")}\n`)
  })

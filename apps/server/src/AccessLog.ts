/**
 * One line for each request, and for each thing that goes wrong inside, on standard error: JSON for machines, short
 * text for a terminal. Of a request only the path is written, never the query, in which several vendors' clients send
 * their key. Lines are gathered and written a few times a second; when nobody reads the pipe, lines are dropped and
 * counted rather than kept.
 */
import type { Writable } from "node:stream"

export interface AccessEntry {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly status: number
  /** From the request's headers to the end of the answer. */
  readonly millis: number
  /** `false` when the connection closed before the answer was written. */
  readonly answered: boolean
}

/** Something other than a request. */
export interface LogEntry {
  readonly time: Date
  /** In capitals. */
  readonly level: string
  /** Of the request that it is about. */
  readonly id: string | undefined
  readonly message: string
  /** Empty where there is none; may have many lines. */
  readonly cause: string
}

export interface AccessLog {
  readonly write: (entry: AccessEntry) => void
  /** Written at once, as the process may be about to end. */
  readonly tell: (entry: LogEntry) => void
  readonly flush: () => void
  readonly dropped: () => number
}

const flushMillis = 100
const longestPath = 256
const mostWaiting = 1024 * 1024

const plain = /^[ !#-[\]-~]*$/

/** As JSON text, without asking the encoder where there is nothing to escape. */
const quoted = (text: string) => (plain.test(text) ? `"${text}"` : JSON.stringify(text))

const json = (time: string, entry: AccessEntry, path: string) =>
  `{"time":"${time}","level":"INFO","message":"request","id":"${entry.id}","method":"${entry.method}","path":${quoted(path)},"status":${entry.status},"millis":${entry.millis.toFixed(2)}${entry.answered ? "" : ',"aborted":true'}}\n`

const text = (time: string, entry: AccessEntry, path: string) =>
  `${time.slice(11, 19)} ${entry.method} ${quoted(path).slice(1, -1)} ${entry.answered ? entry.status : "aborted"} ${entry.millis.toFixed(1)} ms\n`

/** Whatever a reader of the log could take for the end of a line, or a terminal for a command. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

const escaped = (text: string) =>
  text.replaceAll(unprintable, (char) =>
    char === "\n" ? "\\n" : `\\u${char.codePointAt(0)!.toString(16).padStart(4, "0")}`
  )

const entryJson = ({ cause, id, level, message, time }: LogEntry) =>
  `${JSON.stringify({ time, level, message, ...(id === undefined ? {} : { id }), ...(cause === "" ? {} : { cause }) })}\n`

const entryText = ({ cause, id, level, message, time }: LogEntry) =>
  `${[time.toISOString().slice(11, 19), level, message, id, cause]
    .filter((part) => part !== undefined && part !== "")
    .map((part) => escaped(part ?? ""))
    .join(" ")}\n`

export const makeAccessLog = (out: Writable, options: { readonly forTerminal: boolean }): AccessLog => {
  const line = options.forTerminal ? text : json
  const entryLine = options.forTerminal ? entryText : entryJson
  let lines = ""
  let lastMillis = 0
  let lastText = ""

  const timeText = () => {
    const now = Date.now()
    if (now !== lastMillis) {
      lastMillis = now
      lastText = new Date(now).toISOString()
    }
    return lastText
  }

  let dropped = 0
  let timer: NodeJS.Timeout | undefined

  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    if (lines === "") return
    out.write(lines)
    lines = ""
  }

  const isFull = () => {
    if (out.writableLength <= mostWaiting) return false
    dropped++
    return true
  }

  return {
    write: (entry) => {
      if (isFull()) return
      lines += line(
        timeText(),
        entry,
        entry.path.length > longestPath ? entry.path.slice(0, longestPath) : entry.path
      )
      timer ??= setTimeout(flush, flushMillis).unref()
    },
    tell: (entry) => {
      if (isFull()) return
      lines += entryLine(entry)
      flush()
    },
    flush,
    dropped: () => dropped
  }
}

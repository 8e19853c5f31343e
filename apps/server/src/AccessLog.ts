/**
 * One line for each request, on standard error: JSON for machines, short text for a terminal. Only the path is
 * written, never the query, in which several vendors' clients send their key. Lines are gathered and written a few
 * times a second; when nobody reads the pipe, lines are dropped and counted rather than kept.
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

export interface AccessLog {
  readonly write: (entry: AccessEntry) => void
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

export const makeAccessLog = (out: Writable, options: { readonly forTerminal: boolean }): AccessLog => {
  const line = options.forTerminal ? text : json
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

  return {
    write: (entry) => {
      if (out.writableLength > mostWaiting) {
        dropped++
        return
      }
      lines += line(
        timeText(),
        entry,
        entry.path.length > longestPath ? entry.path.slice(0, longestPath) : entry.path
      )
      timer ??= setTimeout(flush, flushMillis).unref()
    },
    flush,
    dropped: () => dropped
  }
}

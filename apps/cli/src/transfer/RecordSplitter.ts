/**
 * Cuts chunks of a file into records: lines, or CSV records, whose quoted cells may hold line ends. Only the piece of a
 * record that spans chunks is kept, and of a record that is too long no more than its beginning: up to the limit where
 * a quote that does not end has swallowed other rows, which somebody will want back.
 */
import { isUtf8 } from "node:buffer"

export interface RawRecord {
  /** Line of the file on which it starts, from 1. */
  readonly line: number
  /** Line on which it ends: another one only when quoted cells hold line ends. */
  readonly lastLine: number
  /** Without the line end; the beginning only when there is a problem with its length. */
  readonly bytes: Buffer
  readonly problem: string | null
}

export const longestRecord = 1024 * 1024
const excerpt = 1_000

const LF = 10
const CR = 13
const QUOTE = 34

const fieldStart = 0
const plain = 1
const quoted = 2
const quoteInQuoted = 3

const tooLong = "is longer than 1 MiB"
const neverEnds = "has a quoted cell that does not end within 1 MiB or before the end of the file"

export class RecordSplitter {
  readonly #delimiter: number | null
  #held: Array<Buffer> = []
  #heldLength = 0
  #overflow: string | null = null
  #state = fieldStart
  #line = 1
  /** Line ends seen inside the current record. */
  #inner = 0
  #isFirst = true
  #lastByte = 0

  /** With a delimiter the records are CSV, without they are lines. */
  constructor(delimiter: number | null) {
    this.#delimiter = delimiter
  }

  push(chunk: Buffer): Array<RawRecord> {
    const records: Array<RawRecord> = []
    let start = this.#isFirst && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf ? 3 : 0
    this.#isFirst = false
    this.#lastByte = chunk.at(-1) ?? this.#lastByte
    while (start < chunk.length) {
      const end = this.#endOf(chunk, start)
      if (end === -1) break
      this.#finish(chunk.subarray(start, end), records)
      start = end + 1
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start))
    return records
  }

  /** What follows the last line end. */
  end(): Array<RawRecord> {
    const records: Array<RawRecord> = []
    if (this.#state === quoted && this.#overflow === null) this.#overflow = neverEnds
    // The last line end ends the file: no line follows it.
    if (this.#lastByte === LF && this.#inner > 0) this.#inner--
    if (this.#heldLength > 0) this.#finish(Buffer.alloc(0), records)
    return records
  }

  /** Where the current record ends in the chunk, or -1. */
  #endOf(chunk: Buffer, from: number): number {
    if (this.#delimiter === null || this.#overflow !== null) return chunk.indexOf(LF, from)
    const delimiter = this.#delimiter
    let state = this.#state
    for (let i = from; i < chunk.length; i++) {
      const byte = chunk[i]!
      if (state === quoted) {
        if (byte === QUOTE) state = quoteInQuoted
        else if (byte === LF) this.#inner++
      } else if (byte === LF) {
        this.#state = fieldStart
        return i
      } else if (byte === delimiter) state = fieldStart
      else if (byte === QUOTE && (state === fieldStart || state === quoteInQuoted)) state = quoted
      else state = plain
    }
    this.#state = state
    return -1
  }

  #hold(piece: Buffer): void {
    if (this.#overflow !== null) return
    this.#held.push(piece)
    this.#heldLength += piece.length
    if (this.#heldLength <= longestRecord) return
    this.#overflow = this.#state === quoted ? neverEnds : tooLong
    this.#held = [Buffer.from(this.#kept(Buffer.concat(this.#held)))]
  }

  #kept(bytes: Buffer): Buffer {
    return bytes.subarray(0, this.#overflow === neverEnds ? longestRecord : excerpt)
  }

  #finish(last: Buffer, records: Array<RawRecord>): void {
    let bytes =
      this.#held.length === 0
        ? last
        : Buffer.concat([...this.#held, ...(this.#overflow === null ? [last] : [])])
    let problem = this.#overflow
    if (problem === null && bytes.length > longestRecord) problem = tooLong
    if (problem !== null) bytes = this.#kept(bytes)
    if (bytes.at(-1) === CR) bytes = bytes.subarray(0, -1)
    if (bytes.length > 0) {
      if (problem === null && !isUtf8(bytes)) problem = "is not valid UTF-8"
      records.push({ line: this.#line, lastLine: this.#line + this.#inner, bytes, problem })
    }
    this.#line += this.#inner + 1
    this.#inner = 0
    this.#held = []
    this.#heldLength = 0
    this.#overflow = null
    this.#state = fieldStart
  }
}

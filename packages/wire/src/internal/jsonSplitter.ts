/**
 * The machine behind `splitJson`: walks over bytes, which may be cut anywhere, and takes apart the list and the rest.
 * It looks at strings, brackets and commas only; what stands between them is for whoever parses a record, and the rest
 * is parsed here at the end.
 */
import * as Result from "effect/Result"
import { MalformedJson, parseJson } from "../JsonReader.ts"
import { MAX_JSON_DEPTH } from "../Limits.ts"
import type { AnswerPiece, JsonListOptions } from "../RecordSplitter.ts"
import { ByteBuffer } from "./byteBuffer.ts"
import { isBlank, longRecord, notUtf8, type Splitter } from "./splitting.ts"

const QUOTE = 34
const COMMA = 44
const COLON = 58
const OPEN_LIST = 91
const BACKSLASH = 92
const CLOSE_LIST = 93
const OPEN_RECORD = 123
const CLOSE_RECORD = 125

const isOpening = (byte: number) => byte === OPEN_LIST || byte === OPEN_RECORD
const isClosing = (byte: number) => byte === CLOSE_LIST || byte === CLOSE_RECORD

/** Deepest array that is taken for the list: `{"result":{"customer":[` is the third bracket. */
const LIST_DEPTH = 4

// Places of the walk: outside the list, in it where a record or its end may come, behind a comma, in a record, behind
// a record, and behind the document.
const outside = 0
const first = 1
const next = 2
const inRecord = 3
const after = 4
const done = 5

export class JsonSplitter implements Splitter<MalformedJson> {
  failure: MalformedJson | undefined
  readonly #names: ReadonlySet<string>
  readonly #rest: ByteBuffer
  readonly #record: ByteBuffer
  #place = outside
  #inString = false
  #isEscaped = false
  /** The opening brackets, as far as depth is looked at. */
  readonly #open = new Uint8Array(MAX_JSON_DEPTH)
  #depth = 0
  #hasList = false
  /** Brackets around the records of the list. */
  #listDepth = 0
  #deepest = 0
  #records = 0
  /** Where in the chunk what is not kept yet begins. */
  #from = 0
  /** The newest string in the rest, and whether a colon followed it. */
  #name = { start: 0, end: 0, isKey: false }

  constructor(options: JsonListOptions, maxBytes: number) {
    this.#names = new Set(options.lists)
    this.#rest = new ByteBuffer(maxBytes)
    this.#record = new ByteBuffer(maxBytes)
  }

  push(chunk: Uint8Array): ReadonlyArray<AnswerPiece> {
    const pieces: Array<AnswerPiece> = []
    this.#from = 0
    let at = 0
    while (at < chunk.length && this.failure === undefined) {
      if (this.#inString) at = this.#string(chunk, at, pieces)
      else if (this.#place === inRecord) at = this.#inside(chunk, at, pieces)
      else if (this.#place === outside) at = this.#outside(chunk, at)
      else at = this.#between(chunk, at, pieces)
    }
    if (this.failure !== undefined) return pieces
    if (this.#place === outside) this.#rest.add(chunk, this.#from, chunk.length)
    else if (this.#place === inRecord) this.#record.add(chunk, this.#from, chunk.length)
    if (this.#rest.overflowed) this.#fail(`what is not the list is longer than ${this.#rest.limit} bytes`)
    return pieces
  }

  end(): ReadonlyArray<AnswerPiece> {
    if (this.failure !== undefined) return []
    const text = this.#rest.text()
    if (this.#place !== done) this.#fail("cut off before its end")
    else if (text === undefined) this.#fail(notUtf8)
    else {
      const parsed = parseJson(text, { refuseDuplicateKeys: true })
      if (Result.isSuccess(parsed))
        return [{ _tag: "Rest", form: "json", text, records: this.#records, hasList: this.#hasList }]
      this.failure = parsed.failure
    }
    return []
  }

  #fail(reason: string): void {
    this.failure = new MalformedJson({ reason })
  }

  #push(bracket: number): void {
    if (this.#depth < MAX_JSON_DEPTH) this.#open[this.#depth] = bracket
    this.#depth++
    if (this.#depth > this.#deepest) this.#deepest = this.#depth
  }

  #pop(bracket: number): void {
    const opening = bracket === CLOSE_LIST ? OPEN_LIST : OPEN_RECORD
    if (this.#depth <= MAX_JSON_DEPTH && this.#open[this.#depth - 1] !== opening) this.#fail("not JSON")
    this.#depth--
  }

  /** The rest of a string: gives where it goes on behind it. */
  #string(chunk: Uint8Array, start: number, pieces: Array<AnswerPiece>): number {
    let at = start
    for (; at < chunk.length; at++) {
      const byte = chunk[at]
      if (this.#isEscaped) this.#isEscaped = false
      else if (byte === BACKSLASH) this.#isEscaped = true
      else if (byte === QUOTE) break
    }
    if (at === chunk.length) return at
    this.#inString = false
    if (this.#place === outside) this.#name.end = this.#rest.length + at + 1 - this.#from
    else if (this.#depth === this.#listDepth) this.#finish(chunk, at + 1, pieces)
    return at + 1
  }

  /** One byte of the rest. */
  #outside(chunk: Uint8Array, at: number): number {
    const byte = chunk[at]!
    if (isOpening(byte)) {
      // The name before a list is looked up in the rest.
      this.#keep(chunk, at + 1)
      const isList = byte === OPEN_LIST && this.#isTheList()
      this.#push(byte)
      this.#name.isKey = false
      if (isList) {
        this.#hasList = true
        this.#listDepth = this.#depth
        this.#place = first
      }
    } else if (this.#depth === 0) {
      if (!isBlank(byte)) this.#fail("neither an object nor an array")
    } else if (isClosing(byte)) {
      this.#keep(chunk, at + 1)
      this.#close(byte)
    } else if (byte === QUOTE) {
      this.#inString = true
      this.#name.start = this.#rest.length + at - this.#from
    } else if (byte === COLON) this.#name.isKey = true
    else if (byte === COMMA) this.#name.isKey = false
    return at + 1
  }

  #keep(chunk: Uint8Array, end: number): void {
    this.#rest.add(chunk, this.#from, end)
    this.#from = end
  }

  #close(byte: number): void {
    this.#pop(byte)
    this.#place = this.#depth === 0 ? done : outside
  }

  #isTheList(): boolean {
    if (this.#hasList || this.#depth >= LIST_DEPTH) return false
    if (this.#depth === 0) return true
    if (!this.#name.isKey) return false
    const name = parseJson(this.#rest.text(this.#name.start, this.#name.end) ?? "")
    return Result.isSuccess(name) && typeof name.success === "string" && this.#names.has(name.success)
  }

  /** One byte between the records of the list, or behind the document. */
  #between(chunk: Uint8Array, at: number, pieces: Array<AnswerPiece>): number {
    const byte = chunk[at]!
    if (isBlank(byte)) return at + 1
    this.#from = at
    if (this.#place === done) {
      this.#fail("text after the end")
    } else if (byte === CLOSE_LIST && this.#place !== next) {
      this.#keep(chunk, at + 1)
      this.#close(byte)
    } else if (this.#place === after) {
      if (byte === COMMA) this.#place = next
      else this.#fail("not JSON")
    } else if (byte === COMMA || byte === COLON || isClosing(byte)) {
      this.#fail("not JSON")
    } else {
      this.#place = inRecord
      this.#deepest = this.#depth
      return this.#inside(chunk, at, pieces)
    }
    return at + 1
  }

  /** Bytes of a record, up to its end or its next string. */
  #inside(chunk: Uint8Array, start: number, pieces: Array<AnswerPiece>): number {
    for (let at = start; at < chunk.length; at++) {
      const byte = chunk[at]!
      const isNested = this.#depth > this.#listDepth
      if (byte === QUOTE) {
        this.#inString = true
        return at + 1
      } else if (isOpening(byte)) {
        this.#push(byte)
      } else if (isNested && isClosing(byte)) {
        this.#pop(byte)
        if (this.failure !== undefined) return at
        if (this.#depth === this.#listDepth) {
          this.#finish(chunk, at + 1, pieces)
          return at + 1
        }
      } else if (!isNested && (byte === COMMA || isClosing(byte) || isBlank(byte))) {
        // A record that is a number or a word ends before the byte that follows.
        this.#finish(chunk, at, pieces)
        return at
      }
    }
    return chunk.length
  }

  #finish(chunk: Uint8Array, end: number, pieces: Array<AnswerPiece>): void {
    const record = this.#record
    record.add(chunk, this.#from, end)
    const number = ++this.#records
    const text = record.overflowed ? undefined : record.text()
    const isDeep = this.#deepest - this.#listDepth > MAX_JSON_DEPTH
    if (text !== undefined && !isDeep) pieces.push({ _tag: "Record", form: "json", number, text })
    else {
      const reason = record.overflowed
        ? longRecord(record.limit)
        : isDeep
          ? `nested deeper than ${MAX_JSON_DEPTH}`
          : notUtf8
      pieces.push({ _tag: "Unreadable", form: "json", number, reason, text: record.beginning() })
    }
    record.clear()
    this.#place = after
  }
}

/**
 * The machine behind `splitXml`: walks over bytes, which may be cut anywhere, and takes apart the list's elements and
 * the rest. It follows tags, comments and CDATA sections and sees that each closing tag has the name that is open;
 * what else makes XML well-formed is for whoever parses a record, and the rest is parsed here at the end.
 */
import * as Result from "effect/Result"
import { MAX_XML_DEPTH } from "../Limits.ts"
import type { AnswerPiece, XmlListOptions } from "../RecordSplitter.ts"
import { MalformedXml, parseXml } from "../XmlReader.ts"
import { ByteBuffer } from "./byteBuffer.ts"
import { isBlank, longRecord, notUtf8, type Splitter } from "./splitting.ts"

const BANG = 33
const DOUBLE_QUOTE = 34
const QUOTE = 39
const MINUS = 45
const SLASH = 47
const LESS = 60
const GREATER = 62
const QUESTION = 63
const CLOSE_BRACKET = 93

// Where the walk is: in character data, behind `<`, in the name of a tag, behind it, in a value in quotes, in a
// closing tag, behind `<!`, and in what has an end of its own.
const text = 0
const opened = 1
const inName = 2
const inTag = 3
const inValue = 4
const inClosing = 5
const declared = 6
const comment = 7
const section = 8
const instruction = 9

/** Deepest element whose children are records; the root is depth 1. */
const LIST_DEPTH = 4

const dashes = new TextEncoder().encode("--")
const cdata = new TextEncoder().encode("[CDATA[")

const NAME = /^<\/?([^\s/>]+)/
const NAMESPACE = /\s(xmlns(?::[^\s=]+)?)\s*=\s*("[^"]*"|'[^']*')/g

const localName = (name: string): string => name.slice(name.indexOf(":") + 1)

/** An open element outside the records, and the namespaces declared for what is in it. */
interface Ancestor {
  readonly name: string
  readonly namespaces: ReadonlyMap<string, string>
}

const noNamespaces: ReadonlyMap<string, string> = new Map()

const withDeclared = (outer: ReadonlyMap<string, string>, tag: string): ReadonlyMap<string, string> => {
  const own = [...tag.matchAll(NAMESPACE)].map(([, name, value]) => [name!, value!] as const)
  return own.length === 0 ? outer : new Map([...outer, ...own])
}

/** The declarations that a tag lacks to be read on its own. */
const missingIn = (tag: string, namespaces: ReadonlyMap<string, string>): string => {
  if (namespaces.size === 0) return ""
  const own = withDeclared(noNamespaces, tag)
  let out = ""
  for (const [name, value] of namespaces) if (!own.has(name)) out += ` ${name}=${value}`
  return out
}

export class XmlSplitter implements Splitter<MalformedXml> {
  failure: MalformedXml | undefined
  readonly #items: ReadonlySet<string>
  readonly #lists: ReadonlySet<string> | undefined
  readonly #rest: ByteBuffer
  readonly #record: ByteBuffer
  /** The tag or section that is being read outside the records. */
  readonly #tag: ByteBuffer
  #state = text
  /** Where in the chunk what is not kept yet begins. */
  #from = 0
  #quote = 0
  #lastByte = 0
  /** What must follow `<!`, and how much of it has. */
  #markup = dashes
  #matched = 0
  /** How many of the bytes that announce an end stand just before. */
  #run = 0
  /** The name of a tag as a number. Two names that share one are told apart by whoever parses the record. */
  #hash = 0
  readonly #ancestors: Array<Ancestor> = []
  #isDone = false
  #hasList = false
  /** Open elements of the record, and their names; 0 outside. */
  #depth = 0
  readonly #open = new Int32Array(MAX_XML_DEPTH)
  #deepest = 0
  #records = 0
  /** Namespaces to be declared in the record, and where. */
  #missing = { text: "", at: 0 }
  /** White space between records is no part of the rest. */
  #isBehindRecord = false

  constructor(options: XmlListOptions, maxBytes: number) {
    this.#items = new Set(options.items)
    this.#lists = options.lists === undefined ? undefined : new Set(options.lists)
    this.#rest = new ByteBuffer(maxBytes)
    this.#record = new ByteBuffer(maxBytes)
    this.#tag = new ByteBuffer(maxBytes)
  }

  push(chunk: Uint8Array): ReadonlyArray<AnswerPiece> {
    const pieces: Array<AnswerPiece> = []
    this.#from = 0
    let at = 0
    while (at < chunk.length && this.failure === undefined) {
      at = this.#state === text ? this.#text(chunk, at) : this.#byte(chunk, at, pieces)
    }
    if (this.failure !== undefined) return pieces
    if (this.#depth > 0) this.#record.add(chunk, this.#from, chunk.length)
    else if (this.#state !== text) this.#tag.add(chunk, this.#from, chunk.length)
    this.#checkLength()
    return pieces
  }

  end(): ReadonlyArray<AnswerPiece> {
    if (this.failure !== undefined) return []
    const rest = this.#rest.text()
    if (!this.#isDone || this.#state !== text) this.#fail("cut off before its end")
    else if (rest === undefined) this.#fail(notUtf8)
    else {
      const parsed = parseXml(rest, { maxBytes: this.#rest.limit })
      if (Result.isSuccess(parsed))
        return [{ _tag: "Rest", form: "xml", text: rest, records: this.#records, hasList: this.#hasList }]
      this.failure = parsed.failure
    }
    return []
  }

  #fail(reason: string): void {
    this.failure = new MalformedXml({ reason })
  }

  #checkLength(): void {
    if (this.#rest.overflowed || this.#tag.overflowed)
      this.#fail(`what is not the list is longer than ${this.#rest.limit} bytes`)
  }

  /** Character data up to the next tag. */
  #text(chunk: Uint8Array, start: number): number {
    const found = chunk.indexOf(LESS, start)
    const end = found === -1 ? chunk.length : found
    if (this.#depth === 0) {
      let from = start
      if (this.#isBehindRecord || this.#ancestors.length === 0)
        while (from < end && isBlank(chunk[from]!)) from++
      if (from < end) {
        this.#isBehindRecord = false
        if (this.#ancestors.length === 0) this.#fail("text outside the root element")
        else this.#rest.add(chunk, from, end)
      }
      this.#from = end
    }
    if (found !== -1) this.#state = opened
    return end + 1
  }

  /** One byte of a tag or of what else begins with `<`. */
  #byte(chunk: Uint8Array, at: number, pieces: Array<AnswerPiece>): number {
    const byte = chunk[at]!
    switch (this.#state) {
      case opened:
        this.#begin(byte)
        break
      case inName:
        if (!isBlank(byte) && byte !== SLASH && byte !== GREATER) {
          this.#hash = (Math.imul(this.#hash, 31) + byte) | 0
          break
        }
        this.#state = inTag
        this.#lastByte = 0
        this.#tagByte(byte, chunk, at, pieces)
        break
      case inTag:
        this.#tagByte(byte, chunk, at, pieces)
        break
      case inValue:
        if (byte === this.#quote) this.#state = inTag
        break
      case inClosing:
        if (byte === GREATER) this.#closingTag(chunk, at + 1, pieces)
        else if (!isBlank(byte)) this.#hash = (Math.imul(this.#hash, 31) + byte) | 0
        break
      case declared:
        this.#declaration(byte)
        break
      default:
        if (this.#isEnd(byte)) this.#finishMarkup(chunk, at + 1)
    }
    return at + 1
  }

  #begin(byte: number): void {
    this.#run = 0
    this.#matched = 0
    this.#hash = 0
    if (byte === SLASH) this.#state = inClosing
    else if (byte === BANG) this.#state = declared
    else if (byte === QUESTION) this.#state = instruction
    else {
      this.#state = inName
      this.#hash = byte
    }
  }

  /** A byte of an opening tag outside its name and values. */
  #tagByte(byte: number, chunk: Uint8Array, at: number, pieces: Array<AnswerPiece>): void {
    if (byte === GREATER) this.#openingTag(this.#lastByte === SLASH, chunk, at + 1, pieces)
    else if (byte === QUOTE || byte === DOUBLE_QUOTE) {
      this.#state = inValue
      this.#quote = byte
    }
    this.#lastByte = byte
  }

  /** A byte behind `<!`, until it is known what is declared. */
  #declaration(byte: number): void {
    if (this.#matched === 0) this.#markup = byte === MINUS ? dashes : cdata
    if (byte !== this.#markup[this.#matched]) this.#fail("DOCTYPE and ENTITY are not accepted")
    else if (++this.#matched === this.#markup.length) {
      this.#state = this.#markup === dashes ? comment : section
      if (this.#state === section && this.#ancestors.length === 0) this.#fail("text outside the root element")
    }
  }

  /** Whether a comment, a CDATA section or an instruction ends with this byte. */
  #isEnd(byte: number): boolean {
    const [sign, count] =
      this.#state === comment ? [MINUS, 2] : this.#state === section ? [CLOSE_BRACKET, 2] : [QUESTION, 1]
    if (byte === GREATER && this.#run >= count) return true
    if (this.#state === comment && this.#run === count) this.#fail("malformed comment")
    this.#run = byte === sign ? this.#run + 1 : 0
    return false
  }

  /** Comments and instructions say nothing and are left out of the rest. */
  #finishMarkup(chunk: Uint8Array, end: number): void {
    if (this.#depth === 0) {
      this.#tag.add(chunk, this.#from, end)
      if (this.#state === section) this.#keepTag()
      else this.#tag.clear()
      this.#from = end
    }
    this.#state = text
  }

  #keepTag(): void {
    this.#isBehindRecord = false
    this.#rest.addAll(this.#tag)
    this.#checkLength()
    this.#tag.clear()
  }

  #openingTag(isEmpty: boolean, chunk: Uint8Array, end: number, pieces: Array<AnswerPiece>): void {
    this.#state = text
    if (this.#depth === 0) return this.#outerTag(isEmpty, chunk, end, pieces)
    if (this.#depth >= this.#deepest) this.#deepest = this.#depth + 1
    if (isEmpty) return
    if (this.#depth < MAX_XML_DEPTH) this.#open[this.#depth] = this.#hash
    this.#depth++
  }

  /** An opening tag outside the records: it may begin one. */
  #outerTag(isEmpty: boolean, chunk: Uint8Array, end: number, pieces: Array<AnswerPiece>): void {
    this.#tag.add(chunk, this.#from, end)
    this.#from = end
    const tag = this.#tag.overflowed ? "" : this.#tag.text()
    const name = NAME.exec(tag ?? "")?.[1]
    const parent = this.#ancestors.at(-1)
    if (tag === undefined || name === undefined)
      return this.#fail(tag === undefined ? notUtf8 : "malformed tag")
    if (this.#isDone) return this.#fail("text after the end")
    if (parent !== undefined && this.#isItem(name, parent)) {
      this.#hasList = true
      this.#missing = { text: missingIn(tag, parent.namespaces), at: name.length + 1 }
      this.#record.addAll(this.#tag)
      this.#tag.clear()
      this.#depth = this.#deepest = 1
      this.#open[0] = this.#hash
      if (isEmpty) this.#finishRecord(pieces)
      return
    }
    if (this.#lists?.has(localName(name)) === true) this.#hasList = true
    this.#keepTag()
    if (!isEmpty)
      this.#ancestors.push({ name, namespaces: withDeclared(parent?.namespaces ?? noNamespaces, tag) })
    else if (parent === undefined) this.#isDone = true
    if (this.#ancestors.length > MAX_XML_DEPTH) this.#fail(`nested deeper than ${MAX_XML_DEPTH}`)
  }

  #isItem(name: string, parent: Ancestor): boolean {
    return (
      this.#ancestors.length <= LIST_DEPTH &&
      this.#items.has(localName(name)) &&
      (this.#lists === undefined || this.#lists.has(localName(parent.name)))
    )
  }

  #closingTag(chunk: Uint8Array, end: number, pieces: Array<AnswerPiece>): void {
    this.#state = text
    if (this.#depth > 0) {
      if (this.#depth <= MAX_XML_DEPTH && this.#open[this.#depth - 1] !== this.#hash)
        return this.#fail("not well-formed")
      if (--this.#depth > 0) return
      this.#record.add(chunk, this.#from, end)
      this.#from = end
      return this.#finishRecord(pieces)
    }
    this.#tag.add(chunk, this.#from, end)
    this.#from = end
    const name = NAME.exec(this.#tag.text() ?? "")?.[1]
    if (name === undefined || this.#ancestors.pop()?.name !== name) return this.#fail("not well-formed")
    this.#keepTag()
    if (this.#ancestors.length === 0) this.#isDone = true
  }

  #finishRecord(pieces: Array<AnswerPiece>): void {
    const record = this.#record
    const number = ++this.#records
    const read = record.overflowed ? undefined : record.text()
    const isDeep = this.#deepest > MAX_XML_DEPTH
    if (read !== undefined && !isDeep) {
      const { at, text: missing } = this.#missing
      const whole = missing === "" ? read : read.slice(0, at) + missing + read.slice(at)
      pieces.push({ _tag: "Record", form: "xml", number, text: whole })
    } else {
      const reason = record.overflowed
        ? longRecord(record.limit)
        : isDeep
          ? `nested deeper than ${MAX_XML_DEPTH}`
          : notUtf8
      pieces.push({ _tag: "Unreadable", form: "xml", number, reason, text: record.beginning() })
    }
    record.clear()
    this.#depth = 0
    this.#isBehindRecord = true
  }
}

/**
 * What the simulator has to know of a dialect's wire to spoil it: which request is for what, and where in an answer the
 * records are. Answers are handled as text, so that what was not to be spoiled stays as it was, byte for byte.
 */
import type { Operation } from "./Fault.ts"

export interface DialectWire {
  readonly id: string
  /** `path` is in lower case; the query is as it came. */
  readonly operation: (method: string, path: string, query: URLSearchParams) => Operation
  /** Where the records of a list are: the element around them and their own in XML, the member in JSON. */
  readonly xml?: { readonly list: string; readonly record: string }
  readonly json: { readonly list: string }
  /** Members of a record, by what is done to them; the first of its name is meant. */
  readonly members: {
    readonly id: string
    readonly date: string
    /** A short text. */
    readonly text: string
    /** A long text. */
    readonly notes: string
  }
  /** Members anywhere in an answer that tell a time. */
  readonly stamps: ReadonlyArray<string>
  /** Member before the records that counts them. */
  readonly count?: string
  /** Member before the records that promises more of them. */
  readonly more?: string
  /** Query parameter that takes a resume point up. */
  readonly resume?: string
}

export type Format = "xml" | "json"

export interface ListAnswer {
  readonly format: Format
  readonly head: string
  readonly records: ReadonlyArray<string>
  readonly tail: string
}

/** The end of the JSON value that begins at `start`. */
const endOfValue = (text: string, start: number): number => {
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const char = text[at]!
    if (char === '"') {
      for (at++; text[at] !== '"'; at++) if (text[at] === "\\") at++
    } else if (char === "{" || char === "[") depth++
    else if (char === "}" || char === "]") {
      if (depth === 0) return at
      depth--
    } else if (char === "," && depth === 0) return at
  }
  return text.length
}

const splitJson = (text: string, list: string): ListAnswer | undefined => {
  const found = new RegExp(`"${list}"\\s*:\\s*\\[`).exec(text)
  if (found === null) return undefined
  const start = found.index + found[0].length
  const records: Array<string> = []
  let at = start
  while (at < text.length && text[at] !== "]") {
    const end = endOfValue(text, at)
    records.push(text.slice(at, end).trim())
    at = text[end] === "," ? end + 1 : end
  }
  return { format: "json", head: text.slice(0, start), records, tail: text.slice(at) }
}

const splitXml = (
  text: string,
  { list, record }: { list: string; record: string }
): ListAnswer | undefined => {
  const empty = `<${list}/>`
  const emptyAt = text.indexOf(empty)
  if (emptyAt >= 0) {
    const head = `${text.slice(0, emptyAt)}<${list}>`
    return { format: "xml", head, records: [], tail: `</${list}>${text.slice(emptyAt + empty.length)}` }
  }
  const open = `<${list}>`
  const first = text.indexOf(open)
  const last = text.lastIndexOf(`</${list}>`)
  if (first < 0 || last < 0) return undefined
  const close = `</${record}>`
  const records: Array<string> = []
  let at = first + open.length
  for (let end = text.indexOf(close, at); end >= 0 && end < last; end = text.indexOf(close, at)) {
    records.push(text.slice(at, end + close.length))
    at = end + close.length
  }
  return { format: "xml", head: text.slice(0, first + open.length), records, tail: text.slice(last) }
}

/** The parts of a list; nothing when the answer is none. */
export const splitList = (wire: DialectWire, text: string): ListAnswer | undefined =>
  text.trimStart().startsWith("<") ? wire.xml && splitXml(text, wire.xml) : splitJson(text, wire.json.list)

export const joinList = ({ format, head, records, tail }: ListAnswer): string =>
  head + records.join(format === "json" ? "," : "") + tail

/** One member with its value: what stands before the value, the value, what stands behind it. */
const memberPattern = (format: Format, name: string, flags = ""): RegExp =>
  format === "json"
    ? new RegExp(`("${name}"\\s*:\\s*)("(?:[^"\\\\]|\\\\.)*"|[^,{}\\[\\]\\s]+)()`, flags)
    : new RegExp(`(<${name}(?:\\s[^>]*)?>)([^<]*)(</${name}>)|<${name}(?:\\s[^>]*)?/>`, flags)

/** Puts another value in the place of the first member of that name; as it was when there is none. */
export const withMember = (format: Format, text: string, name: string, value: string): string =>
  text.replace(memberPattern(format, name), (whole, open?: string, _old?: string, close?: string) => {
    if (open !== undefined) return `${open}${value}${close ?? ""}`
    return whole.startsWith("<") ? `<${name}>${value}</${name}>` : whole
  })

/** Takes the first member of that name away. */
export const withoutMember = (format: Format, text: string, name: string): string => {
  if (format === "xml") return text.replace(memberPattern(format, name), "")
  const found = memberPattern(format, name).exec(text)
  if (found === null) return text
  const before = text.slice(0, found.index)
  const after = text.slice(found.index + found[0].length)
  return after.trimStart().startsWith(",")
    ? before + after.trimStart().slice(1)
    : before.replace(/,\s*$/, "") + after
}

const time = /(\d{4})-(\d\d)-(\d\d)(?:([T ])(\d\d):(\d\d):(\d\d))?/

const shiftedTime = (value: string, millis: number): string =>
  value.replace(time, (whole, year, month, day, separator?: string, hour = 0, minute = 0, second = 0) => {
    const at = Date.UTC(
      Number(year),
      Number(month) - 1,
      Number(day),
      Number(hour),
      Number(minute),
      Number(second)
    )
    const moved = new Date(at + millis)
    if (Number.isNaN(moved.getTime()) || moved.getUTCFullYear() > 9999 || moved.getUTCFullYear() < 1)
      return whole
    const iso = moved.toISOString()
    return separator === undefined ? iso.slice(0, 10) : `${iso.slice(0, 10)}${separator}${iso.slice(11, 19)}`
  })

/** Every time of these members told earlier or later. */
export const shiftStamps = (
  format: Format,
  text: string,
  stamps: ReadonlyArray<string>,
  millis: number
): string =>
  stamps.reduce(
    (told, name) =>
      told.replace(memberPattern(format, name, "g"), (whole, open?: string, value?: string, close?: string) =>
        open === undefined || value === undefined
          ? whole
          : `${open}${shiftedTime(value, millis)}${close ?? ""}`
      ),
    text
  )

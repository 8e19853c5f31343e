/** Answers that come from no dialect, and what is done to the bytes of one that does. */
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { STATUS_CODES } from "node:http"
import type { Dice } from "./Dice.ts"
import type { Fault, RetryAfter } from "./Fault.ts"
import { poisoned } from "./Spoil.ts"
import { type DialectWire, joinList, shiftStamps, splitList, withMember, withoutMember } from "./Wire.ts"

const html = (status: number, title: string, body: string) =>
  HttpServerResponse.text(
    `<!DOCTYPE html>\n<html><head><title>${title}</title></head><body>${body}</body></html>\n`,
    {
      status,
      contentType: "text/html; charset=utf-8"
    }
  )

/** As a proxy before the vendor answers. */
export const gateway = (status: number) => {
  const title = `${status} ${STATUS_CODES[status] ?? "Error"}`
  return html(status, title, `<h1>${title}</h1>`)
}

/** A page for people, where a session of a proxy or a hotel's network ran out. */
export const loginPage = html(
  200,
  "Sign in",
  `<form method="post" action="/login"><input name="user"><input name="password" type="password"></form>`
)

export const emptyAnswer = HttpServerResponse.uint8Array(new Uint8Array(0), { status: 200 })

export const bracesAnswer = HttpServerResponse.text("{}", { contentType: "application/json; charset=utf-8" })

export const retryAfterText = (retryAfter: RetryAfter, now: number): string | undefined => {
  if (retryAfter === null) return undefined
  return "seconds" in retryAfter
    ? retryAfter.seconds.toFixed(0)
    : new Date(now + retryAfter.dateInMillis).toUTCString()
}

/** The same answer with another body. */
export const withBody = (response: HttpServerResponse.HttpServerResponse, bytes: Uint8Array) =>
  HttpServerResponse.uint8Array(bytes, {
    status: response.status,
    headers: { ...response.headers, "content-length": String(bytes.length) },
    cookies: response.cookies,
    contentType: response.headers["content-type"] ?? "application/octet-stream"
  })

const latin1 = (text: string) => Uint8Array.from(text, (char) => Math.min(char.charCodeAt(0), 0xff))

const utf16 = (text: string) => {
  const bytes = new Uint8Array(text.length * 2)
  for (let i = 0; i < text.length; i++) {
    bytes[2 * i] = text.charCodeAt(i) & 0xff
    bytes[2 * i + 1] = text.charCodeAt(i) >> 8
  }
  return bytes
}

const encoder = new TextEncoder()

/** The text in the bytes that the faults make of it; what its head says of them stays as it was. */
export const encoded = (text: string, faults: ReadonlyArray<Fault>): Uint8Array => {
  const charset = faults.find((fault) => fault.kind === "charset")
  if (charset !== undefined) return charset.encoding === "latin1" ? latin1(text) : utf16(text)
  return encoder.encode(faults.some(({ kind }) => kind === "bom") ? `\uFEFF${text}` : text)
}

export interface Memory {
  /** The faults that it belongs to. */
  of: ReadonlyArray<Fault>
  /** The list before this one, and the one that is repeated. */
  previous: string | undefined
  repeated: string | undefined
}

export interface SpoilOptions {
  readonly wire: DialectWire
  readonly dice: Dice
  readonly memory: Memory
}

type Rewrite = (text: string) => string

const ofRecords =
  (
    wire: DialectWire,
    change: (records: ReadonlyArray<string>, format: "xml" | "json") => ReadonlyArray<string>
  ): Rewrite =>
  (text) => {
    const list = splitList(wire, text)
    return list === undefined ? text : joinList({ ...list, records: change(list.records, list.format) })
  }

/** The head of a list told otherwise. */
const ofHead =
  (wire: DialectWire, change: (head: string, format: "xml" | "json", count: number) => string): Rewrite =>
  (text) => {
    const list = splitList(wire, text)
    if (list === undefined) return text
    return joinList({ ...list, head: change(list.head, list.format, list.records.length) })
  }

const promise = (wire: DialectWire, more: boolean): Rewrite =>
  ofHead(wire, (head, format) =>
    wire.more === undefined ? head : withMember(format, head, wire.more, String(more))
  )

/** A list that says of itself what it has. */
const recounted = (wire: DialectWire): Rewrite =>
  ofHead(wire, (head, format, count) =>
    wire.count === undefined ? head : withMember(format, head, wire.count, String(count))
  )

const emptied =
  (wire: DialectWire): Rewrite =>
  (text) => {
    const none = recounted(wire)(ofRecords(wire, () => [])(text))
    return ofHead(wire, (head, format) =>
      wire.resume === undefined ? head : withoutMember(format, head, wire.resume)
    )(promise(wire, false)(none))
  }

/** As if the text had come to its end: with its records cut at a border, and closed again or not. */
const shortened =
  (wire: DialectWire, isClosed: boolean): Rewrite =>
  (text) => {
    const list = splitList(wire, text)
    if (list === undefined) return text.slice(0, Math.floor(text.length / 2))
    const records = list.records.slice(0, Math.floor(list.records.length / 2))
    return joinList({ ...list, records, tail: isClosed ? list.tail : "" })
  }

const rewriteOf = (fault: Fault, { dice, memory, wire }: SpoilOptions): Rewrite | undefined => {
  switch (fault.kind) {
    case "repeat-cursor":
      return (text) => promise(wire, true)((memory.repeated ??= text))
    case "duplicate-page":
      return (text) => memory.previous ?? text
    case "zero-rows":
      return emptied(wire)
    case "fewer":
      return (text) =>
        recounted(wire)(ofRecords(wire, (records) => records.filter(() => !dice.happens(fault.share)))(text))
    case "reorder":
      return ofRecords(wire, (records) => dice.shuffled(records))
    case "poison":
      return ofRecords(wire, (records, format) => poisoned(wire, format, records, { ...fault, dice }))
    case "skew":
      return (text) =>
        shiftStamps(text.trimStart().startsWith("<") ? "xml" : "json", text, wire.stamps, fault.millis)
    case "truncate":
      return fault.how === "text" || fault.how === "records"
        ? shortened(wire, fault.how === "records")
        : undefined
    default:
      return undefined
  }
}

/** In this order, whatever order they are given in: what pages hold, then what records hold, then the text. */
const order: ReadonlyArray<Fault["kind"]> = [
  "repeat-cursor",
  "duplicate-page",
  "zero-rows",
  "fewer",
  "reorder",
  "poison",
  "skew",
  "truncate"
]

/** The text of an answer as the faults make it. */
export const rewritten = (text: string, faults: ReadonlyArray<Fault>, options: SpoilOptions): string => {
  const byOrder = order.flatMap((kind) => faults.filter((fault) => fault.kind === kind))
  return byOrder.reduce((told, fault) => rewriteOf(fault, options)?.(told) ?? told, text)
}

/** The vendor's envelopes, and the HTTP answers that carry them. */
import { element } from "@tillbridge/wire"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { ErrorAnswer } from "./errors.ts"

export type Format = "xml" | "json"

/** As the vendor's example writes it. */
export const xmlDeclaration = `<?xml version="1.0" encoding="UTF-8"?>`

export const contentTypes: Readonly<Record<Format, string>> = {
  xml: "application/xml; charset=UTF-8",
  json: "application/json; charset=UTF-8"
}

/** On every answer: it holds personal data and is nothing but what its type says. */
export const headers = { "cache-control": "no-store", "x-content-type-options": "nosniff" }

const encoder = new TextEncoder()

/** `<root>` of single elements, or the same names and values as a JSON object. */
const envelope = (format: Format, members: Readonly<Record<string, string | number>>): string => {
  if (format === "json") return JSON.stringify(members)
  let root = ""
  for (const name in members) root += element(name, members[name])
  return `${xmlDeclaration}<root>${root}</root>`
}

export const bytesAnswer = (format: Format, bytes: Uint8Array): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.uint8Array(bytes, { headers, contentType: contentTypes[format] })

/** `success` 1 and what a write has to tell. */
export const writeAnswer = (format: Format, members: Readonly<Record<string, number>>) =>
  bytesAnswer(format, encoder.encode(envelope(format, { success: 1, ...members })))

export const errorAnswer = (format: Format, error: ErrorAnswer) =>
  HttpServerResponse.uint8Array(encoder.encode(envelope(format, { success: 0, info: error.info })), {
    status: error.status,
    headers: { ...headers, ...error.headers },
    contentType: contentTypes[format]
  })

/** What stands before the customers of a list. */
const listHeads: Readonly<Record<Format, (count: number) => Uint8Array>> = {
  xml: (count) =>
    encoder.encode(
      `${xmlDeclaration}<root><success>1</success><type>customer</type><count>${count}</count><customers>`
    ),
  json: (count) => encoder.encode(`{"success":1,"type":"customer","count":${count},"customers":[`)
}

/** What ends a list. */
export const listTails: Readonly<Record<Format, Uint8Array>> = {
  xml: encoder.encode("</customers></root>"),
  json: encoder.encode("]}")
}

/** Stands between two customers. */
const separators: Readonly<Record<Format, Uint8Array>> = { xml: new Uint8Array(0), json: encoder.encode(",") }

/** A list without customers: in XML the collection is an empty element (as the vendor's sibling pages show it). */
const emptyLists: Readonly<Record<Format, Uint8Array>> = {
  xml: encoder.encode(
    `${xmlDeclaration}<root><success>1</success><type>customer</type><count>0</count><customers/></root>`
  ),
  json: encoder.encode(`{"success":1,"type":"customer","count":0,"customers":[]}`)
}

const nothing = new Uint8Array(0)

const joined = (
  head: Uint8Array,
  records: ReadonlyArray<Uint8Array>,
  separator: Uint8Array,
  tail: Uint8Array
) => {
  let length = head.length + tail.length + Math.max(0, records.length - 1) * separator.length
  for (const record of records) length += record.length
  const out = new Uint8Array(length)
  out.set(head)
  let at = head.length
  records.forEach((record, index) => {
    if (index > 0) {
      out.set(separator, at)
      at += separator.length
    }
    out.set(record, at)
    at += record.length
  })
  out.set(tail, at)
  return out
}

/** A whole list as one body. */
export const listBytes = (format: Format, records: ReadonlyArray<Uint8Array>): Uint8Array =>
  records.length === 0
    ? emptyLists[format]
    : joined(listHeads[format](records.length), records, separators[format], listTails[format])

/** The beginning of a list of `count` customers that goes on with `nextBytes` and ends with `listTails`. */
export const firstBytes = (format: Format, count: number, records: ReadonlyArray<Uint8Array>): Uint8Array =>
  joined(listHeads[format](count), records, separators[format], nothing)

/** The next customers of such a list; `begun` when one has been written before them. */
export const nextBytes = (format: Format, records: ReadonlyArray<Uint8Array>, begun: boolean): Uint8Array =>
  records.length === 0
    ? nothing
    : joined(begun ? separators[format] : nothing, records, separators[format], nothing)

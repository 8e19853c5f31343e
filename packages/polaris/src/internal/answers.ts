/** The answers' documents, and the HTTP answers that carry them. */
import { escapeText, XML_DECLARATION } from "@tillbridge/wire"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { Format } from "../PolarisCodec.ts"
import type { PolarisNames } from "../PolarisNames.ts"
import type { ErrorAnswer } from "./errors.ts"

/** INFERRED: no page names them. */
export const contentTypes: Readonly<Record<Format, string>> = {
  xml: "text/xml; charset=utf-8",
  json: "application/json; charset=utf-8"
}

/** On every answer: it holds personal data and is nothing but what its type says. */
export const headers = { "cache-control": "no-store", "x-content-type-options": "nosniff" }

const encoder = new TextEncoder()

const answer = (format: Format, text: string, status = 200, more: Readonly<Record<string, string>> = {}) =>
  HttpServerResponse.uint8Array(encoder.encode(text), {
    status,
    headers: { ...headers, ...more },
    contentType: contentTypes[format]
  })

/** One record that is already text, as a document. */
export const recordAnswer = (format: Format, record: string) =>
  answer(format, format === "xml" ? XML_DECLARATION + record : record)

/** `<long>1235</long>`, or `1235`: how .NET writes a value that is no record (INFERRED). */
export const scalarAnswer = (
  format: Format,
  type: "long" | "boolean",
  value: number | boolean,
  more?: Readonly<Record<string, string>>
) =>
  answer(
    format,
    format === "xml" ? `${XML_DECLARATION}<${type}>${value}</${type}>` : String(value),
    200,
    more
  )

/** Nobody, as 200 with nothing in it. */
export const nilAnswer = (format: Format, names: PolarisNames) =>
  answer(
    format,
    format === "json"
      ? "null"
      : `${XML_DECLARATION}<${names.roots.client} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>`
  )

export const errorAnswer = (format: Format, error: ErrorAnswer, names: PolarisNames) => {
  const { code, message, root } = names.errors
  const text =
    format === "json"
      ? JSON.stringify({ [root]: { [code]: error.code, [message]: error.message } })
      : `${XML_DECLARATION}<${root}><${code}>${error.code}</${code}>` +
        `<${message}>${escapeText(error.message)}</${message}></${root}>`
  return answer(format, text, error.status, error.headers)
}

/** What stands before the clients of a slice and behind them. Base64url needs no escaping in either format. */
export const sliceFrame = (
  format: Format,
  names: PolarisNames,
  hasMoreResults: boolean,
  checkPoint: string | null
): readonly [head: string, tail: string] => {
  const { checkPoint: point, clients, hasMoreResults: more } = names.fragment
  if (format === "json") {
    const resume = checkPoint === null ? "" : `"${point}":"${checkPoint}",`
    return [`{"${more}":${hasMoreResults},${resume}"${clients}":[`, "]}"]
  }
  const root = names.roots.fragment
  const resume = checkPoint === null ? "" : `<${point}>${checkPoint}</${point}>`
  return [
    `${XML_DECLARATION}<${root}><${more}>${hasMoreResults}</${more}>${resume}<${clients}>`,
    `</${clients}></${root}>`
  ]
}

const comma = encoder.encode(",")
const nothing = new Uint8Array(0)

/** A slice as one body, from clients that are already encoded. */
export const sliceBytes = (
  format: Format,
  [head, tail]: readonly [head: string, tail: string],
  records: ReadonlyArray<Uint8Array>
): Uint8Array => {
  const first = encoder.encode(head)
  const last = encoder.encode(tail)
  const separator = format === "json" ? comma : nothing
  let length = first.length + last.length + Math.max(0, records.length - 1) * separator.length
  for (const record of records) length += record.length
  const body = new Uint8Array(length)
  body.set(first)
  let at = first.length
  records.forEach((record, index) => {
    if (index > 0) {
      body.set(separator, at)
      at += separator.length
    }
    body.set(record, at)
    at += record.length
  })
  body.set(last, at)
  return body
}

export const bytesAnswer = (format: Format, bytes: Uint8Array) =>
  HttpServerResponse.uint8Array(bytes, { headers, contentType: contentTypes[format] })

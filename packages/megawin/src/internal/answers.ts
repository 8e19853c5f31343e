/** The vendor's envelopes, and the HTTP answers that carry them. Shops call from browsers, of any origin. */
import { corsHeaders } from "@tillbridge/wire"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { ErrorAnswer } from "./errors.ts"

export const contentType = "application/json; charset=utf-8"

/** On every answer: it holds personal data and is nothing but what its type says. */
export const headers = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  ...corsHeaders
}

const encoder = new TextEncoder()

/** What stands before the customers of a list, and what ends it. */
export const listHead = encoder.encode(`{"success":"true","message":"Customers list","result":{"customer":[`)
export const listTail = encoder.encode("]}}")

const comma = encoder.encode(",")

/** A run of records, each in the parts that it is kept in, separated; `begun` when one was written before them. */
export const joinRecords = (
  records: ReadonlyArray<ReadonlyArray<Uint8Array>>,
  begun: boolean,
  head: Uint8Array | null = null,
  tail: Uint8Array | null = null
): Uint8Array => {
  const parts: Array<Uint8Array> = head === null ? [] : [head]
  records.forEach((record, index) => {
    if (begun || index > 0) parts.push(comma)
    parts.push(...record)
  })
  if (tail !== null) parts.push(tail)
  let length = 0
  for (const part of parts) length += part.length
  const out = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

export const bytesAnswer = (bytes: Uint8Array): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.uint8Array(bytes, { headers, contentType })

/** `success` "true" with this message and result. */
export const doneAnswer = (message: string, result?: object) =>
  bytesAnswer(
    encoder.encode(JSON.stringify({ success: "true", message, ...(result === undefined ? {} : { result }) }))
  )

export const errorAnswer = (error: ErrorAnswer) =>
  HttpServerResponse.uint8Array(
    encoder.encode(JSON.stringify({ success: "false", message: error.message })),
    { status: error.status, headers: { ...headers, ...error.headers }, contentType }
  )

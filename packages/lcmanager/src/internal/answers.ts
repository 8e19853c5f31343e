/** The vendor's envelopes, and the HTTP answers that carry them. Browsers of any origin call (OBSERVED), never with
 * credentials of their own: the bearer is a header that a page's script sets itself. */
import { allow, escapeText } from "@tillbridge/wire"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { namespaces } from "../LcmanagerSchema.ts"
import type { ErrorAnswer, TokenErrorAnswer } from "./errors.ts"
import { bytesOf, type Format, type Writing } from "./negotiation.ts"

/** On every answer: it holds personal data and is nothing but what its type says. */
export const headers = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "access-control-allow-origin": "*"
}

const nil = `i:nil="true"`

/** The beginning of the XML envelope, up to its list: base members first (DOCUMENTED). */
const xmlHead = (errorCode: number, message: string | null): string => {
  const base = `xmlns="${namespaces.abstractions}"`
  const said =
    message === null
      ? `<Message ${nil} ${base}/>`
      : message === ""
        ? `<Message ${base}/>`
        : `<Message ${base}>${escapeText(message)}</Message>`
  return (
    `<ClientInfoPeriodResponse xmlns:i="${namespaces.instance}" xmlns="${namespaces.response}">` +
    `<ErrorCode ${base}>${errorCode}</ErrorCode>${said}`
  )
}

const successHead = xmlHead(0, "")

/** What stands before the rows of a list, between two of them, and behind. */
export const listParts: Readonly<Record<Format, { head: string; separator: string; tail: string }>> = {
  json: { head: `{"Clients":[`, separator: ",", tail: `],"ErrorCode":0,"Message":""}` },
  xml: { head: `${successHead}<Clients>`, separator: "", tail: "</Clients></ClientInfoPeriodResponse>" }
}

/** A whole list of rows already encoded. */
export const listText = (format: Format, rows: ReadonlyArray<string>): string => {
  if (format === "xml" && rows.length === 0) return `${successHead}<Clients/></ClientInfoPeriodResponse>`
  const { head, separator, tail } = listParts[format]
  return head + rows.join(separator) + tail
}

const errorText = (format: Format, { errorCode, message }: ErrorAnswer): string => {
  if (errorCode === undefined) {
    return format === "json"
      ? `{"Message":${JSON.stringify(message)}}`
      : `<Error><Message>${escapeText(message)}</Message></Error>`
  }
  return format === "json"
    ? `{"Clients":[],"ErrorCode":${errorCode},"Message":${JSON.stringify(message)}}`
    : `${xmlHead(errorCode, message)}<Clients/></ClientInfoPeriodResponse>`
}

export const textAnswer = (writing: Writing, text: string): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.uint8Array(bytesOf(text, writing), { headers, contentType: writing.contentType })

export const errorAnswer = (writing: Writing, error: ErrorAnswer): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.uint8Array(bytesOf(errorText(writing.format, error), writing), {
    status: error.status,
    headers: { ...headers, ...error.headers },
    contentType: writing.contentType
  })

const encoder = new TextEncoder()

/** The token endpoint answers in JSON, whatever is asked for (INFERRED). */
export const tokenAnswer = (
  body: object,
  status = 200,
  more: Readonly<Record<string, string>> = {}
): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.uint8Array(encoder.encode(JSON.stringify(body)), {
    status,
    headers: { ...headers, pragma: "no-cache", ...more },
    contentType: "application/json;charset=UTF-8"
  })

export const tokenErrorAnswer = ({ description, error, headers: more, status }: TokenErrorAnswer) =>
  tokenAnswer({ error, error_description: description }, status, more)

const isNameList = /^[\w-]+(?:\s*,\s*[\w-]+)*$/

/** Whether a browser asks what it may send. */
export const isPreflight = ({ headers: given, method }: HttpServerRequest.HttpServerRequest): boolean =>
  method === "OPTIONS" && given["access-control-request-method"] !== undefined

/** What a browser learns before it sends: POST, and the headers that it asked for. */
export const preflightAnswer = ({ headers: given }: HttpServerRequest.HttpServerRequest) => {
  const asked = given["access-control-request-headers"]
  return HttpServerResponse.empty({
    headers: {
      ...headers,
      allow: allow(["POST"]),
      "access-control-allow-methods": "POST",
      "access-control-max-age": "600",
      ...(asked !== undefined && isNameList.test(asked) ? { "access-control-allow-headers": asked } : {})
    }
  })
}

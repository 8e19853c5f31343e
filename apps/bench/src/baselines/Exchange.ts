/** What the handlers of a baseline server get and do with it. */
import type { IncomingMessage, ServerResponse } from "node:http"
import type { ParsedUrlQuery } from "node:querystring"

export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly query: ParsedUrlQuery
}

/** Handlers by path, in lower case. */
export type Handlers = Readonly<Record<string, (exchange: Exchange) => void>>

const bodyLimit = 65_536

export const send = (
  response: ServerResponse,
  contentType: string,
  body: Buffer | string,
  status = 200,
  headers: Readonly<Record<string, string>> = {}
): void => {
  const bytes = typeof body === "string" ? Buffer.from(body) : body
  response.writeHead(status, { "content-type": contentType, "content-length": bytes.length, ...headers })
  response.end(bytes)
}

/** `use` gets null for a body that is too long. */
export const readBody = (request: IncomingMessage, use: (body: string | null) => void): void => {
  const chunks: Array<Buffer> = []
  let length = 0
  request.on("data", (chunk: Buffer) => {
    length += chunk.length
    if (length <= bodyLimit) chunks.push(chunk)
  })
  request.on("end", () => use(length > bodyLimit ? null : Buffer.concat(chunks).toString()))
}

export const jsonType = "application/json; charset=utf-8"

export const refuse = (response: ServerResponse, status: number): void =>
  send(response, "text/plain", "refused", status)

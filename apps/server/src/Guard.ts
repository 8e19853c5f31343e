/**
 * What no dialect should have to think about: a request line that names a host of its own (`GET http://…`), and a
 * second `Host` header, either of which lets two programs in a row read one request differently.
 */
import * as Effect from "effect/Effect"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { IncomingMessage } from "node:http"

const isSound = (request: IncomingMessage): boolean => {
  const url = request.url ?? ""
  if (!url.startsWith("/") && url !== "*") return false
  const { rawHeaders } = request
  let hosts = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!
    if (name.length === 4 && name.toLowerCase() === "host") hosts++
  }
  return hosts < 2
}

const refused = HttpServerResponse.text("ambiguous request\n", {
  status: 400,
  headers: { connection: "close", "cache-control": "no-store" }
})

/** Answers 400 to such a request before any route sees it. */
export const guard = <E, R>(app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>) =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
    isSound(request.source as IncomingMessage) ? app : Effect.succeed(refused)
  )

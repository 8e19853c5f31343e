/**
 * What no dialect should have to think about: a request line that names a host of its own (`GET http://…`), no `Host`
 * header or a second one, which let two programs in a row read one request differently; and a path that the router
 * cannot decode, which it would answer with nothing at all.
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
  return hosts === 1 || (hosts === 0 && request.httpVersion === "1.0")
}

const refused = HttpServerResponse.text("ambiguous request\n", {
  status: 400,
  headers: { connection: "close", "cache-control": "no-store" }
})

const notFound = HttpServerResponse.text("not found\n", {
  status: 404,
  headers: { "cache-control": "no-store" }
})

const isDecodable = (path: string): boolean => {
  try {
    decodeURIComponent(path)
    return true
  } catch {
    return false
  }
}

/**
 * The target as the router can take it; nothing when there is none. A path with a broken escape, or with an escape
 * where the slash after a dialect's base path belongs, becomes an action that the dialect does not know.
 */
const routable = (url: string, basePaths: ReadonlyArray<string>): string | undefined => {
  const mark = url.indexOf("?")
  const path = mark < 0 ? url : url.slice(0, mark)
  if (!path.includes("%")) return url
  const decodable = isDecodable(path)
  const lower = path.toLowerCase()
  const base = basePaths.find((base) => {
    if (!lower.startsWith(base)) return false
    const next = lower[base.length] ?? ""
    return next === "%" || (!decodable && "/;#".includes(next))
  })
  if (base !== undefined) return `${base}/undecodable${url.slice(path.length)}`
  return decodable ? url : undefined
}

/** Answers such a request before any route sees it, or lets the dialect that it was meant for answer. */
export const guard = <E, R>(
  app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
  basePaths: ReadonlyArray<string>
) =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
    if (!isSound(request.source as IncomingMessage)) return Effect.succeed(refused)
    if (!request.url.includes("%")) return app
    const url = routable(request.url, basePaths)
    if (url === request.url) return app
    if (url === undefined) return Effect.succeed(notFound)
    return Effect.provideService(app, HttpServerRequest.HttpServerRequest, request.modify({ url }))
  })

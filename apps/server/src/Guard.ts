/**
 * What no dialect should have to think about: more requests than can be answered in time; a request line that names a
 * host of its own (`GET http://…`), no `Host` header or a second one, a credential that is said twice, which let two
 * programs in a row read one request differently; and a path that the router cannot decode, which it would answer with
 * nothing at all.
 */
import { StorageError } from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { IncomingMessage } from "node:http"
import { forwardedFor } from "./Addresses.ts"
import type { Load, Refusal } from "./Load.ts"
import { type MountedPath, ownerOf } from "./Mounts.ts"
import { plainHeaders } from "./plainAnswers.ts"
import type { LoadedDialect } from "./ServedDialect.ts"

/** Node keeps the first of these and drops the others without a word: who is asking, and what the body is, would be open. */
const onlyOnce = new Set(["authorization", "content-type", "api_key", "apikey"])

const isSound = (request: IncomingMessage): boolean => {
  const url = request.url ?? ""
  if (!url.startsWith("/") && url !== "*") return false
  const { rawHeaders } = request
  let hosts = 0
  const seen = new Set<string>()
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase()
    if (name === "host") hosts++
    if (!onlyOnce.has(name)) continue
    if (seen.has(name)) return false
    seen.add(name)
  }
  return hosts === 1 || (hosts === 0 && request.httpVersion === "1.0")
}

const refused = HttpServerResponse.text("ambiguous request\n", {
  status: 400,
  headers: { ...plainHeaders, connection: "close" }
})

const notFound = HttpServerResponse.text("not found\n", {
  status: 404,
  headers: plainHeaders
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
const routable = (url: string, paths: ReadonlyArray<MountedPath>): string | undefined => {
  const mark = url.indexOf("?")
  const path = mark < 0 ? url : url.slice(0, mark)
  if (!path.includes("%")) return url
  const decodable = isDecodable(path)
  const lower = path.toLowerCase()
  const base = paths.find(({ path }) => {
    if (!lower.startsWith(path)) return false
    const next = lower[path.length] ?? ""
    return next === "%" || (!decodable && "/;#".includes(next))
  })
  if (base !== undefined) return `${base.path}/undecodable${url.slice(path.length)}`
  return decodable ? url : undefined
}

const overloaded = new StorageError({ operation: "serve", reason: "busy" })

/** The dialect's own refusal; nothing for a path of nobody, and for those who watch the server. */
const shed = (
  request: HttpServerRequest.HttpServerRequest,
  { dialects, paths }: Pick<GuardOptions, "dialects" | "paths">
) => {
  const end = request.url.indexOf("?")
  const path = (end < 0 ? request.url : request.url.slice(0, end)).toLowerCase()
  const owner = ownerOf(paths, path)
  return owner === undefined ? undefined : dialects.get(owner.id)?.refusal(request, overloaded)
}

export interface GuardOptions {
  readonly paths: ReadonlyArray<MountedPath>
  /** Those that are mounted, by id. */
  readonly dialects: ReadonlyMap<string, LoadedDialect>
  readonly load: Load
  readonly onShed: (why: Refusal) => void
  /** Addresses whose word on the caller's address is taken. */
  readonly proxies: ReadonlySet<string>
}

/** The request as the routes should see it. */
const seen = (
  request: HttpServerRequest.HttpServerRequest,
  url: string,
  proxies: ReadonlySet<string>
): HttpServerRequest.HttpServerRequest => {
  const peer = proxies.size === 0 ? undefined : Option.getOrUndefined(request.remoteAddress)
  const caller =
    peer === undefined ? undefined : forwardedFor(peer, request.headers["x-forwarded-for"], proxies)
  if (caller !== undefined) return request.modify({ url, remoteAddress: Option.some(caller) })
  return url === request.url ? request : request.modify({ url })
}

/** Answers such a request before any route sees it, or lets the dialect that it was meant for answer. */
export const guard = <E, R>(
  app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
  options: GuardOptions
) =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
    const { load, onShed, paths, proxies } = options
    const source = request.source as IncomingMessage
    if (!isSound(source)) return Effect.succeed(refused)
    const why = load.refusal(source)
    if (why !== undefined) {
      const refusal = shed(request, options)
      if (refusal !== undefined) {
        onShed(why)
        return Effect.succeed(refusal)
      }
    }
    const url = request.url.includes("%") ? routable(request.url, paths) : request.url
    if (url === undefined) return Effect.succeed(notFound)
    const asked = seen(request, url, proxies)
    return asked === request ? app : Effect.provideService(app, HttpServerRequest.HttpServerRequest, asked)
  })

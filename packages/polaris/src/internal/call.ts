/** From an HTTP request to a call of a function: format, parameters of query and form, and who is calling. */
import { type Credentials, NotAuthenticated, NotPermitted, orNull, type Principal } from "@tillbridge/domain"
import { normalizePath, Parameters, readForm } from "@tillbridge/wire"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Base64 from "effect/encoding/Base64"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import type { Format } from "../PolarisCodec.ts"
import { DIALECT } from "./dialect.ts"
import { BadCall, type CallError } from "./errors.ts"
import { identityParameters, knownParameters } from "./functions.ts"
import type { Sessions } from "./sessions.ts"

/** Parameters by name, whatever its letter case. An empty one is as good as none. */
export interface CallParameters {
  readonly get: (name: string) => string | undefined
}

/** What a request asks, before it is known who asks. */
export interface Asked {
  readonly format: Format
  readonly parameters: CallParameters
}

export const queryOf = (request: HttpServerRequest.HttpServerRequest): string =>
  normalizePath(request.url)?.query ?? ""

/** The format an error is told in, even when nothing else of the request can be read. */
export const formatOf = (query: string): Format => {
  const read = Parameters.parse(query)
  if (Result.isSuccess(read)) {
    return read.success.getIgnoreCase("output")?.trim().toLowerCase() === "json" ? "json" : "xml"
  }
  return /(?:^|&)output=json(?:&|$)/i.test(query) ? "json" : "xml"
}

/** `?doc` is a flag: it may have a value, which says nothing. */
export const asksForDocumentation = (query: string): Parameters | undefined => {
  if (!/doc/i.test(query)) return undefined
  const read = Parameters.parse(query)
  return Result.isSuccess(read) && read.success.getIgnoreCase("doc") !== undefined ? read.success : undefined
}

const repeated = (query: Parameters, form: Parameters): string | undefined =>
  query.repeatedIgnoreCase(knownParameters) ??
  form.repeatedIgnoreCase(knownParameters) ??
  identityParameters.find(
    (name) => query.getIgnoreCase(name) !== undefined && form.getIgnoreCase(name) !== undefined
  )

/** Plain code, not a generator: it stands in the way of every request. */
const asked = (query: Parameters, form: Parameters): Result.Result<Asked, BadCall> => {
  const twice = repeated(query, form)
  if (twice !== undefined) {
    return Result.fail(new BadCall({ code: "RepeatedParameter", info: `${twice} est donné plus d'une fois` }))
  }
  const parameters: CallParameters = {
    get: (name) => form.getIgnoreCase(name) ?? query.getIgnoreCase(name)
  }
  const format = orNull(parameters.get("output"))?.trim().toLowerCase() ?? "xml"
  return format === "xml" || format === "json"
    ? Result.succeed({ format, parameters })
    : Result.fail(new BadCall({ code: "InvalidParameter", info: "output : xml ou json attendu" }))
}

const hasBody = ({ headers }: HttpServerRequest.HttpServerRequest): boolean =>
  headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0"

/** Reads the parameters; `see` is told the format as soon as it is known. */
export const readCall = (
  request: HttpServerRequest.HttpServerRequest,
  see: (format: Format) => void
): Effect.Effect<Asked, CallError> => {
  const query = Parameters.parse(queryOf(request))
  if (Result.isFailure(query)) return Effect.fail(query.failure)
  if (request.method !== "POST") {
    return hasBody(request)
      ? Effect.fail(new BadCall({ code: "UnexpectedBody", info: "un appel par GET n'a pas de corps" }))
      : Effect.fromResult(asked(query.success, Parameters.empty))
  }
  return Effect.flatMap(readForm(request), (form) => {
    const inForm = form.getIgnoreCase("output")?.trim().toLowerCase()
    if (inForm === "json" || inForm === "xml") see(inForm)
    return Effect.fromResult(asked(query.success, form))
  })
}

const utf8 = new TextDecoder("utf-8", { fatal: true })

/** User and password of an `Authorization: Basic` header; `null` when there is another or a broken one. */
const basicOf = (header: string): { readonly user: string; readonly password: Redacted.Redacted } | null => {
  const match = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(header.trim())
  const bytes = match === null ? undefined : Base64.decode(match[1]!)
  if (bytes === undefined || Result.isFailure(bytes)) return null
  try {
    const text = utf8.decode(bytes.success)
    const colon = text.indexOf(":")
    return colon < 1 ? null : { user: text.slice(0, colon), password: Redacted.make(text.slice(colon + 1)) }
  } catch {
    return null
  }
}

export const addressOf = (request: HttpServerRequest.HttpServerRequest): string | null =>
  Option.getOrNull(request.remoteAddress)

/** The caller of a request: by HTTP Basic, which is this project's convenience, or by an open session. */
export const proveCaller = (
  request: HttpServerRequest.HttpServerRequest,
  credentials: Credentials["Service"],
  sessions: Sessions,
  cookieName: string
): Effect.Effect<Principal, CallError> => {
  const authorization = request.headers["authorization"]
  if (authorization !== undefined) {
    const basic = basicOf(authorization)
    return basic === null
      ? Effect.fail(new NotAuthenticated())
      : credentials.authenticate(DIALECT, basic.user, basic.password, addressOf(request))
  }
  const token = request.cookies[cookieName]
  if (token === undefined) return Effect.fail(new NotAuthenticated())
  return Effect.flatMap(Clock.currentTimeMillis, (now): Effect.Effect<Principal, CallError> => {
    const credential = sessions.use(token, now)
    if (credential === undefined) return Effect.fail(new NotAuthenticated())
    return Effect.tapErrorTag(credentials.current(DIALECT, credential), "NotAuthenticated", () =>
      Effect.sync(() => sessions.end(token))
    )
  })
}

/** Either of the two rights is enough to read, only the second to write (the first half is DOCUMENTED). */
export const whyNotPermitted = (principal: Principal, right: "read" | "write"): NotPermitted | undefined =>
  principal.scopes.includes("write") || (right === "read" && principal.scopes.includes("read"))
    ? undefined
    : new NotPermitted({ scope: right })

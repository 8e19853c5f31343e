/** From an HTTP request to a call of the API: parameters of query, form and JSON, and who is calling. */
import { type Credentials, type Merchant, NotAuthenticated, type Principal } from "@tillbridge/domain"
import {
  MalformedJson,
  normalizePath,
  Parameters,
  parseJson,
  readBytes,
  readForm,
  UnsupportedBody
} from "@tillbridge/wire"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import { DIALECT } from "../MegawinCodec.ts"
import { BadCall, BodyRefused, type CallError } from "./errors.ts"
import { identities, identityIn, isBlank, knownNames, type Values, valuesOfJson } from "./parameters.ts"
import { dropPasswords, droppedPasswords, isPasswordName } from "./passwords.ts"

export interface Call {
  readonly principal: Principal
  readonly merchant: Merchant
  /** As given: an identity may have blanks of its own. */
  readonly raw: (name: string) => string | undefined
  readonly values: Values
}

/** What one part of a request says. `passwords` counts those that were dropped. */
interface Said {
  readonly values: ReadonlyMap<string, string>
  readonly hasPassword: boolean
  readonly passwords: number
}

const nothing: Said = { values: new Map(), hasPassword: false, passwords: 0 }

const twice = (name: string) => new BadCall({ reason: `${name} is given more than once` })

/** The known names of a query or form, each by its first value. */
const ofParameters = (parameters: Parameters): Result.Result<Said, BadCall> => {
  if (parameters.size === 0) return Result.succeed(nothing)
  const repeated = parameters.repeatedIgnoreCase(identities)
  if (repeated !== undefined) return Result.fail(twice(repeated))
  const values = new Map<string, string>()
  let passwords = 0
  let hasPassword = false
  for (const [name, value] of parameters.entries()) {
    if (isPasswordName(name)) {
      passwords++
      if (name === "password" && !isBlank(value)) hasPassword = true
    } else {
      const spelled = identityIn(name)
      if (spelled?.isList === true) {
        return Result.fail(new BadCall({ reason: `${spelled.name} must be a single value` }))
      }
      const known = spelled?.name ?? name
      if (knownNames.has(known) && !values.has(known)) values.set(known, value)
    }
  }
  return Result.succeed({ values, hasPassword, passwords })
}

const utf8 = new TextDecoder("utf-8", { fatal: true })

const ofJson = (bytes: Uint8Array): Result.Result<Said, CallError> => {
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    return Result.fail(new MalformedJson({ reason: "not UTF-8" }))
  }
  const parsed = parseJson(text, { refuseDuplicateKeys: true })
  if (Result.isFailure(parsed)) return Result.fail(parsed.failure)
  const body = parsed.success
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    return Result.fail(new BadCall({ reason: "the body must be a JSON object" }))
  }
  const members = body as Record<string, unknown>
  const hasPassword = Object.hasOwn(members, "password") && !isBlank(members["password"])
  const passwords = dropPasswords(members)
  return Result.map(valuesOfJson(members), (values) => ({ values, hasPassword, passwords }))
}

const form = /^application\/x-www-form-urlencoded\s*(?:;|$)/i
/** PHP reads a body whatever it is called, and `fetch` calls a text "text/plain" (INFERRED that it is accepted). */
const json =
  /^(?:(?:application|text)\/(?:[\w.-]+\+)?json|text\/plain)\s*(?:;\s*charset\s*=\s*"?utf-?8"?\s*)?$/i

const readBody = (request: HttpServerRequest.HttpServerRequest): Effect.Effect<Said, CallError> => {
  const { "content-encoding": encoding = "identity", "content-type": type } = request.headers
  if (type !== undefined && form.test(type.trim())) {
    return Effect.flatMap(readForm(request), (parameters) => Effect.fromResult(ofParameters(parameters)))
  }
  return Effect.flatMap(readBytes(request), (bytes): Effect.Effect<Said, CallError> => {
    if (bytes.length === 0) return Effect.succeed(nothing)
    if (encoding.trim().toLowerCase() !== "identity") {
      return Effect.fail(new UnsupportedBody({ reason: "an encoded body is not read" }))
    }
    if (type !== undefined && !json.test(type.trim())) {
      return Effect.fail(
        new UnsupportedBody({ reason: "the body must be JSON or an urlencoded form, in UTF-8" })
      )
    }
    return Effect.fromResult(ofJson(bytes))
  })
}

const announcesBody = ({ headers }: HttpServerRequest.HttpServerRequest): boolean =>
  (headers["content-length"] ?? "0") !== "0" || headers["transfer-encoding"] !== undefined

interface Asked extends Pick<Call, "raw" | "values"> {
  readonly key: string
}

/** Query and body together: the body wins (INFERRED), but what is an identity stands in one of them only. */
const asked = (
  query: Said,
  body: Said,
  headers: HttpServerRequest.HttpServerRequest["headers"]
): Result.Result<Asked, BadCall | NotAuthenticated> => {
  for (const name of identities) {
    if (query.values.has(name) && body.values.has(name)) return Result.fail(twice(name))
  }
  const raw = (name: string) => body.values.get(name) ?? query.values.get(name)
  // Query: every current client. Header: an early one, which names it API_KEY (both OBSERVED).
  const keys = [raw("apikey"), headers["api_key"], headers["apikey"]].filter((key) => key !== undefined)
  if (keys.length > 1) return Result.fail(twice("apikey"))
  const key = keys[0]?.trim()
  if (key === undefined) return Result.fail(new NotAuthenticated())
  return Result.succeed({
    key,
    raw,
    values: {
      get: (name) => raw(name)?.trim(),
      hasPassword: query.hasPassword || body.hasPassword
    }
  })
}

const proofOf = (
  { key, raw, values }: Asked,
  credentials: Credentials["Service"],
  from: string | null
): Effect.Effect<Call, CallError> =>
  Effect.map(credentials.authenticate(DIALECT, null, Redacted.make(key), from), (principal): Call => ({
    principal,
    merchant: principal.merchant,
    raw,
    values
  }))

/** Reads the request and proves the caller. */
export const readCall = (
  request: HttpServerRequest.HttpServerRequest,
  credentials: Credentials["Service"]
): Effect.Effect<Call, CallError> => {
  const parsed = Parameters.parse(normalizePath(request.url)?.query ?? "")
  if (Result.isFailure(parsed)) return Effect.fail(parsed.failure)
  const query = ofParameters(parsed.success)
  if (Result.isFailure(query)) return Effect.fail(query.failure)
  const prove = (body: Said): Effect.Effect<Call, CallError> => {
    const dropped = query.success.passwords + body.passwords
    const said = asked(query.success, body, request.headers)
    const proved = Result.isFailure(said)
      ? Effect.fail(said.failure)
      : proofOf(said.success, credentials, Option.getOrNull(request.remoteAddress))
    return dropped === 0 ? proved : Effect.andThen(Metric.update(droppedPasswords, dropped), proved)
  }
  if (request.method === "POST") return Effect.flatMap(readBody(request), prove)
  return announcesBody(request) ? Effect.fail(new BodyRefused()) : prove(nothing)
}

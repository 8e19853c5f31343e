/** From an HTTP request to a call of the API: format, parameters of query and body, and who is calling. */
import { type Credentials, type Merchant, NotAuthenticated, orNull, type Principal } from "@tillbridge/domain"
import { normalizePath, Parameters, readForm } from "@tillbridge/wire"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import { DEFAULT_EXTERNAL_SYSTEM } from "../VirtposCodec.ts"
import type { Format } from "./answers.ts"
import { BadCall, type CallError } from "./errors.ts"
import type { ReadContext } from "./fields.ts"
import { type ParameterLookup, parametersOf } from "./parameters.ts"

export interface Call {
  readonly format: Format
  readonly principal: Principal
  readonly merchant: Merchant
  /** The query alone: where "get only" parameters are looked for. */
  readonly query: Parameters
  /** Query and body together, by the rule of each parameter. */
  readonly parameters: ParameterLookup
  readonly context: ReadContext
}

/** Said twice, they would leave open who is meant or who is asking, wherever each stands. */
const identities = [
  "apikey",
  "id",
  "external_id",
  "card_id",
  "uid",
  "card_barcode",
  "customer_id",
  "customer_external_id",
  "create_if_not_exist",
  "format"
] as const

/** The format an error is told in, even when nothing else of the request can be read. */
export const formatOf = (query: string): Format => {
  const read = Parameters.parse(query)
  if (Result.isSuccess(read)) return read.success.get("format")?.toLowerCase() === "json" ? "json" : "xml"
  return /(?:^|&)format=json(?:&|$)/i.test(query) ? "json" : "xml"
}

export const queryOf = (request: HttpServerRequest.HttpServerRequest): string =>
  normalizePath(request.url)?.query ?? ""

const repeated = (query: Parameters, body: Parameters, getOnly: ReadonlySet<string>): string | undefined =>
  query.repeated(identities) ??
  body.repeated(identities) ??
  // What the body says of a "get only" name does not count.
  identities.find((name) => !getOnly.has(name) && query.has(name) && body.has(name))

/** What a request says, before it is known who says it. */
type Asked = Pick<Call, "format" | "query" | "parameters"> & { readonly key: string }

/** Plain code, not a generator: it stands in the way of every request. */
const asked = (
  query: Parameters,
  body: Parameters,
  getOnly: ReadonlySet<string>
): Result.Result<Asked, BadCall | NotAuthenticated> => {
  const twice = repeated(query, body, getOnly)
  if (twice !== undefined) return Result.fail(new BadCall({ info: `${twice} is given more than once` }))
  const format = orNull(query.get("format"))?.toLowerCase() ?? "xml"
  if (format !== "xml" && format !== "json")
    return Result.fail(new BadCall({ info: "format must be xml or json" }))
  const key = query.get("apikey") ?? body.get("apikey")
  if (key === undefined) return Result.fail(new NotAuthenticated())
  return Result.succeed({ format, query, parameters: parametersOf(getOnly, query, body), key })
}

/** Reads the request and proves the caller. */
export const readCall = (
  request: HttpServerRequest.HttpServerRequest,
  credentials: Credentials["Service"],
  options: { readonly dialect: string; readonly getOnly: ReadonlySet<string> }
): Effect.Effect<Call, CallError> => {
  const query = Parameters.parse(queryOf(request))
  if (Result.isFailure(query)) return Effect.fail(query.failure)
  const prove = (body: Parameters): Effect.Effect<Call, CallError> => {
    const said = asked(query.success, body, options.getOnly)
    if (Result.isFailure(said)) return Effect.fail(said.failure)
    const { format, key, parameters } = said.success
    return Effect.map(
      credentials.authenticate(
        options.dialect,
        null,
        Redacted.make(key),
        Option.getOrNull(request.remoteAddress)
      ),
      (principal): Call => ({
        format,
        principal,
        merchant: principal.merchant,
        query: query.success,
        parameters,
        context: {
          timeZone: principal.merchant.timeZone,
          externalSystem: principal.merchant.externalKeyPrefix ?? DEFAULT_EXTERNAL_SYSTEM
        }
      })
    )
  }
  return request.method === "POST" ? Effect.flatMap(readForm(request), prove) : prove(Parameters.empty)
}

/** From an HTTP request to a call of the API: format, parameters of query and body, and who is calling. */
import { Credentials, type Merchant, NotAuthenticated, type Principal } from "@tillbridge/domain"
import { normalizePath, Parameters, readForm } from "@tillbridge/wire"
import { Effect, Redacted } from "effect"
import type { HttpServerRequest } from "effect/http"
import type { Format } from "./answers.ts"
import { BadCall } from "./errors.ts"
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
export const formatOf = (query: string): Format => (/(?:^|&)format=json(?:&|$)/i.test(query) ? "json" : "xml")

export const queryOf = (request: HttpServerRequest.HttpServerRequest): string =>
  normalizePath(request.url)?.query ?? ""

const repeated = (query: Parameters, body: Parameters): string | undefined =>
  query.repeated(identities) ??
  body.repeated(identities) ??
  // The others of the list are "get only": what the body says of them does not count.
  (["apikey", "customer_id", "customer_external_id"] as const).find(
    (name) => query.has(name) && body.has(name)
  )

/** Reads the request and proves the caller. */
export const readCall = (
  request: HttpServerRequest.HttpServerRequest,
  options: { readonly dialect: string; readonly getOnly: ReadonlySet<string> }
) =>
  Effect.gen(function* () {
    const text = queryOf(request)
    const query = yield* Effect.fromResult(Parameters.parse(text))
    const body = request.method === "POST" ? yield* readForm(request) : Parameters.empty
    const twice = repeated(query, body)
    if (twice !== undefined) return yield* new BadCall({ info: `${twice} is given more than once` })
    const format = query.get("format")?.toLowerCase() ?? "xml"
    if (format !== "xml" && format !== "json")
      return yield* new BadCall({ info: "format must be xml or json" })
    const key = query.get("apikey") ?? body.get("apikey")
    if (key === undefined) return yield* new NotAuthenticated()
    const credentials = yield* Credentials
    const principal = yield* credentials.authenticate(options.dialect, null, Redacted.make(key))
    const { merchant } = principal
    const call: Call = {
      format,
      principal,
      merchant,
      query,
      parameters: parametersOf(options.getOnly, query, body),
      context: { timeZone: merchant.timeZone, externalSystem: merchant.externalKeyPrefix ?? "external" }
    }
    return call
  })

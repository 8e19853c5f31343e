/** The toy's drop-in server; the calls are told in toyDialect.ts. */
import {
  Cards,
  Credentials,
  type CustomerFilter,
  type CustomerId,
  Customers,
  type DomainError,
  type Merchant,
  NotAuthenticated,
  orNull,
  requireScope,
  type Scope as Right
} from "@tillbridge/domain"
import { allow, isPrefetch, normalizePath, Parameters, parseJson, readBytes } from "@tillbridge/wire"
import { Cause, Effect, type Layer, Option, Redacted, Result } from "effect"
import { HttpRouter, type HttpServerRequest, HttpServerResponse } from "effect/http"
import { listText, personOf, recordOf, toy, utf8 } from "./toyDialect.ts"

const headers = { "cache-control": "no-store", "x-content-type-options": "nosniff" }

const answer = (text: string, status = 200, more: Readonly<Record<string, string>> = {}) =>
  HttpServerResponse.text(text, { status, headers: { ...headers, ...more }, contentType: "application/json" })

const refuse = (why: string, status = 200, more: Readonly<Record<string, string>> = {}) =>
  answer(JSON.stringify({ ok: "no", why }), status, more)

export const toyRefusal = (error: DomainError) => {
  switch (error._tag) {
    case "StorageError":
      return error.isRetryable ? refuse("try again", 503, { "retry-after": "1" }) : refuse("broken", 500)
    case "TooManyAttempts":
      return refuse("too many", 429, { "retry-after": String(Math.ceil(error.retryAfterMillis / 1_000)) })
    case "NotAuthenticated":
    case "NotPermitted":
      return refuse(error.message, 401)
    default:
      return refuse(error.message)
  }
}

interface Call {
  readonly query: Parameters
  readonly body: Uint8Array
  readonly merchant: Merchant
}

type Action = readonly [
  methods: ReadonlyArray<string>,
  needs: Right,
  run: (call: Call) => Effect.Effect<HttpServerResponse.HttpServerResponse, DomainError>
]

const whole = (text: string | undefined, otherwise: number) =>
  text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : otherwise

const makeActions = Effect.gen(function* () {
  const customers = yield* Customers
  const cards = yield* Cards
  const systemOf = ({ merchant }: Call) => merchant.externalKeyPrefix ?? "toy.number"

  const list = Effect.fnUntraced(function* (call: Call) {
    const { merchant, query } = call
    const number = query.get("number")
    const phone = query.get("phone")
    const filter: CustomerFilter = {
      ...(query.has("id") ? { id: whole(query.get("id"), 0) as CustomerId } : {}),
      ...(number === undefined ? {} : { externalId: { system: systemOf(call), key: number } }),
      ...(phone === undefined ? {} : { phone })
    }
    const size = Math.min(whole(query.get("size"), 100), 1_000)
    const after = whole(query.get("after"), 0)
    const window = { after: after === 0 ? null : (after as CustomerId), limit: size + 1 }
    const ids = (yield* customers.refs(merchant.id, filter, window)).map(({ id }) => id)
    const found = yield* customers.getMany(merchant.id, ids.slice(0, size))
    const owned = yield* cards.ofCustomers(
      merchant.id,
      found.map(({ id }) => id)
    )
    const people = found.map((customer) =>
      personOf(
        { customer, cards: owned.filter(({ customerId }) => customerId === customer.id) },
        systemOf(call)
      )
    )
    return answer(listText(people, ids.length > size))
  })

  const put = Effect.fnUntraced(function* (call: Call) {
    const number = orNull(call.query.get("number"))
    const id = whole(call.query.get("id"), 0) as CustomerId
    if (id === 0 && (number === null || number.length > 255)) return refuse("number is required")
    const text = Result.try(() => utf8.decode(call.body))
    const said = Result.isSuccess(text) ? parseJson(text.success) : text
    if (Result.isFailure(said) || typeof said.success !== "object" || said.success === null)
      return refuse("the body must be a JSON object", 400)
    const patch = yield* Effect.fromResult(recordOf(said.success))
    const saved = yield* customers.save(call.merchant.id, {
      references: [
        id > 0
          ? { by: "id", id }
          : { by: "externalId", externalId: { system: systemOf(call), key: number ?? "" } }
      ],
      createIfMissing: id === 0,
      patch,
      actor: null
    })
    return answer(JSON.stringify({ ok: "yes", id: String(saved.entity.id), new: saved.isNew ? "yes" : "no" }))
  })

  const drop = Effect.fnUntraced(function* ({ merchant, query }: Call) {
    yield* cards.remove(merchant.id, [{ by: "number", number: query.get("card") ?? "" }])
    return answer(`{"ok":"yes"}`)
  })

  const leave = Effect.fnUntraced(function* ({ merchant, query }: Call) {
    const id = whole(query.get("id"), 0)
    if (id > 0) {
      yield* customers
        .remove(merchant.id, { by: "id", id: id as CustomerId })
        .pipe(Effect.catchTag("CustomerNotFound", () => Effect.void))
    }
    return answer(`{"ok":"yes"}`)
  })

  return new Map<string, Action>([
    ["people", [["GET", "HEAD", "OPTIONS"], "read", list]],
    ["put", [["POST", "OPTIONS"], "write", put]],
    ["drop", [["GET", "OPTIONS"], "write", drop]],
    ["leave", [["GET", "OPTIONS"], "write", leave]]
  ])
})

const identities = ["key", "id", "number", "card"]

/** Adds `/till` and everything below it. */
export const toyRoutes: Layer.Layer<never, never, HttpRouter.HttpRouter | Credentials | Customers | Cards> =
  HttpRouter.use(
    Effect.fnUntraced(function* (router) {
      const actions = yield* makeActions
      const credentials = yield* Credentials

      const serve = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest) {
        const target = normalizePath(request.url)
        const action = actions.get(target?.path.slice("/till/".length) ?? "")
        if (action === undefined) return refuse("unknown call", 404)
        const [methods, needs, run] = action
        if (!methods.includes(request.method)) return refuse("wrong method", 405, { allow: allow(methods) })
        if (request.method === "OPTIONS") {
          return HttpServerResponse.empty({ headers: { ...headers, allow: allow(methods) } })
        }
        if (needs === "write" && isPrefetch(request.headers)) return refuse("no prefetch", 403)
        const query = Parameters.parse(target?.query ?? "")
        if (Result.isFailure(query)) return refuse("the query is not UTF-8", 400)
        if (query.success.repeated(identities) !== undefined) return refuse("said twice", 400)
        const body = yield* Effect.result(readBytes(request))
        if (Result.isFailure(body)) return refuse("the body is too long", 413, { connection: "close" })
        const secret = query.success.get("key")
        if (secret === undefined) return yield* new NotAuthenticated()
        const from = Option.getOrNull(request.remoteAddress)
        const principal = yield* credentials.authenticate(toy.id, null, Redacted.make(secret), from)
        yield* requireScope(principal, needs)
        return yield* run({ query: query.success, body: body.success, merchant: principal.merchant })
      })

      yield* router.add("*", "/till/*", (request) =>
        serve(request).pipe(
          Effect.catchCause((cause) => {
            const error = Cause.findErrorOption(cause)
            if (Option.isSome(error)) return Effect.succeed(toyRefusal(error.value))
            return Effect.as(Effect.logError("request failed", cause), refuse("broken", 500))
          })
        )
      )
    })
  )

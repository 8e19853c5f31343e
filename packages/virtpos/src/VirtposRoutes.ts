/**
 * The drop-in server: answers `/api/customer` and its actions as the vendor does, over the domain's services.
 * Actions are matched in any letter case and with or without a last slash. Reads are GET, HEAD or POST, writes GET or
 * POST, because the vendor takes keys and fields from either. Source: VirtualPOS API :: Customer.
 */
import {
  Cards,
  Credentials,
  type CustomerId,
  Customers,
  type DomainError,
  NotPermitted,
  requireScope
} from "@tillbridge/domain"
import { allow, isPrefetch, normalizePath } from "@tillbridge/wire"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as HttpRouter from "effect/http/HttpRouter"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import {
  bytesAnswer,
  contentTypes,
  errorAnswer,
  firstBytes,
  headers,
  listTails,
  nextBytes,
  writeAnswer
} from "./internal/answers.ts"
import { type Call, formatOf, queryOf, readCall } from "./internal/call.ts"
import { makeCustomerBytes } from "./internal/customerBytes.ts"
import {
  answerOf,
  BadCall,
  type CallError,
  internalError,
  MethodNotAllowed,
  PrefetchRefused,
  UnknownAction
} from "./internal/errors.ts"
import { type ListQuery, readListQuery } from "./internal/listQuery.ts"
import {
  cardGetOnly,
  cardPatchFromParameters,
  cardSearchFromParameters,
  customerGetOnly,
  customerReferencesFromParameters,
  DIALECT,
  patchFromParameters,
  readBoolean,
  withoutCardEcho,
  withoutEcho
} from "./VirtposCodec.ts"

export interface VirtposRoutesOptions {
  /** Where the vendor's paths begin. Default: at the root. */
  readonly basePath?: `/${string}`
  /** Largest `page_size` that is accepted. Default 1,000. */
  readonly maxPageSize?: number
  /** Memory for customers and pages that are already encoded, in bytes. Default 64 MiB. */
  readonly cacheBytes?: number
}

/** Customers of one step of a long list: each step is a short read, so that nothing waits for a slow reader. */
const windowSize = 500

const readMethods = ["GET", "HEAD", "POST"]
const writeMethods = ["GET", "POST"]

const makeHandler = Effect.fnUntraced(function* (options: VirtposRoutesOptions, base: string) {
  const customers = yield* Customers
  const cards = yield* Cards
  const credentials = yield* Credentials
  const maxPageSize = options.maxPageSize ?? 1_000
  const customerBytes = yield* makeCustomerBytes({ cacheBytes: options.cacheBytes ?? 64 * 1024 * 1024 })

  const list = (call: Call): Effect.Effect<HttpServerResponse.HttpServerResponse, CallError> => {
    if (!call.principal.scopes.includes("read")) return Effect.fail(new NotPermitted({ scope: "read" }))
    const read = readListQuery(call, maxPageSize)
    if (Result.isFailure(read)) return Effect.fail(read.failure)
    const query = read.success
    const { filter, page } = query
    if (page !== null) return onePage(call, query, (page.number - 1) * page.size, page.size)
    if (filter.id !== undefined || filter.externalId !== undefined) return onePage(call, query, 0, 1)
    return Effect.flatMap(customers.count(call.merchant.id, filter), (count) =>
      count > windowSize ? everyone(call, query, count) : onePage(call, query, 0, windowSize)
    )
  }

  const onePage = (call: Call, query: ListQuery, offset: number, limit: number) =>
    customers.refs(call.merchant.id, query.filter, { offset, limit }).pipe(
      Effect.flatMap((refs) => customerBytes.page(call, refs, query)),
      Effect.map((body) => bytesAnswer(call.format, body))
    )

  /**
   * All customers of a filter, written while they are read: the list is never in memory as a whole. The first step is
   * taken before the answer begins, so that a store that fails at once is told as the error it is.
   */
  const everyone = Effect.fnUntraced(function* (call: Call, query: ListQuery, count: number) {
    const { format, merchant } = call
    /** `begun`: a customer was written. Those of a whole step may be gone when they are read. */
    const step = Effect.fnUntraced(function* ({
      after,
      begun
    }: {
      after: CustomerId | null
      begun: boolean
    }) {
      const refs = yield* customers.refs(merchant.id, query.filter, { after, limit: windowSize })
      const records = yield* customerBytes.step(call, refs, query)
      const bytes = after === null ? firstBytes(format, count, records) : nextBytes(format, records, begun)
      const last = refs.at(-1)
      const next =
        refs.length < windowSize || last === undefined
          ? Option.none()
          : Option.some({ after: last.id, begun: begun || records.length > 0 })
      return [[bytes], next] as const
    })
    const [first, next] = yield* step({ after: null, begun: false })
    const body = Stream.fromIterable(first).pipe(
      Stream.concat(Option.isNone(next) ? Stream.empty : Stream.paginate(next.value, step)),
      Stream.concat(Stream.make(listTails[format])),
      // The answer is under way: it can only break off, and nobody else would tell why.
      Stream.tapCause((cause) =>
        Cause.hasInterruptsOnly(cause) ? Effect.void : Effect.logError("request failed", cause)
      )
    )
    return HttpServerResponse.stream(body, { headers, contentType: contentTypes[format] })
  })

  const writesTo = Effect.fnUntraced(function* (call: Call) {
    yield* requireScope(call.principal, "write")
    const given = call.query.get("create_if_not_exist")
    const createIfMissing =
      given === undefined || given === "" ? false : readBoolean("create_if_not_exist", given)
    if (typeof createIfMissing !== "boolean") return yield* createIfMissing
    return { createIfMissing, merchant: call.merchant.id, actor: call.principal.credentialId }
  })

  const update = Effect.fnUntraced(function* (call: Call) {
    const { actor, createIfMissing, merchant } = yield* writesTo(call)
    const references = yield* Effect.fromResult(
      customerReferencesFromParameters(call.parameters, call.context)
    )
    const { accumulatedSales, ...change } = yield* Effect.fromResult(
      patchFromParameters(call.parameters, call.context)
    )
    if (accumulatedSales !== undefined) yield* requireScope(call.principal, "balance")
    const patch = accumulatedSales === undefined ? change.patch : { ...change.patch, accumulatedSales }
    const saved = yield* customers.save(merchant, {
      references,
      createIfMissing,
      ...change,
      patch,
      settle: withoutEcho,
      actor
    })
    return writeAnswer(call.format, { id: saved.entity.id, isnew: saved.isNew ? 1 : 0 })
  })

  const saveCard = (always: boolean) =>
    Effect.fnUntraced(function* (call: Call) {
      const { actor, createIfMissing, merchant } = yield* writesTo(call)
      const search = always
        ? []
        : yield* Effect.fromResult(cardSearchFromParameters(call.query, call.context))
      if (!always && search.length === 0 && !createIfMissing) {
        return yield* new BadCall({ info: "card_id, uid, external_id or card_barcode is required" })
      }
      const change = yield* Effect.fromResult(cardPatchFromParameters(call.parameters, call.context))
      if (always && change.patch.number === undefined) {
        return yield* new BadCall({ info: "uid is required in the query" })
      }
      const saved = yield* cards.save(merchant, {
        search,
        createIfMissing: always || createIfMissing,
        // Beside the one that hits, identifiers are searches that were not needed, not values to set.
        keepIdentity: true,
        settle: withoutCardEcho,
        ...change,
        actor
      })
      return writeAnswer(call.format, { id: saved.entity.id, isnew: saved.isNew ? 1 : 0 })
    })

  const deleteCard = Effect.fnUntraced(function* (call: Call) {
    yield* requireScope(call.principal, "write")
    const search = yield* Effect.fromResult(cardSearchFromParameters(call.query, call.context))
    if (search.length === 0) {
      return yield* new BadCall({
        info: "card_id, uid, external_id or card_barcode is required in the query"
      })
    }
    return writeAnswer(call.format, { id: yield* cards.remove(call.merchant.id, search) })
  })

  const actions = new Map<string, Action>([
    ["", { methods: readMethods, getOnly: customerGetOnly, run: list }],
    ["update", { methods: writeMethods, getOnly: customerGetOnly, run: update }],
    ["updatecard", { methods: writeMethods, getOnly: cardGetOnly, run: saveCard(false) }],
    ["insertcard", { methods: writeMethods, getOnly: cardGetOnly, run: saveCard(true) }],
    ["deletecard", { methods: writeMethods, getOnly: cardGetOnly, run: deleteCard }]
  ])

  const serve = (
    request: HttpServerRequest.HttpServerRequest
  ): Effect.Effect<HttpServerResponse.HttpServerResponse, CallError> => {
    const action = actions.get(actionOf(request, base) ?? "?")
    if (action === undefined) return Effect.fail(new UnknownAction())
    if (!action.methods.includes(request.method)) {
      const permitted = allow([...action.methods, "OPTIONS"])
      return request.method === "OPTIONS"
        ? Effect.succeed(HttpServerResponse.empty({ headers: { ...headers, allow: permitted } }))
        : Effect.fail(new MethodNotAllowed({ allow: permitted }))
    }
    if (action.methods === writeMethods && isPrefetch(request.headers))
      return Effect.fail(new PrefetchRefused())
    return Effect.flatMap(
      readCall(request, credentials, { dialect: DIALECT, getOnly: action.getOnly }),
      action.run
    )
  }

  return (
    request: HttpServerRequest.HttpServerRequest
  ): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
    Effect.suspend(() => serve(request)).pipe(
      Effect.catchCause((cause) => {
        if (Cause.hasInterruptsOnly(cause)) return Effect.interrupt
        const format = formatOf(queryOf(request))
        const failure = Cause.findErrorOption(cause)
        if (Option.isSome(failure)) {
          const answer = answerOf(failure.value)
          const respond = Effect.succeed(errorAnswer(format, answer))
          return answer.status < 500
            ? respond
            : Effect.andThen(Effect.logError("request failed", failure.value), respond)
        }
        return Effect.as(Effect.logError("request failed", cause), errorAnswer(format, internalError))
      })
    )
})

interface Action {
  readonly methods: ReadonlyArray<string>
  readonly getOnly: ReadonlySet<string>
  readonly run: (call: Call) => Effect.Effect<HttpServerResponse.HttpServerResponse, CallError>
}

/** What follows `base` in the path, in lower case; nothing when the path spells `base` in another way. */
const actionOf = (request: HttpServerRequest.HttpServerRequest, base: string): string | undefined => {
  const path = normalizePath(request.url)?.path
  return path === base ? "" : path?.startsWith(`${base}/`) ? path.slice(base.length + 1) : undefined
}

/** The answer to a request that is refused before it is looked at, as by a server with too much to do. */
export const refusal = (
  request: HttpServerRequest.HttpServerRequest,
  error: DomainError
): HttpServerResponse.HttpServerResponse => errorAnswer(formatOf(queryOf(request)), answerOf(error))

/** Adds the vendor's paths to the router. */
export const layer = (
  options: VirtposRoutesOptions = {}
): Layer.Layer<never, never, HttpRouter.HttpRouter | Customers | Cards | Credentials> =>
  HttpRouter.use(
    Effect.fnUntraced(function* (router) {
      const base = `${options.basePath ?? ""}/api/customer` as `/${string}`
      const handler = yield* makeHandler(options, base.toLowerCase())
      // Also matches `base` itself. Everything below it is ours, so that no wrong path is answered without envelope.
      yield* router.add("*", `${base}/*`, handler)
    })
  )

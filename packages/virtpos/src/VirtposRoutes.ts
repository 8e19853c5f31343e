/**
 * The drop-in server: answers `/api/customer` and its actions as the vendor does, over the domain's services.
 * Actions are matched in any letter case and with or without a last slash. Reads are GET, HEAD or POST, writes GET or
 * POST, because the vendor takes keys and fields from either. Source: VirtualPOS API :: Customer.
 */
import { Cards, Credentials, type CustomerId, Customers, requireScope } from "@tillbridge/domain"
import { allow, isPrefetch, normalizePath } from "@tillbridge/wire"
import { Cause, Effect, Layer, Option, Stream } from "effect"
import { HttpRouter, type HttpServerRequest, HttpServerResponse } from "effect/http"
import {
  bytesAnswer,
  contentTypes,
  errorAnswer,
  firstBytes,
  headers,
  listBytes,
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
import { readListQuery } from "./internal/listQuery.ts"
import {
  cardGetOnly,
  cardPatchFromParameters,
  cardSearchFromParameters,
  customerGetOnly,
  customerReferencesFromParameters,
  DIALECT,
  patchFromParameters,
  readBoolean
} from "./VirtposCodec.ts"

export interface VirtposRoutesOptions {
  /** Where the vendor's paths begin. Default: at the root. */
  readonly basePath?: `/${string}`
  /** Largest `page_size` that is accepted. Default 1,000. */
  readonly maxPageSize?: number
  /** Memory for customers that are already encoded, in bytes. Default 32 MiB. */
  readonly cacheBytes?: number
}

/** Customers of one step of a long list: each step is a short read, so that nothing waits for a slow reader. */
const windowSize = 500

const readMethods = ["GET", "HEAD", "POST"]
const writeMethods = ["GET", "POST"]

const makeHandler = Effect.fnUntraced(function* (options: VirtposRoutesOptions) {
  const customers = yield* Customers
  const cards = yield* Cards
  const credentials = yield* Credentials
  const maxPageSize = options.maxPageSize ?? 1_000
  const customerBytes = yield* makeCustomerBytes({ cacheBytes: options.cacheBytes ?? 32 * 1024 * 1024 })

  const list = Effect.fnUntraced(function* (call: Call) {
    yield* requireScope(call.principal, "read")
    const query = yield* readListQuery(call, maxPageSize)
    const { merchant } = call
    if (query.page === null && query.filter.id === undefined && query.filter.externalId === undefined) {
      const count = yield* customers.count(merchant.id, query.filter)
      if (count > windowSize) return everyone(call, query, count)
    }
    const { number, size } = query.page ?? { number: 1, size: windowSize }
    const refs = yield* customers.refs(merchant.id, query.filter, {
      offset: (number - 1) * size,
      limit: size
    })
    const records = yield* customerBytes(call, refs, query, true)
    return bytesAnswer(call.format, listBytes(call.format, records))
  })

  /** All customers of a filter, written while they are read: the list is never in memory as a whole. */
  const everyone = (call: Call, query: Effect.Success<ReturnType<typeof readListQuery>>, count: number) => {
    const { format, merchant } = call
    const step = Effect.fnUntraced(function* (after: CustomerId | null) {
      const refs = yield* customers.refs(merchant.id, query.filter, { after, limit: windowSize })
      const records = yield* customerBytes(call, refs, query, false)
      const bytes = after === null ? firstBytes(format, count, records) : nextBytes(format, records)
      const last = refs.at(-1)
      const next =
        refs.length < windowSize || last === undefined
          ? Option.none()
          : Option.some<CustomerId | null>(last.id)
      return [[bytes], next] as const
    })
    const body = Stream.paginate(null as CustomerId | null, step).pipe(
      Stream.concat(Stream.make(listTails[format]))
    )
    return HttpServerResponse.stream(body, { headers, contentType: contentTypes[format] })
  }

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
    const references = yield* Effect.fromResult(customerReferencesFromParameters(call.query, call.context))
    const { accumulatedSales, ...change } = yield* Effect.fromResult(
      patchFromParameters(call.parameters, call.context)
    )
    if (accumulatedSales !== undefined) yield* requireScope(call.principal, "balance")
    const patch = accumulatedSales === undefined ? change.patch : { ...change.patch, accumulatedSales }
    const saved = yield* customers.save(merchant, { references, createIfMissing, ...change, patch, actor })
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
      const saved = yield* cards.save(merchant, {
        search,
        createIfMissing: always || createIfMissing,
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

  const actions: Readonly<Record<string, Action>> = {
    "": { methods: readMethods, getOnly: customerGetOnly, run: list },
    update: { methods: writeMethods, getOnly: customerGetOnly, run: update },
    updatecard: { methods: writeMethods, getOnly: cardGetOnly, run: saveCard(false) },
    insertcard: { methods: writeMethods, getOnly: cardGetOnly, run: saveCard(true) },
    deletecard: { methods: writeMethods, getOnly: cardGetOnly, run: deleteCard }
  }

  const serve = Effect.fnUntraced(
    function* (request: HttpServerRequest.HttpServerRequest) {
      const action = actions[actionOf(request)]
      if (action === undefined) return yield* new UnknownAction()
      if (request.method === "OPTIONS") {
        return HttpServerResponse.empty({
          headers: { ...headers, allow: allow([...action.methods, "OPTIONS"]) }
        })
      }
      if (!action.methods.includes(request.method)) {
        return yield* new MethodNotAllowed({ allow: allow([...action.methods, "OPTIONS"]) })
      }
      if (action.methods === writeMethods && isPrefetch(request.headers)) return yield* new PrefetchRefused()
      return yield* action.run(yield* readCall(request, { dialect: DIALECT, getOnly: action.getOnly }))
    },
    Effect.provideService(Credentials, credentials)
  )

  return (
    request: HttpServerRequest.HttpServerRequest
  ): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
    serve(request).pipe(
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

/** What follows `/api/customer` in the path, in lower case. */
const actionOf = (request: HttpServerRequest.HttpServerRequest): string => {
  const path = normalizePath(request.url)?.path ?? ""
  return path.slice(path.lastIndexOf("/api/customer") + "/api/customer".length).replace(/^\//, "")
}

/** Adds the vendor's paths to the router. */
export const layer = (
  options: VirtposRoutesOptions = {}
): Layer.Layer<never, never, HttpRouter.HttpRouter | Customers | Cards | Credentials> =>
  HttpRouter.use(
    Effect.fnUntraced(function* (router) {
      const handler = yield* makeHandler(options)
      const base = `${options.basePath ?? ""}/api/customer` as const
      // The router takes a last slash for the same path.
      for (const path of [base, `${base}/:action`] as const) {
        yield* router.add("*", path as `/${string}`, handler)
      }
    })
  )

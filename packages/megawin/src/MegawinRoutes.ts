/**
 * The drop-in server: answers `/customer/list`, `/customer/add`, `/customer/update` and `/customer/delete` as the
 * vendor does, over the domain's services. Paths are matched in any letter case and with or without a last slash, and
 * never redirected, which would cost a POST its body. Sources: API Documentation - Customer List, Add and Update; what
 * a public shop client was seen to send.
 */
import {
  Credentials,
  type CustomerFilter,
  type CustomerId,
  CustomerNotFound,
  type CustomerRef,
  Customers,
  type DomainError,
  emailKey,
  type MerchantId,
  NotPermitted,
  requireScope,
  StorageError
} from "@tillbridge/domain"
import { allow, isPrefetch, normalizePath, preflightHeaders } from "@tillbridge/wire"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import * as HttpRouter from "effect/http/HttpRouter"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import {
  bytesAnswer,
  contentType,
  doneAnswer,
  errorAnswer,
  headers,
  joinRecords,
  listHead,
  listTail
} from "./internal/answers.ts"
import { type Call, readCall } from "./internal/call.ts"
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
import { customerOf, type Named } from "./internal/keys.ts"
import { makeLockedValues } from "./internal/lockedValues.ts"
import { DIALECT, withoutEcho } from "./MegawinCodec.ts"
import { loginFrom, readAdd, readUpdate } from "./internal/parameters.ts"

export interface MegawinRoutesOptions {
  /** Where the vendor's paths begin. Default: at the root. */
  readonly basePath?: `/${string}`
  /** Memory for customers that are already encoded, in bytes. Default 64 MiB. */
  readonly cacheBytes?: number
}

/** Customers of one step of a long list: each step is a short read, so that nothing waits for a slow reader. */
const windowSize = 500

/** How long an add waits for others, in milliseconds. One alone takes a few. */
const longestWait = 2_000

/** System of the logins that were made here: as external ids they are unique, and looked up in one step. */
const LOGIN_SYSTEM = "megawin.login"

/** Names that are tried for a login before a random one is taken. */
const loginTries = 20

/** Filters by who is meant; any of them may be the vendor's key or the id it is made of (OBSERVED, mixed up). */
const keyNames = ["id_client", "clcleunik", "id"] as const

type Answer = Effect.Effect<HttpServerResponse.HttpServerResponse, CallError>

interface Action {
  readonly methods: ReadonlyArray<string>
  readonly writes: boolean
  readonly run: (call: Call) => Answer
}

const nobody = joinRecords([], false, listHead, listTail)

/** An e-mail as it came; and with plus signs, which one client sends as they are, so that they arrive as blanks (OBSERVED). */
const spellings = (email: string): ReadonlyArray<string> =>
  email.includes(" ") ? [email, email.replaceAll(" ", "+")] : [email]

const makeHandler = Effect.fnUntraced(function* (options: MegawinRoutesOptions, base: string) {
  const customers = yield* Customers
  const credentials = yield* Credentials
  const locked = yield* makeLockedValues
  const cacheBytes = options.cacheBytes ?? 64 * 1024 * 1024
  const { everybody, records } = yield* makeCustomerBytes({ cacheBytes, locked })
  /** Between the look for an e-mail and the write that makes it taken, nobody else adds to the same merchant. */
  const adding = new Map<MerchantId, Semaphore.Semaphore>()
  /** Long lists take turns, so that ten of them keep other callers waiting no longer than one does. */
  const turn = yield* Semaphore.make(1)

  /** The one customer that all of these keys name; `null` for none. */
  const named = Effect.fnUntraced(function* (
    call: Call,
    keys: ReadonlyArray<string>
  ): Effect.fn.Return<Named | null, StorageError> {
    let one: Named | null = null
    for (const key of keys) {
      const found: Named | null = yield* customerOf(customers, call.merchant.id, key)
      if (found === null || (one !== null && one.customer.id !== found.customer.id)) return null
      one = found
    }
    return one
  })

  const list = Effect.fnUntraced(function* (
    call: Call
  ): Effect.fn.Return<HttpServerResponse.HttpServerResponse, CallError> {
    if (!call.principal.scopes.includes("read")) return yield* new NotPermitted({ scope: "read" })
    for (const name of [...keyNames, "email"]) {
      // A client takes the first customer it gets (OBSERVED): an empty filter must not mean everybody.
      if (call.values.get(name) === "") return yield* new BadCall({ reason: `${name} must not be empty` })
    }
    const keys = keyNames.flatMap((name) => call.raw(name) ?? [])
    const email = call.values.get("email")
    if (keys.length > 0) return yield* oneOf(call, yield* named(call, keys), email)
    if (email === undefined) return yield* whole(call, {}, yield* firstRefs(call, {}))
    for (const spelling of spellings(email)) {
      const refs = yield* firstRefs(call, { email: spelling })
      if (refs.length > 0) return yield* whole(call, { email: spelling }, refs)
    }
    return bytesAnswer(nobody)
  })

  /** The answer to a list by key: this customer, if it agrees with the e-mail asked for. */
  const oneOf = (call: Call, found: Named | null, email: string | undefined) => {
    if (found === null) return Effect.succeed(bytesAnswer(nobody))
    const { customer, key } = found
    const agrees =
      email === undefined ||
      spellings(email).some((spelling) => emailKey(spelling) === emailKey(customer.email))
    return agrees
      ? Effect.map(
          records(call.merchant, [customer], true, key === null ? undefined : new Map([[customer.id, key]])),
          (told) => bytesAnswer(joinRecords(told, false, listHead, listTail))
        )
      : Effect.succeed(bytesAnswer(nobody))
  }

  const firstRefs = (call: Call, filter: CustomerFilter) =>
    customers.refs(call.merchant.id, filter, { after: null, limit: windowSize })

  /** The whole list, of which the first customers are known. */
  const whole = Effect.fnUntraced(function* (
    call: Call,
    filter: CustomerFilter,
    refs: ReadonlyArray<CustomerRef>
  ) {
    const { merchant } = call
    if (refs.length < windowSize) {
      if (filter.email === undefined) return bytesAnswer(yield* everybody(merchant, refs))
      return bytesAnswer(joinRecords(yield* records(merchant, refs, true), false, listHead, listTail))
    }
    const first = yield* turn.withPermit(records(merchant, refs, false))
    const next = { after: refs[refs.length - 1]!.id, begun: first.length > 0 }
    return streamed(call, filter, joinRecords(first, false, listHead), next)
  })

  /** A long list, written while it is read: it is never in memory as a whole. */
  const streamed = (
    { merchant }: Call,
    filter: CustomerFilter,
    first: Uint8Array,
    next: { readonly after: CustomerId; readonly begun: boolean }
  ) => {
    const step = Effect.fnUntraced(function* ({ after, begun }: typeof next) {
      const refs = yield* customers.refs(merchant.id, filter, { after, limit: windowSize })
      const found = yield* records(merchant, refs, false)
      const last = refs.length < windowSize ? undefined : refs.at(-1)
      return [
        [joinRecords(found, begun)],
        last === undefined ? Option.none() : Option.some({ after: last.id, begun: begun || found.length > 0 })
      ] as const
    }, turn.withPermit)
    const body = Stream.make(first).pipe(
      Stream.concat(Stream.paginate(next, step)),
      Stream.concat(Stream.make(listTail)),
      // The answer is under way: it can only break off, and nobody else would tell why.
      Stream.tapCause((cause) =>
        Cause.hasInterruptsOnly(cause) ? Effect.void : Effect.logError("request failed", cause)
      )
    )
    return HttpServerResponse.stream(body, { headers, contentType })
  }

  /** The customer that `id_client` of a write names. */
  const target = Effect.fnUntraced(function* (call: Call) {
    yield* requireScope(call.principal, "write")
    const key = call.raw("id_client")
    if (key === undefined || key.trim() === "") {
      return yield* new BadCall({ reason: "id_client is required" })
    }
    const found = yield* named(call, [key])
    return found === null ? yield* new CustomerNotFound() : found.customer.id
  })

  const update = Effect.fnUntraced(function* (
    call: Call
  ): Effect.fn.Return<HttpServerResponse.HttpServerResponse, CallError> {
    const id = yield* target(call)
    yield* customers.save(call.merchant.id, {
      references: [{ by: "id", id }],
      createIfMissing: false,
      patch: yield* Effect.fromResult(readUpdate(call.values)),
      settle: withoutEcho,
      actor: call.principal.credentialId
    })
    return doneAnswer("Updated successfully.")
  })

  const remove = Effect.fnUntraced(function* (
    call: Call
  ): Effect.fn.Return<HttpServerResponse.HttpServerResponse, CallError> {
    const id = yield* target(call)
    yield* customers.remove(call.merchant.id, { by: "id", id })
    return doneAnswer("Deleted successfully.")
  })

  /** The name itself, or the first of name2, name3, … that nobody has. */
  const freeLogin = Effect.fnUntraced(function* (call: Call, name: string) {
    const names = Array.from({ length: loginTries }, (_, index) =>
      index === 0 ? name : `${name}${index + 1}`
    )
    const owned = yield* customers.owners(
      call.merchant.id,
      names.map((key) => ({ system: LOGIN_SYSTEM, key }))
    )
    const taken = new Set(owned.map(({ key }) => key))
    return names.find((key) => !taken.has(key)) ?? `${name}-${crypto.randomUUID()}`
  })

  const insert = Effect.fnUntraced(function* (
    call: Call
  ): Effect.fn.Return<HttpServerResponse.HttpServerResponse, CallError> {
    const { email, group, record } = yield* Effect.fromResult(readAdd(call.values))
    const merchant = call.merchant.id
    const [other] = yield* customers.refs(merchant, { email }, { after: null, limit: 1 })
    if (other !== undefined) return yield* new BadCall({ reason: "email belongs to another customer" })
    const login = yield* freeLogin(call, loginFrom(email))
    const { entity } = yield* customers.save(merchant, {
      references: [],
      createIfMissing: true,
      patch: {
        ...record,
        externalIds: [{ system: LOGIN_SYSTEM, key: login }],
        extensions: { [DIALECT]: { ...record.extensions?.[DIALECT], login } }
      },
      group,
      actor: call.principal.credentialId
    })
    const password = (yield* locked.of(merchant, [entity.id]))(entity.id)
    return doneAnswer("success", { customer: [{ login, password }] })
  })

  /** Who waited long would wait for a store that is busy, and for each of those before him in turn. */
  const add = Effect.fnUntraced(function* (call: Call) {
    yield* requireScope(call.principal, "write")
    const { id } = call.merchant
    let alone = adding.get(id)
    if (alone === undefined) adding.set(id, (alone = Semaphore.makeUnsafe(1)))
    const came = yield* Clock.currentTimeMillis
    const inTurn = Effect.flatMap(Clock.currentTimeMillis, (now) =>
      now - came > longestWait
        ? Effect.fail(new StorageError({ operation: "megawin.add", reason: "busy" }))
        : insert(call)
    )
    return yield* alone.withPermit(inTurn)
  })

  const actions = new Map<string, Action>([
    ["list", { methods: ["GET", "HEAD"], writes: false, run: list }],
    ["add", { methods: ["POST"], writes: true, run: add }],
    ["update", { methods: ["POST"], writes: true, run: update }],
    ["delete", { methods: ["DELETE"], writes: true, run: remove }]
  ])

  const serve = (request: HttpServerRequest.HttpServerRequest): Answer => {
    const action = actions.get(actionOf(request, base) ?? "")
    if (action === undefined) return Effect.fail(new UnknownAction())
    const methods = [...action.methods, "OPTIONS"]
    if (request.method === "OPTIONS") return Effect.succeed(preflightAnswer(request, methods))
    if (!action.methods.includes(request.method)) {
      return Effect.fail(new MethodNotAllowed({ allow: allow(methods) }))
    }
    if (action.writes && isPrefetch(request.headers)) return Effect.fail(new PrefetchRefused())
    return Effect.flatMap(readCall(request, credentials), action.run)
  }

  return (
    request: HttpServerRequest.HttpServerRequest
  ): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
    Effect.suspend(() => serve(request)).pipe(
      Effect.catchCause((cause) => {
        if (Cause.hasInterruptsOnly(cause)) return Effect.interrupt
        const failure = Cause.findErrorOption(cause)
        if (Option.isSome(failure)) {
          const answer = answerOf(failure.value)
          const respond = Effect.succeed(errorAnswer(answer))
          return answer.status < 500
            ? respond
            : Effect.andThen(Effect.logError("request failed", failure.value), respond)
        }
        return Effect.as(Effect.logError("request failed", cause), errorAnswer(internalError))
      })
    )
})

const preflightAnswer = (request: HttpServerRequest.HttpServerRequest, methods: ReadonlyArray<string>) =>
  HttpServerResponse.empty({
    headers: { ...headers, ...preflightHeaders(request, methods), allow: allow(methods) }
  })

/** What follows `base` in the path, in lower case; nothing when the path spells `base` in another way. */
const actionOf = (request: HttpServerRequest.HttpServerRequest, base: string): string | undefined => {
  const path = normalizePath(request.url)?.path
  return path?.startsWith(`${base}/`) ? path.slice(base.length + 1) : undefined
}

/** The answer to a request that is refused before it is looked at, as by a server with too much to do. */
export const refusal = (
  _request: HttpServerRequest.HttpServerRequest,
  error: DomainError
): HttpServerResponse.HttpServerResponse => errorAnswer(answerOf(error))

/** Adds the vendor's paths to the router. */
export const layer = (
  options: MegawinRoutesOptions = {}
): Layer.Layer<never, never, HttpRouter.HttpRouter | Customers | Credentials> =>
  HttpRouter.use(
    Effect.fnUntraced(function* (router) {
      const base = `${options.basePath ?? ""}/customer` as `/${string}`
      const handler = yield* makeHandler(options, base.toLowerCase())
      // Also matches `base` itself. Everything below it is ours, so that no wrong path is answered without envelope.
      yield* router.add("*", `${base}/*`, handler)
    })
  )

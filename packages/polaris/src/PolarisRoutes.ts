/**
 * The drop-in server: answers the functions below `/core/api` as the vendor's back office does, over the domain's
 * services. Functions are matched in any letter case. Every function takes GET and POST, and nothing else (DOCUMENTED).
 * Sessions and, unless a secret is given, checkpoints belong to one process.
 */
import {
  type Cards,
  Credentials,
  CustomerNotFound,
  Customers,
  type DomainError,
  InvalidField,
  type Merchant,
  Merchants,
  type Principal,
  type StoreId,
  UnknownReference
} from "@tillbridge/domain"
import { allow, isPrefetch, normalizePath } from "@tillbridge/wire"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Mac from "effect/crypto/Mac"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as HttpRouter from "effect/http/HttpRouter"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import {
  bytesAnswer,
  errorAnswer,
  nilAnswer,
  recordAnswer,
  scalarAnswer,
  sliceFrame
} from "./internal/answers.ts"
import { readGetClient, readModified, readPutClient, required } from "./internal/arguments.ts"
import {
  addressOf,
  type Asked,
  asksForDocumentation,
  formatOf,
  proveCaller,
  queryOf,
  readCall,
  whyNotPermitted
} from "./internal/call.ts"
import { makeCheckpoints } from "./internal/checkpoints.ts"
import { makeClientBytes } from "./internal/clientBytes.ts"
import { documentation } from "./internal/docPages.ts"
import {
  answerOf,
  type CallError,
  internalError,
  MethodNotAllowed,
  UnknownFunction,
  UnsafeWrite
} from "./internal/errors.ts"
import { allFunctions, type ApiFunction, functions } from "./internal/functions.ts"
import { keepsTooMuch } from "./internal/incoming.ts"
import { makeSessions } from "./internal/sessions.ts"
import { DIALECT, type Format } from "./PolarisCodec.ts"
import { defaultNames, type PolarisNames } from "./PolarisNames.ts"

export interface PolarisRoutesOptions {
  /** Where the vendor's paths begin. Default: at the root. */
  readonly basePath?: `/${string}`
  /** Largest `limit` that is accepted. Default 1,000. */
  readonly maxPageSize?: number
  /** Memory for clients that are already encoded, in bytes. Default 64 MiB. */
  readonly cacheBytes?: number
  /** What the wire is called and looks like. */
  readonly names?: PolarisNames
  /**
   * What checkpoints are signed with, so that several processes and the next start take each other's. At least 16
   * characters. Default: made at every start.
   */
  readonly secret?: Redacted.Redacted
  /** How long a session lives unused. Default 30 minutes. */
  readonly sessionIdle?: Duration.Input
  /** Most open sessions of this process (default 10,000) and of one credential (default 100). */
  readonly maxSessions?: number
  readonly maxSessionsOfOne?: number
  /** Name of the session cookie. Default `PolarisSession`. */
  readonly cookieName?: string
  /** Whether the cookie is marked for https only. Default: when the request came by https. */
  readonly secureCookie?: boolean
}

interface Call extends Asked {
  readonly principal: Principal
  readonly merchant: Merchant
}

type Answer = Effect.Effect<HttpServerResponse.HttpServerResponse, CallError>

const methods = ["GET", "POST"]

const shortestSecret = 16

/** The key that checkpoints are signed with. */
const signingKey = Effect.fnUntraced(function* (
  mac: Mac.Mac["Service"],
  secret: Redacted.Redacted | undefined
) {
  if (secret === undefined) return yield* mac.generateKey(Mac.hmacSha256)
  const text = Redacted.value(secret)
  if (text.length < shortestSecret) {
    return yield* Effect.die(
      new Error(`the secret of the routes needs at least ${shortestSecret} characters`)
    )
  }
  return yield* Mac.key(Mac.hmacSha256, new TextEncoder().encode(text))
})

/**
 * Which stores merchants have; one that has none answers for any. A store is never taken away, so what was found once
 * holds.
 */
const makeStores = Effect.gen(function* () {
  const merchants = yield* Merchants
  const known = new Set<string>()
  return (merchant: Merchant, store: StoreId): Effect.Effect<void, CallError> => {
    const key = `${merchant.id} ${store}`
    if (known.has(key)) return Effect.void
    return Effect.flatMap(merchants.stores(merchant.id), (stores): Effect.Effect<void, CallError> => {
      if (stores.length === 0) return Effect.void
      if (!stores.some(({ id }) => id === store)) return Effect.fail(new UnknownReference({ kind: "store" }))
      if (known.size >= 10_000) known.clear()
      known.add(key)
      return Effect.void
    })
  }
})

const makeHandler = Effect.fnUntraced(function* (options: PolarisRoutesOptions, base: string) {
  const customers = yield* Customers
  const credentials = yield* Credentials
  const mac = yield* Mac.Mac
  const names = options.names ?? defaultNames
  const largestPage = options.maxPageSize ?? 1_000
  const cookieName = options.cookieName ?? "PolarisSession"
  const clientBytes = yield* makeClientBytes({ cacheBytes: options.cacheBytes ?? 64 * 1024 * 1024, names })
  const checkpoints = makeCheckpoints(mac, yield* Effect.orDie(signingKey(mac, options.secret)))
  const sessions = makeSessions(
    {
      idleMillis: Duration.toMillis(options.sessionIdle ?? "30 minutes"),
      most: options.maxSessions ?? 10_000,
      mostOfOne: options.maxSessionsOfOne ?? 100
    },
    SecureRandom.randomBytesUnsafe
  )
  const requireStore = yield* makeStores

  const cookie = (request: HttpServerRequest.HttpServerRequest, value: string, end = ""): string => {
    const secure = options.secureCookie ?? request.protocol === "https"
    return `${cookieName}=${value}; Path=/; HttpOnly; SameSite=Strict${secure ? "; Secure" : ""}${end}`
  }

  const login = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest, asked: Asked) {
    const user = yield* Effect.fromResult(required(asked.parameters, "user"))
    const password = yield* Effect.fromResult(required(asked.parameters, "password"))
    const principal = yield* credentials.authenticate(
      DIALECT,
      user,
      Redacted.make(password),
      addressOf(request)
    )
    const earlier = request.cookies[cookieName]
    if (earlier !== undefined) sessions.end(earlier)
    const token = sessions.open(principal.credentialId, yield* Clock.currentTimeMillis)
    return scalarAnswer(asked.format, "boolean", true, { "set-cookie": cookie(request, token) })
  })

  const logout = (request: HttpServerRequest.HttpServerRequest, asked: Asked) =>
    Effect.sync(() => {
      const token = request.cookies[cookieName]
      if (token !== undefined) sessions.end(token)
      return scalarAnswer(asked.format, "boolean", true, { "set-cookie": cookie(request, "", "; Max-Age=0") })
    })

  const getClient = Effect.fnUntraced(function* ({ format, merchant, parameters }: Call) {
    const { reference, store, withKey } = yield* Effect.fromResult(readGetClient(parameters, merchant))
    yield* requireStore(merchant, store)
    if (reference === "nobody") return yield* new CustomerNotFound()
    const customer = yield* customers.find(merchant.id, reference)
    return recordAnswer(format, yield* clientBytes.one({ format, merchant, withKey }, customer))
  })

  const getClientsModified = Effect.fnUntraced(function* ({ format, merchant, parameters }: Call) {
    const read = yield* Effect.fromResult(readModified(parameters, merchant, largestPage))
    const { checkPoint, limit, prefix, since, store } = read
    yield* requireStore(merchant, store)
    const scope = { merchant: merchant.id, sinceMillis: since.epochMilliseconds, store, prefix }
    const after = checkPoint === null ? firstPosition : yield* checkpoints.read(scope, checkPoint)
    const page = yield* customers.modified(merchant.id, { since, after, limit })
    const last = page.customers.at(-1)
    const next = last === undefined ? null : yield* checkpoints.write(scope, last.position)
    const frame = sliceFrame(format, names, page.hasMore, next)
    const wanted = { format, merchant, withKey: prefix !== null }
    return bytesAnswer(format, yield* clientBytes.slice(wanted, page.customers, frame))
  })

  /** A shop of the client that its record does not name is the one of the call (its default is DOCUMENTED). */
  const putClient = Effect.fnUntraced(function* ({ format, merchant, parameters, principal }: Call) {
    const { id, patch, references, store } = yield* Effect.fromResult(
      readPutClient(parameters, merchant, names)
    )
    yield* requireStore(merchant, store)
    if (patch.registeredIn != null) yield* requireStore(merchant, patch.registeredIn)
    if (id === "unknown") return yield* new CustomerNotFound()
    let isTooMuch = false
    const saved = yield* customers.save(merchant.id, {
      references,
      createIfMissing: id === null,
      patch: { registeredIn: store, ...patch },
      // Only in the transaction is it known whether the client is new.
      settle: (_, before) => {
        isTooMuch = keepsTooMuch(before.extensions, patch.extensions)
        return isTooMuch ? {} : patch
      },
      actor: principal.credentialId
    })
    if (isTooMuch) {
      return yield* new InvalidField({ field: "InfoClient", reason: "must not have so many other members" })
    }
    return scalarAnswer(format, "long", saved.entity.id)
  })

  const run = (one: ApiFunction, call: Call): Answer => {
    if (one === functions.getClient) return getClient(call)
    return one === functions.putClient ? putClient(call) : getClientsModified(call)
  }

  const isUnsafe = ({ headers }: HttpServerRequest.HttpServerRequest): boolean =>
    isPrefetch(headers) || headers["sec-fetch-site"]?.toLowerCase() === "cross-site" || isForeign(headers)

  const serve = (request: HttpServerRequest.HttpServerRequest, see: (format: Format) => void): Answer => {
    const path = normalizePath(request.url)?.path ?? ""
    const name = path.startsWith(`${base}/`) ? path.slice(base.length + 1) : ""
    const one = byName.get(name)
    if (one === undefined && path !== base) return Effect.fail(new UnknownFunction())
    if (!methods.includes(request.method)) return Effect.fail(new MethodNotAllowed({ allow: allow(methods) }))
    const asksFor = request.method === "GET" ? asksForDocumentation(queryOf(request)) : undefined
    if (asksFor !== undefined) {
      return Effect.succeed(
        documentation(shownBase, one, asksFor.getIgnoreCase("docType"), { names, largestPage })
      )
    }
    if (one === undefined) return Effect.fail(new UnknownFunction())
    if (one.rights !== "read" && isUnsafe(request)) return Effect.fail(new UnsafeWrite())
    const { rights } = one
    return Effect.flatMap(readCall(request, see), (asked): Answer => {
      if (rights === "none") return one === functions.login ? login(request, asked) : logout(request, asked)
      return Effect.flatMap(proveCaller(request, credentials, sessions, cookieName), (principal): Answer => {
        const refused = whyNotPermitted(principal, rights)
        return refused === undefined
          ? run(one, { ...asked, principal, merchant: principal.merchant })
          : Effect.fail(refused)
      })
    })
  }

  const shownBase = `${options.basePath ?? ""}${API_PATH}`

  const told = (format: Format, error: CallError): HttpServerResponse.HttpServerResponse =>
    error._tag === "CustomerNotFound" && names.errors.missing === "nil"
      ? nilAnswer(format, names)
      : errorAnswer(format, answerOf(error), names)

  return (
    request: HttpServerRequest.HttpServerRequest
  ): Effect.Effect<HttpServerResponse.HttpServerResponse> => {
    let seen: Format | undefined
    return Effect.suspend(() => serve(request, (format) => void (seen = format))).pipe(
      Effect.catchCause((cause) => {
        if (Cause.hasInterruptsOnly(cause)) return Effect.interrupt
        const format = seen ?? formatOf(queryOf(request))
        const failure = Cause.findErrorOption(cause)
        if (Option.isNone(failure)) {
          return Effect.as(
            Effect.logError("request failed", cause),
            errorAnswer(format, internalError, names)
          )
        }
        const answer = Effect.sync(() => told(format, failure.value))
        return answerOf(failure.value).status < 500
          ? answer
          : Effect.andThen(Effect.logError("request failed", failure.value), answer)
      })
    )
  }
})

/** Whether a page of another site asks: browsers say so by the origin, and nothing more where there is no https. */
const isForeign = ({ host, origin }: HttpServerRequest.HttpServerRequest["headers"]): boolean =>
  origin !== undefined && origin.replace(/^https?:\/\//i, "").toLowerCase() !== host?.toLowerCase()

/** Before the first change of a merchant. */
const firstPosition = 0 as Parameters<Customers["Service"]["modified"]>[1]["after"]

/** Where the functions are (DOCUMENTED). */
const API_PATH = "/core/api"

const byName: ReadonlyMap<string, ApiFunction> = new Map(
  allFunctions.map((one) => [one.name.toLowerCase(), one])
)

/** The answer to a request that is refused before it is looked at, as by a server with too much to do. */
export const refusal = (
  request: HttpServerRequest.HttpServerRequest,
  error: DomainError
): HttpServerResponse.HttpServerResponse =>
  errorAnswer(formatOf(queryOf(request)), answerOf(error), defaultNames)

const crypto = Mac.layerWebCrypto.pipe(Layer.provide(SecureRandom.layerWebCrypto))

/** Adds the vendor's paths to the router. */
export const layer = (
  options: PolarisRoutesOptions = {}
): Layer.Layer<never, never, HttpRouter.HttpRouter | Customers | Cards | Credentials | Merchants> =>
  HttpRouter.use(
    Effect.fnUntraced(function* (router) {
      const base = `${options.basePath ?? ""}${API_PATH}` as `/${string}`
      const handler = yield* makeHandler(options, base.toLowerCase())
      // Also matches `base` itself. Everything below it is ours, so that no wrong path is answered without an error body.
      yield* router.add("*", `${base}/*`, handler)
    })
  ).pipe(Layer.provide(crypto))

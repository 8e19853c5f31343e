/**
 * A site of the vendor for one case: the drop-in server without a socket over a fresh store in memory, one merchant,
 * one good credential, and a test clock that stands at noon.
 */
import {
  Credentials,
  Feed,
  layerDomain,
  layerMemory,
  type Merchant,
  MerchantRepository,
  Merchants,
  type Repositories,
  type Scope as Right,
  StoreId,
  StoreListId,
  TimeZone
} from "@tillbridge/domain"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpEffect from "effect/http/HttpEffect"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as TestClock from "effect/testing/TestClock"
import { plain, turns } from "./Case.ts"
import type {
  DomainServices,
  RemoteSite,
  Send,
  Subject,
  WireAnswer,
  WireAuth,
  WireRequest
} from "./DialectSubject.ts"

/** The moment at which every case begins, a Saturday in summer. */
export const noon = Date.UTC(2024, 5, 15, 10, 0, 0)

/** The prefix of the kit's merchants: the system whose keys stand in a vendor's external key. */
export const externalSystem = "SHOP"

/** Two hours ahead of UTC at noon. */
export const zone = TimeZone.make("Europe/Paris")

export type Store = Context.Context<DomainServices | Repositories>

/** A caller of the server, and the secret that it was given. */
export interface Caller {
  readonly id: number
  readonly login: string | null
  readonly secret: string
}

/** What was seen of one process: log lines, and spans with their attributes. */
export interface Seen {
  readonly log: Array<string>
  readonly spans: Array<Tracer.NativeSpan>
}

export interface Site {
  readonly store: Store
  readonly merchant: Merchant
  readonly caller: Caller
  readonly seen: Seen
  readonly fetch: (request: Request) => Promise<Response>
  /** Sends a request as it stands. */
  readonly send: Send
  /** Sends a request with the proof of the site's caller. */
  readonly ask: Send
  /** Everything that the merchant has in the store, in a form that can be compared. */
  readonly everything: Effect.Effect<unknown, unknown>
}

const utf8 = new TextDecoder("utf-8", { fatal: true })

const read = async (response: Response): Promise<WireAnswer> => ({
  status: response.status,
  headers: Object.fromEntries(response.headers),
  text: utf8.decode(await response.arrayBuffer())
})

/** The request with a caller's proof added to its query and headers. */
export const withAuth = (request: WireRequest, auth: WireAuth): WireRequest => {
  const added = new URLSearchParams(auth.query ?? {}).toString()
  const separator = request.target.includes("?") ? "&" : "?"
  return {
    ...request,
    target: added === "" ? request.target : `${request.target}${separator}${added}`,
    headers: { ...request.headers, ...auth.headers }
  }
}

export const requestOf = (request: WireRequest, origin = "http://till.test"): Request =>
  new Request(`${origin}${request.target}`, {
    method: request.method,
    ...(request.headers === undefined ? {} : { headers: request.headers }),
    ...(request.body === undefined ? {} : { body: request.body })
  })

export const newSeen = (): Seen => ({ log: [], spans: [] })

/** What is to be provided so that log lines and spans are seen. */
export const watching = ({ log, spans }: Seen) =>
  Context.make(
    Logger.CurrentLoggers,
    new Set([
      Logger.make(({ cause, message }) => {
        log.push(`${[message].flat().map(String).join(" ")} ${Cause.pretty(cause)}`)
      })
    ])
  ).pipe(
    Context.add(
      Tracer.Tracer,
      Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          spans.push(span)
          return span
        }
      })
    )
  )

/** A store in memory with the domain on it; `change` may replace repositories under the domain's services. */
export const openStore = (
  change: (real: Context.Context<Repositories>) => Context.Context<Repositories> = (real) => real
) =>
  Layer.build(
    Layer.fresh(
      layerDomain.pipe(
        Layer.provideMerge(Layer.effectContext(Effect.map(Layer.build(Layer.fresh(layerMemory)), change)))
      )
    )
  )

/** The drop-in server over a store, with caches and secrets of its own as another process has. */
export const openServer = Effect.fnUntraced(function* (
  subject: Subject,
  store: Store,
  address = "192.0.2.1"
) {
  const seen = newSeen()
  const app = yield* HttpRouter.toHttpEffect(subject.routes).pipe(Effect.provide(store))
  const handler = HttpEffect.toWebHandlerWith<never, HttpServerRequest.HttpServerRequest | Scope.Scope>(
    Context.merge(store, watching(seen)).pipe(
      Context.add(Clock.Clock, yield* Clock.Clock),
      // What the HTTP server itself traces, the host decides: a dialect has no say in it.
      Context.add(HttpMiddleware.TracerDisabledWhen, () => true)
    )
  )(
    Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
      Effect.provideService(
        app,
        HttpServerRequest.HttpServerRequest,
        request.modify({ remoteAddress: Option.some(address) })
      )
    )
  )
  const fetch = (request: Request) => handler(request)
  const send: Send = (request) => Effect.promise(() => fetch(requestOf(request)).then(read))
  return { fetch, send, seen }
})

/** A merchant with stores 1, 2 and 3, of which list 1 holds the first two. */
export const makeMerchant = Effect.fnUntraced(function* (store: Store, name: string) {
  const merchants = Context.get(store, Merchants)
  const merchant = yield* merchants.create({ name, timeZone: zone, externalKeyPrefix: externalSystem })
  for (const id of [1, 2, 3])
    yield* merchants.putStore(merchant.id, { id: StoreId.make(id), name: `Store ${id}` })
  yield* merchants.putStoreList(merchant.id, {
    id: StoreListId.make(1),
    name: "List",
    storeIds: [StoreId.make(1), StoreId.make(2)]
  })
  return merchant
})

/** A credential with a generated secret, which is cheap to check. */
export const makeCaller = Effect.fnUntraced(function* (
  subject: Subject,
  store: Store,
  merchant: Merchant,
  given: { readonly scopes?: ReadonlyArray<Right>; readonly dialect?: string; readonly login?: string } = {}
) {
  const { capabilities, id: dialect } = subject.dialect
  const made = yield* Context.get(store, Credentials).create({
    merchantId: merchant.id,
    dialect: given.dialect ?? dialect,
    login: capabilities.credentials === "login" ? (given.login ?? `till ${merchant.id}`) : null,
    secret: null,
    label: null,
    scopes: given.scopes ?? ["read", "write", "balance"]
  })
  const caller: Caller = {
    id: made.credential.id,
    login: made.credential.login,
    secret: Redacted.value(made.secret)
  }
  return caller
})

/** Everything that a merchant has. */
export const everythingOf = (store: Store, merchant: Merchant) => {
  const directories = Context.get(store, MerchantRepository)
  return Effect.all([
    Context.get(store, Feed).page(merchant.id, null, 10_000),
    directories.entries(merchant.id, "group"),
    directories.entries(merchant.id, "card type")
  ]).pipe(Effect.map(([{ changes }, ...names]) => plain([changes, names])))
}

/** The proof of a caller who is expected to have one. */
export const proofOf = Effect.fnUntraced(function* (
  subject: Subject,
  send: Send,
  { login, secret }: Pick<Caller, "login" | "secret">
) {
  const signedIn = yield* subject.wire.signIn(send, { login, secret })
  if ("auth" in signedIn) return signedIn.auth
  return yield* Effect.die(new Error(`a good credential was refused: ${signedIn.refused.text}`))
})

/** A site whose merchant and caller are new. */
export const openSite = Effect.fnUntraced(function* (
  subject: Subject,
  change?: (real: Context.Context<Repositories>) => Context.Context<Repositories>
) {
  yield* TestClock.setTime(noon)
  const store = yield* openStore(change)
  const merchant = yield* makeMerchant(store, "Rose")
  const caller = yield* makeCaller(subject, store, merchant)
  const { fetch, seen, send } = yield* openServer(subject, store)
  let auth: WireAuth | undefined
  const ask: Send = (request) =>
    Effect.suspend(() => (auth === undefined ? proofOf(subject, send, caller) : Effect.succeed(auth))).pipe(
      Effect.flatMap((proof) => {
        auth = proof
        return send(withAuth(request, proof))
      })
    )
  const site: Site = {
    store,
    merchant,
    caller,
    seen,
    fetch,
    send,
    ask,
    everything: everythingOf(store, merchant)
  }
  return site
})

/** How many requests wait for their whole answer. */
let underway = 0

/** Answers a request; `quiet` says that nobody ever will, so that it is not waited for. */
export type Answering = (request: Request, quiet: () => void) => Promise<Response>

const counted =
  (answer: Answering) =>
  async (request: Request): Promise<Response> => {
    let waits = true
    const settle = () => {
      if (waits) underway--
      waits = false
    }
    underway++
    try {
      const response = await answer(request, settle)
      return response.body === null ? response : new Response(await response.arrayBuffer(), response)
    } finally {
      settle()
    }
  }

/** An HTTP client whose every request this function answers. */
export const answeredBy = (answer: Answering) => {
  const fetch = counted(answer)
  return FetchHttpClient.layer.pipe(
    Layer.provide(
      Layer.succeed(FetchHttpClient.Fetch, (input, init) =>
        Promise.resolve().then(() => fetch(new Request(input as string | URL, init)))
      )
    )
  )
}

/** An HTTP client on real sockets. */
export const overSockets = answeredBy((request) => globalThis.fetch(request))

export const remoteOf = (site: Site, given: Partial<RemoteSite> = {}): RemoteSite => ({
  baseUrl: "http://till.test",
  login: site.caller.login,
  secret: Redacted.make(site.caller.secret),
  timeZone: zone,
  externalSystem,
  pageSize: 3,
  ...given
})

/** Real milliseconds after which a request that is underway is taken to wait for the test clock itself. */
const standstill = 2_000

const moment = Effect.callback<void>((resume) => {
  const timer = setTimeout(() => resume(Effect.void), 1)
  return Effect.sync(() => clearTimeout(timer))
})

/**
 * Runs while the test clock moves on, so that retries wait no real time. It stands still while a request is underway:
 * a machine that is slow to answer must not look like a vendor that is.
 */
export const whileTimePasses = Effect.fnUntraced(function* <A, E, R>(effect: Effect.Effect<A, E, R>) {
  const fiber = yield* Effect.forkChild(effect)
  let since = performance.now()
  while (fiber.pollUnsafe() === undefined) {
    yield* turns(5)
    if (fiber.pollUnsafe() !== undefined) break
    if (underway > 0 && performance.now() - since < standstill) {
      yield* moment
      continue
    }
    yield* TestClock.adjust("250 millis")
    since = performance.now()
  }
  return yield* Fiber.await(fiber)
})

/** What the exit failed with, for a message: its words when it is an expected error. */
export const causeOf = (exit: Exit.Exit<unknown, unknown>): string =>
  Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "it succeeded"

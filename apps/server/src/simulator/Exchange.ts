/**
 * One request at a simulator: the faults that it meets, the dialect's routes, and what becomes of their answer. The same
 * for requests from a socket and for those that never leave the process.
 */
import { NotAuthenticated, TooManyAttempts } from "@tillbridge/domain"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { LoadedDialect } from "../ServedDialect.ts"
import {
  bracesAnswer,
  emptyAnswer,
  encoded,
  gateway,
  loginPage,
  type Memory,
  retryAfterText,
  rewritten,
  withBody
} from "./Answers.ts"
import { bytesOf, type Cut, type Delivered } from "./Delivered.ts"
import type { Dice } from "./Dice.ts"
import type { Fault, FaultKind, Operation } from "./Fault.ts"
import type { ActiveFaults } from "./Faults.ts"
import type { RequestLog } from "./RequestLog.ts"
import type { DialectWire } from "./Wire.ts"

type Request = HttpServerRequest.HttpServerRequest
type Response = HttpServerResponse.HttpServerResponse

/** The dialect's routes. */
export type App = Effect.Effect<Response, unknown, Request | Scope.Scope>

export interface ExchangeOptions {
  readonly app: App
  readonly refusal: LoadedDialect["refusal"]
  readonly wire: DialectWire
  readonly faults: ActiveFaults
  readonly dice: Dice
  readonly log: RequestLog
  readonly change: (rows: number) => Effect.Effect<void>
}

interface Asked {
  readonly path: string
  readonly query: URLSearchParams
  readonly operation: Operation
}

const find = <K extends FaultKind["kind"]>(faults: ReadonlyArray<Fault>, kind: K) =>
  faults.find((fault): fault is Extract<Fault, { readonly kind: K }> => fault.kind === kind)

const askedOf = (wire: DialectWire, request: Request): Asked => {
  const mark = request.url.indexOf("?")
  const path = (mark < 0 ? request.url : request.url.slice(0, mark)).toLowerCase()
  const query = new URLSearchParams(mark < 0 ? "" : request.url.slice(mark + 1))
  return { path, query, operation: wire.operation(request.method, path, query) }
}

/** What a session or a token is known by. A password that comes with each request cannot run out. */
const proofOf = ({ headers }: Request): string | undefined => {
  const { authorization, cookie } = headers
  return authorization !== undefined && !/^basic /i.test(authorization) ? authorization : cookie
}

/** With a resume point that the vendor never gave. */
const withLostCursor = (request: Request, { query }: Asked, name: string | undefined): Request => {
  const known = [...query.keys()].find((key) => key.toLowerCase() === name?.toLowerCase())
  if (known === undefined) return request
  query.set(known, "bG9zdA")
  return request.modify({ url: `${request.url.slice(0, request.url.indexOf("?"))}?${query}` })
}

/** Faults that need the whole body. */
const ofBody = new Set<FaultKind["kind"]>(["bom", "charset", "skew", "truncate"])
const ofList = new Set<FaultKind["kind"]>([
  "repeat-cursor",
  "duplicate-page",
  "zero-rows",
  "fewer",
  "reorder",
  "poison"
])

const decoder = new TextDecoder("utf-8", { ignoreBOM: true })

const cutOf = (faults: ReadonlyArray<Fault>): Cut | null => {
  if (find(faults, "reset") !== undefined) return "reset"
  const how = find(faults, "truncate")?.how
  return how === "length" || how === "chunked" ? how : null
}

export const makeExchange = (options: ExchangeOptions) => {
  const { app, change, dice, faults, log, refusal, wire } = options
  const memory: Memory = { of: faults.current(), previous: undefined, repeated: undefined }
  /** Sessions and tokens that ran out before their time. */
  const dead = new Set<string>()

  /** The routes' own answer, also where they have none. */
  const routed = (request: Request): Effect.Effect<Response> =>
    app.pipe(
      Effect.provideService(HttpServerRequest.HttpServerRequest, request),
      Effect.scoped,
      Effect.catchCause((cause) =>
        Cause.hasInterruptsOnly(cause)
          ? Effect.interrupt
          : Effect.succeed(HttpServerResponse.text("not found\n", { status: 404 }))
      ),
      log.working
    )

  /** An answer that the request gets without being carried out. */
  const instead = (
    request: Request,
    asked: Asked,
    hits: ReadonlyArray<Fault>,
    now: number
  ): Response | undefined => {
    const proof = proofOf(request)
    if (find(hits, "401") !== undefined) {
      if (proof !== undefined) dead.add(proof)
      return refusal(request, new NotAuthenticated())
    }
    if (proof !== undefined && asked.operation !== "login" && dead.has(proof))
      return refusal(request, new NotAuthenticated())
    const throttle = find(hits, "429")
    if (throttle !== undefined) {
      const refused = refusal(request, new TooManyAttempts({ retryAfterMillis: 1_000 }))
      const text = retryAfterText(throttle.retryAfter, now)
      return HttpServerResponse.setStatus(
        text === undefined
          ? HttpServerResponse.removeHeader(refused, "retry-after")
          : HttpServerResponse.setHeader(refused, "retry-after", text),
        429
      )
    }
    const status = find(hits, "status")
    if (status !== undefined) return gateway(status.status)
    if (find(hits, "html") !== undefined) return loginPage
    if (find(hits, "empty") !== undefined) return emptyAnswer
    return find(hits, "braces") === undefined ? undefined : bracesAnswer
  }

  /** Whether pages are to be remembered; what was remembered for earlier faults is forgotten. */
  const remembers = (): boolean => {
    const current = faults.current()
    if (memory.of !== current)
      Object.assign(memory, { of: current, previous: undefined, repeated: undefined })
    return current.some(({ kind }) => kind === "duplicate-page" || kind === "repeat-cursor")
  }

  const spoiled = Effect.fnUntraced(function* (response: Response, asked: Asked, hits: ReadonlyArray<Fault>) {
    const isList = asked.operation === "list" && response.status === 200
    const isRemembered = isList && remembers()
    const wanted = hits.filter(({ kind }) => ofBody.has(kind) || (isList && ofList.has(kind)))
    if (isList && !remembers()) {
      memory.previous = undefined
      memory.repeated = undefined
    }
    if (wanted.length === 0 && !isRemembered) return response
    const text = decoder.decode(yield* bytesOf(response))
    const told = rewritten(text, wanted, { wire, dice, memory })
    if (isRemembered) memory.previous = text
    return withBody(response, encoded(told, wanted))
  })

  const answered = Effect.fnUntraced(function* (request: Request, asked: Asked, hits: ReadonlyArray<Fault>) {
    const now = yield* Clock.currentTimeMillis
    const changing = find(hits, "changing")
    if (changing !== undefined) yield* log.working(change(changing.rows))
    const lost =
      find(hits, "cursor-lost") === undefined ? request : withLostCursor(request, asked, wire.resume)
    const replaced = instead(request, asked, hits, now)
    const response = replaced ?? (yield* Effect.orDie(spoiled(yield* routed(lost), asked, hits)))
    const date = new Date(now + (find(hits, "skew")?.millis ?? 0)).toUTCString()
    return HttpServerResponse.setHeader(response, "date", date)
  })

  return Effect.fnUntraced(function* (request: Request): Effect.fn.Return<Delivered> {
    const asked = askedOf(wire, request)
    const hits = faults.hit(asked.operation, asked.path)
    const entry = log.begin({
      method: request.method,
      path: asked.path,
      operation: asked.operation,
      faults: hits.map(({ kind }) => kind)
    })
    const latency = find(hits, "latency")
    if (latency !== undefined) yield* Effect.sleep(latency.millis)
    if (find(hits, "blackhole") !== undefined) return { _tag: "Silent" }
    if (find(hits, "reset")?.at === "before") return { _tag: "Reset" }
    const response = yield* answered(request, asked, hits)
    log.end(entry, response.status)
    const bytesPerSecond = find(hits, "trickle")?.bytesPerSecond ?? null
    return { _tag: "Answered", response, cut: cutOf(hits), bytesPerSecond }
  })
}

export type Exchange = ReturnType<typeof makeExchange>

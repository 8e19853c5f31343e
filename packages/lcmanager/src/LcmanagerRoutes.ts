/**
 * The drop-in server: answers `POST api/client/ClientInfoPeriod` and `POST ManagerLogin` as the vendor does, over the
 * domain's services. Paths are matched in any letter case. The merchant is the bearer's: `Operator`, `Token` and
 * `SiteCode` of a request choose nobody (INFERRED: which of them the vendor looks at is not known).
 * Sources: the help page of the call (DOCUMENTED), the server's published source for tokens and errors (OBSERVED), that
 * of ASP.NET Web API for the choice of format (OBSERVED).
 */
import {
  Credentials,
  type DomainError,
  Merchants,
  NotPermitted,
  PeriodReport,
  type Principal,
  StoreListId,
  UnknownReference
} from "@tillbridge/domain"
import { normalizePath, readBytes, readForm } from "@tillbridge/wire"
import * as Cause from "effect/Cause"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import * as HttpRouter from "effect/http/HttpRouter"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import {
  errorAnswer,
  headers,
  isPreflight,
  listParts,
  listText,
  preflightAnswer,
  textAnswer,
  tokenAnswer,
  tokenErrorAnswer
} from "./internal/answers.ts"
import {
  answerOf,
  type CallError,
  internalError,
  MethodNotAllowed,
  RequestRefused,
  tokenAnswerOf,
  type TokenError,
  tokenInternalError,
  UnknownAction
} from "./internal/errors.ts"
import { bytesOf, negotiate, type Writing } from "./internal/negotiation.ts"
import { type PeriodRules, periodsOf } from "./internal/period.ts"
import { type PeriodModel, readPeriodModel } from "./internal/periodModel.ts"
import { type Asked, beginning, type Place, type Step, stepOf, WINDOW } from "./internal/registrations.ts"
import { makeTokens, type TokenOptions } from "./internal/tokens.ts"
import { DEFAULT_EXTERNAL_SYSTEM, defaultStatusNames, type StatusNames } from "./LcmanagerCodec.ts"

export type { PeriodRules } from "./internal/period.ts"
export type { TokenOptions } from "./internal/tokens.ts"

export interface LcmanagerRoutesOptions {
  /** Where the vendor's paths begin, as `/WebService/OPER/app`. Default: at the root. */
  readonly basePath?: `/${string}`
  /** How a request is read where the vendor's own logic is not known. */
  readonly rules?: PeriodRules
  /** What `Card_Status` says of the three statuses. Default "Active", "Blocked", "New". */
  readonly statusNames?: Partial<StatusNames>
  /** The token endpoint. */
  readonly tokens?: TokenOptions
}

type Request = HttpServerRequest.HttpServerRequest
type Response = HttpServerResponse.HttpServerResponse

const reportPath = "/api/client/clientinfoperiod"
const tokenPath = "/managerlogin"

const decodeList = Schema.decodeUnknownOption(StoreListId)

/** The list that a request names; `null` for none. A number that can be no list's names one that is not there. */
const listOf = ({ regPosList }: PeriodModel): StoreListId | null | UnknownReference =>
  regPosList === null
    ? null
    : Option.getOrElse(decodeList(Number(regPosList)), () => new UnknownReference({ kind: "store list" }))

const makeHandler = Effect.fnUntraced(function* (options: LcmanagerRoutesOptions, base: string) {
  const credentials = yield* Credentials
  const merchants = yield* Merchants
  const report = yield* PeriodReport
  const tokens = yield* makeTokens(credentials, options.tokens ?? {})
  const rules = options.rules ?? {}
  const statusNames = { ...defaultStatusNames, ...options.statusNames }

  const turn = yield* Semaphore.make(1)
  /**
   * A step of a long list. One is made at a time, and between two of them other callers are let in: a store on a file
   * answers in this thread, and a socket that is read fast never waits, so that a list would keep everybody waiting
   * until its last row is sent.
   */
  const laterStep = (asked: Asked, place: Place) =>
    turn.withPermit(Effect.andThen(Effect.yieldNow, stepOf(report, asked, place)))

  /** What is asked for, as the store is asked; nothing when it is nobody. */
  const askedOf = Effect.fnUntraced(function* (
    model: PeriodModel,
    { merchant }: Principal,
    { format }: Writing
  ): Effect.fn.Return<Asked | null, CallError> {
    const periods = periodsOf(model, merchant.timeZone, yield* DateTime.now, rules)
    if (typeof periods === "string") return yield* new RequestRefused({ reason: periods })
    const storeList = listOf(model)
    if (storeList instanceof UnknownReference) return yield* storeList
    if (periods.length === 0) return null
    const stores = yield* merchants.stores(merchant.id)
    const context = {
      timeZone: merchant.timeZone,
      externalSystem: merchant.externalKeyPrefix ?? DEFAULT_EXTERNAL_SYSTEM,
      statusNames,
      storeNames: new Map(stores.map(({ id, name }) => [id, name]))
    }
    return { merchant, periods, storeList, format, context }
  })

  /** Rows until there are enough to begin with, or all there are. */
  const first = Effect.fnUntraced(function* (asked: Asked) {
    const rows: Array<string> = []
    let place: Place | null = beginning
    while (place !== null && rows.length < WINDOW) {
      const step: Step = yield* place === beginning ? stepOf(report, asked, place) : laterStep(asked, place)
      rows.push(...step.rows)
      place = step.next
    }
    return { rows, next: place }
  })

  /** A long list, written while it is read: it is never in memory as a whole. */
  const streamed = (writing: Writing, asked: Asked, rows: ReadonlyArray<string>, next: Place): Response => {
    const { head, separator, tail } = listParts[writing.format]
    const step = (place: Place) =>
      Effect.map(laterStep(asked, place), (found) => {
        // There are rows before these: an answer that is streamed has begun with some.
        const text = found.rows.map((row) => separator + row).join("")
        const bytes = text === "" ? [] : [bytesOf(text, writing, false)]
        return [bytes, Option.fromNullOr(found.next)] as const
      })
    const body = Stream.make(bytesOf(head + rows.join(separator), writing)).pipe(
      Stream.concat(Stream.paginate(next, step)),
      Stream.concat(Stream.suspend(() => Stream.make(bytesOf(tail, writing, false)))),
      // The answer is under way: it can only break off, and nobody else would tell why.
      Stream.tapCause((cause) =>
        Cause.hasInterruptsOnly(cause) ? Effect.void : Effect.logError("request failed", cause)
      )
    )
    return HttpServerResponse.stream(body, { headers, contentType: writing.contentType })
  }

  const nobody = (writing: Writing) => textAnswer(writing, listText(writing.format, []))

  const period = Effect.fnUntraced(function* (
    request: Request,
    writing: Writing
  ): Effect.fn.Return<Response, CallError> {
    const principal = yield* tokens.bearer(request.headers["authorization"])
    const bytes = yield* readBytes(request)
    if (!principal.scopes.includes("read")) return yield* new NotPermitted({ scope: "read" })
    const { "content-encoding": encoding, "content-type": type } = request.headers
    const model = readPeriodModel(bytes, type, encoding, principal.merchant.timeZone)
    if (Result.isFailure(model)) return yield* Effect.fail(model.failure)
    const asked = yield* askedOf(model.success, principal, writing)
    if (asked === null) return nobody(writing)
    const { next, rows } = yield* first(asked)
    return next === null
      ? textAnswer(writing, listText(writing.format, rows))
      : streamed(writing, asked, rows, next)
  })

  const answeredPeriod = (request: Request, writing: Writing): Effect.Effect<Response, CallError> =>
    rules.unknownList === "error"
      ? period(request, writing)
      : Effect.catchTag(period(request, writing), "UnknownReference", () => Effect.succeed(nobody(writing)))

  const logIn = (request: Request): Effect.Effect<Response, TokenError> =>
    request.method === "POST"
      ? readForm(request).pipe(
          Effect.flatMap((form) => tokens.grant(form, Option.getOrNull(request.remoteAddress))),
          Effect.map((pair) => tokenAnswer(pair))
        )
      : Effect.fail(new MethodNotAllowed({ method: request.method }))

  const call = (request: Request, path: string, writing: Writing): Effect.Effect<Response, CallError> => {
    if (path !== `${base}${reportPath}`) return Effect.fail(new UnknownAction())
    return request.method === "POST"
      ? answeredPeriod(request, writing)
      : Effect.fail(new MethodNotAllowed({ method: request.method }))
  }

  return (request: Request): Effect.Effect<Response> =>
    Effect.suspend(() => {
      if (isPreflight(request)) return Effect.succeed(preflightAnswer(request))
      const path = normalizePath(request.url)?.path ?? ""
      if (path === `${base}${tokenPath}`) {
        return answered(logIn(request), (error) => {
          const answer = error === null ? tokenInternalError : tokenAnswerOf(error)
          return [tokenErrorAnswer(answer), answer.status]
        })
      }
      const writing = negotiate(request.headers)
      return answered(call(request, path, writing), (error) => {
        const answer = error === null ? internalError : answerOf(error)
        return [errorAnswer(writing, answer), answer.status]
      })
    })
})

/** An answer whatever happens: `tell` says the vendor's answer to an error, or to a defect (`null`). */
const answered = <E>(
  effect: Effect.Effect<Response, E>,
  tell: (error: E | null) => readonly [response: Response, status: number]
): Effect.Effect<Response> =>
  Effect.catchCause(effect, (cause) => {
    if (Cause.hasInterruptsOnly(cause)) return Effect.interrupt
    const failure = Cause.findErrorOption(cause)
    const [response, status] = tell(Option.getOrNull(failure))
    return status < 500
      ? Effect.succeed(response)
      : Effect.as(Effect.logError("request failed", Option.isSome(failure) ? failure.value : cause), response)
  })

/** The answer to a request that is refused before it is looked at, as by a server with too much to do. */
export const refusal = (request: Request, error: DomainError): Response =>
  normalizePath(request.url)?.path.endsWith(tokenPath) === true
    ? tokenErrorAnswer(tokenAnswerOf(error))
    : errorAnswer(negotiate(request.headers), answerOf(error))

/** Adds the vendor's paths to the router. */
export const layer = (
  options: LcmanagerRoutesOptions = {}
): Layer.Layer<never, never, HttpRouter.HttpRouter | Credentials | Merchants | PeriodReport> =>
  HttpRouter.use(
    Effect.fnUntraced(function* (router) {
      const base = options.basePath ?? ""
      const handler = yield* makeHandler(options, base.toLowerCase())
      // Each also matches without the slash. All below is ours, so that no wrong path is answered without envelope.
      yield* router.add("*", `${base}/api/client/*` as `/${string}`, handler)
      yield* router.add("*", `${base}/ManagerLogin/*` as `/${string}`, handler)
    })
  )

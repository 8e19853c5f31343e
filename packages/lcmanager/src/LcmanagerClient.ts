/**
 * The vendor's call as a method with typed rows and errors, a time limit on each attempt and retries: it only reads, so a
 * repeat is safe. It logs in by itself, once for all calls that wait, and once again when the site does not take the
 * token any more. Rows are the wire's own; `LcmanagerSource` speaks the domain. Password and tokens stay out of errors,
 * spans and logs. Redirects are refused, answers over 16 MiB too: ask for less at a time. Not supported: the vendor's
 * other calls.
 */
import {
  type InvalidField,
  Malformed,
  reasonOfBroken,
  reasonOfStatus,
  SourceError,
  type SourceFailure,
  Unauthorized
} from "@tillbridge/domain"
import { exchange, type Reply, retrying } from "@tillbridge/wire"
import type * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import { requestJson, requestXml } from "./internal/outgoing.ts"
import { openEnvelope, parseReply, readTokens, withMessage } from "./internal/reply.ts"
import { readRows, type Registrations, salvageRows } from "./internal/rows.ts"
import { makeSession, type Tokens } from "./internal/session.ts"
import { DIALECT } from "./LcmanagerCodec.ts"
import {
  type LcmanagerConfig,
  lcmanagerConfig,
  type LcmanagerOptions,
  makeConfig
} from "./LcmanagerConfig.ts"
import type { ClientInfoPeriodClient, ClientInfoPeriodRequest } from "./LcmanagerSchema.ts"

export type { Registrations, UnreadableRow } from "./internal/rows.ts"

type Outcome<A> = Effect.Effect<A, SourceError>

export class LcmanagerClient extends Context.Service<
  LcmanagerClient,
  {
    readonly config: LcmanagerConfig
    /**
     * The registered cards that a request asks for; operator and site code of the options are added. A row that cannot
     * be read fails it.
     */
    readonly clientInfoPeriod: (
      request: ClientInfoPeriodRequest
    ) => Outcome<ReadonlyArray<ClientInfoPeriodClient>>
    /** As `clientInfoPeriod`, with the rows that cannot be read beside the others. */
    readonly registrations: (request: ClientInfoPeriodRequest) => Outcome<Registrations>
    /** Gets a token unless there is one: tells whether the site takes the user. */
    readonly login: Outcome<void>
  }
>()("@tillbridge/lcmanager/LcmanagerClient") {
  /** A client of one site. Wrong options fail the layer. */
  static readonly layer = (
    options: LcmanagerOptions
  ): Layer.Layer<LcmanagerClient, InvalidField, HttpClient.HttpClient> =>
    Layer.effect(LcmanagerClient, Effect.flatMap(Effect.fromResult(makeConfig(options)), make))

  /** As `layer`, from configuration: BASE_URL, USER, PASSWORD, … (see `lcmanagerConfig`). */
  static readonly layerConfig = (
    config: Config.Config<LcmanagerOptions> = lcmanagerConfig
  ): Layer.Layer<LcmanagerClient, InvalidField | Config.ConfigError, HttpClient.HttpClient> =>
    Layer.unwrap(Effect.map(config, LcmanagerClient.layer))
}

const isGood = ({ status }: Reply) => status >= 200 && status < 300

const make = Effect.fnUntraced(function* (config: LcmanagerConfig) {
  const { baseUrl, format, password, retry, timeout, user } = config
  const http = yield* HttpClient.HttpClient

  const ask = (request: HttpClientRequest.HttpClientRequest): Effect.Effect<Reply, SourceFailure> =>
    Effect.mapError(exchange(http, request, { timeout }), reasonOfBroken)

  /** The vendor's own reason without anything that must not be seen. */
  const secrets = () => [password, ...session.secrets()]

  const failureOf = ({ bytes, retryAfterMillis, status }: Reply): SourceFailure =>
    withMessage(reasonOfStatus(status, retryAfterMillis), bytes, secrets())

  const logIn = (form: ReadonlyArray<readonly [string, string]>): Effect.Effect<Tokens, SourceFailure> =>
    HttpClientRequest.post(`${baseUrl}ManagerLogin`, { acceptJson: true }).pipe(
      HttpClientRequest.bodyUrlParams(form),
      ask,
      Effect.flatMap((reply): Effect.Effect<Tokens, SourceFailure> => {
        if (!isGood(reply)) {
          // OAuth says no with 400; what it says of it quotes nobody.
          return Effect.fail(
            reply.status === 400 ? new Unauthorized({ detail: "HTTP 400" }) : failureOf(reply)
          )
        }
        return Effect.map(
          Effect.fromResult(readTokens(reply.bytes, reply.headers["content-type"])),
          ({ access_token, refresh_token }) => ({
            access: Redacted.make(access_token),
            refresh: refresh_token == null || refresh_token === "" ? null : Redacted.make(refresh_token)
          })
        )
      }),
      Effect.withSpan("LcmanagerClient.login")
    )

  const session: ReturnType<typeof makeSession> = makeSession({
    byPassword: logIn([
      ["grant_type", "password"],
      ["username", user],
      ["password", Redacted.value(password)]
    ]),
    byRefresh: (refresh) =>
      logIn([
        ["grant_type", "refresh_token"],
        ["refresh_token", Redacted.value(refresh)]
      ])
  })

  const send = (path: string, body: string, { access }: Tokens) =>
    HttpClientRequest.post(`${baseUrl}${path}`).pipe(
      HttpClientRequest.accept(`application/${format}`),
      HttpClientRequest.bearerToken(access),
      HttpClientRequest.bodyText(body, `application/${format}; charset=utf-8`),
      ask
    )

  /** One call with a token; when the site does not take it, once more with another. */
  const attempt = Effect.fnUntraced(function* (path: string, body: string) {
    const tokens = yield* session.current
    const reply = yield* send(path, body, tokens)
    if (reply.status !== 401) return reply
    return yield* send(path, body, yield* session.after(tokens))
  })

  const again = retrying<SourceError>({
    isRetryable: (error) => error.isRetryable,
    retryAfter: (error) => error.retryAfterMillis,
    ...retry
  })

  const told = <A>(operation: string, effect: Effect.Effect<A, SourceFailure>): Outcome<A> =>
    again(Effect.mapError(effect, (reason) => new SourceError({ dialect: DIALECT, operation, reason }))).pipe(
      Effect.withSpan(`LcmanagerClient.${operation}`)
    )

  /** One row that no parser takes costs that row and not the answer. */
  const readReply = (reply: Reply): Effect.Effect<Registrations, SourceFailure> => {
    if (!isGood(reply)) return Effect.fail(failureOf(reply))
    const contentType = reply.headers["content-type"]
    const parsed = parseReply(reply.bytes, contentType)
    if (Result.isFailure(parsed)) {
      return Effect.mapError(salvageRows(reply.bytes, contentType, secrets()), () => parsed.failure)
    }
    return Effect.fromResult(Result.map(openEnvelope(parsed.success, secrets()), readRows))
  }

  const askPeriod = <A>(
    given: ClientInfoPeriodRequest,
    from: (read: Registrations) => Effect.Effect<A, SourceFailure>
  ) => {
    const { operator, siteCode } = config
    const request = {
      ...given,
      ...(operator === null || given.Operator !== undefined ? {} : { Operator: operator }),
      ...(siteCode === null || given.SiteCode !== undefined ? {} : { SiteCode: siteCode })
    }
    const body = format === "xml" ? requestXml(request) : requestJson(request)
    return told(
      "clientInfoPeriod",
      attempt("api/client/ClientInfoPeriod", body).pipe(Effect.flatMap(readReply), Effect.flatMap(from))
    )
  }

  const whole = ({ rows, unreadable: [first] }: Registrations) =>
    first === undefined
      ? Effect.succeed(rows)
      : Effect.fail(new Malformed({ detail: `row ${first.number}: ${first.reason}` }))

  return LcmanagerClient.of({
    config,
    clientInfoPeriod: (request) => askPeriod(request, whole),
    registrations: (request) => askPeriod(request, Effect.succeed),
    login: told("login", Effect.asVoid(session.current))
  })
})

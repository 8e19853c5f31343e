/**
 * The vendor's client functions, one method per remote call, with typed records and errors, a time limit on each
 * attempt and retries where a repeat is safe. Records are the wire's own by this package's names; `PolarisSource` and
 * `PolarisDestination` speak the domain. It logs in by itself, once for all calls that wait, and once again when a call
 * finds the session ended. Parameters are spelled as each function's page spells them (DOCUMENTED). Password, numbers
 * and keys stay out of errors, spans and logs. Redirects are refused, bodies over 16 MiB too.
 */
import {
  type InvalidField,
  type Malformed,
  reasonOfBroken,
  reasonOfStatus,
  SourceError,
  type SourceFailure,
  Unauthorized
} from "@tillbridge/domain"
import { exchange, type Reply, retrying } from "@tillbridge/wire"
import type * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Result from "effect/Result"
import type * as Cookies from "effect/http/Cookies"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import { formatTime } from "./internal/dates.ts"
import { functions } from "./internal/functions.ts"
import { isSiteMember } from "./internal/incoming.ts"
import { makeLoginOnce } from "./internal/loginOnce.ts"
import { type OutgoingClient, writeClient } from "./internal/outgoing.ts"
import {
  type ClientSlice,
  errorOf,
  openReply,
  type OpenSlice,
  openSlice,
  parseReply,
  readClient,
  readNumber,
  readRecords,
  readScalar,
  reasonOfError
} from "./internal/reply.ts"
import { readYes } from "./internal/fields.ts"
import { salvageSlice } from "./internal/salvage.ts"
import type { WireDocument } from "./internal/wireTree.ts"
import { DIALECT } from "./PolarisCodec.ts"
import { makeConfig, type PolarisConfig, polarisConfig, type PolarisOptions } from "./PolarisConfig.ts"
import type { InfoClient } from "./PolarisSchema.ts"
import { CertificateTrust } from "./PolarisTrust.ts"

export type { UnreadableClient } from "./internal/records.ts"
export type { ClientSlice, OpenSlice } from "./internal/reply.ts"

/** How a client is looked for: by number, else by external key (INFERRED). */
export type ClientQuery = { readonly idClient: string } | { readonly cle: string }

interface Answered {
  /** The site's own clock when it answered, where it tells it. */
  readonly clock: DateTime.Utc | null
}

export interface AnsweredSlice extends ClientSlice, Answered {}

export interface AnsweredRecords extends OpenSlice, Answered {}

export interface ModifiedQuery {
  /** Changes from here on. */
  readonly lastChanged: DateTime.Utc
  /** Only what is later than the whole millisecond of `lastChanged`; no unless told. */
  readonly isAfter?: boolean
  /** As the answer before told it; the other arguments must then be the same. */
  readonly checkPoint?: string | null
  readonly limit?: number
}

/** The functions of which the site has pages, by short names. */
export type DescribedFunction = keyof typeof functions

type Outcome<A> = Effect.Effect<A, SourceError>

export class PolarisClient extends Context.Service<
  PolarisClient,
  {
    readonly config: PolarisConfig
    /** Members that records of this site have had since the client was made, by this package's names. */
    readonly members: Set<string>
    /** `null`: there is no such client. */
    readonly getClient: (query: ClientQuery) => Outcome<InfoClient | null>
    /** One slice of the clients changed since a time, the oldest change first. */
    readonly getClientsModified: (query: ModifiedQuery) => Outcome<AnsweredSlice>
    /** As `getClientsModified`, with the records as they stand in the document, for a reader of many. */
    readonly getModifiedRecords: (query: ModifiedQuery) => Outcome<AnsweredRecords>
    /**
     * Changes or makes a client and tells its number; `null` when nothing was saved. Found by `IDClient` among the
     * members, else by `Cle`. Repeated only when a repeat cannot make a second client.
     */
    readonly putClient: (client: OutgoingClient) => Outcome<string | null>
    /** The site's own page about a function, or about a type by its .NET name, as text. */
    readonly describe: (name: DescribedFunction, docType?: string) => Outcome<string>
    /** Ends the session, where there is one. A site may not know the function. */
    readonly logout: Outcome<void>
  }
>()("@tillbridge/polaris/PolarisClient") {
  /** A client of one site. Wrong options fail the layer. */
  static readonly layer = (
    options: PolarisOptions
  ): Layer.Layer<PolarisClient, InvalidField, HttpClient.HttpClient> =>
    Layer.effect(PolarisClient, Effect.flatMap(Effect.fromResult(makeConfig(options)), make))

  /** As `layer`, from configuration: BASE_URL, USER, PASSWORD, CODE_MAGASIN, … (see `polarisConfig`). */
  static readonly layerConfig = (
    config: Config.Config<PolarisOptions> = polarisConfig
  ): Layer.Layer<PolarisClient, InvalidField | Config.ConfigError, HttpClient.HttpClient> =>
    Layer.unwrap(Effect.map(config, PolarisClient.layer))
}

/** Parameters of a call; a number or a key is personal data, and `Redacted` keeps it out of spans. */
type Values = ReadonlyArray<readonly [name: string, value: string | Redacted.Redacted | null | undefined]>

const secret = (value: string | null | undefined) => (value == null ? value : Redacted.make(value))

const given = ([, value]: Values[number]): boolean => value !== null && value !== undefined

const basicHeader = (user: string, password: Redacted.Redacted): string => {
  const bytes = new TextEncoder().encode(`${user}:${Redacted.value(password)}`)
  return `Basic ${btoa(String.fromCharCode(...bytes))}`
}

const utf8 = new TextDecoder("utf-8")

/** The site's own clock when it answered, where it tells it. */
const clockOf = ({ headers }: Reply): DateTime.Utc | null => {
  const millis = Date.parse(headers["date"] ?? "")
  return Number.isNaN(millis) ? null : DateTime.makeUnsafe(millis)
}

/** A failed attempt; `isLoggedOut`: it says that there is no session any more. */
interface Failed {
  readonly reason: SourceFailure
  readonly isLoggedOut: boolean
  readonly isNotFound: boolean
}

const failed = (reason: SourceFailure, more: Partial<Failed> = {}): Failed => ({
  isLoggedOut: false,
  isNotFound: false,
  ...more,
  reason
})

const make = Effect.fnUntraced(function* (config: PolarisConfig) {
  const { baseUrl, codeMagasin, format, names, password, prefixCle, retry, timeout, timeZone, user } = config
  const trust = Option.getOrUndefined(yield* Effect.serviceOption(CertificateTrust))
  // Every cookie the site sets goes back to it: which of them is the session is the site's business.
  const jar = yield* Ref.make<ReadonlyArray<Cookies.Cookie>>([])
  const http = HttpClient.withCookiesRef(yield* HttpClient.HttpClient, jar)
  const context = { names, secrets: [password, Redacted.make(user)] }

  /** One exchange; a status that is not 2xx is told by the error in the body, where there is one that can be read. */
  const attempt = Effect.fnUntraced(function* (
    request: HttpClientRequest.HttpClientRequest
  ): Effect.fn.Return<Reply, Failed> {
    const authorized =
      config.login === "basic"
        ? HttpClientRequest.setHeader(request, "authorization", basicHeader(user, password))
        : request
    const reply = yield* exchange(http, authorized, { timeout }).pipe(
      Effect.mapError((broken) => failed(reasonOfBroken(broken)))
    )
    return reply.status >= 200 && reply.status < 300 ? reply : yield* Effect.fail(failureOf(reply))
  })

  const failureOf = ({ bytes, retryAfterMillis, status }: Reply): Failed => {
    const isLoggedOut = names.errors.loggedOut.includes(status)
    const reason = reasonOfStatus(status, retryAfterMillis)
    if (reason._tag !== "Refused" && reason._tag !== "Unauthorized") return failed(reason, { isLoggedOut })
    const parsed = parseReply(bytes)
    const said = Result.isSuccess(parsed) ? errorOf(parsed.success, context) : undefined
    if (said === undefined) return failed(reason, { isLoggedOut, isNotFound: status === 404 })
    const named = reasonOfError(said)
    return failed(reason._tag === "Unauthorized" ? new Unauthorized({ detail: named.detail }) : named, {
      isLoggedOut,
      isNotFound: status === 404 && said.code !== "UnknownFunction"
    })
  }

  /** The document of an answer that is no error. */
  const open = (reply: Reply): Effect.Effect<WireDocument, Failed> => {
    const opened = openReply(reply.bytes, context)
    if (Result.isSuccess(opened)) return Effect.succeed(opened.success)
    const reason = opened.failure
    const isLoggedOut = reason._tag === "Unauthorized" && reason.detail.startsWith("NotAuthenticated")
    return Effect.fail(failed(reason, { isLoggedOut }))
  }

  const url = (name: string) => `${baseUrl}/${name}`

  const get = (name: string, values: Values) =>
    HttpClientRequest.get(url(name), { urlParams: values.filter(given) as Array<[string, string]> })

  const post = (name: string, values: Values) =>
    HttpClientRequest.post(url(name)).pipe(
      HttpClientRequest.bodyUrlParams(
        values
          .filter(given)
          .map(
            ([key, value]) =>
              [key, Redacted.isRedacted(value) ? Redacted.value(value) : String(value)] as const
          )
      )
    )

  /** By POST, so that the password stands in no URL. What a good answer holds is not known: anything but an error. */
  const logInOnce = Effect.gen(function* () {
    const request = post(functions.login.name, [
      ["user", user],
      ["password", password]
    ])
    const reply = yield* attempt(request)
    const parsed = parseReply(reply.bytes)
    if (Result.isFailure(parsed)) {
      return parsed.failure.detail === "the answer is an HTML page"
        ? yield* Effect.fail(failed(parsed.failure))
        : undefined
    }
    const document = yield* open(reply)
    const scalar = readScalar(document)
    if (Result.isSuccess(scalar) && readYes(scalar.success ?? "") === false) {
      return yield* Effect.fail(failed(new Unauthorized({ detail: "the login was refused" })))
    }
    return undefined
  }).pipe(
    Effect.asVoid,
    Effect.tapError(({ reason }) =>
      reason._tag === "Unauthorized" ? (trust?.refused ?? Effect.void) : Effect.void
    ),
    Effect.tap(() => trust?.loggedIn ?? Effect.void),
    Effect.mapError(({ reason }) => failed(reason)),
    Effect.withSpan("PolarisClient.login")
  )

  const session = makeLoginOnce(logInOnce, yield* Effect.scope)

  /** Within a session: begins one first, and once again when the attempt finds it ended. */
  const withSession = <A>(effect: Effect.Effect<A, Failed>): Effect.Effect<A, Failed> => {
    if (config.login === "basic") return Effect.tap(effect, () => trust?.loggedIn ?? Effect.void)
    return Effect.suspend(() => {
      const before = session.count()
      const ready = before === 0 ? session.since(0) : Effect.void
      return Effect.andThen(
        ready,
        Effect.suspend(() => {
          const seen = session.count()
          return Effect.catchIf(
            effect,
            ({ isLoggedOut }) => isLoggedOut,
            () => Effect.andThen(session.since(seen), effect)
          )
        })
      )
    })
  }

  const again = retrying<SourceError>({
    isRetryable: (error) => error.isRetryable,
    retryAfter: (error) => error.retryAfterMillis,
    ...retry
  })

  const told = <A>(operation: string, repeatable: boolean, effect: Effect.Effect<A, Failed>): Outcome<A> => {
    const once = Effect.mapError(
      effect,
      ({ reason }) => new SourceError({ dialect: DIALECT, operation, reason })
    )
    return (repeatable ? again(once) : once).pipe(Effect.withSpan(`PolarisClient.${operation}`))
  }

  const call = <A>(
    operation: string,
    repeatable: boolean,
    request: HttpClientRequest.HttpClientRequest,
    read: (document: WireDocument) => Result.Result<A, Malformed>,
    missing?: A
  ): Outcome<A> => answered(operation, repeatable, request, (reply) => readReply(reply, read), missing)

  const readReply = <A>(reply: Reply, read: (document: WireDocument) => Result.Result<A, Malformed>) =>
    Effect.flatMap(open(reply), (document) =>
      Effect.mapError(Effect.fromResult(read(document)), (reason) => failed(reason))
    )

  const answered = <A>(
    operation: string,
    repeatable: boolean,
    request: HttpClientRequest.HttpClientRequest,
    read: (reply: Reply) => Effect.Effect<A, Failed>,
    missing?: A
  ): Outcome<A> => {
    const once = Effect.flatMap(attempt(request), read)
    const orMissing =
      missing === undefined
        ? once
        : Effect.catchIf(
            once,
            ({ isNotFound }) => isNotFound,
            () => Effect.succeed(missing)
          )
    return told(operation, repeatable, withSession(orMissing))
  }

  const members = new Set<string>()
  const note = (clients: ReadonlyArray<InfoClient>) => {
    for (const client of clients)
      for (const name in client) if (!members.has(name) && isSiteMember(name)) members.add(name)
  }

  const getClient = (query: ClientQuery) =>
    call<InfoClient | null>(
      "getClient",
      true,
      get(functions.getClient.name, [
        ["CodeMagasin", String(codeMagasin)],
        ["IDClient", secret("idClient" in query ? query.idClient : undefined)],
        ["Cle", secret("cle" in query ? query.cle : undefined)],
        ["prefixCle", prefixCle],
        ["output", format]
      ]),
      (document) => Result.tap(readClient(document, names), (found) => found !== null && note([found])),
      null
    )

  /** One record that no parser takes costs that record and not the slice. */
  const readOpenSlice = (reply: Reply): Effect.Effect<AnsweredRecords, Failed> =>
    readReply(reply, (document) => openSlice(document, names)).pipe(
      Effect.catchIf(
        ({ reason }) => reason._tag === "Malformed",
        (error) => Effect.mapError(salvageSlice(reply.bytes, context), () => error)
      ),
      Effect.map((slice) => ({ ...slice, clock: clockOf(reply) }))
    )

  const getModifiedRecords = ({ checkPoint, isAfter, lastChanged, limit }: ModifiedQuery) =>
    answered(
      "getClientsModified",
      true,
      get(functions.getClientsModified.name, [
        ["lastChanged", formatTime(lastChanged, timeZone, names.dates.style, isAfter)],
        ["codeMagasin", String(codeMagasin)],
        ["checkPoint", secret(checkPoint)],
        ["prefixCle", prefixCle],
        ["limit", String(limit ?? config.pageSize)],
        ["output", format]
      ]),
      readOpenSlice
    )

  const getClientsModified = (query: ModifiedQuery) =>
    Effect.map(getModifiedRecords(query), ({ clock, ...slice }): AnsweredSlice => {
      const read = readRecords(slice, names)
      note(read.clients)
      return { ...read, clock }
    })

  const putClient = (client: OutgoingClient) =>
    call(
      "putClient",
      isGiven(client["IDClient"]) || (isGiven(client["Cle"]) && prefixCle !== null),
      post(functions.putClient.name, [
        ["InfoClient", writeClient(client, format, names)],
        ["CodeMagasin", String(codeMagasin)],
        ["prefixCle", prefixCle]
      ]),
      readNumber
    )

  const describe = (name: DescribedFunction, docType?: string) => {
    const type = docType === undefined ? "" : `&docType=${encodeURIComponent(docType)}`
    const page = attempt(HttpClientRequest.get(`${url(functions[name].name)}?doc${type}`)).pipe(
      Effect.map(({ bytes }) => utf8.decode(bytes))
    )
    // Whether a login is needed is not known: without one first.
    const once =
      config.login === "basic"
        ? page
        : Effect.catchIf(
            page,
            ({ isLoggedOut }) => isLoggedOut,
            () => withSession(page)
          )
    return told("describe", true, once)
  }

  const logout = Effect.suspend(() =>
    config.login === "basic" || session.count() === 0
      ? Effect.void
      : told("logout", false, Effect.asVoid(attempt(post(functions.logout.name, []))))
  )

  return PolarisClient.of({
    config,
    members,
    getClient,
    getClientsModified,
    getModifiedRecords,
    putClient,
    describe,
    logout
  })
})

const isGiven = (value: OutgoingClient[string] | undefined): boolean =>
  value !== undefined && value !== null && value !== ""

/**
 * The vendor's customer calls, one method each, with typed records and errors, a time limit on each attempt and
 * retries where a repeat is safe. Records are the wire's own; `MegawinSource` and `MegawinDestination` speak the
 * domain. The key is a query parameter (OBSERVED) and stays out of errors, spans and logs; so do search terms.
 * Passwords in answers are dropped when they are read. Redirects are refused. Not supported: orders and products.
 */
import {
  type InvalidField,
  reasonOfBroken,
  reasonOfStatus,
  SourceError,
  type SourceFailure
} from "@tillbridge/domain"
import { exchange, openExchange, type ReplyHead, retrying } from "@tillbridge/wire"
import type * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import { shown } from "./internal/clientErrors.ts"
import { isPasswordName } from "./internal/passwords.ts"
import { asFailure, type ListedMember, openEnvelope, readAdded, readCustomers } from "./internal/reply.ts"
import { DIALECT, type OutgoingParameters } from "./MegawinCodec.ts"
import { makeConfig, type MegawinConfig, megawinConfig, type MegawinOptions } from "./MegawinConfig.ts"
import type { CustomerRecord } from "./MegawinSchema.ts"

export type { ListedMember, UnreadableMember } from "./internal/reply.ts"

/** Conditions of a list. Only `id_client` is DOCUMENTED; whether the vendor honours the others is unknown. */
export interface ListQuery {
  /** The vendor's key, `clcleunik` (INFERRED from what clients send). */
  readonly idClient?: string
  readonly clcleunik?: string
  readonly id?: string
  readonly email?: string
}

export interface AddRequest {
  /** By the vendor's French names; nom, prenom, email and denomination are required (DOCUMENTED). */
  readonly fields: OutgoingParameters
  /** Required by the vendor. One that nobody can know is made when none is given. */
  readonly password?: Redacted.Redacted
}

type Outcome<A> = Effect.Effect<A, SourceError>

export class MegawinClient extends Context.Service<
  MegawinClient,
  {
    readonly config: MegawinConfig
    /** The members of a list one by one, while it is read; one that cannot be read is told in its place. */
    readonly members: (query: ListQuery) => Stream.Stream<ListedMember, SourceError>
    /** The same at once. Repeated. */
    readonly listMembers: (query: ListQuery) => Outcome<ReadonlyArray<ListedMember>>
    /** The customers of a list, decoded while it is read; one that cannot be read fails it. Opening it is repeated, a list that breaks off is not. */
    readonly customers: (query: ListQuery) => Stream.Stream<CustomerRecord, SourceError>
    /** The same at once. Repeated. */
    readonly list: (query: ListQuery) => Outcome<ReadonlyArray<CustomerRecord>>
    /** The login that the vendor made. Never repeated: a repeat might make a second customer. */
    readonly add: (request: AddRequest) => Outcome<{ readonly login: string | null }>
    /** Changes what is named, by the vendor's English names; an empty text clears. Repeated. */
    readonly update: (idClient: string, fields: OutgoingParameters) => Outcome<void>
    /** OBSERVED, not documented. Repeated; where an answer got lost, the repeat may be `Refused` as nobody is there. */
    readonly delete: (idClient: string) => Outcome<void>
  }
>()("@tillbridge/megawin/MegawinClient") {
  /** A client of one account. Wrong options fail the layer. */
  static readonly layer = (
    options: MegawinOptions
  ): Layer.Layer<MegawinClient, InvalidField, HttpClient.HttpClient> =>
    Layer.effect(MegawinClient, Effect.flatMap(Effect.fromResult(makeConfig(options)), make))

  /** As `layer`, from configuration: API_KEY, TIME_ZONE, … (see `megawinConfig`). */
  static readonly layerConfig = (
    config: Config.Config<MegawinOptions> = megawinConfig
  ): Layer.Layer<MegawinClient, InvalidField | Config.ConfigError, HttpClient.HttpClient> =>
    Layer.unwrap(Effect.map(config, MegawinClient.layer))
}

/** Query parameters; a search term is personal data, and `Redacted` keeps it out of spans as it does the key. */
type Query = ReadonlyArray<readonly [name: string, value: Redacted.Redacted]>

const make = Effect.fnUntraced(function* (config: MegawinConfig) {
  const { apiKey, retry, timeout } = config
  const http = yield* HttpClient.HttpClient

  const failing =
    (operation: string, secrets: ReadonlyArray<Redacted.Redacted> = [apiKey]) =>
    (reason: SourceFailure) =>
      new SourceError({ dialect: DIALECT, operation, reason: shown(reason, secrets) })

  const again = retrying<SourceError>({
    isRetryable: (error) => error.isRetryable,
    retryAfter: (error) => error.retryAfterMillis,
    ...retry
  })

  /** Paths as the vendor and its clients write them. */
  const url = (action: string) => `${config.baseUrl}/${action}`

  const withKey = (query: Query): Query => [...query, ["apikey", apiKey]]

  const post = (action: string, body: string) =>
    HttpClientRequest.post(url(action), { urlParams: withKey([]) }).pipe(
      HttpClientRequest.bodyText(body, "application/json")
    )

  /** A call whose answer is short: sent, read whole, and opened. */
  const call = (request: HttpClientRequest.HttpClientRequest): Effect.Effect<unknown, SourceFailure> =>
    exchange(http, request, { timeout }).pipe(
      Effect.mapError(reasonOfBroken),
      Effect.flatMap((reply) => Effect.as(succeeded(reply), reply.bytes)),
      Effect.flatMap(openEnvelope)
    )

  const listRequest = ({ clcleunik, email, id, idClient }: ListQuery) => {
    const query: Array<readonly [string, Redacted.Redacted]> = []
    for (const [name, value] of Object.entries({ id_client: idClient, clcleunik, id, email })) {
      if (value !== undefined) query.push([name, Redacted.make(value)])
    }
    return HttpClientRequest.get(url("CUSTOMER/LIST/"), { urlParams: withKey(query) })
  }

  const reading = (body: Stream.Stream<Uint8Array, SourceFailure>) =>
    Stream.mapError(readCustomers(body), failing("list"))

  const readable = Stream.mapEffect((member: ListedMember) =>
    Effect.fromResult(Result.mapError(member, (unreadable) => failing("list")(asFailure(unreadable))))
  )

  const open = (query: ListQuery) =>
    openExchange(http, listRequest(query), { timeout }).pipe(
      Effect.mapError(reasonOfBroken),
      Effect.flatMap((reply) => Effect.as(succeeded(reply), Stream.mapError(reply.body, reasonOfBroken))),
      Effect.mapError(failing("list"))
    )

  const members = (query: ListQuery) =>
    Stream.unwrap(again(open(query)).pipe(Effect.map(reading))).pipe(Stream.withSpan("MegawinClient.members"))

  const span = Effect.withSpan

  const collect = <A>(
    query: ListQuery,
    read: (members: Stream.Stream<ListedMember, SourceError>) => Stream.Stream<A, SourceError>
  ) =>
    open(query).pipe(
      Effect.flatMap((body) => Stream.runCollect(read(reading(body)))),
      Effect.scoped,
      again,
      span("MegawinClient.list")
    )

  return MegawinClient.of({
    config,
    members,
    customers: (query) => readable(members(query)),
    listMembers: (query) => collect(query, (read) => read),
    list: (query) => collect(query, readable),
    add: ({ fields, password = unknowable() }) =>
      call(post("customer/add", JSON.stringify({ ...fields, password: Redacted.value(password) }))).pipe(
        Effect.flatMap((body) => Effect.fromResult(readAdded(body))),
        Effect.map((login) => ({ login })),
        Effect.mapError(failing("add", [apiKey, password])),
        span("MegawinClient.add")
      ),
    update: (idClient, fields) =>
      call(
        post("customer/update/", JSON.stringify({ id_client: idClient, ...withoutPasswords(fields) }))
      ).pipe(Effect.asVoid, Effect.mapError(failing("update")), again, span("MegawinClient.update")),
    delete: (idClient) =>
      call(
        HttpClientRequest.delete(url("customer/delete/"), {
          urlParams: withKey([["id_client", Redacted.make(idClient)]])
        })
      ).pipe(Effect.asVoid, Effect.mapError(failing("delete")), again, span("MegawinClient.delete"))
  })
})

/** A password that nobody knows, for a vendor that wants one. */
const unknowable = (): Redacted.Redacted => Redacted.make(`${crypto.randomUUID()}-${crypto.randomUUID()}`)

/** What is told of a customer never changes how somebody logs in. */
const withoutPasswords = (fields: OutgoingParameters): OutgoingParameters =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !isPasswordName(name)))

/** Statuses but 2xx are failures, whatever their body says. */
const succeeded = ({ retryAfterMillis, status }: ReplyHead): Effect.Effect<void, SourceFailure> =>
  status >= 200 && status < 300 ? Effect.void : Effect.fail(reasonOfStatus(status, retryAfterMillis))

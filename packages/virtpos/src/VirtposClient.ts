/**
 * The vendor's customer API, one method per remote call, with typed records and errors, a time limit on each attempt
 * and retries where a repeat is safe. Records are the wire's own; `VirtposSource` and `VirtposDestination` speak the
 * domain. The key is a query parameter (DOCUMENTED) and stays out of errors, spans and logs; so do search terms.
 * Redirects are refused, bodies over 16 MiB too. Not supported: the other resources of the vendor (items, orders, …).
 */
import {
  type InvalidField,
  type Malformed,
  reasonOfBroken,
  reasonOfStatus,
  SourceError,
  type SourceFailure
} from "@tillbridge/domain"
import { exchange, retrying } from "@tillbridge/wire"
import type * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import {
  type CustomerPage,
  type MemberPage,
  openEnvelope,
  openList,
  readList,
  readWrite,
  type WriteReply
} from "./internal/reply.ts"
import { DIALECT } from "./VirtposCodec.ts"
import { makeConfig, type VirtposConfig, type VirtposOptions, virtposConfig } from "./VirtposConfig.ts"

export type { CustomerPage, ListMember, MemberPage, WriteReply } from "./internal/reply.ts"

/** Conditions of a list, all of which must hold (INFERRED). Without `page` the vendor answers everybody. */
export interface ListQuery {
  readonly id?: string
  readonly externalId?: string
  /** Free form. */
  readonly phone?: string
  readonly email?: string
  readonly withPhone?: boolean
  readonly withEmail?: boolean
  /** From 1 (INFERRED). */
  readonly page?: number
  readonly pageSize?: number
  readonly cards?: boolean
  readonly bonuses?: boolean
}

/** How a customer is looked for: by `id`, else by `externalId` (INFERRED), else not at all, which makes a new one. */
export interface CustomerUpdateRequest {
  readonly id?: string
  readonly externalId?: string
  readonly createIfNotExist?: boolean
  /** By the vendor's names; an empty text clears. */
  readonly fields: Readonly<Record<string, string>>
}

/** How a card is looked for, in this order: the first hit wins (DOCUMENTED). */
export interface CardSearch {
  readonly cardId?: string
  readonly uid?: string
  readonly externalId?: string
  readonly barcode?: string
}

export interface CardRequest extends CardSearch {
  readonly createIfNotExist?: boolean
  /** By the vendor's names, also `customer_id` or `customer_external_id`. */
  readonly fields: Readonly<Record<string, string>>
}

type Outcome<A> = Effect.Effect<A, SourceError>

export class VirtposClient extends Context.Service<
  VirtposClient,
  {
    readonly config: VirtposConfig
    readonly listCustomers: (query: ListQuery) => Outcome<CustomerPage>
    /** The same with each member as it came, for whoever reads them one by one. */
    readonly listMembers: (query: ListQuery) => Outcome<MemberPage>
    /** Pages of `config.pageSize` from `query.page` (1) on, until one is not full; `count` is not believed. */
    readonly pages: (query: Omit<ListQuery, "pageSize">) => Stream.Stream<CustomerPage, SourceError>
    /** Repeated only when a repeat cannot create a second customer. */
    readonly updateCustomer: (request: CustomerUpdateRequest) => Outcome<WriteReply>
    /** Repeated only when a repeat cannot create a second card. */
    readonly updateCard: (request: CardRequest) => Outcome<WriteReply>
    /** Always adds a card; never repeated. */
    readonly insertCard: (request: Omit<CardRequest, "createIfNotExist">) => Outcome<WriteReply>
    /** Repeated; where the answer to the first got lost, the repeat may be `Refused` as the card is gone. */
    readonly deleteCard: (search: CardSearch) => Outcome<void>
  }
>()("@tillbridge/virtpos/VirtposClient") {
  /** A client of one site. Wrong options fail the layer. */
  static readonly layer = (
    options: VirtposOptions
  ): Layer.Layer<VirtposClient, InvalidField, HttpClient.HttpClient> =>
    Layer.effect(VirtposClient, Effect.flatMap(Effect.fromResult(makeConfig(options)), make))

  /** As `layer`, from configuration: BASE_URL, API_KEY, TIME_ZONE, … (see `virtposConfig`). */
  static readonly layerConfig = (
    config: Config.Config<VirtposOptions> = virtposConfig
  ): Layer.Layer<VirtposClient, InvalidField | Config.ConfigError, HttpClient.HttpClient> =>
    Layer.unwrap(Effect.map(config, VirtposClient.layer))
}

/** Query parameters; a search term is personal data, and `Redacted` keeps it out of spans as it does the key. */
type Query = ReadonlyArray<readonly [name: string, value: string | Redacted.Redacted | undefined]>

const secret = (value: string | undefined) => (value === undefined ? undefined : Redacted.make(value))
const word = (value: boolean | undefined) => (value === undefined ? undefined : String(value))
const given = (value: string | undefined) => value !== undefined && value !== ""

const cardQuery = (search: CardSearch): Query => [
  ["card_id", search.cardId],
  ["uid", secret(search.uid)],
  ["external_id", secret(search.externalId)],
  ["card_barcode", secret(search.barcode)]
]

type Open<A> = (bytes: Uint8Array) => Result.Result<A, SourceFailure>

const make = Effect.fnUntraced(function* (config: VirtposConfig) {
  const { apiKey, format, retry, timeout } = config
  const http = yield* HttpClient.HttpClient

  /** One attempt: what `open` makes of the answer, or why there is nothing. */
  const attempt = Effect.fnUntraced(function* <A>(
    request: HttpClientRequest.HttpClientRequest,
    open: Open<A>
  ): Effect.fn.Return<A, SourceFailure> {
    const { bytes, retryAfterMillis, status } = yield* exchange(http, request, { timeout }).pipe(
      Effect.mapError(reasonOfBroken)
    )
    const opened = open(bytes)
    if (status >= 200 && status < 300) return yield* Effect.fromResult(opened)
    const reason = reasonOfStatus(status, retryAfterMillis)
    // The envelope's own words say more than the status does.
    const saysMore = reason._tag === "Refused" && Result.isFailure(opened)
    return yield* Effect.fail(saysMore && opened.failure._tag !== "Malformed" ? opened.failure : reason)
  })

  const again = retrying<SourceError>({
    isRetryable: (error) => error.isRetryable,
    retryAfter: (error) => error.retryAfterMillis,
    ...retry
  })

  /** Sends and opens the answer, again where allowed. */
  const call = <A>(
    operation: string,
    repeatable: boolean,
    request: HttpClientRequest.HttpClientRequest,
    open: Open<A>
  ): Outcome<A> => {
    const once = attempt(request, open).pipe(
      Effect.mapError((reason) => new SourceError({ dialect: DIALECT, operation, reason }))
    )
    return (repeatable ? again(once) : once).pipe(Effect.withSpan(`VirtposClient.${operation}`))
  }

  const url = (action: string) => `${config.baseUrl}/api/customer${action}`

  const urlParams = (query: Query) => {
    const params: Array<readonly [string, string | Redacted.Redacted]> = [
      ["apikey", apiKey],
      ["format", format]
    ]
    for (const [name, value] of query) if (value !== undefined) params.push([name, value])
    return params
  }

  /** A write: "get only" names in the query, the rest in a form (DOCUMENTED; the form's encoding INFERRED). */
  const post = (action: string, query: Query, fields: Readonly<Record<string, string>>) =>
    HttpClientRequest.post(url(action), { urlParams: urlParams(query) }).pipe(
      HttpClientRequest.bodyUrlParams(Object.entries(fields))
    )

  const listing = <A>(query: ListQuery, read: (page: MemberPage) => Result.Result<A, Malformed>) =>
    call(
      "listCustomers",
      true,
      HttpClientRequest.get(url(""), {
        urlParams: urlParams([
          ["id", query.id],
          ["external_id", secret(query.externalId)],
          ["phone", secret(query.phone)],
          ["email", secret(query.email)],
          ["with_phone", word(query.withPhone)],
          ["with_email", word(query.withEmail)],
          ["page", query.page?.toString()],
          ["page_size", query.pageSize?.toString()],
          ["cards", word(query.cards)],
          ["bonuses", word(query.bonuses)]
        ])
      }),
      (bytes): Result.Result<A, SourceFailure> => Result.flatMap(openList(bytes, apiKey), read)
    )

  const listCustomers = (query: ListQuery) => listing(query, readList)

  const pages = (query: Omit<ListQuery, "pageSize">) =>
    Stream.paginate({ page: query.page ?? 1, first: "" }, ({ first, page }) =>
      Effect.map(listCustomers({ ...query, page, pageSize: config.pageSize }), (found) => {
        const start = found.customers[0]?.id ?? ""
        // A site that does not know `page` (before 2019) answers the same again: everything has come already.
        if (start === "" || start === first) return [[], Option.none()] as const
        const full = found.customers.length === config.pageSize
        return [[found], full ? Option.some({ page: page + 1, first: start }) : Option.none()] as const
      })
    )

  const written: Open<WriteReply> = (bytes) => Result.flatMap(openEnvelope(bytes, apiKey), readWrite)

  const updateCustomer = (request: CustomerUpdateRequest) => {
    const create = request.createIfNotExist === true
    return call(
      "updateCustomer",
      // Found by `id` alone and not there, each repeat would make another.
      given(request.externalId) || (given(request.id) && !create),
      post(
        "/update",
        [
          ["id", request.id],
          ["external_id", secret(request.externalId)],
          ["create_if_not_exist", create ? "1" : "0"]
        ],
        request.fields
      ),
      written
    )
  }

  const updateCard = (request: CardRequest) => {
    const create = request.createIfNotExist === true
    const own = given(request.uid) || given(request.externalId)
    return call(
      "updateCard",
      // A card made for want of a hit carries its uid or external id, by which the repeat finds it.
      own || (!create && (given(request.cardId) || given(request.barcode))),
      post(
        "/updateCard",
        [...cardQuery(request), ["create_if_not_exist", create ? "1" : "0"]],
        request.fields
      ),
      written
    )
  }

  return VirtposClient.of({
    config,
    listCustomers,
    listMembers: (query) => listing(query, Result.succeed),
    pages,
    updateCustomer,
    updateCard,
    insertCard: (request) =>
      call("insertCard", false, post("/insertCard", cardQuery(request), request.fields), written),
    deleteCard: (search) =>
      Effect.asVoid(call("deleteCard", true, post("/deleteCard", cardQuery(search), {}), written))
  })
})

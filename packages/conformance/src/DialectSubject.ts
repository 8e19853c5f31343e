/**
 * What the kit needs to know of a dialect: its two ends, its codec, and how an old client of the vendor talks. The
 * last is written by hand from the vendor's pages, not with the dialect's own code: it is what the server is held to.
 */
import type {
  CustomerDestination,
  CustomerRecord,
  CustomerSource,
  CustomerWithCards,
  Dialect,
  DialectCodec,
  layerDomain,
  LoyaltyCard,
  CardPatch,
  Scope as Right,
  TimeZone
} from "@tillbridge/domain"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import type * as HttpClient from "effect/http/HttpClient"
import type * as HttpRouter from "effect/http/HttpRouter"

/** Everything that a drop-in server may stand on. */
export type DomainServices = Layer.Success<typeof layerDomain>

/** A site of the vendor as its client is told of it; the kit puts the drop-in server there. */
export interface RemoteSite {
  readonly baseUrl: string
  /** `null` where the dialect's credentials are a key alone. */
  readonly login: string | null
  readonly secret: Redacted.Redacted
  readonly timeZone: TimeZone
  /** System whose keys stand in the vendor's external key: the prefix of the kit's merchant. */
  readonly externalSystem: string
  /** How many customers a page should have, where the client can choose. */
  readonly pageSize: number
}

export interface WireRequest {
  readonly method: string
  /** The path, with its query where it has one. */
  readonly target: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array<ArrayBuffer>
}

export interface WireAnswer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** The body, which the kit has found to be UTF-8. */
  readonly text: string
}

/** What a request proves its caller by; the kit adds it to requests, or another's, or none. */
export interface WireAuth {
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
}

/** A caller's proof, or the answer that refused to give one. */
export type SignedIn = { readonly auth: WireAuth } | { readonly refused: WireAnswer }

export type Send = (request: WireRequest) => Effect.Effect<WireAnswer>

/** One call of the vendor's API. */
export interface WireCall {
  /** As the vendor calls it; distinct. */
  readonly name: string
  /** The right that it needs; `null` where anybody may call, as to sign in. */
  readonly needs: Right | null
  /** Exactly what `Allow` names when it is called by another method. */
  readonly methods: ReadonlyArray<string>
  /** A good request, without proof, that speaks of this customer and its cards. A write changes something by it. */
  readonly request: (about: CustomerWithCards) => WireRequest
  /** Parameters of the query, the form or the JSON body that say who is meant: given twice, they are refused. */
  readonly identities?: ReadonlyArray<string>
}

/** One way to choose customers. */
export interface WireFilter {
  readonly name: string
  /** Asks, without proof, for those who agree with this one; `null` when it has nothing to ask by. */
  readonly request: (wanted: CustomerWithCards) => WireRequest | null
  /** Whether a customer must be among the answered. */
  readonly selects: (candidate: CustomerWithCards, wanted: CustomerWithCards) => boolean
}

/** A card that is there before an example begins. */
export interface GivenCard {
  readonly number: string
  readonly patch?: CardPatch
  readonly typeName?: string
  /** Its owner: a place in the example's customers, from 0. */
  readonly owner?: number
}

/** A request as a page of the vendor shows it, or a client was seen to send it, and its answer. */
export interface WireExample {
  readonly title: string
  /** documented: on the vendor's page. observed: sent by a real client or site. inferred: our reading. */
  readonly mark: "documented" | "observed" | "inferred"
  /** Where it stands. */
  readonly source: string
  readonly customers?: ReadonlyArray<CustomerRecord>
  readonly cards?: ReadonlyArray<GivenCard>
  /** Groups and card types that are there before; their ids count from 1. */
  readonly groups?: ReadonlyArray<string>
  readonly cardTypes?: ReadonlyArray<string>
  /** Number of the user who made all this; nobody unless told. */
  readonly actor?: number
  /** One after another. */
  readonly exchanges: ReadonlyArray<WireExchange>
}

export interface WireExchange {
  readonly request: WireRequest
  /** `nobody` sends the request as it stands, without the caller's proof. */
  readonly as?: "caller" | "nobody"
  readonly status: number
  /** Those that the example shows; others may be there. */
  readonly headers?: Readonly<Record<string, string>>
  /** Exactly this text, or what it must match. */
  readonly body: string | RegExp
}

/** How an old client of the vendor talks. */
export interface Wire {
  readonly signIn: (
    send: Send,
    caller: { readonly login: string | null; readonly secret: string }
  ) => Effect.Effect<SignedIn>
  readonly calls: ReadonlyArray<WireCall>
  readonly filters: ReadonlyArray<WireFilter>
  readonly examples: ReadonlyArray<WireExample>
  /** Keys of the customers in a good answer, in its order; throws when it is not a good one. */
  readonly told: (answer: WireAnswer) => ReadonlyArray<string>
  /** The key by which the vendor's answers name a customer. Default: the id. */
  readonly keyOf?: (customer: CustomerWithCards) => string
  /**
   * The text of a refusal in the vendor's envelope, or `null` when the answer is a success. Throws when it is not a
   * well-formed answer of this dialect.
   */
  readonly refusal: (answer: WireAnswer) => string | null
  /** Takes out of a body what differs from process to process, as a random value does. */
  readonly steady?: (body: string) => string
}

/** What the vendor's own fields have no room for. Such a value may be left out, and never be told as another. */
export interface Limits {
  readonly text?: RegExp
  readonly key?: RegExp
  readonly cardNumber?: RegExp
}

/** How one record of an answer is spoiled, so that it cannot be read, and made whole again. */
export interface SpoiledRecord {
  /** The answer with what it tells of the customer of that key spoiled; as it was where it tells nothing of it. */
  readonly spoil: (text: string, key: string) => string
  /** The payload of such a record as it was before. */
  readonly mend: (payload: string) => string
}

export interface Subject {
  readonly dialect: Dialect
  /** The drop-in server, at the root. */
  readonly routes: Layer.Layer<never, never, HttpRouter.HttpRouter | DomainServices>
  readonly codec: DialectCodec
  readonly source: (site: RemoteSite) => Layer.Layer<CustomerSource, unknown, HttpClient.HttpClient>
  /** `null` where the vendor takes no writes. */
  readonly destination:
    | ((site: RemoteSite) => Layer.Layer<CustomerDestination, unknown, HttpClient.HttpClient>)
    | null
  readonly wire: Wire
  readonly limits?: Limits
  /**
   * Fields of a customer that the vendor's answers have a place for, by their paths (`lastName`, `address.city`). The kit
   * measures what is carried; a field that the codec loses looks to it like one without a place, unless it is named here.
   */
  readonly carries?: ReadonlyArray<string>
  /** Whether the vendor's answers tell when a customer was changed last. */
  readonly tellsModifiedAt?: boolean
  readonly spoiledRecord?: SpoiledRecord
}

/** The dialect that the kit holds to its promises. */
export class DialectSubject extends Context.Service<DialectSubject, Subject>()(
  "@tillbridge/conformance/DialectSubject"
) {}

/** `signIn` of a vendor that takes a key as a parameter of every query. */
export const keyInQuery =
  (name: string): Wire["signIn"] =>
  (_send, { secret }) =>
    Effect.succeed({ auth: { query: { [name]: secret } } })

/** The first card's number; empty without one. */
export const cardNumberOf = ({ cards }: { readonly cards: ReadonlyArray<LoyaltyCard> }): string =>
  cards[0]?.number ?? ""

/** What the server asks of a dialect: where its paths are, what answers them, and how to show it. */
import type {
  Cards,
  Credentials,
  Customers,
  Dialect,
  DomainError,
  Feed,
  Merchants,
  PeriodReport
} from "@tillbridge/domain"
import type * as Duration from "effect/Duration"
import type * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import type * as HttpRouter from "effect/http/HttpRouter"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"

export type DomainServices = Merchants | Credentials | Customers | Cards | Feed | PeriodReport

/** What may be set for one dialect; which of these it takes, it says itself. */
export interface DialectSettings {
  /** Most customers that one answer may hold, where the vendor's callers choose. */
  readonly largestPage?: number
  /** What its tokens, sessions and checkpoints are signed with. Default: made at every start. */
  readonly secret?: Redacted.Redacted
  /** How long a login, or the token that it gives, is good for. */
  readonly loginLifetime?: Duration.Duration
  /** How long a token can be changed for a new one. */
  readonly refreshLifetime?: Duration.Duration
}

export interface RouteOptions extends DialectSettings {
  /** Stands before the vendor's own paths. Default: nothing. */
  readonly basePath?: `/${string}`
}

/** What answers for a dialect, once it is loaded. */
export interface LoadedDialect {
  readonly dialect: Dialect
  readonly routes: (
    options: RouteOptions
  ) => Layer.Layer<never, never, HttpRouter.HttpRouter | DomainServices>
  /** Its own answer to a request that the server itself refuses, such as a busy store for one request too many. */
  readonly refusal: (
    request: HttpServerRequest.HttpServerRequest,
    error: DomainError
  ) => HttpServerResponse.HttpServerResponse
}

export interface ServedDialect {
  /** The dialect's own. */
  readonly id: string
  /** Where its paths begin, in lower case, below the mount; whatever is below is the dialect's to answer. */
  readonly paths: ReadonlyArray<`/${string}`>
  readonly settings: ReadonlyArray<keyof DialectSettings>
  /** Characters that its `secret` needs at least. */
  readonly leastSecret?: number
  /** Loads its code: a server that does not mount it pays nothing for it. */
  readonly load: () => Promise<LoadedDialect>
  /** A shell line that shows it with the demo's data; `url` is the server's, with the mount. */
  readonly example: (url: string) => string
}

/**
 * Settings of a client of one Megawin account. The defaults of time limit and retries are ours: the vendor documents
 * neither limits nor rates. The time zone is the one in which `addedDate` and `addHour` are written; the vendor does
 * not say which that is (INFERRED: the company's).
 */
import { InvalidField, TimeZone } from "@tillbridge/domain"
import * as Config from "effect/Config"
import type * as Duration from "effect/Duration"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { DIALECT } from "./MegawinCodec.ts"

/** The vendor's own host (OBSERVED). */
export const DEFAULT_BASE_URL = "https://api.megawin.be"

/** How long and how often a call that may be repeated is repeated. */
export interface MegawinRetry {
  /** Upper bound of the first random wait; it doubles up to `cap`. */
  readonly base: Duration.Input
  readonly cap: Duration.Input
  /** 0: never again. */
  readonly times: number
  /** No attempt starts later than this after the first. */
  readonly deadline: Duration.Input
}

export interface MegawinOptions {
  /** "https://api.megawin.be" unless told; may have a path, below which `/CUSTOMER/LIST/` stands. */
  readonly baseUrl?: string | undefined
  readonly apiKey: Redacted.Redacted
  readonly timeZone: TimeZone
  /** Limit of one attempt, and of each wait for more of a list; 30 seconds unless told. */
  readonly timeout?: Duration.Input | undefined
  readonly retry?: Partial<MegawinRetry> | undefined
  /** Customers in a page of the source; 200 unless told. */
  readonly pageSize?: number | undefined
  /** Name of this system in the external ids of others; "megawin" unless told. */
  readonly system?: string | undefined
}

/** Options with every default in place and the URL checked. */
export interface MegawinConfig {
  readonly baseUrl: string
  readonly apiKey: Redacted.Redacted
  readonly timeZone: TimeZone
  readonly timeout: Duration.Input
  readonly retry: MegawinRetry
  readonly pageSize: number
  readonly system: string
}

/** The options with defaults; an `InvalidField` names a wrong one and never shows its value. */
export const makeConfig = (options: MegawinOptions): Result.Result<MegawinConfig, InvalidField> => {
  const { apiKey, baseUrl = DEFAULT_BASE_URL, timeZone } = options
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined
  const plain = url !== undefined && url.username === "" && url.password === "" && !/[?#]/.test(baseUrl)
  if (!plain || !/^https?:$/.test(url.protocol)) {
    return Result.fail(
      new InvalidField({ field: "baseUrl", reason: "must be an http(s) URL without login or query" })
    )
  }
  const pageSize = options.pageSize ?? 200
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > 10_000) {
    return Result.fail(
      new InvalidField({ field: "pageSize", reason: "must be a whole number from 1 to 10000" })
    )
  }
  return Result.succeed({
    baseUrl: baseUrl.replace(/\/+$/, ""),
    apiKey,
    timeZone,
    timeout: options.timeout ?? "30 seconds",
    retry: { base: "500 millis", cap: "30 seconds", times: 4, deadline: "5 minutes", ...options.retry },
    pageSize,
    system: options.system ?? DIALECT
  })
}

const optional = <A>(config: Config.Config<A>): Config.Config<A | undefined> =>
  Config.withDefault(config, undefined)

/** The options from API_KEY, TIME_ZONE, and, where they are set, BASE_URL, TIMEOUT, PAGE_SIZE and SYSTEM. */
export const megawinConfig: Config.Config<MegawinOptions> = Config.all({
  baseUrl: optional(Config.NonEmptyString("BASE_URL")),
  apiKey: Config.Redacted("API_KEY"),
  timeZone: Config.schema(Schema.String.pipe(Schema.decodeTo(TimeZone)), "TIME_ZONE"),
  timeout: optional(Config.Duration("TIMEOUT")),
  pageSize: optional(Config.Int("PAGE_SIZE")),
  system: optional(Config.NonEmptyString("SYSTEM"))
})

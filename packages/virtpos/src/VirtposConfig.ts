/**
 * Settings of a client of one VirtualPOS site. The defaults of page size, time limit and retries are ours: the
 * vendor documents neither limits nor rates. The time zone is the site's own, in which it writes local times; the
 * vendor does not say which one that is (INFERRED: the company's).
 */
import { InvalidField, TimeZone } from "@tillbridge/domain"
import * as Config from "effect/Config"
import type * as Duration from "effect/Duration"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { DEFAULT_EXTERNAL_SYSTEM, DIALECT } from "./VirtposCodec.ts"

/** How long and how often a call that may be repeated is repeated. */
export interface VirtposRetry {
  /** Upper bound of the first random wait; it doubles up to `cap`. */
  readonly base: Duration.Input
  readonly cap: Duration.Input
  /** 0: never again. */
  readonly times: number
  /** No attempt starts later than this after the first. */
  readonly deadline: Duration.Input
}

export interface VirtposOptions {
  /** `https://company.myvirtualpos.ru`; may have a path, below which `/api/customer` stands. */
  readonly baseUrl: string
  readonly apiKey: Redacted.Redacted
  readonly timeZone: TimeZone
  /** "xml", the only form with a documented example, unless told. */
  readonly format?: "xml" | "json" | undefined
  /** Customers in a page: 200, as in the vendor's example, unless told. */
  readonly pageSize?: number | undefined
  /** Limit of one attempt, from connecting to the last byte; 30 seconds unless told. */
  readonly timeout?: Duration.Input | undefined
  readonly retry?: Partial<VirtposRetry> | undefined
  /** Whether cards are asked for when customers are listed; yes unless told. */
  readonly cards?: boolean | undefined
  /** Name of this system in the external ids of others; "virtpos" unless told. */
  readonly system?: string | undefined
  /** Name of the system whose keys stand in the vendor's `external_id`; "virtpos.external" unless told. */
  readonly externalSystem?: string | undefined
}

/** Options with every default in place and the URL checked. */
export interface VirtposConfig {
  readonly baseUrl: string
  readonly apiKey: Redacted.Redacted
  readonly timeZone: TimeZone
  readonly format: "xml" | "json"
  readonly pageSize: number
  readonly timeout: Duration.Input
  readonly retry: VirtposRetry
  readonly cards: boolean
  readonly system: string
  readonly externalSystem: string
}

/** The options with defaults; an `InvalidField` names a wrong one and never shows its value. */
export const makeConfig = (options: VirtposOptions): Result.Result<VirtposConfig, InvalidField> => {
  const { apiKey, baseUrl, timeZone } = options
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
  const system = options.system ?? DIALECT
  const externalSystem = options.externalSystem ?? DEFAULT_EXTERNAL_SYSTEM
  if (system === externalSystem) {
    return Result.fail(new InvalidField({ field: "externalSystem", reason: "must differ from system" }))
  }
  return Result.succeed({
    baseUrl: baseUrl.replace(/\/+$/, ""),
    apiKey,
    timeZone,
    format: options.format ?? "xml",
    pageSize,
    timeout: options.timeout ?? "30 seconds",
    retry: { base: "500 millis", cap: "30 seconds", times: 4, deadline: "5 minutes", ...options.retry },
    cards: options.cards ?? true,
    system,
    externalSystem
  })
}

const optional = <A>(config: Config.Config<A>): Config.Config<A | undefined> =>
  Config.withDefault(config, undefined)

/** The options from BASE_URL, API_KEY, TIME_ZONE, FORMAT, PAGE_SIZE, TIMEOUT, CARDS, SYSTEM, EXTERNAL_SYSTEM. */
export const virtposConfig: Config.Config<VirtposOptions> = Config.all({
  baseUrl: Config.NonEmptyString("BASE_URL"),
  apiKey: Config.Redacted("API_KEY"),
  timeZone: Config.schema(Schema.String.pipe(Schema.decodeTo(TimeZone)), "TIME_ZONE"),
  format: optional(Config.Literals(["xml", "json"], "FORMAT")),
  pageSize: optional(Config.Int("PAGE_SIZE")),
  timeout: optional(Config.Duration("TIMEOUT")),
  cards: optional(Config.Boolean("CARDS")),
  system: optional(Config.NonEmptyString("SYSTEM")),
  externalSystem: optional(Config.NonEmptyString("EXTERNAL_SYSTEM"))
})

/**
 * Settings of a client of one LCManager site. The defaults of time limit, retries and windows are this project's: the
 * vendor documents neither limits nor rates. Dates without an offset are the site's own local time (INFERRED: Moscow).
 */
import { InvalidField, TimeZone } from "@tillbridge/domain"
import * as Config from "effect/Config"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { DEFAULT_EXTERNAL_SYSTEM, defaultStatusNames, DIALECT, type StatusNames } from "./LcmanagerCodec.ts"

/** How long and how often a call is repeated. */
export interface LcmanagerRetry {
  /** Upper bound of the first random wait; it doubles up to `cap`. */
  readonly base: Duration.Input
  readonly cap: Duration.Input
  /** 0: never again. */
  readonly times: number
  /** No attempt starts later than this after the first. */
  readonly deadline: Duration.Input
}

export interface LcmanagerOptions {
  /** `https://api.example.test/WebService/OPER/app`, with or without a slash at its end. */
  readonly baseUrl: string
  readonly user: string
  readonly password: Redacted.Redacted
  /** Europe/Moscow unless told. */
  readonly timeZone?: TimeZone | undefined
  /** Format of requests and answers; "json" unless told. */
  readonly format?: "json" | "xml" | undefined
  /** Sent with every request where they are given. */
  readonly operator?: number | undefined
  readonly siteCode?: string | undefined
  /** Limit of one attempt, from connecting to the last byte; 60 seconds unless told. */
  readonly timeout?: Duration.Input | undefined
  readonly retry?: Partial<LcmanagerRetry> | undefined
  /** Days of registrations that one request of the source asks for; 7 unless told. */
  readonly windowDays?: number | undefined
  /** How far a new pass reaches back behind the last one, because clocks differ; 2 days unless told. */
  readonly overlap?: Duration.Input | undefined
  /** Up to when the first request of a first pass asks for everything, before it goes on in windows; 2015 unless told. */
  readonly since?: DateTime.Utc | undefined
  /** What the site calls the statuses of a card. */
  readonly statusNames?: Partial<StatusNames> | undefined
  /** Name of this system in the external ids of others; "lcmanager" unless told. */
  readonly system?: string | undefined
  /** Name of the system whose keys stand in `OutNumber`; "lcmanager.out" unless told. */
  readonly externalSystem?: string | undefined
}

/** Options with every default in place and the URL checked. */
export interface LcmanagerConfig {
  /** With a slash at its end, so that paths are joined to it. */
  readonly baseUrl: string
  readonly user: string
  readonly password: Redacted.Redacted
  readonly timeZone: TimeZone
  readonly format: "json" | "xml"
  readonly operator: number | null
  readonly siteCode: string | null
  readonly timeout: Duration.Input
  readonly retry: LcmanagerRetry
  readonly windowDays: number
  readonly overlapMillis: number
  readonly since: DateTime.Utc
  readonly statusNames: StatusNames
  readonly system: string
  readonly externalSystem: string
}

const wrong = (field: string, reason: string) => Result.fail(new InvalidField({ field, reason }))

const baseOf = (baseUrl: string): string | undefined => {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined
  const plain = url !== undefined && url.username === "" && url.password === "" && !/[?#]/.test(baseUrl)
  return plain && /^https?:$/.test(url.protocol) ? `${baseUrl.replace(/\/+$/, "")}/` : undefined
}

/** The options with defaults; an `InvalidField` names a wrong one and never shows its value. */
export const makeConfig = (options: LcmanagerOptions): Result.Result<LcmanagerConfig, InvalidField> => {
  const baseUrl = baseOf(options.baseUrl)
  if (baseUrl === undefined) return wrong("baseUrl", "must be an http(s) URL without login or query")
  if (options.user === "") return wrong("user", "must not be empty")
  const windowDays = options.windowDays ?? 7
  if (!Number.isInteger(windowDays) || windowDays < 1 || windowDays > 3_660)
    return wrong("windowDays", "must be a whole number from 1 to 3660")
  const system = options.system ?? DIALECT
  const externalSystem = options.externalSystem ?? DEFAULT_EXTERNAL_SYSTEM
  if (system === externalSystem) return wrong("externalSystem", "must differ from system")
  return Result.succeed({
    baseUrl,
    user: options.user,
    password: options.password,
    timeZone: options.timeZone ?? TimeZone.make("Europe/Moscow"),
    format: options.format ?? "json",
    operator: options.operator ?? null,
    siteCode: options.siteCode ?? null,
    timeout: options.timeout ?? "60 seconds",
    retry: { base: "500 millis", cap: "30 seconds", times: 4, deadline: "5 minutes", ...options.retry },
    windowDays,
    overlapMillis: Duration.toMillis(options.overlap ?? "2 days"),
    since: options.since ?? DateTime.makeUnsafe(Date.UTC(2015, 0, 1)),
    statusNames: { ...defaultStatusNames, ...options.statusNames },
    system,
    externalSystem
  })
}

const optional = <A>(config: Config.Config<A>): Config.Config<A | undefined> =>
  Config.withDefault(config, undefined)

const zone = Schema.String.pipe(Schema.decodeTo(TimeZone))

/**
 * The options from BASE_URL, USER, PASSWORD, TIME_ZONE, FORMAT, OPERATOR, SITE_CODE, TIMEOUT, WINDOW_DAYS, OVERLAP,
 * SYSTEM and EXTERNAL_SYSTEM.
 */
export const lcmanagerConfig: Config.Config<LcmanagerOptions> = Config.all({
  baseUrl: Config.NonEmptyString("BASE_URL"),
  user: Config.NonEmptyString("USER"),
  password: Config.Redacted("PASSWORD"),
  timeZone: optional(Config.schema(zone, "TIME_ZONE")),
  format: optional(Config.Literals(["json", "xml"], "FORMAT")),
  operator: optional(Config.Int("OPERATOR")),
  siteCode: optional(Config.NonEmptyString("SITE_CODE")),
  timeout: optional(Config.Duration("TIMEOUT")),
  windowDays: optional(Config.Int("WINDOW_DAYS")),
  overlap: optional(Config.Duration("OVERLAP")),
  system: optional(Config.NonEmptyString("SYSTEM")),
  externalSystem: optional(Config.NonEmptyString("EXTERNAL_SYSTEM"))
})

/**
 * Settings of a client of one Polaris site. The defaults of time limit and retries are this project's: the vendor
 * documents neither limits nor rates. Times without a zone are the site's own (INFERRED); French shops: Europe/Paris.
 */
import { InvalidField, TimeZone } from "@tillbridge/domain"
import * as Config from "effect/Config"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { DEFAULT_EXTERNAL_SYSTEM, DIALECT } from "./PolarisCodec.ts"
import { type NamesOverride, type PolarisNames, polarisNames } from "./PolarisNames.ts"
import { type Fingerprint, parseFingerprint } from "./PolarisTrust.ts"

/** How long and how often a call that may be repeated is repeated. */
export interface PolarisRetry {
  /** Upper bound of the first random wait; it doubles up to `cap`. */
  readonly base: Duration.Input
  readonly cap: Duration.Input
  /** 0: never again. */
  readonly times: number
  /** No attempt starts later than this after the first. */
  readonly deadline: Duration.Input
}

export interface PolarisOptions {
  /** `https://192.0.2.7:3443`, with or without `/core/api` at its end. */
  readonly baseUrl: string
  readonly user: string
  readonly password: Redacted.Redacted
  /** The shop whose view decides which cards are valid. */
  readonly codeMagasin: number
  /** The prefix that the vendor gave for external keys; without it no key is read, and nothing can be written. */
  readonly prefixCle?: string | undefined
  /** Europe/Paris unless told. */
  readonly timeZone?: TimeZone | undefined
  /** Format of answers and of written clients; "xml", the vendor's default, unless told. */
  readonly format?: "xml" | "json" | undefined
  /** Clients in a slice; 100, the vendor's default, unless told. */
  readonly pageSize?: number | undefined
  /** Limit of one attempt, from connecting to the last byte; 30 seconds unless told. */
  readonly timeout?: Duration.Input | undefined
  readonly retry?: Partial<PolarisRetry> | undefined
  /** Name of this system in the external ids of others; "polaris" unless told. */
  readonly system?: string | undefined
  /** Name of the system whose keys stand in `Cle`; the prefix, or "polaris.external", unless told. */
  readonly externalSystem?: string | undefined
  /** What this site spells otherwise. */
  readonly names?: NamesOverride | undefined
  /** How the caller proves itself: a session after ACL.Login, or HTTP Basic, which Tillbridge's own server takes. */
  readonly login?: "session" | "basic" | undefined
  /** From when on a first pass asks for changes; 1 January 1900 unless told. */
  readonly since?: DateTime.Utc | undefined
  /** How much later than it is stamped a change may be written; what is younger is read twice. 5 minutes unless told. */
  readonly margin?: Duration.Input | undefined
  /** Whether the shop of a customer is written, by its number here; no unless told. */
  readonly writeStore?: boolean | undefined
  /**
   * SHA-256 of the site's certificate, which is then the only one taken. It is the `HttpClient` that must check it: the
   * program gives one that does (see `PolarisTrust`); any other looks at certificates in its own way.
   */
  readonly fingerprint?: string | undefined
}

/** Options with every default in place and the URL checked. */
export interface PolarisConfig {
  /** With `/core/api`, without a slash at its end. */
  readonly baseUrl: string
  readonly user: string
  readonly password: Redacted.Redacted
  readonly codeMagasin: number
  readonly prefixCle: string | null
  readonly timeZone: TimeZone
  readonly format: "xml" | "json"
  readonly pageSize: number
  readonly timeout: Duration.Input
  readonly retry: PolarisRetry
  readonly system: string
  readonly externalSystem: string
  readonly names: PolarisNames
  readonly login: "session" | "basic"
  readonly since: DateTime.Utc
  readonly marginMillis: number
  readonly writeStore: boolean
  readonly fingerprint: Fingerprint | null
}

const wrong = (field: string, reason: string) => Result.fail(new InvalidField({ field, reason }))

const API_PATH = "/core/api"

const baseOf = (baseUrl: string): string | undefined => {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined
  const plain = url !== undefined && url.username === "" && url.password === "" && !/[?#]/.test(baseUrl)
  if (!plain || !/^https?:$/.test(url.protocol)) return undefined
  const base = baseUrl.replace(/\/+$/, "")
  return base.toLowerCase().endsWith(API_PATH) ? base : `${base}${API_PATH}`
}

const isWhole = (value: number, minimum: number, maximum: number) =>
  Number.isInteger(value) && value >= minimum && value <= maximum

/** The options with defaults; an `InvalidField` names a wrong one and never shows its value. */
export const makeConfig = (options: PolarisOptions): Result.Result<PolarisConfig, InvalidField> => {
  const baseUrl = baseOf(options.baseUrl)
  if (baseUrl === undefined) return wrong("baseUrl", "must be an http(s) URL without login or query")
  if (options.user === "") return wrong("user", "must not be empty")
  const pageSize = options.pageSize ?? 100
  if (!isWhole(pageSize, 1, 10_000)) return wrong("pageSize", "must be a whole number from 1 to 10000")
  if (!isWhole(options.codeMagasin, -2_147_483_648, 2_147_483_647))
    return wrong("codeMagasin", "must be the number of a store")
  const prefixCle = options.prefixCle ?? null
  if (prefixCle === "") return wrong("prefixCle", "must not be empty")
  const system = options.system ?? DIALECT
  const externalSystem = options.externalSystem ?? prefixCle ?? DEFAULT_EXTERNAL_SYSTEM
  if (system === externalSystem) return wrong("externalSystem", "must differ from system")
  const fingerprint = options.fingerprint === undefined ? null : parseFingerprint(options.fingerprint)
  if (fingerprint !== null && Result.isFailure(fingerprint)) return Result.fail(fingerprint.failure)
  if (fingerprint !== null && !/^https:/i.test(baseUrl))
    return wrong("fingerprint", "needs a base URL that begins with https")
  return Result.succeed({
    baseUrl,
    user: options.user,
    password: options.password,
    codeMagasin: options.codeMagasin,
    prefixCle,
    timeZone: options.timeZone ?? TimeZone.make("Europe/Paris"),
    format: options.format ?? "xml",
    pageSize,
    timeout: options.timeout ?? "30 seconds",
    retry: { base: "500 millis", cap: "30 seconds", times: 4, deadline: "5 minutes", ...options.retry },
    system,
    externalSystem,
    names: polarisNames(options.names),
    login: options.login ?? "session",
    since: options.since ?? DateTime.makeUnsafe(Date.UTC(1900, 0, 1)),
    marginMillis: Duration.toMillis(options.margin ?? "5 minutes"),
    writeStore: options.writeStore ?? false,
    fingerprint: fingerprint === null ? null : fingerprint.success
  })
}

const optional = <A>(config: Config.Config<A>): Config.Config<A | undefined> =>
  Config.withDefault(config, undefined)

/**
 * The options from BASE_URL, USER, PASSWORD, CODE_MAGASIN, PREFIX_CLE, TIME_ZONE, FORMAT, PAGE_SIZE, TIMEOUT, SYSTEM,
 * EXTERNAL_SYSTEM, LOGIN, MARGIN, WRITE_STORE and FINGERPRINT.
 */
export const polarisConfig: Config.Config<PolarisOptions> = Config.all({
  baseUrl: Config.NonEmptyString("BASE_URL"),
  user: Config.NonEmptyString("USER"),
  password: Config.Redacted("PASSWORD"),
  codeMagasin: Config.Int("CODE_MAGASIN"),
  prefixCle: optional(Config.NonEmptyString("PREFIX_CLE")),
  timeZone: optional(Config.schema(Schema.String.pipe(Schema.decodeTo(TimeZone)), "TIME_ZONE")),
  format: optional(Config.Literals(["xml", "json"], "FORMAT")),
  pageSize: optional(Config.Int("PAGE_SIZE")),
  timeout: optional(Config.Duration("TIMEOUT")),
  system: optional(Config.NonEmptyString("SYSTEM")),
  externalSystem: optional(Config.NonEmptyString("EXTERNAL_SYSTEM")),
  login: optional(Config.Literals(["session", "basic"], "LOGIN")),
  margin: optional(Config.Duration("MARGIN")),
  writeStore: optional(Config.Boolean("WRITE_STORE")),
  fingerprint: optional(Config.NonEmptyString("FINGERPRINT"))
})

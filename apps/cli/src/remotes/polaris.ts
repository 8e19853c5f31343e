/** Remotes that speak Polaris. */
import { InvalidField } from "@tillbridge/domain"
import type * as Polaris from "@tillbridge/polaris"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SecretSource } from "../settings/Secret.ts"
import { externalSystemOf, type Opening, type SettingsOf, type Opened } from "./Opening.ts"
import type { OptionReader } from "./OptionReader.ts"
import { readRetry } from "./retryOptions.ts"

export const keys = [
  "user",
  "password",
  "code-magasin",
  "prefix-cle",
  "time-zone",
  "format",
  "page-size",
  "timeout",
  "retry",
  "external-system",
  "names",
  "login",
  "since",
  "margin",
  "write-store",
  "fingerprint"
]

type Names = NonNullable<Polaris.PolarisOptions["names"]>

export interface Options extends Omit<Polaris.PolarisOptions, "baseUrl" | "password" | "system" | "names"> {
  readonly password: SecretSource
  readonly names: Names | undefined
}

const words = (option: OptionReader): Record<string, string> =>
  Object.fromEntries(option.keys.map((key) => [key, option.text(key)!]))

/** `[remotes.NAME.names.client]` and so on, by the names of `PolarisNames`. */
const readNames = (option: OptionReader): Names => {
  option.only(["client", "card", "fragment", "aliases", "roots", "errors", "dates"])
  const errors = option.table("errors")
  const dates = option.table("dates")
  const roots = option.table("roots")
  errors?.only(["root", "code", "message", "missing", "logged-out"])
  dates?.only(["style", "unknown-year"])
  roots?.only(["client", "fragment", "card"])
  const section = (key: "client" | "card" | "fragment" | "aliases") => {
    const table = option.table(key)
    return table === undefined ? {} : { [key]: words(table) }
  }
  const said = <K extends string, A>(key: K, value: A | undefined) =>
    (value === undefined ? {} : { [key]: value }) as { readonly [key in K]?: A }
  return {
    ...section("client"),
    ...section("card"),
    ...section("fragment"),
    ...section("aliases"),
    ...(roots === undefined ? {} : { roots: words(roots) }),
    ...(errors === undefined
      ? {}
      : {
          errors: {
            ...said("root", errors.text("root")),
            ...said("code", errors.text("code")),
            ...said("message", errors.text("message")),
            ...said("missing", errors.choice("missing", ["404", "nil"])),
            ...said("loggedOut", errors.wholes("logged-out"))
          }
        }),
    ...(dates === undefined
      ? {}
      : {
          dates: {
            ...said("style", dates.choice("style", ["local", "offset", "utc"])),
            ...said("unknownYear", dates.whole("unknown-year", 1, 9999))
          }
        })
  }
}

export const read = (option: OptionReader): Options => {
  const fingerprint = option.text("fingerprint")
  if (fingerprint !== undefined && !/^(sha-?256[:= ])?([0-9a-f]{2}[:\s]?){32}$/i.test(fingerprint))
    option.refuse(
      "fingerprint",
      "must be the SHA-256 of a certificate: 64 hex digits, with or without colons"
    )
  const names = option.table("names")
  return {
    user: option.needed("user", option.text("user"), 'write user = "NAME"'),
    password: option.needed(
      "password",
      option.secret("password"),
      'write password = { env = "NAME" } or { file = "PATH" }'
    ),
    codeMagasin: option.needed(
      "code-magasin",
      option.whole("code-magasin", -2_147_483_648, 2_147_483_647),
      "write the number of the shop whose view counts"
    ),
    prefixCle: option.text("prefix-cle"),
    timeZone: option.zone("time-zone"),
    format: option.choice("format", ["xml", "json"]),
    pageSize: option.whole("page-size", 1, 10_000),
    timeout: option.duration("timeout"),
    retry: readRetry(option),
    externalSystem: option.text("external-system"),
    names: names === undefined ? undefined : readNames(names),
    login: option.choice("login", ["session", "basic"]),
    since: option.instant("since"),
    margin: option.duration("margin"),
    writeStore: option.flag("write-store"),
    fingerprint
  }
}

/** Refuses names of members that are none: a misspelt one would change nothing and say nothing. */
const unknownMember = (
  { names }: Options,
  { cardMembers, clientMembers, fragmentMembers }: typeof Polaris
): string | undefined => {
  const known: ReadonlyArray<readonly [string, object | undefined, ReadonlyArray<string>]> = [
    ["client", names?.client, clientMembers],
    ["card", names?.card, cardMembers],
    ["fragment", names?.fragment, fragmentMembers]
  ]
  for (const [section, given = {}, members] of known) {
    const other = Object.keys(given).find((key) => !members.includes(key))
    if (other !== undefined) return `names.${section}.${other}`
  }
  const aliases = Object.entries(names?.aliases ?? {})
  const wrong = aliases.find(([, member]) => !(clientMembers as ReadonlyArray<string>).includes(member ?? ""))
  return wrong === undefined ? undefined : `names.aliases.${wrong[0]}`
}

export const open = Effect.fnUntraced(function* (
  { name, options, url = "" }: SettingsOf<"polaris">,
  opening: Opening
) {
  const polaris = yield* Effect.promise(() => import("@tillbridge/polaris"))
  const pinned = yield* Effect.promise(() => import("./PinnedHttpClient.ts"))
  const wrong = unknownMember(options, polaris)
  if (wrong !== undefined)
    return yield* new InvalidField({ field: wrong, reason: "is no member that this dialect knows" })
  const config: Polaris.PolarisOptions = {
    ...options,
    ...opening.retry(options.retry),
    baseUrl: url,
    password: yield* opening.secret("password", options.password),
    system: name,
    externalSystem: externalSystemOf(
      name,
      options.externalSystem,
      options.prefixCle ?? polaris.DEFAULT_EXTERNAL_SYSTEM
    )
  }
  const { fingerprint } = yield* Effect.fromResult(polaris.makeConfig(config))
  const pin = pinned.makePin({
    fingerprint,
    onTrusted: (seen) => opening.onTrusted(polaris.formatFingerprint(seen))
  })
  const transport = yield* opening.through(pinned.layerOf(pin))
  const context = yield* Layer.build(
    Layer.provide(polaris.PolarisClient.layer(config), Layer.succeedContext(transport))
  )
  const opened: Opened = {
    source: yield* Effect.provide(polaris.makePolarisSource, context),
    destination: yield* Effect.provide(polaris.makePolarisDestination, context),
    writes:
      options.prefixCle === undefined
        ? "without prefix-cle only customers that came from there can be written"
        : null,
    fingerprint: () => {
      const seen = pin.lastSeen()
      return seen === null ? null : polaris.formatFingerprint(seen)
    }
  }
  return opened
})

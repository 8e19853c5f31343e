/** Remotes that speak LCManager. */
import type { LcmanagerOptions } from "@tillbridge/lcmanager"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SecretSource } from "../settings/Secret.ts"
import { externalSystemOf, type Opened, type Opening, type SettingsOf } from "./Opening.ts"
import type { OptionReader } from "./OptionReader.ts"
import { readRetry } from "./retryOptions.ts"

export const keys = [
  "user",
  "password",
  "time-zone",
  "format",
  "operator",
  "site-code",
  "timeout",
  "retry",
  "window-days",
  "overlap",
  "since",
  "status-names",
  "external-system"
]

export interface Options extends Omit<LcmanagerOptions, "baseUrl" | "password" | "system"> {
  readonly password: SecretSource
}

const readStatusNames = (option: OptionReader): LcmanagerOptions["statusNames"] => {
  const names = option.table("status-names")
  names?.only(["new", "active", "blocked"])
  return names === undefined
    ? undefined
    : Object.fromEntries(names.keys.map((status) => [status, names.text(status)!]))
}

export const read = (option: OptionReader): Options => ({
  user: option.needed("user", option.text("user"), 'write user = "NAME"'),
  password: option.needed(
    "password",
    option.secret("password"),
    'write password = { env = "NAME" } or { file = "PATH" }'
  ),
  timeZone: option.zone("time-zone"),
  format: option.choice("format", ["json", "xml"]),
  operator: option.whole("operator", 0, 2_147_483_647),
  siteCode: option.text("site-code"),
  timeout: option.duration("timeout"),
  retry: readRetry(option),
  windowDays: option.whole("window-days", 1, 3_660),
  overlap: option.duration("overlap"),
  since: option.instant("since"),
  statusNames: readStatusNames(option),
  externalSystem: option.text("external-system")
})

export const open = Effect.fnUntraced(function* (
  { name, options, url = "" }: SettingsOf<"lcmanager">,
  opening: Opening
) {
  const lcmanager = yield* Effect.promise(() => import("@tillbridge/lcmanager"))
  const transport = yield* opening.through((yield* Effect.promise(() => import("./plainHttp.ts"))).layer)
  const client = lcmanager.LcmanagerClient.layer({
    ...options,
    ...opening.retry(options.retry),
    baseUrl: url,
    password: yield* opening.secret("password", options.password),
    system: name,
    externalSystem: externalSystemOf(name, options.externalSystem, lcmanager.DEFAULT_EXTERNAL_SYSTEM)
  })
  const context = yield* Layer.build(Layer.provide(client, Layer.succeedContext(transport)))
  const opened: Opened = {
    source: yield* Effect.provide(lcmanager.makeLcmanagerSource, context),
    destination: null,
    writes: null
  }
  return opened
})

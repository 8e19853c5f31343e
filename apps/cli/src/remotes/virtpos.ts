/** Remotes that speak VirtualPOS. */
import type { VirtposOptions } from "@tillbridge/virtpos"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SecretSource } from "../settings/Secret.ts"
import { externalSystemOf, type Opened, type Opening, type SettingsOf } from "./Opening.ts"
import type { OptionReader } from "./OptionReader.ts"
import { readRetry } from "./retryOptions.ts"

export const keys = [
  "key",
  "time-zone",
  "format",
  "page-size",
  "timeout",
  "retry",
  "cards",
  "external-system"
]

export interface Options extends Omit<VirtposOptions, "baseUrl" | "apiKey" | "system"> {
  readonly key: SecretSource
}

export const read = (option: OptionReader): Options => ({
  key: option.needed("key", option.secret("key"), 'write key = { env = "NAME" } or { file = "PATH" }'),
  timeZone: option.needed(
    "time-zone",
    option.zone("time-zone"),
    'write the time zone of the site, such as time-zone = "Europe/Moscow"'
  ),
  format: option.choice("format", ["xml", "json"]),
  pageSize: option.whole("page-size", 1, 10_000),
  timeout: option.duration("timeout"),
  retry: readRetry(option),
  cards: option.flag("cards"),
  externalSystem: option.text("external-system")
})

export const open = Effect.fnUntraced(function* (
  { name, options: { key, ...options }, url = "" }: SettingsOf<"virtpos">,
  opening: Opening
) {
  const virtpos = yield* Effect.promise(() => import("@tillbridge/virtpos"))
  const transport = yield* opening.through((yield* Effect.promise(() => import("./plainHttp.ts"))).layer)
  const client = virtpos.VirtposClient.layer({
    ...options,
    ...opening.retry(options.retry),
    baseUrl: url,
    apiKey: yield* opening.secret("key", key),
    system: name,
    externalSystem: externalSystemOf(name, options.externalSystem, virtpos.DEFAULT_EXTERNAL_SYSTEM)
  })
  const context = yield* Layer.build(Layer.provide(client, Layer.succeedContext(transport)))
  const opened: Opened = {
    source: yield* Effect.provide(virtpos.makeVirtposSource, context),
    destination: yield* Effect.provide(virtpos.makeVirtposDestination, context),
    writes: null
  }
  return opened
})

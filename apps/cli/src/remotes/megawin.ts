/** Remotes that speak Megawin. */
import type { MegawinOptions } from "@tillbridge/megawin"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SecretSource } from "../settings/Secret.ts"
import type { Opened, Opening, SettingsOf } from "./Opening.ts"
import type { OptionReader } from "./OptionReader.ts"
import { readRetry } from "./retryOptions.ts"

export const keys = ["key", "time-zone", "page-size", "timeout", "retry"]

export interface Options extends Omit<MegawinOptions, "baseUrl" | "apiKey" | "system"> {
  readonly key: SecretSource
}

export const read = (option: OptionReader): Options => ({
  key: option.needed("key", option.secret("key"), 'write key = { env = "NAME" } or { file = "PATH" }'),
  timeZone: option.needed(
    "time-zone",
    option.zone("time-zone"),
    'write the time zone of the account, such as time-zone = "Europe/Brussels"'
  ),
  pageSize: option.whole("page-size", 1, 10_000),
  timeout: option.duration("timeout"),
  retry: readRetry(option)
})

export const open = Effect.fnUntraced(function* (
  { name, options: { key, ...options }, url }: SettingsOf<"megawin">,
  opening: Opening
) {
  const megawin = yield* Effect.promise(() => import("@tillbridge/megawin"))
  const transport = yield* opening.through((yield* Effect.promise(() => import("./plainHttp.ts"))).layer)
  const client = megawin.MegawinClient.layer({
    ...options,
    ...opening.retry(options.retry),
    baseUrl: url,
    apiKey: yield* opening.secret("key", key),
    system: name
  })
  const context = yield* Layer.build(Layer.provide(client, Layer.succeedContext(transport)))
  const opened: Opened = {
    source: yield* Effect.provide(megawin.makeMegawinSource, context),
    destination: yield* Effect.provide(megawin.makeMegawinDestination, context),
    writes: null
  }
  return opened
})

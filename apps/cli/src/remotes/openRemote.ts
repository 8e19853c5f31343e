/** Opens a remote: its dialect's client, source and destination, on a connection of its own, within its traffic rules. */
import { InvalidField } from "@tillbridge/domain"
import { makeRemoteTraffic } from "@tillbridge/wire"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as HttpClient from "effect/http/HttpClient"
import { Failure } from "../Failure.ts"
import { say } from "../Output.ts"
import { readSecret } from "../settings/Secret.ts"
import * as lcmanager from "./lcmanager.ts"
import * as megawin from "./megawin.ts"
import type { Opened, Opening } from "./Opening.ts"
import * as polaris from "./polaris.ts"
import type { Remote } from "./Remote.ts"
import type { RemoteSettings } from "./RemoteSettings.ts"
import { makeSightings, testRemote } from "./RemoteTest.ts"
import * as virtpos from "./virtpos.ts"

export interface OpenOptions {
  /** Whether calls are repeated as set; yes unless told. */
  readonly retries?: boolean
  /**
   * Told the fingerprint of a certificate that the first good login made the trusted one: as `fingerprint` in the
   * settings it is the only one from the start. Said on standard error unless told otherwise.
   */
  readonly onTrusted?: (name: string, fingerprint: string) => Effect.Effect<void>
}

const openDialect = (
  settings: RemoteSettings,
  opening: Opening
): Effect.Effect<Opened, InvalidField, Scope.Scope> => {
  switch (settings.dialect) {
    case "virtpos":
      return virtpos.open(settings, opening)
    case "polaris":
      return polaris.open(settings, opening)
    case "lcmanager":
      return lcmanager.open(settings, opening)
    case "megawin":
      return megawin.open(settings, opening)
  }
}

/** The settings file's name for a field that a dialect refuses. */
const spelled = (field: string): string => {
  if (field === "baseUrl") return "url"
  if (field === "apiKey") return "key"
  return field.startsWith("names.") ? field : field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

const sayTrust = (name: string, fingerprint: string) =>
  say(
    `Remote "${name}" showed the certificate ${fingerprint}. To take no other from now on, write in [remotes.${name}]: ` +
      `fingerprint = "${fingerprint}"`
  )

/** Fails with an `InvalidField` where a secret cannot be read or the dialect refuses an option. */
export const openRemote = Effect.fnUntraced(function* (
  settings: RemoteSettings,
  { onTrusted = sayTrust, retries = true }: OpenOptions = {}
): Effect.fn.Return<Remote, InvalidField, Scope.Scope> {
  const { burst, dialect, name, path, rate } = settings
  const sightings = makeSightings()
  let traffic: ReturnType<typeof makeRemoteTraffic> | undefined
  const opening: Opening = {
    secret: (field, source) =>
      Effect.suspend(() => {
        try {
          return Effect.succeed(readSecret(source, "SECRET"))
        } catch (error) {
          if (!(error instanceof Failure)) return Effect.die(error)
          return Effect.fail(
            new InvalidField({ field, reason: `cannot be had: ${error.message.replace(/^SECRET: /, "")}` })
          )
        }
      }),
    retry: (set) => (retries ? (set === undefined ? {} : { retry: set }) : { retry: { ...set, times: 0 } }),
    through: (transport) =>
      Effect.map(Layer.build(transport), (context) => {
        traffic = makeRemoteTraffic(sightings.through(Context.get(context, HttpClient.HttpClient)), {
          ...(rate === undefined ? {} : { rate }),
          ...(burst === undefined ? {} : { burst })
        })
        return Context.add(context, HttpClient.HttpClient, traffic.client)
      }),
    onTrusted: (fingerprint) => onTrusted(name, fingerprint)
  }
  const opened = yield* openDialect(settings, opening).pipe(
    Effect.mapError(
      ({ field, reason }) =>
        new InvalidField({ field: `remotes.${name}.${spelled(field)} in ${path}`, reason })
    )
  )
  return {
    name,
    dialect,
    source: opened.source,
    destination: opened.destination,
    traffic: Effect.suspend(
      () => traffic?.report ?? Effect.succeed({ requests: 0, retries: 0, throttledMillis: 0, open: false })
    ),
    test: testRemote(settings, opened, sightings)
  }
})

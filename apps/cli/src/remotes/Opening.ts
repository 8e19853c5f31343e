/** What a dialect is given to open a remote, and what it gives back. */
import type { CustomerDestination, CustomerSource, InvalidField } from "@tillbridge/domain"
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type * as HttpClient from "effect/http/HttpClient"
import type { SecretSource } from "../settings/Secret.ts"
import type { RemoteSettings } from "./RemoteSettings.ts"
import type { Retry } from "./retryOptions.ts"

export type SettingsOf<Id extends RemoteSettings["dialect"]> = Extract<RemoteSettings, { dialect: Id }>

export interface Opening {
  readonly secret: (field: string, source: SecretSource) => Effect.Effect<Redacted.Redacted, InvalidField>
  /** How calls are repeated: as set, or not at all. */
  readonly retry: (set: Partial<Retry> | undefined) => { readonly retry?: Partial<Retry> }
  /** The client of a transport, which is built here, behind the remote's traffic rules. */
  readonly through: <A>(
    transport: Layer.Layer<HttpClient.HttpClient | A>
  ) => Effect.Effect<Context.Context<HttpClient.HttpClient | A>, never, Scope.Scope>
  /** Told the fingerprint, as people write it, of a certificate that came to be trusted. */
  readonly onTrusted: (fingerprint: string) => Effect.Effect<void>
}

export interface Opened {
  readonly source: CustomerSource["Service"]
  /** `null`: the vendor's API cannot be written to. */
  readonly destination: CustomerDestination["Service"] | null
  /** What stands in the way of writing everything; `null`: nothing that is known. */
  readonly writes: string | null
  /** Of the certificate that was seen last, where the remote is known by it. */
  readonly fingerprint?: () => string | null
}

/** The other system's name: as set, else the dialect's own, unless that is the name of the remote. */
export const externalSystemOf = (name: string, set: string | undefined, own: string): string =>
  set ?? (own === name ? `${name}.external` : own)

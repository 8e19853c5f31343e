/** Port: credentials, found by the digest of what the caller presents. No secret reaches it. */
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { Credential } from "./Credential.ts"
import type { AlreadyTaken, StorageError } from "./errors.ts"
import type { CredentialId, MerchantId } from "./Ids.ts"
import type { Merchant } from "./Merchant.ts"

export interface OwnedCredential {
  readonly credential: Credential
  readonly merchant: Merchant
}

export interface FoundCredential extends OwnedCredential {
  readonly digest: Uint8Array
}

export class CredentialRepository extends Context.Service<
  CredentialRepository,
  {
    /** Random bytes of this database that go into every digest. */
    readonly salt: Effect.Effect<Uint8Array, StorageError>
    readonly insert: (
      credential: Omit<Credential, "id" | "revokedAt">,
      digest: Uint8Array
    ) => Effect.Effect<Credential, AlreadyTaken | StorageError>
    readonly byDigest: (digest: Uint8Array) => Effect.Effect<Option.Option<FoundCredential>, StorageError>
    /** Also a revoked one, which says so. */
    readonly byId: (id: CredentialId) => Effect.Effect<Option.Option<OwnedCredential>, StorageError>
    /** Of one merchant, or of all. */
    readonly list: (merchant: MerchantId | null) => Effect.Effect<ReadonlyArray<Credential>, StorageError>
    /** `false` when there is no such credential. Revoking again keeps the first date. */
    readonly revoke: (id: CredentialId, at: DateTime.Utc) => Effect.Effect<boolean, StorageError>
  }
>()("@tillbridge/domain/CredentialRepository") {}

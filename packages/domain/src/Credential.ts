/**
 * What a caller of a dialect proves itself by: a key alone, or a login and a password. Secrets are kept only as
 * digests; generated keys are shown once.
 */
import * as Schema from "effect/Schema"
import { CredentialId, MerchantId } from "./Ids.ts"
import { Instant } from "./Instant.ts"
import type { Merchant } from "./Merchant.ts"
import { Text } from "./Text.ts"

/** `read` and `write` for customers and cards; `balance` to set money that a till would otherwise count itself. */
export const Scope = Schema.Literals(["read", "write", "balance"])
export type Scope = typeof Scope.Type

export const Credential = Schema.Struct({
  id: CredentialId,
  merchantId: MerchantId,
  /** Id of the dialect that it opens. */
  dialect: Text,
  /** `null` for a key alone. */
  login: Schema.NullOr(Text),
  label: Schema.NullOr(Text),
  scopes: Schema.Array(Scope),
  createdAt: Instant,
  revokedAt: Schema.NullOr(Instant)
})
export type Credential = typeof Credential.Type

/** Who is calling, once proved. */
export interface Principal {
  readonly credentialId: CredentialId
  readonly merchant: Merchant
  readonly scopes: ReadonlyArray<Scope>
}

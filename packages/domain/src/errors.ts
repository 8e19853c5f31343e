/**
 * What can go wrong, in the domain's words. Only a dialect's edge turns these into its vendor's answers, in an
 * exhaustive match over `DomainError`, so that a new error fails to compile there. Messages never hold a secret or
 * a person's data: they end up in logs.
 */
import * as Schema from "effect/Schema"

/** A reference that selects nobody (or somebody of another merchant, which is the same). */
export class CustomerNotFound extends Schema.TaggedError<CustomerNotFound>()("CustomerNotFound", {}) {
  override readonly message = "customer not found"
}

export class CardNotFound extends Schema.TaggedError<CardNotFound>()("CardNotFound", {}) {
  override readonly message = "card not found"
}

/** A group, card type, store or store list that the merchant does not have. */
export class UnknownReference extends Schema.TaggedError<UnknownReference>()("UnknownReference", {
  kind: Schema.Literals(["group", "card type", "store", "store list", "owner"])
}) {
  override get message() {
    return `unknown ${this.kind}`
  }
}

/** A value that must be unique (card number, external id, credential) already belongs to another. */
export class AlreadyTaken extends Schema.TaggedError<AlreadyTaken>()("AlreadyTaken", {
  what: Schema.Literals([
    "card number",
    "customer external id",
    "card external id",
    "customer id",
    "card id",
    "credential",
    "store"
  ])
}) {
  override get message() {
    return `${this.what} is already taken`
  }
}

/** A field whose value the domain refuses; `field` is the domain's name for it. */
export class InvalidField extends Schema.TaggedError<InvalidField>()("InvalidField", {
  field: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `${this.field} ${this.reason}`
  }
}

/** The caller proved no identity: no credential, an unknown one or a revoked one, all alike. */
export class NotAuthenticated extends Schema.TaggedError<NotAuthenticated>()("NotAuthenticated", {}) {
  override readonly message = "invalid credentials"
}

/** Too many proofs of identity failed from there or for that login; `retryAfterMillis` until the next one is looked at. */
export class TooManyAttempts extends Schema.TaggedError<TooManyAttempts>()("TooManyAttempts", {
  retryAfterMillis: Schema.Finite
}) {
  override readonly message = "too many attempts"
}

/** The credential is good but lacks a right. */
export class NotPermitted extends Schema.TaggedError<NotPermitted>()("NotPermitted", {
  scope: Schema.String
}) {
  override get message() {
    return `the credential lacks the right ${this.scope}`
  }
}

export class MerchantNotFound extends Schema.TaggedError<MerchantNotFound>()("MerchantNotFound", {}) {
  override readonly message = "merchant not found"
}

/** Why the store behind a repository failed. */
export const StorageFailure = Schema.Literals([
  "busy",
  "full",
  "read-only",
  "unavailable",
  "corrupt",
  "newer-schema",
  "unknown"
])
export type StorageFailure = typeof StorageFailure.Type

/** The store failed. `cause` stays inside the process: it may quote statements and values. */
export class StorageError extends Schema.TaggedError<StorageError>()("StorageError", {
  operation: Schema.String,
  reason: StorageFailure,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message() {
    return `store failed in ${this.operation}: ${this.reason}`
  }
  /** Whether the same call may succeed a little later. */
  get isRetryable(): boolean {
    return this.reason === "busy" || this.reason === "unavailable" || this.reason === "full"
  }
}

/** Every error a service of this package can fail with. */
export type DomainError =
  | CustomerNotFound
  | CardNotFound
  | UnknownReference
  | AlreadyTaken
  | InvalidField
  | NotAuthenticated
  | TooManyAttempts
  | NotPermitted
  | MerchantNotFound
  | StorageError

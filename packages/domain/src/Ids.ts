/**
 * Identifiers. All are integers from 1, counted per merchant (merchants and credentials: per database), because
 * the dialects' own ids are integers. `ChangePosition` numbers a merchant's changes in commit order, from 1.
 */
import * as Schema from "effect/Schema"

const Id = Schema.Int.check(
  Schema.isGreaterThanOrEqualTo(1, { message: "must be 1 or more" }),
  Schema.isLessThanOrEqualTo(Number.MAX_SAFE_INTEGER, { message: "must be at most 2^53 - 1" })
)

export const MerchantId = Id.pipe(Schema.brand("MerchantId"))
export type MerchantId = typeof MerchantId.Type

export const CredentialId = Id.pipe(Schema.brand("CredentialId"))
export type CredentialId = typeof CredentialId.Type

export const CustomerId = Id.pipe(Schema.brand("CustomerId"))
export type CustomerId = typeof CustomerId.Type

export const CardId = Id.pipe(Schema.brand("CardId"))
export type CardId = typeof CardId.Type

export const StoreId = Id.pipe(Schema.brand("StoreId"))
export type StoreId = typeof StoreId.Type

export const StoreListId = Id.pipe(Schema.brand("StoreListId"))
export type StoreListId = typeof StoreListId.Type

export const GroupId = Id.pipe(Schema.brand("GroupId"))
export type GroupId = typeof GroupId.Type

export const CardTypeId = Id.pipe(Schema.brand("CardTypeId"))
export type CardTypeId = typeof CardTypeId.Type

/** Place in a merchant's change feed. Later changes have greater positions, in commit order; gaps are possible. */
export const ChangePosition = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)).pipe(
  Schema.brand("ChangePosition")
)
export type ChangePosition = typeof ChangePosition.Type

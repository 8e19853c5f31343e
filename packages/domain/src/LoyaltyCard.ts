/**
 * A loyalty card of one merchant. The number is text (leading zeros and 19 digits survive) and unique per merchant.
 */
import type * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { patchCardInto } from "./cardPatching.ts"
import { Extensions } from "./Customer.ts"
import { ExternalId } from "./ExternalId.ts"
import { CardId, CardTypeId, ChangePosition, CustomerId, StoreId } from "./Ids.ts"
import { Instant } from "./Instant.ts"
import { Text, textOf } from "./Text.ts"

export const CardNumber = textOf(64).check(Schema.isNonEmpty({ message: "must not be empty" }))

/** A kind of card, set up by the merchant or made by name through the dialects. */
export const CardType = Schema.Struct({ id: CardTypeId, name: Text })
export type CardType = typeof CardType.Type

const MaybeTime = Schema.NullOr(Instant)

const writable = {
  externalIds: Schema.Array(ExternalId),
  number: CardNumber,
  /** EAN-13 form of the number, derived when it has at most 12 digits. */
  ean13: Schema.NullOr(Text),
  barcode: Schema.NullOr(Text),
  medium: Schema.NullOr(Schema.Literals(["plastic", "magnetic", "app"])),
  status: Schema.Literals(["new", "active", "blocked"]),
  activatedAt: MaybeTime,
  blockedAt: MaybeTime,
  customerId: Schema.NullOr(CustomerId),
  registeredAt: MaybeTime,
  /** The store that registered the card. */
  registeredIn: Schema.NullOr(StoreId),
  extensions: Extensions
}

export const LoyaltyCard = Schema.Struct({
  id: CardId,
  version: ChangePosition,
  ...writable,
  type: Schema.NullOr(CardType),
  createdAt: Instant,
  createdBy: Schema.NullOr(Schema.Int),
  updatedAt: Instant,
  updatedBy: Schema.NullOr(Schema.Int)
})
export type LoyaltyCard = typeof LoyaltyCard.Type

/** A change to a card: absent fields stay, `null` clears. */
export const CardPatch = Schema.Struct(writable).mapFields(Struct.map(Schema.optionalKey))
export type CardPatch = typeof CardPatch.Type

export const newCard = (
  id: CardId,
  number: string,
  now: DateTime.Utc,
  actor: number | null
): LoyaltyCard => ({
  id,
  version: ChangePosition.make(0),
  externalIds: [],
  number,
  ean13: null,
  barcode: null,
  medium: null,
  status: "new",
  activatedAt: null,
  blockedAt: null,
  customerId: null,
  registeredAt: now,
  registeredIn: null,
  extensions: {},
  type: null,
  createdAt: now,
  createdBy: actor,
  updatedAt: now,
  updatedBy: actor
})

/**
 * The card with the patch applied. EAN-13 and barcode follow the number unless they are given or were set by hand;
 * a card that becomes active or blocked without a date is stamped with `now`.
 */
export const applyCardPatch = (card: LoyaltyCard, patch: CardPatch, now: DateTime.Utc): LoyaltyCard => {
  const next = { ...card }
  patchCardInto(next, patch, now)
  return next
}

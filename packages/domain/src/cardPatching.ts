/** How a patch changes a card, on a copy that nobody else holds yet. */
import type * as DateTime from "effect/DateTime"
import { mergeExtensions, type Writable } from "./customerPatching.ts"
import { ean13Of } from "./Ean13.ts"
import { withExternalIds } from "./ExternalId.ts"
import type { CardPatch, LoyaltyCard } from "./LoyaltyCard.ts"
import { orNull } from "./Text.ts"

/** EAN-13 and barcode follow the number unless they are given or were set by hand. */
const followNumber = (next: Writable<LoyaltyCard>, patch: CardPatch, before: string): void => {
  const derivedBefore = ean13Of(before)
  const derived = next.number === before ? derivedBefore : ean13Of(next.number)
  const own = (given: string | null | undefined, current: string | null) =>
    given === undefined && (current === null || current === derivedBefore)
      ? derived
      : (orNull(given === undefined ? current : given) ?? derived)
  next.ean13 = own(patch.ean13, next.ean13)
  next.barcode = own(patch.barcode, next.barcode)
}

/** Changes `next` as the patch says; a card that becomes active or blocked without a date is stamped with `now`. */
export const patchCardInto = (
  next: Writable<LoyaltyCard>,
  patch: CardPatch,
  now: DateTime.Utc,
  number = patch.number
): void => {
  const before = next.number
  if (number !== undefined) next.number = number
  if (patch.medium !== undefined) next.medium = patch.medium
  if (patch.status !== undefined) next.status = patch.status
  if (patch.activatedAt !== undefined) next.activatedAt = patch.activatedAt
  if (patch.blockedAt !== undefined) next.blockedAt = patch.blockedAt
  if (patch.customerId !== undefined) next.customerId = patch.customerId
  if (patch.registeredAt !== undefined) next.registeredAt = patch.registeredAt
  if (patch.registeredIn !== undefined) next.registeredIn = patch.registeredIn
  if (patch.externalIds !== undefined) next.externalIds = withExternalIds(next.externalIds, patch.externalIds)
  if (patch.extensions !== undefined) next.extensions = mergeExtensions(next.extensions, patch.extensions)
  followNumber(next, patch, before)
  if (next.status === "active" && next.activatedAt === null) next.activatedAt = now
  if (next.status === "blocked" && next.blockedAt === null) next.blockedAt = now
}

/** A card as a row of `cards`, and back. */
import type {
  CardId,
  CardTypeId,
  ChangePosition,
  CustomerId,
  LoyaltyCard,
  MerchantId,
  StoreId
} from "@tillbridge/domain"
import * as DateTime from "effect/DateTime"
import {
  externalIdsFromText,
  externalIdsToText,
  extensionsFromText,
  extensionsToText,
  instantOrNull
} from "./customerRow.ts"

/** Column order of the statement that writes. */
export const cardColumns = [
  "merchant_id",
  "id",
  "version",
  "external_ids",
  "number",
  "ean13",
  "barcode",
  "medium",
  "status",
  "activated_at",
  "blocked_at",
  "customer_id",
  "registered_at",
  "registered_in",
  "extensions",
  "type_id",
  "type_name",
  "created_at",
  "created_by",
  "updated_at",
  "updated_by"
] as const

export type CardRow = { readonly [column in (typeof cardColumns)[number]]: unknown }

/** Values in the order of `cardColumns`, pushed onto `out`. */
export const pushCardValues = (out: Array<unknown>, merchant: MerchantId, card: LoyaltyCard): void => {
  out.push(
    merchant,
    card.id,
    card.version,
    externalIdsToText(card.externalIds),
    card.number,
    card.ean13,
    card.barcode,
    card.medium,
    card.status,
    card.activatedAt?.epochMilliseconds ?? null,
    card.blockedAt?.epochMilliseconds ?? null,
    card.customerId,
    card.registeredAt?.epochMilliseconds ?? null,
    card.registeredIn,
    extensionsToText(card.extensions),
    card.type?.id ?? null,
    card.type?.name ?? null,
    card.createdAt.epochMilliseconds,
    card.createdBy,
    card.updatedAt.epochMilliseconds,
    card.updatedBy
  )
}

export const cardFromRow = (row: CardRow): LoyaltyCard => ({
  id: row.id as CardId,
  version: row.version as ChangePosition,
  externalIds: externalIdsFromText(row.external_ids as string),
  number: row.number as string,
  ean13: row.ean13 as string | null,
  barcode: row.barcode as string | null,
  medium: row.medium as LoyaltyCard["medium"],
  status: row.status as LoyaltyCard["status"],
  activatedAt: instantOrNull(row.activated_at),
  blockedAt: instantOrNull(row.blocked_at),
  customerId: row.customer_id as CustomerId | null,
  registeredAt: instantOrNull(row.registered_at),
  registeredIn: row.registered_in as StoreId | null,
  extensions: extensionsFromText(row.extensions as string | null),
  type: row.type_id === null ? null : { id: row.type_id as CardTypeId, name: row.type_name as string },
  createdAt: DateTime.makeUnsafe(row.created_at as number),
  createdBy: row.created_by as number | null,
  updatedAt: DateTime.makeUnsafe(row.updated_at as number),
  updatedBy: row.updated_by as number | null
})

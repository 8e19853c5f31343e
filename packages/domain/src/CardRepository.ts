/** Port: the loyalty cards of a merchant. */
import { Context, type DateTime, type Effect, type Option } from "effect"
import type { AlreadyTaken, StorageError } from "./errors.ts"
import type { ExternalId } from "./ExternalId.ts"
import type { CardId, ChangePosition, CustomerId, MerchantId, StoreId } from "./Ids.ts"
import type { LoyaltyCard } from "./LoyaltyCard.ts"
import type { LoyaltyPeriod } from "./LoyaltyPeriod.ts"

/** One way to name a card. A barcode matches the card's barcode or its EAN-13. */
export type CardReference =
  | { readonly by: "id"; readonly id: CardId }
  | { readonly by: "number"; readonly number: string }
  | { readonly by: "externalId"; readonly externalId: ExternalId }
  | { readonly by: "barcode"; readonly barcode: string }

export interface CardWrite {
  readonly before: LoyaltyCard | null
  readonly after: LoyaltyCard
}

export interface Touched {
  readonly position: ChangePosition
  readonly at: DateTime.Utc
}

/**
 * Whom writes of cards change. An owner counts as changed at the newest of its cards' positions, and so does a former
 * owner of a card that now belongs to nobody. Where a card moved from one customer to another, both would have its
 * position, and a page of changed customers could end between them: each of `left` needs a position of its own, claimed
 * after those of the cards.
 */
export const touchedBy = (writes: ReadonlyArray<CardWrite>) => {
  const touched = new Map<CustomerId, Touched>()
  const left = new Map<CustomerId, DateTime.Utc>()
  for (const { after, before } of writes) {
    const former = before?.customerId ?? null
    const owner = after.customerId ?? former
    if (owner !== null && after.version > (touched.get(owner)?.position ?? 0)) {
      touched.set(owner, { position: after.version, at: after.updatedAt })
    }
    if (former !== null && former !== owner) left.set(former, after.updatedAt)
  }
  return { touched, left }
}

/** Ascending id after `after`. */
export interface CardWindow {
  readonly after: CardId | null
  readonly limit: number
}

/** Ascending by registration, then id, after the card that `after` names (which may be gone by now). */
export interface RegistrationWindow {
  readonly after: { readonly registeredAt: DateTime.Utc; readonly id: CardId } | null
  readonly limit: number
}

export class CardRepository extends Context.Service<
  CardRepository,
  {
    /** Several cards may share a barcode: the one with the lowest id is found. */
    readonly find: (
      merchant: MerchantId,
      reference: CardReference
    ) => Effect.Effect<Option.Option<LoyaltyCard>, StorageError>
    /** The cards that have one of these numbers or external ids, each once. Any order. */
    readonly named: (
      merchant: MerchantId,
      numbers: ReadonlyArray<string>,
      externalIds: ReadonlyArray<ExternalId>
    ) => Effect.Effect<ReadonlyArray<LoyaltyCard>, StorageError>
    /** The cards of these customers, ascending by id. */
    readonly ofCustomers: (
      merchant: MerchantId,
      customers: ReadonlyArray<CustomerId>
    ) => Effect.Effect<ReadonlyArray<LoyaltyCard>, StorageError>
    readonly list: (
      merchant: MerchantId,
      window: CardWindow
    ) => Effect.Effect<ReadonlyArray<LoyaltyCard>, StorageError>
    /**
     * Cards registered in the period, at one of the stores when a list is given, the earliest first. Those without a
     * registration date are never among them.
     */
    readonly registered: (
      merchant: MerchantId,
      period: LoyaltyPeriod,
      stores: ReadonlyArray<StoreId> | null,
      window: RegistrationWindow
    ) => Effect.Effect<ReadonlyArray<LoyaltyCard>, StorageError>
    /**
     * Inserts or replaces, within a unit of work. Fails with `AlreadyTaken` for another's number or external id. The
     * writes are taken together: what one of them gives up another may take, whatever their order. Owners before and
     * after count as changed (see `touchedBy`).
     */
    readonly put: (
      merchant: MerchantId,
      writes: ReadonlyArray<CardWrite>
    ) => Effect.Effect<void, AlreadyTaken | StorageError>
    /** Removes within a unit of work and leaves a tombstone in the feed. The owner counts as changed at `position`. */
    readonly remove: (
      merchant: MerchantId,
      card: LoyaltyCard,
      position: ChangePosition,
      at: DateTime.Utc
    ) => Effect.Effect<void, StorageError>
  }
>()("@tillbridge/domain/CardRepository") {}

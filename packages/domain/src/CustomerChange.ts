/** What a feed or a vendor tells about a customer or card: its newest state, or that it is gone. */
import type * as DateTime from "effect/DateTime"
import type { Checkpoint } from "./Checkpoint.ts"
import type { Customer, CustomerRecord } from "./Customer.ts"
import type { ExternalId } from "./ExternalId.ts"
import type { CardId, ChangePosition, CustomerId } from "./Ids.ts"
import type { CardPatch, LoyaltyCard } from "./LoyaltyCard.ts"

/** One entry of a merchant's own feed, each entity at most once and at its newest change. */
export type Change =
  | { readonly _tag: "CustomerChanged"; readonly position: ChangePosition; readonly customer: Customer }
  | { readonly _tag: "CustomerRemoved"; readonly position: ChangePosition; readonly id: CustomerId }
  | { readonly _tag: "CardChanged"; readonly position: ChangePosition; readonly card: LoyaltyCard }
  | { readonly _tag: "CardRemoved"; readonly position: ChangePosition; readonly id: CardId }

export interface FeedPage {
  readonly changes: ReadonlyArray<Change>
  /** Where to go on: after the last of `changes`. */
  readonly next: Checkpoint
  readonly hasMore: boolean
}

/** A card as a foreign system tells it. */
export interface CardRecord {
  readonly number: string
  readonly patch: CardPatch
  readonly typeName: string | null
}

/** A customer as a foreign system tells it, with its cards where the system carries them. */
export interface CustomerChange {
  readonly customer: CustomerRecord
  readonly cards: ReadonlyArray<CardRecord>
  /** The customer's own name in that system. */
  readonly source: ExternalId
  /** When it was last changed there, by that system's own stamp; absent where it tells none that can be read. */
  readonly modifiedAt?: DateTime.Utc
  /** Another mark, another content: for systems that number their changes. Absent: whoever needs one makes it. */
  readonly mark?: string
}

/** A record of a page that cannot be read. The rest of the page stands. */
export interface UnreadableRecord {
  /** The customer's own name in that system, where it could be made out. */
  readonly source: ExternalId | null
  /** What is wrong with it: field and reason, never a value. */
  readonly reason: string
  /** The record as it was told, without what must not be kept (a password); `CustomerSource.reread` takes it. */
  readonly payload: string
}

export interface SourcePage {
  readonly changes: ReadonlyArray<CustomerChange>
  readonly next: Checkpoint
  readonly hasMore: boolean
  readonly unreadable?: ReadonlyArray<UnreadableRecord>
  /** Customers that are gone, from systems that tell so. */
  readonly removed?: ReadonlyArray<ExternalId>
}

/**
 * Port: the order of a merchant's changes. Positions are claimed inside the unit of work that uses them, and the
 * claim holds the merchant's counter until that unit ends: so the order of positions is the order of commits, and a
 * reader that has seen position n can never be shown a smaller one later.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Change } from "./CustomerChange.ts"
import type { StorageError } from "./errors.ts"
import type { CardId, ChangePosition, CustomerId, MerchantId } from "./Ids.ts"

export interface Claim {
  readonly changes: number
  readonly customers?: number
  readonly cards?: number
  /** No customer id below or at this one is given out afterwards: it is used by a record that brings its own. */
  readonly customerIdAtLeast?: CustomerId
}

/** The first of each that was claimed; the others follow without gaps. */
export interface Claimed {
  readonly position: ChangePosition
  readonly customerId: CustomerId
  readonly cardId: CardId
}

/** A customer that is gone, and the position at which it went. */
export interface Removal {
  readonly position: ChangePosition
  readonly id: CustomerId
}

export class ChangeFeed extends Context.Service<
  ChangeFeed,
  {
    /** Reserves positions and new ids, within a unit of work. */
    readonly claim: (merchant: MerchantId, claim: Claim) => Effect.Effect<Claimed, StorageError>
    /** Up to `limit` changes after a position, oldest first, each entity once and at its newest change. */
    readonly read: (
      merchant: MerchantId,
      after: ChangePosition,
      limit: number
    ) => Effect.Effect<ReadonlyArray<Change>, StorageError>
    /** Up to `limit` customers removed after a position and not there again, the earliest first. */
    readonly removals: (
      merchant: MerchantId,
      after: ChangePosition,
      limit: number
    ) => Effect.Effect<ReadonlyArray<Removal>, StorageError>
  }
>()("@tillbridge/domain/ChangeFeed") {}

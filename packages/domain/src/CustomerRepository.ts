/** Port: the customers of a merchant. */
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { Customer } from "./Customer.ts"
import type { AlreadyTaken, StorageError } from "./errors.ts"
import type { ExternalId } from "./ExternalId.ts"
import type { ChangePosition, CustomerId, MerchantId } from "./Ids.ts"

/** Conditions that hold together (AND); an absent one does not filter. */
export interface CustomerFilter {
  readonly id?: CustomerId
  readonly externalId?: ExternalId
  /** Free form: compared by `phoneKey`, with either of the customer's phones. */
  readonly phone?: string
  /** Compared by `emailKey`. */
  readonly email?: string
  readonly hasPhone?: boolean
  readonly hasEmail?: boolean
}

/** A part of the list in ascending id: by `offset`, or after an id (which stays right while rows come and go). */
export type ListWindow =
  | { readonly offset: number; readonly limit: number }
  | { readonly after: CustomerId | null; readonly limit: number }

/** Enough to know whether something already encoded is still the customer's newest state. */
export interface CustomerRef {
  readonly id: CustomerId
  readonly version: ChangePosition
}

/** Which changed customers are asked for: `since` is compared with the time of the newest change, and included. */
export interface ModifiedQuery {
  readonly since: DateTime.Utc
  readonly after: ChangePosition
  readonly limit: number
}

/** A customer at its newest change, which may be one of a card. No other customer of the merchant has this `position`. */
export interface ModifiedCustomer {
  readonly id: CustomerId
  /** Position of the customer's own newest change. */
  readonly version: ChangePosition
  /** Position of the newest change of the customer or of a card that is or was its own. */
  readonly position: ChangePosition
  /** When that was. */
  readonly at: DateTime.Utc
}

export interface ModifiedPage {
  readonly customers: ReadonlyArray<ModifiedCustomer>
  readonly hasMore: boolean
}

/** A write: the state before (`null` for a new customer) tells which index entries go away. */
export interface CustomerWrite {
  readonly before: Customer | null
  readonly after: Customer
}

export class CustomerRepository extends Context.Service<
  CustomerRepository,
  {
    readonly refs: (
      merchant: MerchantId,
      filter: CustomerFilter,
      window: ListWindow
    ) => Effect.Effect<ReadonlyArray<CustomerRef>, StorageError>
    readonly count: (merchant: MerchantId, filter: CustomerFilter) => Effect.Effect<number, StorageError>
    /** In the order of `ids`; those that do not exist are left out. */
    readonly getMany: (
      merchant: MerchantId,
      ids: ReadonlyArray<CustomerId>
    ) => Effect.Effect<ReadonlyArray<Customer>, StorageError>
    readonly get: (
      merchant: MerchantId,
      id: CustomerId
    ) => Effect.Effect<Option.Option<Customer>, StorageError>
    /** Which of the external ids belong to whom. */
    readonly owners: (
      merchant: MerchantId,
      ids: ReadonlyArray<ExternalId>
    ) => Effect.Effect<ReadonlyArray<ExternalId & { readonly customerId: CustomerId }>, StorageError>
    /**
     * Customers changed since a time, the oldest change first, each once and at its newest change: its own, or that of a
     * card (saved, blocked, moved to or away from it, removed; see `CardRepository`). A reader that follows positions
     * while others write misses nothing. A customer that is removed is no longer among them.
     */
    readonly modified: (
      merchant: MerchantId,
      query: ModifiedQuery
    ) => Effect.Effect<ModifiedPage, StorageError>
    /** Where these customers stand among the changed ones; in the order of `ids`, those that do not exist left out. */
    readonly positions: (
      merchant: MerchantId,
      ids: ReadonlyArray<CustomerId>
    ) => Effect.Effect<ReadonlyArray<ModifiedCustomer>, StorageError>
    /**
     * Inserts or replaces, within a unit of work. Fails with `AlreadyTaken` when an external id belongs to another. The
     * writes are taken together: what one of them gives up another may take, whatever their order.
     */
    readonly put: (
      merchant: MerchantId,
      writes: ReadonlyArray<CustomerWrite>
    ) => Effect.Effect<void, AlreadyTaken | StorageError>
    /** Removes within a unit of work and leaves a tombstone in the feed. Cards lose their owner first, by the caller. */
    readonly remove: (
      merchant: MerchantId,
      customer: Customer,
      position: ChangePosition,
      at: DateTime.Utc
    ) => Effect.Effect<void, StorageError>
  }
>()("@tillbridge/domain/CustomerRepository") {}

/**
 * The rules for customers: who is meant, what may change, and that every change is one transaction with its place in
 * the feed.
 */
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { CardRepository } from "./CardRepository.ts"
import { ChangeFeed } from "./ChangeFeed.ts"
import {
  applyPatch,
  type Customer,
  type CustomerPatch,
  type Named,
  newCustomer,
  sameContent
} from "./Customer.ts"
import { importCustomers, type ImportOutcome } from "./CustomerImport.ts"
import {
  type CustomerFilter,
  type CustomerRef,
  CustomerRepository,
  type ListWindow,
  type ModifiedCustomer,
  type ModifiedPage,
  type ModifiedQuery
} from "./CustomerRepository.ts"
import type { CustomerRecord } from "./Customer.ts"
import { resolveEntry } from "./directory.ts"
import {
  type AlreadyTaken,
  CustomerNotFound,
  type InvalidField,
  type StorageError,
  type UnknownReference
} from "./errors.ts"
import type { ExternalId } from "./ExternalId.ts"
import { ChangePosition, type CustomerId, GroupId, type MerchantId } from "./Ids.ts"
import { MerchantRepository } from "./MerchantRepository.ts"
import { invalidDate } from "./PartialDate.ts"
import { UnitOfWork } from "./UnitOfWork.ts"

/** One way to name a customer. */
export type CustomerReference =
  | { readonly by: "id"; readonly id: CustomerId }
  | { readonly by: "externalId"; readonly externalId: ExternalId }

export interface SaveCustomer {
  /** Tried in order, the first hit wins; empty means "a new one". */
  readonly references: ReadonlyArray<CustomerReference>
  /** Whether a customer that is not found is made; an external id used to look for it becomes its own. */
  readonly createIfMissing: boolean
  readonly patch: CustomerPatch
  /**
   * What the patch comes to for the customer that is there. A caller who was told less than is known, as one line for
   * three, says with it what being told that back unchanged means: nothing.
   */
  readonly settle?: (patch: CustomerPatch, before: Customer) => CustomerPatch
  /** `null` clears the group, absent leaves it. */
  readonly group?: Named | null
  /** Number of the credential or user on whose behalf this happens. */
  readonly actor: number | null
}

export interface Saved<A> {
  readonly entity: A
  readonly isNew: boolean
}

type SaveError = CustomerNotFound | InvalidField | UnknownReference | AlreadyTaken | StorageError

export class Customers extends Context.Service<
  Customers,
  {
    readonly find: (
      merchant: MerchantId,
      reference: CustomerReference
    ) => Effect.Effect<Customer, CustomerNotFound | StorageError>
    readonly refs: (
      merchant: MerchantId,
      filter: CustomerFilter,
      window: ListWindow
    ) => Effect.Effect<ReadonlyArray<CustomerRef>, StorageError>
    readonly count: (merchant: MerchantId, filter: CustomerFilter) => Effect.Effect<number, StorageError>
    readonly getMany: (
      merchant: MerchantId,
      ids: ReadonlyArray<CustomerId>
    ) => Effect.Effect<ReadonlyArray<Customer>, StorageError>
    /** Which of the external ids belong to whom. */
    readonly owners: CustomerRepository["Service"]["owners"]
    /**
     * Customers whose newest change, or that of one of their cards, was at `since` or later, and at a position after
     * `after`; the oldest change first, each customer once. Whoever goes on after the last `position` misses nothing.
     */
    readonly modified: (
      merchant: MerchantId,
      query: ModifiedQuery
    ) => Effect.Effect<ModifiedPage, StorageError>
    /** Where these customers stand among the changed ones, as `modified` tells them; those that do not exist left out. */
    readonly positions: (
      merchant: MerchantId,
      ids: ReadonlyArray<CustomerId>
    ) => Effect.Effect<ReadonlyArray<ModifiedCustomer>, StorageError>
    /** Changes one customer or makes a new one. A save that changes nothing writes nothing. */
    readonly save: (merchant: MerchantId, request: SaveCustomer) => Effect.Effect<Saved<Customer>, SaveError>
    /** Removes a customer; its cards stay, without an owner. */
    readonly remove: (
      merchant: MerchantId,
      reference: CustomerReference
    ) => Effect.Effect<CustomerId, CustomerNotFound | StorageError | AlreadyTaken>
    /**
     * Writes a batch of records in one transaction, each matched by its external ids, then by its id; repeating a
     * batch changes nothing. A record that cannot be stored is reported at its place and the others are.
     */
    readonly importBatch: (
      merchant: MerchantId,
      records: ReadonlyArray<CustomerRecord>,
      actor: number | null
    ) => Effect.Effect<ReadonlyArray<ImportOutcome>, StorageError>
  }
>()("@tillbridge/domain/Customers") {
  static readonly layer = Layer.effect(
    Customers,
    Effect.gen(function* () {
      const repository = yield* CustomerRepository
      const cards = yield* CardRepository
      const merchants = yield* MerchantRepository
      const feed = yield* ChangeFeed
      const { atomically } = yield* UnitOfWork

      const lookUp = Effect.fnUntraced(function* (merchant: MerchantId, reference: CustomerReference) {
        if (reference.by === "id") return yield* repository.get(merchant, reference.id)
        const [owner] = yield* repository.owners(merchant, [reference.externalId])
        return owner === undefined ? Option.none() : yield* repository.get(merchant, owner.customerId)
      })

      const firstOf = Effect.fnUntraced(function* (
        merchant: MerchantId,
        references: ReadonlyArray<CustomerReference>
      ) {
        for (const reference of references) {
          const found = yield* lookUp(merchant, reference)
          if (Option.isSome(found)) return found.value
        }
        return null
      })

      const find = Effect.fnUntraced(function* (merchant: MerchantId, reference: CustomerReference) {
        const found = yield* lookUp(merchant, reference)
        return Option.isSome(found) ? found.value : yield* new CustomerNotFound()
      })

      const save = Effect.fnUntraced(function* (merchant: MerchantId, request: SaveCustomer) {
        const { actor, createIfMissing, group, references, settle } = request
        const before = yield* firstOf(merchant, references)
        if (before === null && !createIfMissing) return yield* new CustomerNotFound()
        const patch = before === null || settle === undefined ? request.patch : settle(request.patch, before)
        const now = yield* DateTime.now
        const base = before ?? newCustomer(1 as CustomerId, now, actor)
        const used = references.flatMap((reference) =>
          reference.by === "externalId" ? [reference.externalId] : []
        )
        const patched = applyPatch(base, {
          ...patch,
          externalIds: before === null ? [...used, ...(patch.externalIds ?? [])] : (patch.externalIds ?? [])
        })
        const wrong = invalidDate(patched.birthDate)
        if (Option.isSome(wrong)) return yield* wrong.value
        const entry = group == null ? group : yield* resolveEntry(merchants, merchant, "group", group)
        const wanted =
          entry === undefined
            ? patched
            : { ...patched, group: entry === null ? null : { id: GroupId.make(entry.id), name: entry.name } }
        if (before !== null && sameContent(before, wanted)) return { entity: before, isNew: false }
        const claimed = yield* feed.claim(merchant, { changes: 1, customers: before === null ? 1 : 0 })
        const after: Customer = {
          ...wanted,
          id: before === null ? claimed.customerId : before.id,
          version: claimed.position,
          updatedAt: now,
          updatedBy: actor
        }
        yield* repository.put(merchant, [{ before, after }])
        return { entity: after, isNew: before === null }
      })

      const remove = Effect.fnUntraced(function* (merchant: MerchantId, reference: CustomerReference) {
        const customer = yield* find(merchant, reference)
        const owned = yield* cards.ofCustomers(merchant, [customer.id])
        const now = yield* DateTime.now
        const { position } = yield* feed.claim(merchant, { changes: owned.length + 1 })
        yield* cards.put(
          merchant,
          owned.map((card, index) => ({
            before: card,
            after: {
              ...card,
              customerId: null,
              version: ChangePosition.make(position + index),
              updatedAt: now
            }
          }))
        )
        yield* repository.remove(merchant, customer, ChangePosition.make(position + owned.length), now)
        return customer.id
      })

      return Customers.of({
        find,
        refs: repository.refs,
        count: repository.count,
        getMany: repository.getMany,
        modified: repository.modified,
        positions: repository.positions,
        owners: repository.owners,
        save: (merchant, request) => atomically(save(merchant, request)),
        remove: (merchant, reference) => atomically(remove(merchant, reference)),
        importBatch: (merchant, records, actor) =>
          atomically(importCustomers({ repository, merchants, feed }, merchant, records, actor))
      })
    })
  )
}

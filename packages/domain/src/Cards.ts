/** The rules for loyalty cards. How a card is looked for is a policy that the dialect passes in. */
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { type CardImport, type CardImportOutcome, importCards } from "./CardImport.ts"
import { type CardReference, CardRepository, type CardWindow } from "./CardRepository.ts"
import { ChangeFeed } from "./ChangeFeed.ts"
import type { Named } from "./Customer.ts"
import { CustomerRepository } from "./CustomerRepository.ts"
import type { CustomerReference, Saved } from "./Customers.ts"
import { resolveEntry } from "./directory.ts"
import {
  type AlreadyTaken,
  CardNotFound,
  InvalidField,
  type StorageError,
  UnknownReference
} from "./errors.ts"
import { externalKey } from "./ExternalId.ts"
import { CardId, CardTypeId, type CustomerId, type MerchantId } from "./Ids.ts"
import { applyCardPatch, type CardPatch, type LoyaltyCard, newCard } from "./LoyaltyCard.ts"
import { MerchantRepository } from "./MerchantRepository.ts"
import { sameValue } from "./sameValue.ts"
import { UnitOfWork } from "./UnitOfWork.ts"

export interface SaveCard {
  /** Where to look, in this order: the first hit wins. Empty means "always a new card". */
  readonly search: ReadonlyArray<CardReference>
  readonly createIfMissing: boolean
  readonly patch: CardPatch
  /** What the patch comes to for the card that is there, as for a customer. */
  readonly settle?: (patch: CardPatch, before: LoyaltyCard) => CardPatch
  /**
   * Leaves the number of a card that is found as it is, and gives it an external id only where it has none in that
   * system and nobody else has it: for callers whose words to look for a card are all they know of it.
   */
  readonly keepIdentity?: boolean
  /** `null` clears the type, absent leaves it. */
  readonly type?: Named | null
  /** Who owns the card: must exist. `null` takes the owner away, absent leaves it. */
  readonly owner?: CustomerReference | null
  readonly actor: number | null
}

type SaveError = CardNotFound | InvalidField | UnknownReference | AlreadyTaken | StorageError

export class Cards extends Context.Service<
  Cards,
  {
    readonly find: (
      merchant: MerchantId,
      search: ReadonlyArray<CardReference>
    ) => Effect.Effect<LoyaltyCard, CardNotFound | StorageError>
    readonly list: (
      merchant: MerchantId,
      window: CardWindow
    ) => Effect.Effect<ReadonlyArray<LoyaltyCard>, StorageError>
    readonly ofCustomers: (
      merchant: MerchantId,
      customers: ReadonlyArray<CustomerId>
    ) => Effect.Effect<ReadonlyArray<LoyaltyCard>, StorageError>
    /** Changes one card or makes a new one, which needs a number. A save that changes nothing writes nothing. */
    readonly save: (merchant: MerchantId, request: SaveCard) => Effect.Effect<Saved<LoyaltyCard>, SaveError>
    readonly remove: (
      merchant: MerchantId,
      search: ReadonlyArray<CardReference>
    ) => Effect.Effect<CardId, CardNotFound | StorageError>
    /**
     * Writes a batch of cards in one transaction, each matched by its number, then by its external ids; repeating a
     * batch changes nothing. A card that cannot be stored is reported at its place and the others are.
     */
    readonly importBatch: (
      merchant: MerchantId,
      cards: ReadonlyArray<CardImport>,
      actor: number | null
    ) => Effect.Effect<ReadonlyArray<CardImportOutcome>, StorageError>
  }
>()("@tillbridge/domain/Cards") {
  static readonly layer = Layer.effect(
    Cards,
    Effect.gen(function* () {
      const repository = yield* CardRepository
      const customers = yield* CustomerRepository
      const merchants = yield* MerchantRepository
      const feed = yield* ChangeFeed
      const { atomically } = yield* UnitOfWork

      const firstOf = Effect.fnUntraced(function* (
        merchant: MerchantId,
        search: ReadonlyArray<CardReference>
      ) {
        for (const reference of search) {
          const found = yield* repository.find(merchant, reference)
          if (Option.isSome(found)) return found.value
        }
        return null
      })

      const find = Effect.fnUntraced(function* (merchant: MerchantId, search: ReadonlyArray<CardReference>) {
        return (yield* firstOf(merchant, search)) ?? (yield* new CardNotFound())
      })

      const ownerId = Effect.fnUntraced(function* (merchant: MerchantId, owner: CustomerReference) {
        if (owner.by === "externalId") {
          const [found] = yield* customers.owners(merchant, [owner.externalId])
          return found === undefined ? yield* new UnknownReference({ kind: "owner" }) : found.customerId
        }
        const found = yield* customers.get(merchant, owner.id)
        return Option.isSome(found) ? found.value.id : yield* new UnknownReference({ kind: "owner" })
      })

      const withoutIdentity = Effect.fnUntraced(function* (
        merchant: MerchantId,
        card: LoyaltyCard,
        { externalIds = [], number: _number, ...rest }: CardPatch
      ) {
        const missing = externalIds.filter(({ system }) => externalKey(card.externalIds, system) === null)
        const free = yield* Effect.filter(missing, (externalId) =>
          Effect.map(repository.find(merchant, { by: "externalId", externalId }), Option.isNone)
        )
        const kept: CardPatch = { ...rest, externalIds: free }
        return kept
      })

      const save = Effect.fnUntraced(function* (merchant: MerchantId, request: SaveCard) {
        const { actor, createIfMissing, owner, search, keepIdentity = false, settle, type } = request
        const before = yield* firstOf(merchant, search)
        if (before === null && !createIfMissing) return yield* new CardNotFound()
        const told = before === null || settle === undefined ? request.patch : settle(request.patch, before)
        const patch = before !== null && keepIdentity ? yield* withoutIdentity(merchant, before, told) : told
        const number = patch.number ?? before?.number
        if (number === undefined)
          return yield* new InvalidField({ field: "number", reason: "is required for a new card" })
        const now = yield* DateTime.now
        const patched = applyCardPatch(before ?? newCard(CardId.make(1), number, now, actor), patch, now)
        const entry = type == null ? type : yield* resolveEntry(merchants, merchant, "card type", type)
        const named =
          owner === undefined && patch.customerId != null
            ? { by: "id" as const, id: patch.customerId }
            : owner
        const customerId = named == null ? named : yield* ownerId(merchant, named)
        const wanted: LoyaltyCard = {
          ...patched,
          type:
            entry === undefined ? patched.type : entry && { id: CardTypeId.make(entry.id), name: entry.name },
          customerId: customerId === undefined ? patched.customerId : customerId
        }
        if (before !== null && sameValue(before, wanted)) return { entity: before, isNew: false }
        const claimed = yield* feed.claim(merchant, { changes: 1, cards: before === null ? 1 : 0 })
        const after: LoyaltyCard = {
          ...wanted,
          id: before === null ? claimed.cardId : before.id,
          version: claimed.position,
          updatedAt: now,
          updatedBy: actor
        }
        yield* repository.put(merchant, [{ before, after }])
        return { entity: after, isNew: before === null }
      })

      const remove = Effect.fnUntraced(function* (
        merchant: MerchantId,
        search: ReadonlyArray<CardReference>
      ) {
        const card = yield* find(merchant, search)
        const { position } = yield* feed.claim(merchant, { changes: 1 })
        yield* repository.remove(merchant, card, position, yield* DateTime.now)
        return card.id
      })

      return Cards.of({
        find,
        list: repository.list,
        ofCustomers: repository.ofCustomers,
        save: (merchant, request) => atomically(save(merchant, request)),
        remove: (merchant, search) => atomically(remove(merchant, search)),
        importBatch: (merchant, batch, actor) =>
          atomically(importCards({ repository, customers, merchants, feed }, merchant, batch, actor))
      })
    })
  )
}

/**
 * A merchant's own customers as a source: those changed after a position, each at its newest change and with all its
 * cards, then those that are gone. A customer's mark is the position of that change, so that what the engine itself
 * wrote at a position is recognised.
 */
import {
  type Capabilities,
  Cards,
  type CardRecord,
  ChangePosition,
  Checkpoint,
  type Customer,
  type CustomerChange,
  Customers,
  CustomerSource,
  Feed,
  type LoyaltyCard,
  type MerchantId,
  recordOfCustomer,
  Refused,
  SourceError,
  type SourceFailure,
  type SourcePage,
  type StorageError,
  Unreachable
} from "@tillbridge/domain"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"

/** Name of the store's own ids in external ids. */
export const STORE_SYSTEM = "tillbridge"

const PAGE = 200

const capabilities: Capabilities = {
  feed: "cursor",
  canUpsertCustomer: true,
  canDeleteCustomer: true,
  carriesCards: true,
  carriesAllCards: true,
  canUpsertCard: true,
  credentials: "key",
  formats: []
}

const cardOf = (card: LoyaltyCard): CardRecord => {
  const { createdAt: _1, createdBy: _2, customerId: _3, id: _4, number, type, ...rest } = card
  const { updatedAt: _5, updatedBy: _6, version: _7, ...patch } = rest
  return { number, patch, typeName: type === null ? null : type.name }
}

/** A customer of the store as a source tells it. */
export const changeOfCustomer = (
  customer: Customer,
  cards: ReadonlyArray<LoyaltyCard>,
  system: string
): CustomerChange => ({
  customer: recordOfCustomer(customer),
  cards: cards.map(cardOf),
  source: { system, key: String(customer.id) }
})

/** Where a reader stands: after a position of changes, and after one of removals. */
interface Place {
  readonly changes: ChangePosition
  readonly removals: ChangePosition
}

const placeOf = (checkpoint: Checkpoint | null): Place => {
  const match = /^c1\.(\d{1,15})\.(\d{1,15})$/.exec(checkpoint ?? "")
  return {
    changes: ChangePosition.make(Number(match?.[1] ?? 0)),
    removals: ChangePosition.make(Number(match?.[2] ?? 0))
  }
}

const checkpointOf = ({ changes, removals }: Place): Checkpoint =>
  Checkpoint.make(`c1.${changes}.${removals}`)

const always = DateTime.makeUnsafe(-8_640_000_000_000_000)

/** The source of one merchant's store. */
export const makeStoreSource = Effect.fnUntraced(function* (merchant: MerchantId, system = STORE_SYSTEM) {
  const customers = yield* Customers
  const cards = yield* Cards
  const feed = yield* Feed

  const changed = Effect.fnUntraced(function* (place: Place) {
    const page = yield* customers.modified(merchant, { since: always, after: place.changes, limit: PAGE })
    const ids = page.customers.map(({ id }) => id)
    const found = new Map(
      (yield* customers.getMany(merchant, ids)).map((customer) => [customer.id, customer])
    )
    const owned = new Map<number, Array<LoyaltyCard>>()
    for (const card of yield* cards.ofCustomers(merchant, ids)) {
      if (card.customerId === null) continue
      const own = owned.get(card.customerId)
      if (own === undefined) owned.set(card.customerId, [card])
      else own.push(card)
    }
    const changes = page.customers.flatMap(({ at, id, position }): ReadonlyArray<CustomerChange> => {
      const customer = found.get(id)
      if (customer === undefined) return []
      return [
        { ...changeOfCustomer(customer, owned.get(id) ?? [], system), modifiedAt: at, mark: `p${position}` }
      ]
    })
    const last = page.customers.at(-1)?.position ?? place.changes
    return { changes, next: { ...place, changes: last }, hasMore: page.hasMore }
  })

  const removed = Effect.fnUntraced(function* (place: Place) {
    const found = yield* feed.removals(merchant, place.removals, PAGE + 1)
    const page = found.slice(0, PAGE)
    return {
      removed: page.map(({ id }) => ({ system, key: String(id) })),
      next: { ...place, removals: page.at(-1)?.position ?? place.removals },
      hasMore: found.length > PAGE
    }
  })

  /** A place that no change of the store has reached, as of another store: nothing would ever be told from there. */
  const isAhead = Effect.fnUntraced(function* ({ changes }: Place) {
    if (changes === 0) return false
    const after = ChangePosition.make(changes - 1)
    const { customers: there } = yield* customers.modified(merchant, { since: always, after, limit: 1 })
    return there.length === 0 && (yield* feed.removals(merchant, after, 1)).length === 0
  })

  const step = Effect.fnUntraced(function* ({ isRemoving, place }: { isRemoving: boolean; place: Place }) {
    if (!isRemoving) {
      const { changes, hasMore, next } = yield* changed(place)
      if (changes.length === 0 && (yield* isAhead(place)))
        return yield* failed("feed", new Refused({ detail: "the checkpoint is ahead of the store" }))
      if (hasMore) {
        const page: SourcePage = { changes, next: checkpointOf(next), hasMore: true }
        return [[page], Option.some({ isRemoving: false, place: next })] as const
      }
      const gone = yield* removed(next)
      const page: SourcePage = {
        changes,
        removed: gone.removed,
        next: checkpointOf(gone.next),
        hasMore: gone.hasMore
      }
      return [
        [page],
        gone.hasMore ? Option.some({ isRemoving: true, place: gone.next }) : Option.none()
      ] as const
    }
    const gone = yield* removed(place)
    const page: SourcePage = {
      changes: [],
      removed: gone.removed,
      next: checkpointOf(gone.next),
      hasMore: gone.hasMore
    }
    return [
      [page],
      gone.hasMore ? Option.some({ isRemoving: true, place: gone.next }) : Option.none()
    ] as const
  })

  return CustomerSource.of({
    system,
    capabilities,
    pages: (from) =>
      Stream.paginate({ isRemoving: false, place: placeOf(from) }, (state) =>
        step(state).pipe(Effect.catchTag("StorageError", (error) => Effect.fail(storeFailed(error))))
      ),
    reread: () => Result.fail({ source: null, reason: "the store has no unreadable records", payload: "" })
  })
})

const failed = (operation: string, reason: SourceFailure): SourceError =>
  new SourceError({ dialect: STORE_SYSTEM, operation, reason })

/** A source fails with a `SourceError`; the store's own reason stands in its words. */
const storeFailed = (error: StorageError): SourceError =>
  failed(
    error.operation,
    error.isRetryable ? new Unreachable({ detail: error.reason }) : new Refused({ detail: error.reason })
  )

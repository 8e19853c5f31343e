/** Makers of records for the kits: each writes through the repositories alone, as one unit of work. */
import {
  CardRepository,
  ChangeFeed,
  type ChangePosition,
  type Credential,
  CredentialRepository,
  type Customer,
  type CustomerFilter,
  type CustomerId,
  CustomerRepository,
  type ListWindow,
  type LoyaltyCard,
  type Merchant,
  type MerchantId,
  MerchantRepository,
  newCard,
  newCustomer,
  type NewMerchant,
  StoreId,
  TimeZone,
  UnitOfWork
} from "@tillbridge/domain"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"

export const at = (iso: string): DateTime.Utc => DateTime.makeUnsafe(iso)

/** The moment at which records of the kits are made. */
export const someTime = at("2024-02-29T12:34:56.789Z")

export const inUnit = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.flatMap(UnitOfWork, ({ atomically }) => atomically(effect))

/** A merchant of its own for a case, so that cases may share one store. */
export const makeMerchant = (merchant: Partial<NewMerchant> = {}) =>
  inUnit(
    Effect.flatMap(MerchantRepository, (merchants) =>
      merchants.insert({
        name: "Kit & Söhne",
        timeZone: TimeZone.make("Europe/Paris"),
        externalKeyPrefix: null,
        ...merchant
      })
    )
  )

/** A merchant that already has stores 1, 2 and 3. */
export const makeMerchantWithStores = Effect.gen(function* () {
  const merchant = yield* makeMerchant()
  const merchants = yield* MerchantRepository
  yield* inUnit(
    Effect.forEach([1, 2, 3], (id) =>
      merchants.putStore(merchant.id, { id: StoreId.make(id), name: `Store ${id}` })
    )
  )
  return merchant
})

/** Adds customers with ids of their own from the feed. */
export const addCustomers = (merchant: MerchantId, given: ReadonlyArray<Partial<Customer>>) =>
  inUnit(
    Effect.gen(function* () {
      const feed = yield* ChangeFeed
      const repository = yield* CustomerRepository
      const claimed = yield* feed.claim(merchant, { changes: given.length, customers: given.length })
      const added = given.map((fields, index): Customer => ({
        ...newCustomer((claimed.customerId + index) as CustomerId, someTime, null),
        ...fields,
        version: (claimed.position + index) as ChangePosition
      }))
      yield* repository.put(
        merchant,
        added.map((after) => ({ before: null, after }))
      )
      return added
    })
  )

export const addCustomer = (merchant: MerchantId, fields: Partial<Customer> = {}) =>
  Effect.map(addCustomers(merchant, [fields]), ([added]) => added!)

/** Changes a customer; `known` is what the repository is told of the state before, `null` when it is gone by now. */
export const changeCustomer = (
  merchant: MerchantId,
  before: Customer,
  fields: Partial<Customer>,
  known: Customer | null = before
) =>
  inUnit(
    Effect.gen(function* () {
      const { position } = yield* (yield* ChangeFeed).claim(merchant, { changes: 1 })
      const after: Customer = { ...before, ...fields, version: position }
      yield* (yield* CustomerRepository).put(merchant, [{ before: known, after }])
      return after
    })
  )

/** Puts a customer under an id of its own choice, as an import does. */
export const addCustomerAs = (merchant: MerchantId, id: CustomerId, fields: Partial<Customer> = {}) =>
  inUnit(
    Effect.gen(function* () {
      const { position } = yield* (yield* ChangeFeed).claim(merchant, { changes: 1, customerIdAtLeast: id })
      const after: Customer = { ...newCustomer(id, someTime, null), ...fields, version: position }
      yield* (yield* CustomerRepository).put(merchant, [{ before: null, after }])
      return after
    })
  )

export const removeCustomer = (merchant: MerchantId, customer: Customer) =>
  inUnit(
    Effect.gen(function* () {
      const { position } = yield* (yield* ChangeFeed).claim(merchant, { changes: 1 })
      yield* (yield* CustomerRepository).remove(merchant, customer, position, someTime)
      return position
    })
  )

/** Adds cards with ids of their own; each needs a number. */
export const addCards = (
  merchant: MerchantId,
  given: ReadonlyArray<Partial<LoyaltyCard> & { readonly number: string }>
) =>
  inUnit(
    Effect.gen(function* () {
      const feed = yield* ChangeFeed
      const repository = yield* CardRepository
      const claimed = yield* feed.claim(merchant, { changes: given.length, cards: given.length })
      const added = given.map((fields, index): LoyaltyCard => ({
        ...newCard((claimed.cardId + index) as LoyaltyCard["id"], fields.number, someTime, null),
        ...fields,
        version: (claimed.position + index) as ChangePosition
      }))
      yield* repository.put(
        merchant,
        added.map((after) => ({ before: null, after }))
      )
      return added
    })
  )

export const addCard = (merchant: MerchantId, fields: Partial<LoyaltyCard> & { readonly number: string }) =>
  Effect.map(addCards(merchant, [fields]), ([added]) => added!)

/** Changes cards in one write. */
export const changeCards = (
  merchant: MerchantId,
  changes: ReadonlyArray<readonly [before: LoyaltyCard, fields: Partial<LoyaltyCard>]>
) =>
  inUnit(
    Effect.gen(function* () {
      const { position } = yield* (yield* ChangeFeed).claim(merchant, { changes: changes.length })
      const writes = changes.map(([before, fields], index) => ({
        before,
        after: { ...before, ...fields, version: (position + index) as ChangePosition }
      }))
      yield* (yield* CardRepository).put(merchant, writes)
      return writes.map(({ after }) => after)
    })
  )

export const changeCard = (merchant: MerchantId, before: LoyaltyCard, fields: Partial<LoyaltyCard>) =>
  Effect.map(changeCards(merchant, [[before, fields]]), ([after]) => after!)

export const removeCard = (merchant: MerchantId, card: LoyaltyCard, when = someTime) =>
  inUnit(
    Effect.gen(function* () {
      const { position } = yield* (yield* ChangeFeed).claim(merchant, { changes: 1 })
      yield* (yield* CardRepository).remove(merchant, card, position, when)
      return position
    })
  )

/** 32 bytes that no other call gives: what the digest of a secret looks like. */
export const randomDigest = (): Uint8Array => crypto.getRandomValues(new Uint8Array(32))

export const addCredential = (
  merchant: Merchant,
  digest: Uint8Array,
  fields: Partial<Omit<Credential, "id" | "revokedAt">> = {}
) =>
  inUnit(
    Effect.flatMap(CredentialRepository, (credentials) =>
      credentials.insert(
        {
          merchantId: merchant.id,
          dialect: "some dialect",
          login: null,
          label: null,
          scopes: ["read"],
          createdAt: someTime,
          ...fields
        },
        digest
      )
    )
  )

const everything: ListWindow = { offset: 0, limit: 100_000 }

/** The ids of the customers that a filter leaves, in the order of the store. */
export const idsOf = (merchant: MerchantId, filter: CustomerFilter = {}, window: ListWindow = everything) =>
  Effect.flatMap(CustomerRepository, (customers) =>
    Effect.map(customers.refs(merchant, filter, window), (refs) => refs.map(({ id }) => id))
  )

/** All changes of a merchant, from the beginning. */
export const allChanges = (merchant: MerchantId) =>
  Effect.flatMap(ChangeFeed, (feed) => feed.read(merchant, 0 as ChangePosition, 100_000))

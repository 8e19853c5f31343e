/**
 * The ports in memory: for tests, for embedding without a database, and as the second implementation that keeps the
 * repository kit honest. Nothing survives the process; searches walk all customers.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Semaphore from "effect/Semaphore"
import { CardRepository, type Touched, touchedBy } from "./CardRepository.ts"
import { ChangeFeed } from "./ChangeFeed.ts"
import type { Credential } from "./Credential.ts"
import { CredentialRepository } from "./CredentialRepository.ts"
import type { Customer } from "./Customer.ts"
import type { Change } from "./CustomerChange.ts"
import { type CustomerFilter, CustomerRepository } from "./CustomerRepository.ts"
import { AlreadyTaken, StorageError } from "./errors.ts"
import { CardId, ChangePosition, CredentialId, type CustomerId, MerchantId } from "./Ids.ts"
import type { LoyaltyCard } from "./LoyaltyCard.ts"
import { inPeriod } from "./LoyaltyPeriod.ts"
import type { Merchant, Store, StoreList } from "./Merchant.ts"
import { type Directory, type DirectoryEntry, MerchantRepository } from "./MerchantRepository.ts"
import {
  ascending,
  byRegistration,
  cardMatches,
  isTwice,
  matches,
  modifiedIn,
  nameOf,
  positionIn,
  sameBytes,
  windowed,
  without
} from "./memorySearch.ts"
import { copySyncMemory, makeMemorySync, newSyncMemory, type SyncMemory } from "./memorySync.ts"
import { SyncRepository } from "./SyncRepository.ts"
import { UnitOfWork } from "./UnitOfWork.ts"

interface Tenant {
  readonly merchant: Merchant
  readonly next: { position: number; customer: number; card: number }
  readonly stores: Map<number, Store>
  readonly storeLists: Map<number, StoreList>
  readonly directories: Record<Directory, Array<DirectoryEntry>>
  readonly customers: Map<number, Customer>
  readonly cards: Map<number, LoyaltyCard>
  readonly removed: Map<string, Change>
  /** The newest change of each customer or of one of its cards. */
  readonly touched: Map<number, Touched>
  readonly sync: SyncMemory
}

interface Database {
  readonly tenants: Map<number, Tenant>
  readonly credentials: Map<number, { readonly credential: Credential; readonly digest: Uint8Array }>
}

/** A copy that later writes do not reach; entities themselves are never changed in place. */
const snapshot = ({ credentials, tenants }: Database): Database => ({
  credentials: new Map(credentials),
  tenants: new Map(
    Array.from(tenants, ([id, tenant]) => [
      id,
      {
        merchant: tenant.merchant,
        next: { ...tenant.next },
        stores: new Map(tenant.stores),
        storeLists: new Map(tenant.storeLists),
        directories: {
          group: [...tenant.directories.group],
          "card type": [...tenant.directories["card type"]]
        },
        customers: new Map(tenant.customers),
        cards: new Map(tenant.cards),
        removed: new Map(tenant.removed),
        touched: new Map(tenant.touched),
        sync: copySyncMemory(tenant.sync)
      }
    ])
  )
})

/** The copy that the running unit of work writes to; nobody else sees it before the unit ends. */
const Draft = Context.Reference<Database | null>("@tillbridge/domain/memory/Draft", {
  defaultValue: () => null
})

const make = Effect.gen(function* () {
  let committed: Database = { tenants: new Map(), credentials: new Map() }
  const writer = yield* Semaphore.make(1)
  const salt = crypto.getRandomValues(new Uint8Array(16))
  /** The database as the caller sees it: its own unit's draft, or what is committed. */
  const using = <A, E = never>(use: (database: Database) => Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.flatMap(Draft, (draft) => use(draft ?? committed))
  const look = <A>(
    use: (tenantOf: (id: MerchantId) => Tenant | undefined, database: Database) => A
  ): Effect.Effect<A> =>
    using((database) => Effect.sync(() => use((id) => database.tenants.get(id), database)))
  const has = <A>(items: Iterable<A>, test: (item: A) => boolean): boolean => {
    for (const item of items) if (test(item)) return true
    return false
  }

  const unitOfWork = UnitOfWork.of({
    atomically: (effect) =>
      Effect.flatMap(Draft, (outer) =>
        outer !== null
          ? effect
          : writer.withPermit(
              Effect.suspend(() => {
                const draft = snapshot(committed)
                return effect.pipe(
                  Effect.provideService(Draft, draft),
                  Effect.onExit((exit) =>
                    Effect.sync(() => {
                      if (exit._tag === "Success") committed = draft
                    })
                  )
                )
              })
            )
      )
  })

  const merchants = MerchantRepository.of({
    insert: (merchant) =>
      look((_, database) => {
        const id = MerchantId.make(database.tenants.size + 1)
        const made: Merchant = { id, ...merchant }
        database.tenants.set(id, {
          merchant: made,
          next: { position: 1, customer: 1, card: 1 },
          stores: new Map(),
          storeLists: new Map(),
          directories: { group: [], "card type": [] },
          customers: new Map(),
          cards: new Map(),
          removed: new Map(),
          touched: new Map(),
          sync: newSyncMemory()
        })
        return made
      }),
    get: (id) => look((tenantOf) => Option.fromUndefinedOr(tenantOf(id)?.merchant)),
    list: look((_, database) => Array.from(database.tenants.values(), ({ merchant }) => merchant)),
    putStore: (id, store) => look((tenantOf) => void tenantOf(id)?.stores.set(store.id, store)),
    stores: (id) => look((tenantOf) => ascending(tenantOf(id)?.stores.values() ?? [])),
    putStoreList: (id, list) => look((tenantOf) => void tenantOf(id)?.storeLists.set(list.id, list)),
    storeLists: (id) => look((tenantOf) => ascending(tenantOf(id)?.storeLists.values() ?? [])),
    findEntry: (id, directory, named) =>
      look((tenantOf) =>
        Option.fromUndefinedOr(
          tenantOf(id)?.directories[directory].find((entry) =>
            named.id === undefined ? entry.name === named.name : entry.id === named.id
          )
        )
      ),
    addEntry: (id, directory, name) =>
      look((tenantOf) => {
        const entries = tenantOf(id)!.directories[directory]
        const found = entries.find((entry) => entry.name === name)
        if (found !== undefined) return found
        const entry = { id: entries.length + 1, name }
        entries.push(entry)
        return entry
      }),
    entries: (id, directory) => look((tenantOf) => [...(tenantOf(id)?.directories[directory] ?? [])])
  })

  const customersOf = (tenant: Tenant | undefined, filter: CustomerFilter) =>
    ascending(tenant?.customers.values() ?? []).filter(matches(filter))

  const customers = CustomerRepository.of({
    refs: (id, filter, window) =>
      look((tenantOf) =>
        windowed(customersOf(tenantOf(id), filter), window).map((customer) => ({
          id: customer.id,
          version: customer.version
        }))
      ),
    count: (id, filter) => look((tenantOf) => customersOf(tenantOf(id), filter).length),
    get: (id, customer) => look((tenantOf) => Option.fromUndefinedOr(tenantOf(id)?.customers.get(customer))),
    getMany: (id, ids) =>
      look((tenantOf) => ids.flatMap((customer) => tenantOf(id)?.customers.get(customer) ?? [])),
    owners: (id, ids) =>
      look((tenantOf) => {
        const owners = new Map<string, CustomerId>()
        for (const customer of tenantOf(id)?.customers.values() ?? []) {
          for (const { key, system } of customer.externalIds) owners.set(`${system}\0${key}`, customer.id)
        }
        return ids.flatMap((wanted) => {
          const customerId = owners.get(`${wanted.system}\0${wanted.key}`)
          return customerId === undefined ? [] : { ...wanted, customerId }
        })
      }),
    modified: (id, query) =>
      look((tenantOf) => {
        const tenant = tenantOf(id)
        return modifiedIn(tenant?.customers.values() ?? [], tenant?.touched ?? new Map(), query)
      }),
    positions: (id, ids) =>
      look((tenantOf) =>
        ids.flatMap((customer) => positionIn(tenantOf(id)?.customers, tenantOf(id)?.touched, customer))
      ),
    put: (id, writes) =>
      using(({ tenants }) => {
        const { customers: all, removed, touched } = tenants.get(id)!
        const others = without(all, writes)
        if (isTwice(others, writes, ({ externalIds }) => externalIds.map(nameOf))) {
          return Effect.fail(new AlreadyTaken({ what: "customer external id" }))
        }
        for (const { after } of writes) {
          all.set(after.id, after)
          removed.delete(`customer ${after.id}`)
          touched.set(after.id, { position: after.version, at: after.updatedAt })
        }
        return Effect.void
      }),
    remove: (id, customer, position) =>
      look((tenantOf) => {
        const tenant = tenantOf(id)!
        tenant.customers.delete(customer.id)
        tenant.touched.delete(customer.id)
        tenant.removed.set(`customer ${customer.id}`, { _tag: "CustomerRemoved", position, id: customer.id })
      })
  })

  const cardsOf = (tenant: Tenant | undefined) => ascending(tenant?.cards.values() ?? [])

  const cards = CardRepository.of({
    find: (id, reference) =>
      look((tenantOf) => Option.fromUndefinedOr(cardsOf(tenantOf(id)).find(cardMatches(reference)))),
    named: (id, numbers, externalIds) =>
      look((tenantOf) => {
        const wanted = [new Set(numbers), new Set(externalIds.map(nameOf))] as const
        return cardsOf(tenantOf(id)).filter(
          (card) => wanted[0].has(card.number) || card.externalIds.some((own) => wanted[1].has(nameOf(own)))
        )
      }),
    ofCustomers: (id, owners) =>
      look((tenantOf) =>
        cardsOf(tenantOf(id)).filter((card) => card.customerId !== null && owners.includes(card.customerId))
      ),
    list: (id, window) => look((tenantOf) => windowed(cardsOf(tenantOf(id)), window)),
    registered: (id, period, stores, window) =>
      look((tenantOf) =>
        byRegistration(
          cardsOf(tenantOf(id)).filter(
            (card) =>
              card.registeredAt !== null &&
              inPeriod(period, card.registeredAt) &&
              (stores === null || (card.registeredIn !== null && stores.includes(card.registeredIn)))
          ),
          window
        )
      ),
    put: (id, writes) =>
      using(({ tenants }) => {
        const { cards: all, next, removed, touched } = tenants.get(id)!
        const others = without(all, writes)
        if (isTwice(others, writes, ({ number }) => [number])) {
          return Effect.fail(new AlreadyTaken({ what: "card number" }))
        }
        if (isTwice(others, writes, ({ externalIds }) => externalIds.map(nameOf))) {
          return Effect.fail(new AlreadyTaken({ what: "card external id" }))
        }
        for (const { after } of writes) {
          all.set(after.id, after)
          removed.delete(`card ${after.id}`)
        }
        const owners = touchedBy(writes)
        for (const [owner, change] of owners.touched) touched.set(owner, change)
        for (const [owner, at] of owners.left) {
          touched.set(owner, { position: ChangePosition.make(next.position++), at })
        }
        return Effect.void
      }),
    remove: (id, card, position, at) =>
      look((tenantOf) => {
        const tenant = tenantOf(id)!
        tenant.cards.delete(card.id)
        if (card.customerId !== null) tenant.touched.set(card.customerId, { position, at })
        tenant.removed.set(`card ${card.id}`, { _tag: "CardRemoved", position, id: card.id })
      })
  })

  const feed = ChangeFeed.of({
    claim: (id, claim) =>
      using(({ tenants }) => {
        const { next } = tenants.get(id)!
        const customer = Math.max(next.customer, (claim.customerIdAtLeast ?? 0) + 1)
        const customers = claim.customers ?? 0
        // A record may bring the largest id there is: then none is left to give, and everything else goes on.
        if (customers > 0 && customers > Number.MAX_SAFE_INTEGER - customer + 1) {
          return Effect.fail(new StorageError({ operation: "claim", reason: "full" }))
        }
        const claimed = {
          position: ChangePosition.make(next.position),
          customerId: Math.min(customer, Number.MAX_SAFE_INTEGER) as CustomerId,
          cardId: CardId.make(next.card)
        }
        next.position += claim.changes
        next.customer = customer + customers
        next.card += claim.cards ?? 0
        return Effect.succeed(claimed)
      }),
    removals: (id, after, limit) =>
      look((tenantOf) =>
        [...(tenantOf(id)?.removed.values() ?? [])]
          .flatMap((change) =>
            change._tag === "CustomerRemoved" && change.position > after
              ? { position: change.position, id: change.id }
              : []
          )
          .sort((a, b) => a.position - b.position)
          .slice(0, limit)
      ),
    read: (id, after, limit) =>
      look((tenantOf) => {
        const tenant = tenantOf(id)
        if (tenant === undefined) return []
        const changes: Array<Change> = [
          ...tenant.removed.values(),
          ...Array.from(tenant.customers.values(), (customer): Change => ({
            _tag: "CustomerChanged",
            position: customer.version,
            customer
          })),
          ...Array.from(tenant.cards.values(), (card): Change => ({
            _tag: "CardChanged",
            position: card.version,
            card
          }))
        ]
        return changes
          .filter(({ position }) => position > after)
          .sort((a, b) => a.position - b.position)
          .slice(0, limit)
      })
  })

  const credentials = CredentialRepository.of({
    salt: Effect.succeed(salt),
    insert: (credential, digest) =>
      using((database) => {
        const taken = has(database.credentials.values(), (other) =>
          other.digest.every((byte, i) => byte === digest[i])
        )
        if (taken) return Effect.fail(new AlreadyTaken({ what: "credential" }))
        const id = CredentialId.make(database.credentials.size + 1)
        const made: Credential = { id, ...credential, revokedAt: null }
        database.credentials.set(id, { credential: made, digest })
        return Effect.succeed(made)
      }),
    byDigest: (digest) =>
      look((tenantOf, database) => {
        for (const found of database.credentials.values()) {
          const merchant = tenantOf(found.credential.merchantId)?.merchant
          if (merchant !== undefined && sameBytes(found.digest, digest)) {
            return Option.some({ ...found, merchant })
          }
        }
        return Option.none()
      }),
    byId: (id) =>
      look((tenantOf, database) => {
        const credential = database.credentials.get(id)?.credential
        const merchant = credential && tenantOf(credential.merchantId)?.merchant
        return credential && merchant ? Option.some({ credential, merchant }) : Option.none()
      }),
    list: (merchant) =>
      look((_, database) =>
        Array.from(database.credentials.values(), ({ credential }) => credential).filter(
          ({ merchantId }) => merchant === null || merchantId === merchant
        )
      ),
    revoke: (id, at) =>
      look((_, database) => {
        const found = database.credentials.get(id)
        if (found === undefined) return false
        const credential = { ...found.credential, revokedAt: found.credential.revokedAt ?? at }
        database.credentials.set(id, { ...found, credential })
        return true
      })
  })

  const sync = makeMemorySync(
    (id, use) => using(({ tenants }) => use(tenants.get(id)?.sync ?? newSyncMemory())),
    unitOfWork.atomically
  )

  return Context.empty().pipe(
    Context.add(UnitOfWork, unitOfWork),
    Context.add(MerchantRepository, merchants),
    Context.add(CustomerRepository, customers),
    Context.add(CardRepository, cards),
    Context.add(ChangeFeed, feed),
    Context.add(CredentialRepository, credentials),
    Context.add(SyncRepository, sync)
  )
})

/** Every port of one store. */
export type Repositories =
  | UnitOfWork
  | MerchantRepository
  | CustomerRepository
  | CardRepository
  | ChangeFeed
  | CredentialRepository
  | SyncRepository

/** All repositories over one store in memory. */
export const layerMemory: Layer.Layer<Repositories> = Layer.effectContext(make)

/** Ways to break the memory store. */
import {
  CardRepository,
  type CardWrite,
  type Change,
  ChangeFeed,
  type Customer,
  type CustomerFilter,
  CustomerRepository,
  layerMemory,
  type MerchantId,
  type ModifiedCustomer,
  type ModifiedQuery,
  type Repositories
} from "@tillbridge/domain"
import { Context, Effect, Layer } from "effect"

/** A break, the layer that has it, and a part of the title of a case that must go red. */
export type Break = readonly [string, Layer.Layer<Repositories>, string]

/** The memory store with one part replaced. */
export const broken = <I extends Repositories, S>(
  part: Context.Service<I, S>,
  change: (good: S, all: Context.Context<Repositories>) => Partial<S>
): Layer.Layer<Repositories> =>
  Layer.effectContext(
    Effect.map(Layer.build(Layer.fresh(layerMemory)), (all): Context.Context<Repositories> => {
      const good = Context.get(all as Context.Context<I>, part)
      return Context.add(all, part, { ...good, ...change(good, all) }) as Context.Context<Repositories>
    })
  )

export const customersLoading = (change: (customer: Customer) => Customer) =>
  broken(CustomerRepository, (good) => ({
    put: (merchant, writes) =>
      good.put(
        merchant,
        writes.map(({ after, before }) => ({ before, after: change(after) }))
      )
  }))

export const eachText = (change: (text: string) => string) =>
  customersLoading((customer) => {
    const mapped = (value: string | null) => (value === null ? null : change(value))
    return { ...customer, firstName: mapped(customer.firstName), phone: mapped(customer.phone) }
  })

export const withoutFilter = (name: keyof CustomerFilter) =>
  broken(CustomerRepository, (good) => {
    const without = (filter: CustomerFilter): CustomerFilter =>
      Object.fromEntries(Object.entries(filter).filter(([key]) => key !== name))
    return {
      refs: (merchant, filter, window) => good.refs(merchant, without(filter), window),
      count: (merchant, filter) => good.count(merchant, without(filter))
    }
  })

export const feedThat = (change: (changes: ReadonlyArray<Change>, limit: number) => ReadonlyArray<Change>) =>
  broken(ChangeFeed, (good) => ({
    read: (merchant, after, limit) =>
      Effect.map(good.read(merchant, after, limit), (changes) => change(changes, limit))
  }))

export const modifiedThat = (
  change: (customers: ReadonlyArray<ModifiedCustomer>) => ReadonlyArray<ModifiedCustomer>
) =>
  broken(CustomerRepository, (good) => ({
    modified: (merchant, query) =>
      Effect.map(good.modified(merchant, query), ({ customers, hasMore }) => ({
        customers: change(customers),
        hasMore
      }))
  }))

export const modifiedAskedFor = (change: (query: ModifiedQuery) => ModifiedQuery) =>
  broken(CustomerRepository, (good) => ({
    modified: (merchant, query) => good.modified(merchant, change(query))
  }))

export const cardsWritten = (change: (write: CardWrite) => CardWrite) =>
  broken(CardRepository, (good) => ({
    put: (merchant, writes) => good.put(merchant, writes.map(change))
  }))

/** Asks the merchant before as well, and gives its answer when the own one is empty. */
export const orOfAnother = <A>(
  own: MerchantId,
  ask: (merchant: MerchantId) => Effect.Effect<ReadonlyArray<A>, unknown>
) =>
  Effect.gen(function* () {
    const found = yield* ask(own)
    return found.length === 0 && own > 1 ? yield* ask((own - 1) as MerchantId) : found
  }).pipe(Effect.orDie)

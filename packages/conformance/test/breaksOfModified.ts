/** Stores that tell wrongly which customers changed since a time, or who a credential belongs to. */
import {
  CardRepository,
  CredentialRepository,
  type Customer,
  CustomerRepository,
  type ModifiedCustomer
} from "@tillbridge/domain"
import { DateTime, Effect } from "effect"
import { type Break, broken, cardsWritten, modifiedAskedFor, modifiedThat, orOfAnother } from "./breaking.ts"

export const breaksOfModified: ReadonlyArray<Break> = [
  [
    "does not know a change of a card for one of its owner",
    modifiedThat((customers) => customers.filter(({ position, version }) => position === version)),
    "a card that is blocked shows its owner"
  ],
  [
    "forgets the customer from whom a card went to another",
    cardsWritten(({ after, before }) => ({
      before: before && { ...before, customerId: after.customerId ?? before.customerId },
      after
    })),
    "a card that is moved to another customer shows both"
  ],
  [
    "forgets the customer from whom a card was taken",
    cardsWritten(({ after, before }) => ({
      before: before && { ...before, customerId: after.customerId },
      after
    })),
    "a card that is taken away shows its owner"
  ],
  [
    "forgets the owner of a card that is removed",
    broken(CardRepository, (good) => ({
      remove: (merchant, card, position, at) =>
        good.remove(merchant, { ...card, customerId: null }, position, at)
    })),
    "a card that is removed shows its owner"
  ],
  [
    "leaves out what changed at the time itself",
    modifiedAskedFor(({ since, ...query }) => ({
      ...query,
      since: DateTime.makeUnsafe(since.epochMilliseconds + 1)
    })),
    "the time is included"
  ],
  [
    "compares times by the second",
    modifiedAskedFor(({ since, ...query }) => ({
      ...query,
      since: DateTime.makeUnsafe(Math.floor(since.epochMilliseconds / 1_000) * 1_000)
    })),
    "to the millisecond"
  ],
  [
    "takes the latest time for that of the newest change",
    broken(CustomerRepository, (good) => {
      const latest = new Map<string, DateTime.Utc>()
      return {
        put: (merchant, writes) =>
          good.put(
            merchant,
            writes.map(({ after, before }) => {
              const name = `${merchant} ${after.id}`
              const known = latest.get(name) ?? after.updatedAt
              const updatedAt = DateTime.max(known, after.updatedAt)
              latest.set(name, updatedAt)
              return { before, after: { ...after, updatedAt } }
            })
          )
      }
    }),
    "the changed customers since any time are those of a plain list"
  ],
  [
    "lists changed customers by id",
    modifiedThat((customers) => customers.toSorted((a, b) => a.id - b.id)),
    "the oldest change first"
  ],
  [
    "gives both owners of a card that moved one position",
    modifiedThat((customers) =>
      customers.map((one) => ({
        ...one,
        position: (one.position - (one.position % 2)) as typeof one.position
      }))
    ),
    "both of its owners"
  ],
  [
    "says that there is more after a page that is just full",
    broken(CustomerRepository, (good) => ({
      modified: (merchant, query) =>
        Effect.map(good.modified(merchant, query), ({ customers }) => ({
          customers,
          hasMore: customers.length === query.limit
        }))
    })),
    "says rightly whether there are more"
  ],
  [
    "never says that there is more",
    broken(CustomerRepository, (good) => ({
      modified: (merchant, query) =>
        Effect.map(good.modified(merchant, query), ({ customers }) => ({ customers, hasMore: false }))
    })),
    "in one batch show every one of them"
  ],
  [
    "tells another merchant's changed customers",
    broken(CustomerRepository, (good) => ({
      modified: (merchant, query) =>
        Effect.map(
          orOfAnother(merchant, (one) => Effect.map(good.modified(one, query), ({ customers }) => customers)),
          (customers) => ({ customers, hasMore: false })
        )
    })),
    "a new merchant sees nothing of another"
  ],
  [
    "still tells a customer that is gone",
    broken(CustomerRepository, (good) => {
      const gone: Array<ModifiedCustomer> = []
      return {
        remove: (merchant, { id, version }, position, at) =>
          Effect.andThen(
            Effect.sync(() => void gone.push({ id, version, position, at })),
            good.remove(merchant, { id, version } as Customer, position, at)
          ),
        modified: (merchant, query) =>
          Effect.map(good.modified(merchant, query), ({ customers, hasMore }) => ({
            customers: [...customers, ...gone.filter(({ position }) => position > query.after)],
            hasMore
          }))
      }
    }),
    "a customer that is removed is no longer among them"
  ],
  [
    "shows a changed customer only after later ones have been read",
    broken(CustomerRepository, (good) => {
      const shownBefore = new Set<string>()
      return {
        modified: (merchant, query) =>
          Effect.map(good.modified(merchant, query), ({ customers, hasMore }) => ({
            customers: customers.filter(({ position }, index) => {
              const name = `${merchant} ${position}`
              const isLate = position % 5 === 0 && index < customers.length - 1 && !shownBefore.has(name)
              shownBefore.add(name)
              return !isLate
            }),
            hasMore
          }))
      }
    }),
    "a reader that follows positions"
  ],
  [
    "finds a credential that has no such id",
    broken(CredentialRepository, (good) => ({
      byId: (id) => good.byId((id > 1_000_000 ? id - 1_000_000 : id) as typeof id)
    })),
    "a credential is found by its id"
  ]
]

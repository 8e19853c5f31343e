/** How the store in memory looks for things: plain walks over all of them. */
import type { CardReference, CardWindow, RegistrationWindow, Touched } from "./CardRepository.ts"
import type { Customer } from "./Customer.ts"
import type {
  CustomerFilter,
  ListWindow,
  ModifiedCustomer,
  ModifiedPage,
  ModifiedQuery
} from "./CustomerRepository.ts"
import type { ExternalId } from "./ExternalId.ts"
import type { CustomerId } from "./Ids.ts"
import type { LoyaltyCard } from "./LoyaltyCard.ts"
import { emailKey, phoneKey } from "./SearchKeys.ts"

export const sameId = (id: ExternalId) => (other: ExternalId) =>
  other.system === id.system && other.key === id.key

export const nameOf = (id: ExternalId) => JSON.stringify([id.system, id.key])

/** The entities that a list of writes leaves as they are. */
export const without = <A extends { readonly id: number }>(
  all: ReadonlyMap<number, A>,
  writes: ReadonlyArray<{ readonly after: A }>
): Array<A> => {
  const written = new Set(writes.map(({ after }) => after.id))
  return [...all.values()].filter(({ id }) => !written.has(id))
}

/** Whether a name that one of the writes gives belongs to another write or to one of the others. */
export const isTwice = <A>(
  others: ReadonlyArray<A>,
  writes: ReadonlyArray<{ readonly after: A }>,
  namesOf: (entity: A) => ReadonlyArray<string>
): boolean => {
  const names = new Set(others.flatMap(namesOf))
  for (const { after } of writes) {
    for (const name of namesOf(after)) {
      if (names.has(name)) return true
      names.add(name)
    }
  }
  return false
}

export const ascending = <A extends { readonly id: number }>(items: Iterable<A>): Array<A> =>
  [...items].sort((a, b) => a.id - b.id)

export const windowed = <A extends { readonly id: number }>(
  items: Array<A>,
  window: ListWindow | CardWindow
): Array<A> =>
  "offset" in window
    ? items.slice(window.offset, window.offset + window.limit)
    : items.filter(({ id }) => id > (window.after ?? 0)).slice(0, window.limit)

const registration = (card: LoyaltyCard): number => card.registeredAt?.epochMilliseconds ?? -Infinity

export const byRegistration = (
  cards: ReadonlyArray<LoyaltyCard>,
  { after, limit }: RegistrationWindow
): Array<LoyaltyCard> =>
  cards
    .toSorted((a, b) => registration(a) - registration(b) || a.id - b.id)
    .filter((card) => {
      const later = after === null ? 1 : registration(card) - after.registeredAt.epochMilliseconds
      return later > 0 || (later === 0 && after !== null && card.id > after.id)
    })
    .slice(0, limit)

/** The customer among the changed ones; none when it does not exist. */
export const positionIn = (
  customers: ReadonlyMap<number, Customer> | undefined,
  touched: ReadonlyMap<number, Touched> | undefined,
  id: CustomerId
): ReadonlyArray<ModifiedCustomer> => {
  const [customer, change] = [customers?.get(id), touched?.get(id)]
  return customer === undefined || change === undefined ? [] : [{ id, version: customer.version, ...change }]
}

export const modifiedIn = (
  customers: Iterable<Customer>,
  touched: ReadonlyMap<number, Touched>,
  { after, limit, since }: ModifiedQuery
): ModifiedPage => {
  const found = Array.from(customers)
    .flatMap(({ id, version }) => {
      const change = touched.get(id)
      return change === undefined ? [] : [{ id, version, ...change }]
    })
    .filter(({ at, position }) => position > after && at.epochMilliseconds >= since.epochMilliseconds)
    .sort((a, b) => a.position - b.position)
  return { customers: found.slice(0, limit), hasMore: found.length > limit }
}

export const matches = (filter: CustomerFilter) => {
  const phone = filter.phone === undefined ? undefined : phoneKey(filter.phone)
  const email = filter.email === undefined ? undefined : emailKey(filter.email)
  return (customer: Customer): boolean => {
    const phones = [customer.phone, customer.mobilePhone]
    return (
      (filter.id === undefined || customer.id === filter.id) &&
      (filter.externalId === undefined || customer.externalIds.some(sameId(filter.externalId))) &&
      (phone === undefined || (phone !== null && phones.some((own) => phoneKey(own) === phone))) &&
      (email === undefined || (email !== null && emailKey(customer.email) === email)) &&
      (filter.hasPhone === undefined || phones.some((own) => own !== null) === filter.hasPhone) &&
      (filter.hasEmail === undefined || (customer.email !== null) === filter.hasEmail)
    )
  }
}

export const cardMatches =
  (reference: CardReference) =>
  (card: LoyaltyCard): boolean => {
    switch (reference.by) {
      case "id":
        return card.id === reference.id
      case "number":
        return card.number === reference.number
      case "externalId":
        return card.externalIds.some(sameId(reference.externalId))
      case "barcode":
        return card.barcode === reference.barcode || card.ean13 === reference.barcode
    }
  }

export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, index) => byte === b[index])

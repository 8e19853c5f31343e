/** How a patch changes a customer, on a copy that nobody else holds yet: batches make thousands of them. */
import type { Address, Customer, CustomerPatch, Extensions } from "./Customer.ts"
import { withExternalIds } from "./ExternalId.ts"
import { orNull } from "./Text.ts"

export type Writable<A> = { -readonly [K in keyof A]: A[K] }

/** Adds one dialect's fields beside what other dialects left. */
export const mergeExtensions = (current: Extensions, added: Extensions): Extensions => {
  const next: Writable<Extensions> = { ...current }
  for (const dialect in added) next[dialect] = { ...current[dialect], ...added[dialect] }
  return next
}

const line = (added: string | null | undefined, current: string | null) =>
  orNull(added === undefined ? current : added)

const patchedAddress = (current: Address, added: Partial<Address>): Address => ({
  line1: line(added.line1, current.line1),
  line2: line(added.line2, current.line2),
  line3: line(added.line3, current.line3),
  postalCode: line(added.postalCode, current.postalCode),
  city: line(added.city, current.city),
  country: line(added.country, current.country)
})

/** Changes `next` as the patch says; what else stands in it, as a record has its id and group, is not looked at. */
export const patchInto = (next: Writable<Customer>, patch: CustomerPatch): void => {
  for (const name in patch) {
    const field = name as keyof CustomerPatch
    switch (field) {
      case "title":
      case "firstName":
      case "middleName":
      case "lastName":
      case "email":
      case "phone":
      case "mobilePhone":
      case "language":
      case "notes":
        next[field] = orNull(patch[field])
        break
      case "address":
        if (patch.address !== undefined) next.address = patchedAddress(next.address, patch.address)
        break
      case "company":
        if (patch.company !== undefined) {
          const { name, vatNumber } = patch.company
          next.company = {
            name: line(name, next.company.name),
            vatNumber: line(vatNumber, next.company.vatNumber)
          }
        }
        break
      case "consents":
        if (patch.consents !== undefined) next.consents = { ...next.consents, ...patch.consents }
        break
      case "birthDate":
        if (patch.birthDate !== undefined) next.birthDate = { ...next.birthDate, ...patch.birthDate }
        break
      case "externalIds":
        if (patch.externalIds !== undefined)
          next.externalIds = withExternalIds(next.externalIds, patch.externalIds)
        break
      case "extensions":
        if (patch.extensions !== undefined)
          next.extensions = mergeExtensions(next.extensions, patch.extensions)
        break
      case "gender":
        next.gender = patch.gender ?? null
        break
      case "discountPercent":
        next.discountPercent = patch.discountPercent ?? null
        break
      case "accumulatedSales":
        if (patch.accumulatedSales !== undefined) next.accumulatedSales = patch.accumulatedSales
        break
      case "registeredAt":
        next.registeredAt = patch.registeredAt ?? null
        break
      case "registeredIn":
        next.registeredIn = patch.registeredIn ?? null
    }
  }
}

/** Who in the store an unknown customer of a source is: by external ids, then by what people are known by. */
import {
  type CardNotFound,
  Cards,
  Customers,
  type CustomerChange,
  type CustomerId,
  emailKey,
  type ExternalId,
  type MerchantId,
  type StorageError
} from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import { e164, spellings } from "./Phones.ts"
import type { Matching } from "./Writer.ts"

/** One, nobody, or several, with why. */
export type Match =
  | { readonly _tag: "One"; readonly id: CustomerId }
  | { readonly _tag: "None" }
  | { readonly _tag: "Several"; readonly reason: string }

const several = (by: string, count: number): Match => ({
  _tag: "Several",
  reason: `${by} ${count === 1 ? "belongs" : "belong"} to ${count} customers of the store`
})

const nameOf = ({ key, system }: ExternalId) => `${system}\u0000${key}`

/** Who has one of the external ids that the changes tell, own keys included. One question for the whole page. */
export const ownersOf = Effect.fnUntraced(function* (
  merchant: MerchantId,
  changes: ReadonlyArray<CustomerChange>
) {
  const customers = yield* Customers
  const idsOf = ({ customer, source }: CustomerChange) => [source, ...(customer.externalIds ?? [])]
  const found = yield* customers.owners(merchant, changes.flatMap(idsOf))
  const owners = new Map(found.map((owner) => [nameOf(owner), owner.customerId]))
  return (change: CustomerChange): Match => {
    const ids = new Set<CustomerId>()
    for (const id of idsOf(change)) {
      const owner = owners.get(nameOf(id))
      if (owner !== undefined) ids.add(owner)
    }
    const [first] = ids
    if (first === undefined) return { _tag: "None" }
    return ids.size === 1 ? { _tag: "One", id: first } : several("external ids", ids.size)
  }
})

/** Fewer share a phone or an address than this; more are no match but a placeholder, as 000000. */
const MOST = 20

/** Who is known by one of the change's cards, phones or e-mail address, as configured. */
export const matchOf = Effect.fnUntraced(function* (
  merchant: MerchantId,
  change: CustomerChange,
  { by, country }: Matching
): Effect.fn.Return<Match, StorageError, Customers | Cards> {
  const customers = yield* Customers
  const cards = yield* Cards
  const { customer } = change
  const ids = new Set<CustomerId>()
  const window = { offset: 0, limit: MOST }
  if (by.includes("card")) {
    for (const { number } of change.cards) {
      const found = yield* cards.find(merchant, [{ by: "number", number }]).pipe(
        Effect.catchIf(
          (error): error is CardNotFound => error._tag === "CardNotFound",
          () => Effect.succeed(null)
        )
      )
      if (found !== null && found.customerId !== null) ids.add(found.customerId)
    }
  }
  if (by.includes("phone")) {
    for (const phone of [customer.phone, customer.mobilePhone]) {
      const wanted = e164(phone, country)
      if (phone == null || wanted === null) continue
      const refs = yield* Effect.forEach(spellings(phone, country), (spelling) =>
        customers.refs(merchant, { phone: spelling }, window)
      )
      const candidates = [...new Set(refs.flat().map(({ id }) => id))]
      for (const found of yield* customers.getMany(merchant, candidates)) {
        if (e164(found.phone, country) === wanted || e164(found.mobilePhone, country) === wanted)
          ids.add(found.id)
      }
    }
  }
  if (by.includes("email") && customer.email != null && emailKey(customer.email) !== null) {
    for (const { id } of yield* customers.refs(merchant, { email: customer.email }, window)) ids.add(id)
  }
  const [first] = ids
  if (first === undefined) return { _tag: "None" }
  return ids.size === 1 ? { _tag: "One", id: first } : several(by.join(", "), ids.size)
})

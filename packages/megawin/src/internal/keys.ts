/**
 * Which key names which customer. A store may hold customers of several systems, so that the key a customer has at the
 * vendor and the id that another has here can be the same text. The rule: a customer's `clcleunik` is its external id
 * of the system "megawin"; without one it is its own id, unless another customer's external id is that text; then it is
 * `id:` before the id, as often as it takes. So no two customers share a key, and each key finds its customer.
 */
import {
  type Customer,
  CustomerId,
  type Customers,
  externalKey,
  type MerchantId,
  type StorageError
} from "@tillbridge/domain"
import * as Effect from "effect/Effect"

/** The system of the vendor's keys among a customer's external ids. */
export const KEY_SYSTEM = "megawin"

const PREFIX = "id:"

const externalIdOf = (key: string) => ({ system: KEY_SYSTEM, key })

/** The keys of customers that have none at the vendor: one query, as long as no key stands in another's way. */
export const keysOf = Effect.fnUntraced(function* (
  customers: Customers["Service"],
  merchant: MerchantId,
  ids: ReadonlyArray<CustomerId>
) {
  const keys = new Map<CustomerId, string>(ids.map((id) => [id, String(id)]))
  // Ends: a key is at most 255 characters long, so that no longer one is taken.
  for (let open = ids; open.length > 0;) {
    const owned = yield* customers.owners(
      merchant,
      open.map((id) => externalIdOf(keys.get(id)!))
    )
    const taken = new Set(owned.map(({ key }) => key))
    open = open.filter((id) => taken.has(keys.get(id)!))
    for (const id of open) keys.set(id, PREFIX + keys.get(id)!)
  }
  return keys
})

/** The id in a key that is made of one; only as it is written here, without zeros before it. */
const idIn = (key: string): CustomerId | null => {
  const digits = /^(?:id:)*([1-9][0-9]{0,15})$/.exec(key)?.[1]
  const id = Number(digits ?? 0)
  return id >= 1 && Number.isSafeInteger(id) ? CustomerId.make(id) : null
}

/** A customer that a key named. */
export interface Named {
  readonly customer: Customer
  /** Its key, where looking it up has told it. */
  readonly key: string | null
}

/** The customer that a key names; `null` when it names nobody. Blanks around it may belong to it or not. */
export const customerOf = Effect.fnUntraced(function* (
  customers: Customers["Service"],
  merchant: MerchantId,
  given: string
): Effect.fn.Return<Named | null, StorageError> {
  const trimmed = given.trim()
  const spellings = given === trimmed ? [trimmed] : [given, trimmed]
  const owned = yield* customers.owners(merchant, spellings.map(externalIdOf))
  const owner = owned.find(({ key }) => key === given) ?? owned[0]
  const id = owner === undefined ? idIn(trimmed) : owner.customerId
  if (id === null) return null
  const [customer] = yield* customers.getMany(merchant, [id])
  if (customer === undefined) return null
  const own = externalKey(customer.externalIds, KEY_SYSTEM)
  if (owner !== undefined) return { customer, key: own }
  // Nobody's key is this text, as was just asked: so the plain id is the customer's own.
  return own === null ? { customer, key: trimmed === String(id) ? trimmed : null } : null
})

/**
 * Customers as the bytes of the wire. Encoding dominates the cost of a page, so the bytes of each customer are kept
 * by its version: a read asks the store only for ids and versions and joins what is already encoded. The key also
 * holds what else the bytes depend on: format, merchant, and the merchant's day, from which `age` follows.
 */
import {
  Cards,
  type Customer,
  type CustomerRef,
  Customers,
  formatLocalDate,
  type LocalDate,
  type LoyaltyCard,
  type Merchant,
  toLocal
} from "@tillbridge/domain"
import { makeRecordCache } from "@tillbridge/wire"
import { DateTime, Effect } from "effect"
import {
  cardFields,
  customerFields,
  DIALECT,
  encodeCustomerJson,
  encodeCustomerXml,
  type Loyalty
} from "../VirtposCodec.ts"
import type { Format } from "./answers.ts"
import type { Call } from "./call.ts"
import type { ListQuery } from "./listQuery.ts"

const encoder = new TextEncoder()

export const makeCustomerBytes = Effect.fnUntraced(function* (options: { readonly cacheBytes: number }) {
  const customers = yield* Customers
  const cards = yield* Cards
  const cache = makeRecordCache({ maxBytes: options.cacheBytes })

  const encode = (
    customer: Customer,
    format: Format,
    merchant: Merchant,
    today: LocalDate,
    externalSystem: string,
    loyalty?: Loyalty
  ) => {
    const fields = customerFields(customer, { timeZone: merchant.timeZone, today, externalSystem })
    return encoder.encode(
      format === "xml" ? encodeCustomerXml(fields, loyalty) : encodeCustomerJson(fields, loyalty)
    )
  }

  /** The bytes of those that still exist, in order. `remember` is off where a long list would flush the cache. */
  const plain = Effect.fnUntraced(function* (
    call: Call,
    refs: ReadonlyArray<CustomerRef>,
    remember: boolean
  ) {
    const { context, format, merchant } = call
    const today = toLocal(merchant.timeZone, yield* DateTime.now)
    const space = `${DIALECT} ${format} ${merchant.id} ${formatLocalDate(today)}`
    const out: Array<Uint8Array | undefined> = Array.from({ length: refs.length })
    const missing: Array<number> = []
    refs.forEach(({ id, version }, index) => {
      const bytes = cache.get(space, id, version)
      if (bytes === undefined) missing.push(index)
      else out[index] = bytes
    })
    if (missing.length === 0) return out as Array<Uint8Array>
    const loaded = new Map<number, Customer>()
    for (const customer of yield* customers.getMany(
      merchant.id,
      missing.map((index) => refs[index]!.id)
    )) {
      loaded.set(customer.id, customer)
    }
    for (const index of missing) {
      const customer = loaded.get(refs[index]!.id)
      if (customer === undefined) continue
      const bytes = encode(customer, format, merchant, today, context.externalSystem)
      if (remember) cache.set(space, customer.id, customer.version, bytes)
      out[index] = bytes
    }
    return out.filter((bytes) => bytes !== undefined)
  })

  /** With cards or bonuses. Cards change on their own, so these bytes are not kept. */
  const withLoyalty = Effect.fnUntraced(function* (
    call: Call,
    refs: ReadonlyArray<CustomerRef>,
    query: ListQuery
  ) {
    const { context, format, merchant } = call
    const ids = refs.map(({ id }) => id)
    const found = yield* customers.getMany(merchant.id, ids)
    const owned: ReadonlyArray<LoyaltyCard> = query.cards ? yield* cards.ofCustomers(merchant.id, ids) : []
    const byOwner = Map.groupBy(owned, ({ customerId }) => customerId)
    const today = toLocal(merchant.timeZone, yield* DateTime.now)
    return found.map((customer) =>
      encode(customer, format, merchant, today, context.externalSystem, {
        ...(query.cards
          ? { cards: (byOwner.get(customer.id) ?? []).map((card) => cardFields(card, context)) }
          : {}),
        bonuses: query.bonuses
      })
    )
  })

  return (call: Call, refs: ReadonlyArray<CustomerRef>, query: ListQuery, remember: boolean) =>
    query.cards || query.bonuses ? withLoyalty(call, refs, query) : plain(call, refs, remember)
})

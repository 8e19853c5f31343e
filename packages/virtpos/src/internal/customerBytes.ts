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
  toLocal
} from "@tillbridge/domain"
import { makeRecordCache } from "@tillbridge/wire"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import {
  cardFields,
  customerFields,
  DIALECT,
  encodeCustomerJson,
  encodeCustomerXml,
  type Loyalty
} from "../VirtposCodec.ts"
import type { Call } from "./call.ts"
import type { ListQuery } from "./listQuery.ts"

const encoder = new TextEncoder()

export const makeCustomerBytes = Effect.fnUntraced(function* (options: { readonly cacheBytes: number }) {
  const customers = yield* Customers
  const cards = yield* Cards
  const cache = makeRecordCache({ maxBytes: options.cacheBytes })

  const encode = (customer: Customer, { context, format }: Call, today: LocalDate, loyalty?: Loyalty) => {
    const fields = customerFields(customer, { ...context, today })
    return encoder.encode(format === "xml" ? encodeCustomerXml(fields, loyalty) : encodeCustomerJson(fields, loyalty))
  }

  /** Encodes what the cache lacks; customers that are gone by now are left out. */
  const completed = Effect.fnUntraced(function* (
    call: Call,
    refs: ReadonlyArray<CustomerRef>,
    found: Array<Uint8Array | undefined>,
    today: LocalDate,
    space: string | null
  ) {
    const missing = refs.filter((_, index) => found[index] === undefined)
    const encoded = new Map<number, Uint8Array>()
    for (const customer of yield* customers.getMany(call.merchant.id, missing.map(({ id }) => id))) {
      const bytes = encode(customer, call, today)
      if (space !== null) cache.set(space, customer.id, customer.version, bytes)
      encoded.set(customer.id, bytes)
    }
    return refs.flatMap(({ id }, index) => found[index] ?? encoded.get(id) ?? [])
  })

  /** The bytes of those that still exist, in order. `remember` is off where a long list would flush the cache. */
  const plain = (call: Call, refs: ReadonlyArray<CustomerRef>, remember: boolean) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const today = toLocal(call.merchant.timeZone, DateTime.makeUnsafe(now))
      const space = `${DIALECT} ${call.format} ${call.merchant.id} ${formatLocalDate(today)}`
      let complete = true
      const found = refs.map(({ id, version }) => {
        const bytes = cache.get(space, id, version)
        if (bytes === undefined) complete = false
        return bytes
      })
      return complete
        ? Effect.succeed(found as ReadonlyArray<Uint8Array>)
        : completed(call, refs, found, today, remember ? space : null)
    })

  /** With cards or bonuses. Cards change on their own, so these bytes are not kept. */
  const withLoyalty = Effect.fnUntraced(function* (call: Call, refs: ReadonlyArray<CustomerRef>, query: ListQuery) {
    const { context, merchant } = call
    const ids = refs.map(({ id }) => id)
    const found = yield* customers.getMany(merchant.id, ids)
    const owned: ReadonlyArray<LoyaltyCard> = query.cards ? yield* cards.ofCustomers(merchant.id, ids) : []
    const byOwner = Map.groupBy(owned, ({ customerId }) => customerId)
    const today = toLocal(merchant.timeZone, yield* DateTime.now)
    return found.map((customer) =>
      encode(customer, call, today, {
        ...(query.cards ? { cards: (byOwner.get(customer.id) ?? []).map((card) => cardFields(card, context)) } : {}),
        bonuses: query.bonuses
      })
    )
  })

  return (call: Call, refs: ReadonlyArray<CustomerRef>, query: ListQuery, remember: boolean) =>
    query.cards || query.bonuses ? withLoyalty(call, refs, query) : plain(call, refs, remember)
})

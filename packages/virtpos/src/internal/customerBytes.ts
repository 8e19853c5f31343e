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
import { makeBytesCache, makeRecordCache } from "@tillbridge/wire"
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
import { listBytes } from "./answers.ts"
import type { Call } from "./call.ts"
import type { ListQuery } from "./listQuery.ts"

const encoder = new TextEncoder()

/** Days begin on a quarter hour of UTC in every zone of today, so within one the day stays. */
const quarterHour = 900_000

interface Day {
  readonly quarter: number
  readonly today: LocalDate
  readonly space: string
}

/** Below so many customers, joining them costs less than finding the page. */
const smallestPage = 10

export const makeCustomerBytes = Effect.fnUntraced(function* (options: { readonly cacheBytes: number }) {
  const customers = yield* Customers
  const cards = yield* Cards
  const cache = makeRecordCache({ maxBytes: options.cacheBytes / 2 })
  const pages = makeBytesCache({ maxBytes: options.cacheBytes / 2 })

  const encode = (customer: Customer, { context, format }: Call, today: LocalDate, loyalty?: Loyalty) => {
    const fields = customerFields(customer, { ...context, today })
    return encoder.encode(
      format === "xml" ? encodeCustomerXml(fields, loyalty) : encodeCustomerJson(fields, loyalty)
    )
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
    if (missing.length === 0) return found as ReadonlyArray<Uint8Array>
    const encoded = new Map<number, Uint8Array>()
    for (const customer of yield* customers.getMany(
      call.merchant.id,
      missing.map(({ id }) => id)
    )) {
      const bytes = encode(customer, call, today)
      if (space !== null) cache.set(space, customer.id, customer.version, bytes)
      encoded.set(customer.id, bytes)
    }
    return refs.flatMap(({ id }, index) => found[index] ?? encoded.get(id) ?? [])
  })

  const days = new Map<string, Day>()

  /** The merchant's day, and the name of the cache's space for it. */
  const dayOf = ({ format, merchant }: Call, now: number): Day => {
    const key = `${format} ${merchant.id}`
    const quarter = Math.floor(now / quarterHour)
    let day = days.get(key)
    if (day?.quarter !== quarter) {
      if (days.size > 1_000) days.clear()
      const today = toLocal(merchant.timeZone, DateTime.makeUnsafe(now))
      day = { quarter, today, space: `${DIALECT} ${key} ${formatLocalDate(today)}` }
      days.set(key, day)
    }
    return day
  }

  const lookUp = (space: string, refs: ReadonlyArray<CustomerRef>) => {
    let isComplete = true
    const found = refs.map(({ id, version }) => {
      const bytes = cache.get(space, id, version)
      if (bytes === undefined) isComplete = false
      return bytes
    })
    return { found, isComplete }
  }

  /** With cards or bonuses. Cards change on their own, so these bytes are not kept. */
  const withLoyalty = Effect.fnUntraced(function* (
    call: Call,
    refs: ReadonlyArray<CustomerRef>,
    query: ListQuery
  ) {
    const { context, merchant } = call
    const ids = refs.map(({ id }) => id)
    const found = yield* customers.getMany(merchant.id, ids)
    const owned: ReadonlyArray<LoyaltyCard> = query.cards ? yield* cards.ofCustomers(merchant.id, ids) : []
    const byOwner = Map.groupBy(owned, ({ customerId }) => customerId)
    const today = toLocal(merchant.timeZone, yield* DateTime.now)
    return found.map((customer) =>
      encode(customer, call, today, {
        ...(query.cards
          ? { cards: (byOwner.get(customer.id) ?? []).map((card) => cardFields(card, context)) }
          : {}),
        bonuses: query.bonuses
      })
    )
  })

  /**
   * A page as one body. A page asked for again is a whole answer that is still there, under the very ids and versions
   * that it is made of; it is kept only when each of its customers came from the cache in that version.
   */
  const page = (call: Call, refs: ReadonlyArray<CustomerRef>, query: ListQuery) => {
    const { format } = call
    if (query.cards || query.bonuses) {
      return Effect.map(withLoyalty(call, refs, query), (records) => listBytes(format, records))
    }
    return Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const { space, today } = dayOf(call, now)
      let key = space
      if (refs.length >= smallestPage) {
        for (const { id, version } of refs) key += ` ${id} ${version}`
        const body = pages.get(key)
        if (body !== undefined) return Effect.succeed(body)
      }
      const { found, isComplete } = lookUp(space, refs)
      if (!isComplete) {
        return Effect.map(completed(call, refs, found, today, space), (records) => listBytes(format, records))
      }
      const body = listBytes(format, found as ReadonlyArray<Uint8Array>)
      if (refs.length >= smallestPage) pages.set(key, body)
      return Effect.succeed(body)
    })
  }

  /** The customers of one step of a long list. They are not kept: the list would flush the cache. */
  const step = (call: Call, refs: ReadonlyArray<CustomerRef>, query: ListQuery) => {
    if (query.cards || query.bonuses) return withLoyalty(call, refs, query)
    return Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const { space, today } = dayOf(call, now)
      return completed(call, refs, lookUp(space, refs).found, today, null)
    })
  }

  return { page, step }
})

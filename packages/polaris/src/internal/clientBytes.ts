/**
 * Clients as the bytes of the wire. Encoding dominates the cost of a slice, so the bytes of each client are kept by the
 * position of its newest change, which counts those of its cards too. The key also holds what else the bytes depend
 * on: format, merchant, and whether the external key is told.
 */
import {
  Cards,
  type ChangePosition,
  type Customer,
  type CustomerId,
  Customers,
  type LoyaltyCard,
  type Merchant
} from "@tillbridge/domain"
import { makeBytesCache, makeRecordCache } from "@tillbridge/wire"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { encodeClient, type EncodeContext, type Format, lastChange } from "../PolarisCodec.ts"
import type { PolarisNames } from "../PolarisNames.ts"
import { sliceBytes } from "./answers.ts"
import { DIALECT } from "./dialect.ts"

/** A client whose newest change, or that of one of its cards, is at a position of the feed. */
export interface ChangedClient {
  readonly id: CustomerId
  readonly position: ChangePosition
  readonly at: DateTime.Utc
}

/** What the bytes of one answer depend on. */
export interface Wanted {
  readonly format: Format
  readonly merchant: Merchant
  /** Whether the caller gave the merchant's prefix. */
  readonly withKey: boolean
}

const encoder = new TextEncoder()

/** Below so many clients, joining them costs less than finding the slice. */
const smallestSlice = 10

export const makeClientBytes = Effect.fnUntraced(function* (options: {
  readonly cacheBytes: number
  readonly names: PolarisNames
}) {
  const customers = yield* Customers
  const cards = yield* Cards
  const cache = makeRecordCache({ maxBytes: options.cacheBytes / 2 })
  const slices = makeBytesCache({ maxBytes: options.cacheBytes / 2 })

  const contextOf = ({ merchant, withKey }: Wanted): EncodeContext => ({
    timeZone: merchant.timeZone,
    names: options.names,
    externalSystem: withKey ? merchant.externalKeyPrefix : null
  })

  /** One client, as it is now. Not kept: what its version is with its cards is known only to the feed. */
  const one = (wanted: Wanted, customer: Customer) =>
    Effect.map(cards.ofCustomers(wanted.merchant.id, [customer.id]), (owned) =>
      encodeClient(wanted.format, customer, owned, lastChange(customer, owned), contextOf(wanted))
    )

  const encodeMissing = Effect.fnUntraced(function* (
    wanted: Wanted,
    space: string,
    missing: ReadonlyArray<ChangedClient>
  ) {
    const { merchant } = wanted
    const ids = missing.map(({ id }) => id)
    const found = yield* customers.getMany(merchant.id, ids)
    const owned: ReadonlyArray<LoyaltyCard> = yield* cards.ofCustomers(merchant.id, ids)
    const byOwner = Map.groupBy(owned, ({ customerId }) => customerId)
    const byId = new Map(found.map((customer) => [customer.id, customer]))
    const context = contextOf(wanted)
    const encoded = new Map<number, Uint8Array>()
    for (const { at, id, position } of missing) {
      const customer = byId.get(id)
      if (customer === undefined) continue
      const own = byOwner.get(id) ?? []
      const bytes = encoder.encode(encodeClient(wanted.format, customer, own, at, context))
      // Read after the position was told, so at least as new as it; a later change has a position of its own.
      cache.set(space, id, position, bytes)
      encoded.set(id, bytes)
    }
    return encoded
  })

  /**
   * These clients in their order, as one body; those that are gone by now are left out. A slice asked for again is a
   * whole body that is still there, under the very positions and the checkpoint that it is made of; it is kept only when
   * each of its clients came from the cache.
   */
  const slice = (
    wanted: Wanted,
    changed: ReadonlyArray<ChangedClient>,
    frame: readonly [head: string, tail: string]
  ) => {
    const { format, merchant, withKey } = wanted
    const space = `${DIALECT} ${format} ${merchant.id} ${withKey}`
    const isLong = changed.length >= smallestSlice
    let key = `${space} ${frame[0]}`
    if (isLong) {
      for (const { id, position } of changed) key += ` ${id} ${position}`
      const body = slices.get(key)
      if (body !== undefined) return Effect.succeed(body)
    }
    const kept = changed.map(({ id, position }) => cache.get(space, id, position))
    const missing = changed.filter((_, index) => kept[index] === undefined)
    if (missing.length > 0) {
      return Effect.map(encodeMissing(wanted, space, missing), (encoded) =>
        sliceBytes(
          format,
          frame,
          changed.flatMap(({ id }, index) => kept[index] ?? encoded.get(id) ?? [])
        )
      )
    }
    const body = sliceBytes(format, frame, kept as ReadonlyArray<Uint8Array>)
    if (isLong) slices.set(key, body)
    return Effect.succeed(body)
  }

  return { one, slice }
})

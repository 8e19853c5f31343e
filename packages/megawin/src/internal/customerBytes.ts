/**
 * Customers as the bytes of the wire. Encoding dominates the cost of a list, so the bytes of each customer are kept by
 * its version: a read asks the store only for ids and versions and joins what is already encoded. The key of a
 * customer that has none at the vendor depends on others and is not kept: it stands before the kept rest.
 */
import {
  type Customer,
  type CustomerId,
  type CustomerRef,
  Customers,
  externalKey,
  type Merchant
} from "@tillbridge/domain"
import { makeBytesCache, makeRecordCache } from "@tillbridge/wire"
import * as Effect from "effect/Effect"
import { DIALECT, encodeKey, encodeRest } from "../MegawinCodec.ts"
import { joinRecords, listHead, listTail } from "./answers.ts"
import { KEY_SYSTEM, keysOf } from "./keys.ts"
import type { LockedValues } from "./lockedValues.ts"

const encoder = new TextEncoder()

/** What a whole record begins with, and a rest without its key does not. */
const OPENING = "{".charCodeAt(0)

export const makeCustomerBytes = Effect.fnUntraced(function* (options: {
  readonly cacheBytes: number
  readonly locked: LockedValues
}) {
  const customers = yield* Customers
  const cache = makeRecordCache({ maxBytes: options.cacheBytes / 2 })
  const lists = makeBytesCache({ maxBytes: options.cacheBytes / 2 })

  const encode = ({ timeZone }: Merchant, customer: Customer, locked: string): Uint8Array => {
    const own = externalKey(customer.externalIds, KEY_SYSTEM)
    const rest = encodeRest(customer, { timeZone, locked })
    return encoder.encode(own === null ? rest : encodeKey(own) + rest)
  }

  /** Encodes what the cache lacks; customers that are gone by now are left out. */
  const encodeMissing = Effect.fnUntraced(function* (
    merchant: Merchant,
    missing: ReadonlyArray<CustomerRef>,
    space: string,
    keep: boolean
  ) {
    const ids = missing.map(({ id }) => id)
    const locked = yield* options.locked.of(merchant.id, ids)
    const encoded = new Map<CustomerId, Uint8Array>()
    for (const customer of yield* customers.getMany(merchant.id, ids)) {
      const bytes = encode(merchant, customer, locked(customer.id))
      if (keep) cache.set(space, customer.id, customer.version, bytes)
      encoded.set(customer.id, bytes)
    }
    return encoded
  })

  const spaceOf = ({ id }: Merchant) => `${DIALECT} ${id}`

  /**
   * The records of these customers, each in its parts. `keep`: whether to keep what was encoded, which a long list
   * does not, as it would push everything else out. `known`: keys that need not be looked up.
   */
  const records = Effect.fnUntraced(function* (
    merchant: Merchant,
    refs: ReadonlyArray<CustomerRef>,
    keep: boolean,
    known?: ReadonlyMap<CustomerId, string>
  ) {
    const space = spaceOf(merchant)
    const found = refs.map(({ id, version }) => cache.get(space, id, version))
    const missing = refs.filter((_, index) => found[index] === undefined)
    const encoded = missing.length === 0 ? undefined : yield* encodeMissing(merchant, missing, space, keep)
    const bytes = refs.map(({ id }, index) => found[index] ?? encoded?.get(id))
    const keyless = refs.filter((_, index) => bytes[index] !== undefined && bytes[index][0] !== OPENING)
    const isKnown = keyless.every(({ id }) => known?.has(id) === true)
    const keys =
      keyless.length === 0 || isKnown
        ? known
        : yield* keysOf(
            customers,
            merchant.id,
            keyless.map(({ id }) => id)
          )
    return refs.flatMap(({ id }, index): ReadonlyArray<ReadonlyArray<Uint8Array>> => {
      const rest = bytes[index]
      if (rest === undefined) return []
      return [rest[0] === OPENING ? [rest] : [encoder.encode(encodeKey(keys!.get(id)!)), rest]]
    })
  })

  /**
   * A list of everybody as one body. Keys depend on other customers only, and all of them are in the list: so one asked
   * for again is a whole answer that is still there, under the very ids and versions that it is made of.
   */
  const everybody = (merchant: Merchant, refs: ReadonlyArray<CustomerRef>) => {
    let key = spaceOf(merchant)
    for (const { id, version } of refs) key += ` ${id} ${version}`
    const known = lists.get(key)
    if (known !== undefined) return Effect.succeed(known)
    return Effect.map(records(merchant, refs, true), (found) => {
      const body = joinRecords(found, false, listHead, listTail)
      // One that is gone by now was not told; the next list has another key.
      if (found.length === refs.length) lists.set(key, body)
      return body
    })
  }

  return { records, everybody }
})

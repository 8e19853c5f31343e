/**
 * What the drop-in server tells as a customer's `password`. Real shops log people in by comparing that field with what
 * was typed (OBSERVED), so it is never empty and nobody can know or guess it: 144 bits derived for each customer, by
 * HKDF (RFC 5869, HMAC-SHA-256), from a secret that is made when the process starts and never leaves it.
 */
import type { CustomerId, MerchantId } from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"

/** Bytes of one value. */
const size = 18

/** Customers of one derivation: a page of neighbours needs few. At most 255 × 32 bytes come from one. */
const atOnce = 64

const encoder = new TextEncoder()

export interface LockedValues {
  /** The values of these customers. */
  readonly of: (
    merchant: MerchantId,
    customers: ReadonlyArray<CustomerId>
  ) => Effect.Effect<(customer: CustomerId) => string>
}

const blockOf = (customer: CustomerId): number => Math.floor(customer / atOnce)

/** Values of a secret of their own. */
export const makeLockedValues: Effect.Effect<LockedValues> = Effect.promise(async () => {
  const seed = crypto.getRandomValues(new Uint8Array(32))
  const key = await crypto.subtle.importKey("raw", seed, "HKDF", false, ["deriveBits"])
  seed.fill(0)

  const derive = async (merchant: MerchantId, block: number) => {
    const info = encoder.encode(`megawin password ${merchant} ${block}`)
    const algorithm = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info }
    return new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, atOnce * size * 8))
  }

  return {
    of: (merchant, customers) =>
      Effect.promise(async () => {
        const numbers = [...new Set(customers.map(blockOf))]
        const made = await Promise.all(numbers.map((block) => derive(merchant, block)))
        const blocks = new Map(numbers.map((block, index) => [block, made[index]!]))
        return (customer) => {
          const start = (customer % atOnce) * size
          // Nobody takes it for a person's own password.
          return `locked-${Base64Url.encode(blocks.get(blockOf(customer))!.subarray(start, start + size))}`
        }
      })
  }
})

import { Deferred, Effect, Layer, Redacted } from "effect"
import { Digest, Kdf, SecureRandom } from "effect/crypto"
import { Credentials, layerMemory, type MerchantId, Merchants } from "../src/index.ts"

/** Credentials over a slow hash that counts how often it is asked and may be held up. */
export const open = Effect.gen(function* () {
  const asked = { times: 0 }
  const gate = yield* Deferred.make<void>()
  yield* Deferred.succeed(gate, undefined)
  const held = { gate }
  const kdf = Layer.succeed(Kdf.Kdf, {
    derive: (_algorithm, secret) =>
      Effect.suspend(() => {
        asked.times++
        return Effect.as(
          Deferred.await(held.gate),
          new Uint8Array(32).map((_, i) => secret[secret.length - 1 - i] ?? 0)
        )
      })
  } as Kdf.Kdf["Service"])
  const hashes = Layer.mergeAll(kdf, Digest.layerWebCrypto, SecureRandom.layerWebCrypto)
  /** Credentials of a process of its own, on a store that is there already. */
  const restarted = Layer.fresh(Credentials.layerNoDeps).pipe(Layer.provide(hashes))
  const services = Layer.mergeAll(Merchants.layer, Credentials.layerNoDeps).pipe(
    Layer.provide(hashes),
    Layer.provideMerge(layerMemory)
  )
  return { asked, held, restarted, services }
})

export const chosen = (merchantId: MerchantId, secret: string, login: string | null = null) => ({
  merchantId,
  dialect: "till",
  login,
  secret: Redacted.make(secret),
  label: null,
  scopes: ["read"] as const
})

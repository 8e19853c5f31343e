/**
 * Credentials whose chosen secrets cost nothing to prove. Slow digests protect secrets of people in a stolen database; a
 * simulator has none: its credentials are printed, and nobody but this machine reaches it.
 */
import { Credentials } from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Digest from "effect/crypto/Digest"
import * as Kdf from "effect/crypto/Kdf"
import * as SecureRandom from "effect/crypto/SecureRandom"

/** FNV-1a over the secret, once for each byte of the result: another secret, another result. */
const mixed = (secret: Uint8Array, length: number): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length }, (_, at) => {
    let hash = 0x811c9dc5 ^ at
    for (const byte of secret) hash = Math.imul(hash ^ byte, 0x01000193)
    return (hash ^ (hash >>> 8) ^ (hash >>> 16)) & 0xff
  })

const quick = Layer.succeed(
  Kdf.Kdf,
  Kdf.Kdf.of({ derive: (_, secret, options) => Effect.succeed(mixed(secret as Uint8Array, options.length)) })
)

export const layerQuickCredentials = Credentials.layerNoDeps.pipe(
  Layer.provide([Digest.layerWebCrypto, quick, SecureRandom.layerWebCrypto])
)

/**
 * JSON Web Tokens of one kind: HMAC-SHA256, signed and checked by the platform's WebCrypto. No other algorithm is
 * taken, whatever a token says of itself.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Base64Url from "effect/encoding/Base64Url"

export type Claims = Readonly<Record<string, string | number>>

export interface Signer {
  readonly sign: (claims: Claims) => Effect.Effect<string>
  /** The claims of a token with a good signature; nothing is said of their time. */
  readonly open: (token: string) => Effect.Effect<Readonly<Record<string, unknown>> | undefined>
}

/** A key of fewer bytes could be guessed from a token (RFC 7518). */
export const LEAST_KEY_BYTES = 32

/** Ours have a third of it. */
const LONGEST_TOKEN = 4_096

const encoder = new TextEncoder()
const utf8 = new TextDecoder("utf-8", { fatal: true })
const header = Base64Url.encode(`{"alg":"HS256","typ":"JWT"}`)
/** The last character of a signature has two bits that say nothing: they are 0, so that a token has one spelling. */
const form = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])$/

const objectOf = (part: string): Readonly<Record<string, unknown>> | undefined => {
  const bytes = Base64Url.decode(part)
  if (Result.isFailure(bytes)) return undefined
  try {
    const value = JSON.parse(utf8.decode(bytes.success)) as unknown
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined
  } catch {
    return undefined
  }
}

export const makeSigner = Effect.fnUntraced(function* (secret: Uint8Array<ArrayBuffer>) {
  const algorithm = { name: "HMAC", hash: "SHA-256" }
  const key = yield* Effect.promise(() =>
    crypto.subtle.importKey("raw", secret, algorithm, false, ["sign", "verify"])
  )

  const sign = (claims: Claims) => {
    const signed = `${header}.${Base64Url.encode(JSON.stringify(claims))}`
    return Effect.map(
      Effect.promise(() => crypto.subtle.sign("HMAC", key, encoder.encode(signed))),
      (signature) => `${signed}.${Base64Url.encode(new Uint8Array(signature))}`
    )
  }

  const open = (token: string): Effect.Effect<Readonly<Record<string, unknown>> | undefined> => {
    const parts = token.length > LONGEST_TOKEN ? null : form.exec(token)
    const signature = parts === null ? undefined : Base64Url.decode(parts[3]!)
    if (parts === null || signature === undefined || Result.isFailure(signature))
      return Effect.succeed(undefined)
    if (objectOf(parts[1]!)?.["alg"] !== "HS256") return Effect.succeed(undefined)
    const signed = encoder.encode(`${parts[1]}.${parts[2]}`)
    return Effect.map(
      // Compares in constant time.
      Effect.promise(() => crypto.subtle.verify("HMAC", key, new Uint8Array(signature.success), signed)),
      (isGood) => (isGood ? objectOf(parts[2]!) : undefined)
    )
  }

  const signer: Signer = { sign, open }
  return signer
})

/**
 * Trust in a site's certificate. Shops run this API on their own machines with self-signed and often expired
 * certificates, so the vendor tells callers to check them by themselves: to remember the fingerprint at the first
 * successful login and to take no other with these credentials afterwards (DOCUMENTED). This package opens no
 * connections; it says when a login went well or not, and the `HttpClient` that the program provides does the rest.
 */
import { InvalidField } from "@tillbridge/domain"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Result from "effect/Result"

/** SHA-256 of a certificate (DER) as 64 hexadecimal digits in lower case. */
export type Fingerprint = string & { readonly Fingerprint: unique symbol }

/** Reads a fingerprint in any usual spelling: `AB:CD:…`, with or without colons or spaces, in any letter case. */
export const parseFingerprint = (text: string): Result.Result<Fingerprint, InvalidField> => {
  const digits = text
    .replace(/^sha-?256[:= ]/i, "")
    .replace(/[:\s]/g, "")
    .toLowerCase()
  return /^[0-9a-f]{64}$/.test(digits)
    ? Result.succeed(digits as Fingerprint)
    : Result.fail(
        new InvalidField({
          field: "fingerprint",
          reason: "must be the SHA-256 of a certificate: 64 hex digits"
        })
      )
}

/** `AB:CD:…`, as browsers and tools show it. */
export const formatFingerprint = (fingerprint: Fingerprint): string =>
  (fingerprint.toUpperCase().match(/../g) ?? []).join(":")

/** What an `HttpClient` that checks certificates wants to know; the client tells it when it is there. */
export class CertificateTrust extends Context.Service<
  CertificateTrust,
  {
    /** A login went well: the certificate seen with it may be trusted from now on. */
    readonly loggedIn: Effect.Effect<void>
    /** A login failed: a certificate that is not trusted yet is forgotten. */
    readonly refused: Effect.Effect<void>
  }
>()("@tillbridge/polaris/CertificateTrust") {}

/**
 * An HTTP client for sites that stand behind a certificate of their own making, often expired: who signed it does not
 * count, its SHA-256 fingerprint does. With a fingerprint given only that certificate is taken. Without one, the first
 * that is seen is taken until a login tells whether the site was the right one: from a good login on it is the only
 * one. The certificate is looked at before a byte of a request is sent.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import Undici from "@effect/platform-node/Undici"
import { CertificateTrust, type Fingerprint, parseFingerprint } from "@tillbridge/polaris"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type * as HttpClient from "effect/http/HttpClient"
import { TLSSocket } from "node:tls"
import { CONNECT_MILLIS } from "./limits.ts"

export interface PinOptions {
  /** The only certificate that is taken; `null`: the one of the first good login. */
  readonly fingerprint: Fingerprint | null
  /** Told once, when a certificate came to be trusted by a good login: to keep it for the next start. */
  readonly onTrusted?: (fingerprint: Fingerprint) => Effect.Effect<void>
}

/** The code by which the refusal of a certificate is known in a `SourceError`'s detail. */
export const CERTIFICATE_REFUSED = "CERTIFICATE_NOT_TRUSTED"

class CertificateRefused extends Error {
  readonly code = CERTIFICATE_REFUSED
  constructor() {
    super("the server's certificate is not the trusted one")
  }
}

const fingerprintOf = (socket: TLSSocket): Fingerprint | null => {
  const read = parseFingerprint(socket.getPeerX509Certificate()?.fingerprint256 ?? "")
  return Result.isSuccess(read) ? read.success : null
}

/** Which certificate is trusted, and which is on trial. */
export interface Pin {
  readonly takes: (seen: Fingerprint | null) => boolean
  /** The one that the site showed last, trusted or not. */
  readonly lastSeen: () => Fingerprint | null
  readonly trust: CertificateTrust["Service"]
}

export const makePin = ({ fingerprint, onTrusted }: PinOptions): Pin => {
  let trusted = fingerprint
  let onTrial: Fingerprint | null = null
  let last: Fingerprint | null = null
  return {
    lastSeen: () => last,
    takes: (seen) => {
      last = seen
      if (seen === null) return false
      if (trusted !== null) return seen === trusted
      onTrial ??= seen
      return seen === onTrial
    },
    trust: CertificateTrust.of({
      loggedIn: Effect.suspend(() => {
        if (trusted !== null || onTrial === null) return Effect.void
        trusted = onTrial
        return onTrusted?.(trusted) ?? Effect.void
      }),
      refused: Effect.sync(() => {
        onTrial = null
      })
    })
  }
}

/** `HttpClient` that checks certificates by their fingerprint alone, and what a client tells of its logins. */
export const layer = (options: PinOptions): Layer.Layer<HttpClient.HttpClient | CertificateTrust> =>
  layerOf(makePin(options))

/** As `layer`, with a pin that can be asked. */
export const layerOf = (pin: Pin): Layer.Layer<HttpClient.HttpClient | CertificateTrust> => {
  const connect = Undici.buildConnector({
    allowH2: false,
    timeout: CONNECT_MILLIS,
    // A resumed connection would show no certificate.
    maxCachedSessions: 0,
    // The fingerprint is looked at instead.
    rejectUnauthorized: false
  })
  const pinned: Undici.buildConnector.connector = (target, callback) =>
    connect(target, (...[error, socket]) => {
      if (error !== null) return callback(error, null)
      if (socket instanceof TLSSocket && !pin.takes(fingerprintOf(socket))) {
        socket.destroy()
        return callback(new CertificateRefused(), null)
      }
      return callback(null, socket)
    })
  return Layer.merge(
    NodeHttpClient.layerUndiciOptions({ connect: pinned }),
    Layer.succeed(CertificateTrust, pin.trust)
  )
}

/**
 * What went wrong at the vendor's side, as a reason of the domain's `SourceError`. Nothing made here holds a URL, and
 * the vendor's own text only without the key: both end up in logs. Source: VirtualPOS API :: Customer.
 */
import {
  Malformed,
  RateLimited,
  Refused,
  type SourceFailure,
  Unauthorized,
  Unreachable,
  VendorFailed
} from "@tillbridge/domain"
import { retryAfter } from "@tillbridge/wire"
import * as Redacted from "effect/Redacted"
import type * as HttpClientError from "effect/http/HttpClientError"

/** INFERRED: there are no error codes and no list of texts; these words speak of the key, "duplicate key" does not. */
const aboutKey =
  /api[\s_-]?key|ключ|авториз|credential|unauthori[sz]ed|not authori[sz]ed|authenticat|access denied|доступ запрещ/i
const aboutOther = /duplicate|дублик/i

/** The text with the key blotted out, in one line of at most 200 characters. */
const presentable = (info: string, apiKey: Redacted.Redacted): string => {
  const key = Redacted.value(apiKey)
  let text = info
  for (const form of new Set([
    key,
    encodeURIComponent(key),
    new URLSearchParams({ k: key }).toString().slice(2)
  ])) {
    if (form !== "") text = text.replaceAll(form, "<redacted>")
  }
  return text
    .replace(/[\s\0-\x1f\x7f]+/g, " ")
    .trim()
    .slice(0, 200)
}

/** `success=0` with this `info`. */
export const refusal = (info: string | null, apiKey: Redacted.Redacted): SourceFailure => {
  const detail = presentable(info ?? "", apiKey) || "no reason given"
  return aboutKey.test(detail) && !aboutOther.test(detail)
    ? new Unauthorized({ detail })
    : new Refused({ detail })
}

/** A status that is not 2xx; `refused` is what the answer's own envelope says, where it has one. */
export const statusFailure = (
  status: number,
  headers: Readonly<Record<string, string | undefined>>,
  nowMillis: number,
  refused: SourceFailure | undefined
): SourceFailure => {
  const asked = retryAfter(headers, nowMillis)
  const wait = asked === undefined ? {} : { retryAfterMillis: asked }
  if (status >= 300 && status < 400)
    return new Malformed({ detail: `redirect (HTTP ${status}) is not followed` })
  if (status === 401 || status === 403) return new Unauthorized({ detail: `HTTP ${status}` })
  if (status === 429) return new RateLimited(wait)
  if (status >= 500 || status === 408) return new VendorFailed({ status, ...wait })
  return refused ?? new Refused({ detail: `HTTP ${status}` })
}

/** The codes of the causes below an error of the platform: ECONNREFUSED, UND_ERR_SOCKET. Their texts may hold a URL. */
const codeOf = (error: unknown): string | undefined => {
  for (let cause = error, depth = 0; typeof cause === "object" && cause !== null && depth < 5; depth++) {
    if ("code" in cause && typeof cause.code === "string" && /^[A-Z][A-Z0-9_]{2,39}$/.test(cause.code))
      return cause.code
    cause = "cause" in cause ? cause.cause : undefined
  }
  return undefined
}

/** A request that got no answer, or an answer whose body broke off. */
export const transportFailure = (error: HttpClientError.HttpClientError): SourceFailure => {
  const code = codeOf(error.reason)
  const where = error.response === undefined ? "no connection" : "the connection broke"
  return error.reason._tag === "TransportError" || error.reason._tag === "DecodeError"
    ? new Unreachable({ detail: code === undefined ? where : `${where} (${code})` })
    : new Malformed({ detail: error.reason._tag })
}

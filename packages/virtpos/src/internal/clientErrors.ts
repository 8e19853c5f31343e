/**
 * What went wrong at the vendor's side, as a reason of the domain's `SourceError`. Nothing made here holds a URL, and
 * the vendor's own text only without the key: both end up in logs. Source: VirtualPOS API :: Customer.
 */
import { Refused, type SourceFailure, Unauthorized } from "@tillbridge/domain"
import * as Redacted from "effect/Redacted"

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

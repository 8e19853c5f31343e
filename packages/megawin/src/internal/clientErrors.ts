/**
 * What the vendor's own words mean, as a reason of the domain's `SourceError`. Nothing made here holds a secret: it
 * ends up in logs.
 */
import { Refused, type SourceFailure, Unauthorized } from "@tillbridge/domain"
import * as Redacted from "effect/Redacted"

/** INFERRED: no page has a list of texts; these words speak of the key, in the languages of the vendor's country. */
const aboutKey =
  /api[\s_-]?key|cl[ée] (?:api|invalide)|autoris|authenti|credential|unauthori[sz]ed|access denied|acc[èe]s refus|toegang|sleutel/i

/** The text without the secrets, in one line of at most 200 characters. */
const presentable = (message: string, secrets: ReadonlyArray<Redacted.Redacted>): string => {
  let text = message
  for (const secret of secrets) {
    const value = Redacted.value(secret)
    for (const form of new Set([
      value,
      encodeURIComponent(value),
      new URLSearchParams({ k: value }).toString().slice(2)
    ])) {
      if (form !== "") text = text.replaceAll(form, "<redacted>")
    }
  }
  return text
    .replace(/[\s\0-\x1f\x7f]+/g, " ")
    .trim()
    .slice(0, 200)
}

/** A failure as it may be shown; a refusal that speaks of the key says who was not let in. */
export const shown = (reason: SourceFailure, secrets: ReadonlyArray<Redacted.Redacted>): SourceFailure => {
  if (reason._tag !== "Refused") return reason
  const detail = presentable(reason.detail, secrets) || "no reason given"
  return aboutKey.test(detail) ? new Unauthorized({ detail }) : new Refused({ detail })
}

/** One record of an import, checked: unknown fields and wrong types are refused with a reason a person can act on. */
import { CustomerRecord } from "@tillbridge/domain"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { didYouMean } from "../Suggest.ts"

/** What an export holds beside what may be imported: the store's own stamps. */
const stamps = ["version", "updatedAt", "updatedBy"]
const fields = new Set([...Object.keys(CustomerRecord.fields), ...stamps])
const nested: Record<string, ReadonlySet<string>> = {
  address: new Set(["line1", "line2", "line3", "postalCode", "city", "country"]),
  company: new Set(["name", "vatNumber"]),
  birthDate: new Set(["day", "month", "year"]),
  consents: new Set(["push", "email", "sms"]),
  group: new Set(["id", "name"])
}
const externalIdFields = new Set(["system", "key"])

const decode = Schema.decodeUnknownResult(CustomerRecord)
const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

/** The first thing wrong: which field, and why, without quoting the value when it is long. */
export const firstIssue = (
  error: Schema.SchemaError
): { readonly field: string; readonly reason: string } => {
  const issue = issuesOf(error.issue).issues[0]
  const field = (issue?.path ?? [])
    .map((part) => String(typeof part === "object" ? part.key : part))
    .join(".")
  const message = issue?.message ?? "is not valid"
  const reason = message.replace(/^Expected /, "must be ").replace(/, got /, ", not ")
  return { field, reason: reason.length > 200 ? `${reason.slice(0, 200)}…` : reason }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const unknownKey = (
  value: Record<string, unknown>,
  known: ReadonlySet<string>,
  where: string
): string | null => {
  for (const key in value) {
    if (known.has(key)) continue
    return `has the unknown field "${where}${key}".${didYouMean(key, known)}`
  }
  return null
}

/** Why a value of another kind cannot be read, going by its field names alone. */
export const refuseUnknown = (value: unknown, known: ReadonlySet<string>): string | null =>
  isObject(value) ? unknownKey(value, known, "") : "is not a JSON object"

const unknownField = (value: Record<string, unknown>): string | null => {
  const top = unknownKey(value, fields, "")
  if (top !== null) return top
  for (const key in nested) {
    const part = value[key]
    const wrong = isObject(part) ? unknownKey(part, nested[key]!, `${key}.`) : null
    if (wrong !== null) return wrong
  }
  const externalIds = value["externalIds"]
  if (Array.isArray(externalIds)) {
    for (const one of externalIds) {
      const wrong = isObject(one) ? unknownKey(one, externalIdFields, "externalIds.") : null
      if (wrong !== null) return wrong
    }
  }
  return null
}

/** Objects and lists within each other, the row itself counted. */
const deepest = 64

/**
 * What JSON.parse lets pass and a record cannot keep. Only extensions hold JSON of any shape, so only they are walked:
 * everywhere else an unknown field or a wrong type is refused anyway.
 */
const unkeepable = (value: unknown, depth: number): string | null => {
  if (typeof value === "number") {
    if (!Number.isFinite(value)) return "hold a number that is out of range"
    if (Number.isInteger(value) && !Number.isSafeInteger(value))
      return "hold a number of more than 15 digits, which must be text"
    return null
  }
  if (typeof value !== "object" || value === null) return null
  if (depth > deepest) return `are nested deeper than ${deepest}`
  for (const key of Object.keys(value)) {
    if (key === "__proto__") return 'hold the key "__proto__"'
    const wrong = unkeepable((value as Record<string, unknown>)[key], depth + 1)
    if (wrong !== null) return wrong
  }
  return null
}

/** The record, or the reason why it is none. */
export const decodeRecord = (value: unknown): CustomerRecord | string => {
  if (!isObject(value)) return "is not a JSON object"
  const unknown = unknownField(value)
  if (unknown !== null) return unknown
  const wrong = unkeepable(value["extensions"], 2)
  if (wrong !== null) return `extensions ${wrong}`
  const decoded = decode(value)
  if (Result.isSuccess(decoded)) return decoded.success
  const { field, reason } = firstIssue(decoded.failure)
  return `${field} ${reason}`.trim()
}

/** As `decodeRecord`, from JSON text. The engine's own parser, which is the fastest and bears any depth. */
export const decodeJson = (text: string): CustomerRecord | string => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return "is not valid JSON"
  }
  return decodeRecord(value)
}

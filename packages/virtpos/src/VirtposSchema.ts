/**
 * The wire records of "VirtualPOS API :: Customer" in the vendor's own spelling. Reading is lenient, because the
 * JSON form is not documented and the XML one has no types: numbers may be text or numbers, an empty value may be
 * `null`, "", `{}`, `[]` or a missing member, unknown members are kept. What is read becomes text or `null`.
 * Source of names and their order: VirtualPOS API :: Customer.
 */
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"

const isEmptyObject = (value: unknown): boolean =>
  typeof value === "object" && value !== null && Object.keys(value).length === 0

export const isScalar = (value: unknown): boolean =>
  value === null || ["string", "number", "bigint", "boolean"].includes(typeof value) || isEmptyObject(value)

/** A scalar in any of its spellings as text: `true` is "1", every way of saying "empty" is `null`. */
export const scalarText = (value: unknown): string | null => {
  if (typeof value === "string") return value === "" ? null : value
  if (typeof value === "boolean") return value ? "1" : "0"
  return typeof value === "number" || typeof value === "bigint" ? String(value) : null
}

/** Text, number, boolean or nothing, read as text or `null`. A record or a list with content is refused. */
export const WireText = Schema.Unknown.check(
  Schema.makeFilter(isScalar, { message: "must be a single value" })
).pipe(
  Schema.decodeTo(Schema.NullOr(Schema.String), {
    decode: SchemaGetter.transform(scalarText),
    encode: SchemaGetter.transform((text) => text)
  })
)

const text = Schema.optionalKey(WireText)

/** An identifier: digits, kept as text. */
const WireId = WireText.check(
  Schema.makeFilter((id) => id !== null && /^\s*[0-9]{1,19}\s*$/.test(id), {
    message: "must be a whole number"
  })
)

/** `success`: 1, "1" and `true` say yes, 0, "0" and `false` no (0 and 1 are DOCUMENTED, the rest INFERRED). */
const Success = WireText.check(
  Schema.makeFilter((value) => /^\s*(1|0|true|false)\s*$/i.test(value ?? ""), { message: "must be 1 or 0" })
)

const rest = [Schema.Record(Schema.String, Schema.Unknown)] as const

/**
 * A customer (DOCUMENTED, in this order). `external_id` is INFERRED: it is a documented filter and stands in sibling
 * records, but not in the customer example. The content of `cards` and `bonuses` is unknown.
 */
export const CustomerRecord = Schema.StructWithRest(
  Schema.Struct({
    id: WireId,
    fname: text,
    lname: text,
    mname: text,
    age: text,
    email: text,
    phone: text,
    gender: text,
    custom_information: text,
    birth_day: text,
    birth_month: text,
    birth_year: text,
    register_date: text,
    accumulated_sales: text,
    send_push: text,
    send_email: text,
    send_sms: text,
    group_id: text,
    group_name: text,
    created_date: text,
    created_by: text,
    last_update_date: text,
    last_update_by: text,
    external_id: text,
    cards: Schema.optionalKey(Schema.Unknown),
    bonuses: Schema.optionalKey(Schema.Unknown)
  }),
  rest
)
export type CustomerRecord = typeof CustomerRecord.Type

/** INFERRED: no page shows a card in a reply, so the documented names of the card parameters are used. */
export const CardRecord = Schema.StructWithRest(
  Schema.Struct({
    card_id: text,
    uid: WireText.check(Schema.makeFilter((uid) => uid !== null, { message: "must not be empty" })),
    external_id: text,
    uid_ean13: text,
    barcode: text,
    medium: text,
    status: text,
    block_date: text,
    activate_date: text,
    type_id: text,
    type_name: text,
    customer_id: text
  }),
  rest
)
export type CardRecord = typeof CardRecord.Type

/** What every answer has (DOCUMENTED): `success`, and `info` when it is 0. */
export const Envelope = Schema.StructWithRest(Schema.Struct({ success: Success, info: text }), rest)
export type Envelope = typeof Envelope.Type

/** The answer to a list request. `count` is never to be trusted: the vendor's own example has it wrong. */
export const ListEnvelope = Schema.StructWithRest(
  Schema.Struct({ success: Success, type: text, count: text, customers: Schema.optionalKey(Schema.Unknown) }),
  rest
)
export type ListEnvelope = typeof ListEnvelope.Type

/** The answer to a write (DOCUMENTED for a customer's update, INFERRED for cards, where both may be missing). */
export const UpdateEnvelope = Schema.StructWithRest(
  Schema.Struct({ success: Success, id: text, isnew: text }),
  rest
)
export type UpdateEnvelope = typeof UpdateEnvelope.Type

/**
 * The members of a list in any of its forms: an array, `{customer: [...]}`, `{customer: {...}}`, or nothing.
 * `undefined` when it is none of them.
 */
export const listOf = (value: unknown, member: string): ReadonlyArray<unknown> | undefined => {
  if (Array.isArray(value)) return value
  if (value === undefined || value === null || isEmptyObject(value)) return []
  if (typeof value === "string") return value.trim() === "" ? [] : undefined
  if (typeof value !== "object" || !(member in value)) return undefined
  const inner = (value as Readonly<Record<string, unknown>>)[member]
  if (Array.isArray(inner)) return inner
  return isEmptyObject(inner) || inner === null || inner === ""
    ? []
    : typeof inner === "object"
      ? [inner]
      : undefined
}

/**
 * The customer records of the Megawin web API in the vendor's own spelling. `kinds` is the one table of types: the
 * drop-in server writes by it. Reading is lenient, because the vendor's pages contradict each other (`showPrice` is
 * `true` on one and "1" on another): numbers, booleans and text are read alike, `null` and "" both as nothing, unknown
 * members are kept. `password` is no member: `internal/passwords.ts` takes it out before anything is read.
 * Source of names and their order: API Documentation - Customer List.
 */
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"

/**
 * A customer's members in the DOCUMENTED order. `text` is a JSON string and never `null`: real clients call string
 * functions on it unguarded (OBSERVED). `clcleunik` is a number in the page's example and a string here, as a real
 * client compares it with one (OBSERVED). `flag` is a boolean and `decimal` a number, as the page's example has them.
 */
export const kinds = {
  clcleunik: "text",
  customerNumber: "text",
  groupePrice: "text",
  login: "text",
  password: "text",
  lastName: "text",
  firstName: "text",
  address: "text",
  zipcode: "text",
  city: "text",
  country: "text",
  phone: "text",
  cellphone: "text",
  email: "text",
  denomination: "text",
  tvaNumber: "text",
  addedDate: "text",
  addHour: "text",
  language: "text",
  showPrice: "flag",
  webRemise: "decimal",
  megawinapp_login: "text",
  /** "0" or "1"; in the page's schema and not in its example: there only when known. */
  notification_accepted: "text"
} as const

export type MemberName = keyof typeof kinds

const isScalar = (value: unknown): boolean =>
  value === null || ["string", "number", "bigint", "boolean"].includes(typeof value)

/** A scalar as text: `true` is "1", `null` and "" are nothing. */
export const scalarText = (value: unknown): string | null => {
  if (typeof value === "string") return value === "" ? null : value
  if (typeof value === "boolean") return value ? "1" : "0"
  return typeof value === "number" || typeof value === "bigint" ? String(value) : null
}

/** Yes and no in every spelling that was seen: 1, "1", true, "true". Anything else says nothing. */
export const scalarFlag = (value: unknown): boolean | null => {
  const word = scalarText(value)?.trim().toLowerCase()
  return word === "1" || word === "true" ? true : word === "0" || word === "false" ? false : null
}

const Scalar = Schema.Unknown.check(Schema.makeFilter(isScalar, { message: "must be a single value" }))

/** Read as text or `null`, written as text. */
export const WireText = Scalar.pipe(
  Schema.decodeTo(Schema.NullOr(Schema.String), {
    decode: SchemaGetter.transform(scalarText),
    encode: SchemaGetter.transform((text): unknown => text ?? "")
  })
)

/** Read as a boolean or `null`. */
export const WireFlag = Scalar.pipe(
  Schema.decodeTo(Schema.NullOr(Schema.Boolean), {
    decode: SchemaGetter.transform(scalarFlag),
    encode: SchemaGetter.transform((flag): unknown => flag)
  })
)

/** Read as the text of the number, so that no digit is lost, with a point; written as a number. */
export const WireDecimal = Scalar.pipe(
  Schema.decodeTo(Schema.NullOr(Schema.String), {
    decode: SchemaGetter.transform(
      (value) =>
        scalarText(value)
          ?.trim()
          .replace(/^(-?\d+),(\d+)$/, "$1.$2") ?? null
    ),
    encode: SchemaGetter.transform((text): unknown => (text === null ? null : Number(text)))
  })
)

/** The vendor's key, without the blanks around it; never empty. */
const WireKey = Scalar.check(
  Schema.makeFilter((value) => (scalarText(value) ?? "").trim() !== "", { message: "must not be empty" })
).pipe(
  Schema.decodeTo(Schema.String, {
    decode: SchemaGetter.transform((value) => (scalarText(value) ?? "").trim()),
    encode: SchemaGetter.transform((text): unknown => text)
  })
)

const text = Schema.optionalKey(WireText)
const rest = [Schema.Record(Schema.String, Schema.Unknown)] as const

/** A customer as a client reads it. Any member but the key may be missing. */
export const CustomerRecord = Schema.StructWithRest(
  Schema.Struct({
    clcleunik: WireKey,
    customerNumber: text,
    groupePrice: text,
    login: text,
    lastName: text,
    firstName: text,
    address: text,
    zipcode: text,
    city: text,
    country: text,
    phone: text,
    cellphone: text,
    email: text,
    denomination: text,
    tvaNumber: text,
    addedDate: text,
    addHour: text,
    language: text,
    showPrice: Schema.optionalKey(WireFlag),
    webRemise: Schema.optionalKey(WireDecimal),
    megawinapp_login: text,
    notification_accepted: text
  }),
  rest
)
export type CustomerRecord = typeof CustomerRecord.Type

/** What every answer has. `success` is "true" or "false" as text, and on other pages a boolean (DOCUMENTED). */
export const Envelope = Schema.StructWithRest(Schema.Struct({ success: Schema.Unknown, message: text }), rest)
export type Envelope = typeof Envelope.Type

/** The answer to a list (DOCUMENTED): `customer` is an array, also of one. */
export const ListEnvelope = Schema.StructWithRest(
  Schema.Struct({
    result: Schema.StructWithRest(Schema.Struct({ customer: Schema.Array(Schema.Unknown) }), rest)
  }),
  rest
)

/** The answer to an add (DOCUMENTED): the login that the vendor made, and a password, which is dropped. */
export const AddEnvelope = Schema.StructWithRest(
  Schema.Struct({
    result: Schema.StructWithRest(
      Schema.Struct({
        customer: Schema.Array(Schema.StructWithRest(Schema.Struct({ login: text }), rest))
      }),
      rest
    )
  }),
  rest
)

/** Whether an answer says that it went well: "true", true and 1 do (DOCUMENTED, contradictory), nothing else does. */
export const saysSuccess = (success: unknown): boolean =>
  success === true || success === 1 || (typeof success === "string" && /^\s*(true|1)\s*$/i.test(success))

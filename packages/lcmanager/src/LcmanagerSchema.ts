/**
 * The wire records of LCManager's `POST api/client/ClientInfoPeriod` in the vendor's own spelling. Whole numbers that
 * name something (a client, a card, a point of sale) are text of digits, so that each of them is exact; dates are text
 * as they stand. Reading is lenient where ASP.NET's readers are: `null` is the same as a missing member, and numbers may
 * stand in quotes. Source of names, types and order: the vendor's help page of the call (DOCUMENTED); that every member
 * but `ErrorCode` may be null is INFERRED from the numbering of its samples.
 */
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"

/** Namespaces of the data contracts (DOCUMENTED). Members of the base classes are in `abstractions`. */
export const namespaces = {
  request: "http://schemas.datacontract.org/2004/07/LCManagerPartner.Implementation.Request",
  response: "http://schemas.datacontract.org/2004/07/LCManagerPartner.Implementation.Response",
  abstractions: "http://schemas.datacontract.org/2004/07/LCManagerPartner.Implementation.Abstractions",
  instance: "http://www.w3.org/2001/XMLSchema-instance"
} as const

/** The element of a list, named as .NET names a nested class (DOCUMENTED). */
export const ITEM_ELEMENT = "ClientInfoPeriodResponse.ClientInfoPeriodClient"

/** The longest whole number that is read. */
const LONGEST = 1_000

/** Digits without needless zeros and plus signs; undefined when the text is no whole number. */
export const digitsOf = (text: string): string | undefined => {
  const match = text.length > 2 * LONGEST ? null : /^\s*([+-]?)([0-9]+)\s*$/.exec(text)
  if (match === null || match[2]!.length > LONGEST) return undefined
  const digits = match[2]!.replace(/^0+(?=[0-9])/, "")
  return match[1] === "-" && digits !== "0" ? `-${digits}` : digits
}

const isDigits = (value: unknown): boolean =>
  value === null ||
  typeof value === "bigint" ||
  (typeof value === "number" && Number.isSafeInteger(value)) ||
  (typeof value === "string" && (value.trim() === "" || digitsOf(value) !== undefined))

/** A whole number of any length as its digits, or null. */
export const Digits = Schema.Unknown.check(
  Schema.makeFilter(isDigits, { message: "must be a whole number" })
).pipe(
  Schema.decodeTo(Schema.NullOr(Schema.String), {
    decode: SchemaGetter.transform((value) => (value === null ? null : (digitsOf(String(value)) ?? null))),
    encode: SchemaGetter.transform((digits) => (digits === null ? null : BigInt(digits)))
  })
)

const isBit = (value: unknown): boolean =>
  value === null || typeof value === "boolean" || /^\s*(?:true|false|1|0|)\s*$/i.test(String(value))

/** `true`, `1` and their texts say yes. */
const Bit = Schema.Unknown.check(Schema.makeFilter(isBit, { message: "must be true or false" })).pipe(
  Schema.decodeTo(Schema.NullOr(Schema.Boolean), {
    decode: SchemaGetter.transform((value) => {
      const word = String(value ?? "")
        .trim()
        .toLowerCase()
      return word === "" ? null : word === "true" || word === "1"
    }),
    encode: SchemaGetter.transform((value) => value)
  })
)

const text = Schema.optionalKey(Schema.NullOr(Schema.String))
const digits = Schema.optionalKey(Digits)
const bit = Schema.optionalKey(Bit)

/** One registered card and its client. Names, types and order DOCUMENTED. */
export const ClientInfoPeriodClient = Schema.Struct({
  /** Id of the client. */
  Client: digits,
  /** Number of the card: Int64 at the vendor's, kept exact here however long it is. */
  Card: digits,
  /** Number of the card elsewhere (INFERRED from the name). */
  OutNumber: digits,
  /** Whether the card is virtual. */
  Virtual: bit,
  /** Display name of the card's type. */
  Card_Type: text,
  /** Display name of the card's status. */
  Card_Status: text,
  /** Id of the point of sale that registered it. */
  RegPos: digits,
  RegPosName: text,
  /** When it was registered: without an offset it is the site's local time (INFERRED). */
  RegDate: text
})
export type ClientInfoPeriodClient = typeof ClientInfoPeriodClient.Type

/** The answer. `ErrorCode` 0 is success (OBSERVED in the server's published source); other values have no list. */
export const ClientInfoPeriodResponse = Schema.Struct({
  Clients: Schema.optionalKey(Schema.NullOr(Schema.Array(ClientInfoPeriodClient))),
  ErrorCode: Schema.Int,
  Message: text
})
export type ClientInfoPeriodResponse = typeof ClientInfoPeriodResponse.Type

const maybeInt = Schema.optionalKey(Schema.NullOr(Schema.Int))
const maybeBoolean = Schema.optionalKey(Schema.NullOr(Schema.Boolean))

/** Selections by registration. `Month` is a byte at the vendor's: 1 to 12 make sense (INFERRED). */
export const ClientInfoPeriodReg = Schema.Struct({
  Today: maybeBoolean,
  Yesterday: maybeBoolean,
  Month: maybeInt,
  Year: maybeInt
})
export type ClientInfoPeriodReg = typeof ClientInfoPeriodReg.Type

/** The request. Names, types and order DOCUMENTED; that each may be left out is INFERRED. */
export const ClientInfoPeriodRequest = Schema.Struct({
  /** Beginning of the period: ISO 8601, with or without an offset. */
  BegDate: text,
  EndDate: text,
  /** Asks for those who registered in the period. */
  Registration: maybeBoolean,
  /** Id of a stored list of points of sale (INFERRED). */
  RegPosList: maybeInt,
  Reg: Schema.optionalKey(Schema.NullOr(ClientInfoPeriodReg)),
  /** Loyalty-programme operator. */
  Operator: maybeInt,
  /** Id of the user on whose behalf this is asked; not the bearer. */
  Token: maybeInt,
  /** Code of a certificate widget. */
  SiteCode: text
})
export type ClientInfoPeriodRequest = typeof ClientInfoPeriodRequest.Type

/** What a good login answers (INFERRED from the OAuth middleware that the server uses). */
export const TokenAnswer = Schema.Struct({
  access_token: Schema.NonEmptyString,
  token_type: Schema.optionalKey(Schema.String),
  /** Seconds. */
  expires_in: Schema.optionalKey(Schema.Unknown),
  refresh_token: text
})
export type TokenAnswer = typeof TokenAnswer.Type

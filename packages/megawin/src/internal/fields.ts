/**
 * How each wire field is read into the domain: one table, used strictly by the server (a wrong value is an error) and
 * leniently by the client (a wrong value is kept beside the domain's fields). An empty value clears (OBSERVED: forms
 * of real clients send "").
 */
import { type CustomerPatch, InvalidField, moneyFromText, orNull, Text, textOf } from "@tillbridge/domain"
import * as BigDecimal from "effect/BigDecimal"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/** Reads one value; the name only goes into the error. */
export type Reader = (name: string, value: string | null) => CustomerPatch | InvalidField

export const wrong = (field: string, reason: string) => new InvalidField({ field, reason })

const isText = Schema.is(Text)
const isShort = Schema.is(textOf(255))

export const readText = (name: string, value: string | null): string | null | InvalidField => {
  const given = orNull(value)
  return given === null || isText(given)
    ? given
    : wrong(name, "must be at most 1000 characters long, without NUL")
}

const text =
  (part: (value: string | null) => CustomerPatch): Reader =>
  (name, value) => {
    const read = readText(name, value)
    return read instanceof InvalidField ? read : part(read)
  }

/** The price group of everybody who is in no other (DOCUMENTED as the default of an add). */
export const DEFAULT_GROUP = "01"

/** A price group by name; `null` for the default one, which is no group of the domain. */
export const readGroup = (
  name: string,
  value: string | null
): { readonly name: string } | null | InvalidField => {
  const given = orNull(value)
  if (given === null || given === DEFAULT_GROUP) return null
  return isShort(given) ? { name: given } : wrong(name, "must be at most 255 characters long, without NUL")
}

/** A percentage; nothing and 0 are the same here, as the vendor has one word for both (INFERRED). */
const discount: Reader = (name, value) => {
  const given = orNull(value)?.trim()
  if (given === undefined) return { discountPercent: null }
  const money = moneyFromText(given)
  if (Option.isNone(money)) return wrong(name, "must be a decimal number such as 10 or 12.5")
  return { discountPercent: BigDecimal.isZero(money.value) ? null : money.value }
}

/**
 * Fields of a customer that callers may set and the domain has a word for, by the names of list and update. The
 * vendor has one line of address where the domain has three.
 */
export const customerReaders: Readonly<Record<string, Reader>> = {
  lastName: text((lastName) => ({ lastName })),
  firstName: text((firstName) => ({ firstName })),
  address: text((line1) => ({ address: { line1, line2: null, line3: null } })),
  zipcode: text((postalCode) => ({ address: { postalCode } })),
  city: text((city) => ({ address: { city } })),
  country: text((country) => ({ address: { country } })),
  phone: text((phone) => ({ phone })),
  cellphone: text((mobilePhone) => ({ mobilePhone })),
  email: text((email) => ({ email })),
  denomination: text((name) => ({ company: { name } })),
  tvaNumber: text((vatNumber) => ({ company: { vatNumber } })),
  language: text((language) => ({ language })),
  webRemise: discount
}

/** Adds what one field says to what the others said. */
export const addPart = (patch: CustomerPatch, part: CustomerPatch): CustomerPatch => ({
  ...patch,
  ...part,
  ...(part.address && { address: { ...patch.address, ...part.address } }),
  ...(part.company && { company: { ...patch.company, ...part.company } })
})

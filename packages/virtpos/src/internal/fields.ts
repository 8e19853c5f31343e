/**
 * How each wire field is read into the domain: one table, used strictly by the server (a wrong value is an error)
 * and leniently by the client (a wrong value is kept beside the domain's fields). An empty value clears (INFERRED).
 * Readers write into a draft: a list has tens of fields for each of many customers.
 */
import {
  type CardPatch,
  type CustomerPatch,
  InvalidField,
  instantOfLocal,
  type Money,
  moneyFromText,
  orNull,
  type TimeZone,
  zero
} from "@tillbridge/domain"
import type * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"

/** What reading depends on: the zone of local times, and the name under which the vendor's `external_id` is kept. */
export interface ReadContext {
  readonly timeZone: TimeZone
  readonly externalSystem: string
}

/** What the fields read so far have said. */
export type Draft<A> = { -readonly [K in keyof A]: A[K] }

/** Reads one value into the draft, or says what is wrong with it and leaves the draft; the name goes into the error. */
export type Reader<Into> = (
  into: Into,
  name: string,
  value: string | null,
  context: ReadContext
) => InvalidField | undefined

const wrong = (field: string, reason: string) => new InvalidField({ field, reason })

/** Longest texts of the domain. */
const lengths = { text: 1_000, long: 20_000, short: 255 } as const
type Kind = keyof typeof lengths

const isStorable = (text: string): boolean => !text.includes("\0") && text.isWellFormed()

const readText = (name: string, value: string | null, kind: Kind): string | null | InvalidField => {
  const given = orNull(value)
  return given === null || (given.length <= lengths[kind] && isStorable(given))
    ? given
    : wrong(name, `must be at most ${lengths[kind]} characters long, without NUL`)
}

const isWrong = (value: unknown): value is InvalidField =>
  typeof value === "object" && value instanceof InvalidField

const text =
  <K extends string>(field: K, kind: Kind = "text"): Reader<{ [F in K]?: string | null }> =>
  (into, name, value) => {
    const read = readText(name, value, kind)
    if (isWrong(read)) return read
    into[field] = read
    return undefined
  }

/** Every spelling of yes and no that the API has: 1/0 on update, true/false in filters. */
export const readBoolean = (name: string, value: string): boolean | InvalidField => {
  if (value === "1") return true
  if (value === "0") return false
  const word = value.trim().toLowerCase()
  if (word === "1" || word === "true") return true
  if (word === "0" || word === "false") return false
  return wrong(name, "must be 1 or 0")
}

type CustomerReader = Reader<Draft<CustomerPatch>>

const consent =
  (channel: "push" | "email" | "sms"): CustomerReader =>
  (into, name, value) => {
    const agreed = orNull(value) === null ? false : readBoolean(name, value ?? "")
    if (isWrong(agreed)) return agreed
    const consents: Draft<CustomerPatch["consents"] & {}> = (into.consents ??= {})
    consents[channel] = agreed
    return undefined
  }

/** A whole number in a range; empty and zero mean unknown (zero: INFERRED, as a database without nulls writes it). */
const datePart =
  (part: "day" | "month" | "year", minimum: number, maximum: number): CustomerReader =>
  (into, name, value) => {
    const digits = orNull(value)?.trim() ?? "0"
    const number = /^[0-9]{1,4}$/.test(digits) ? Number(digits) : Number.NaN
    if (number !== 0 && !(number >= minimum && number <= maximum)) {
      return wrong(name, `must be a whole number from ${minimum} to ${maximum}`)
    }
    const birthDate: Draft<CustomerPatch["birthDate"] & {}> = (into.birthDate ??= {})
    birthDate[part] = number === 0 ? null : number
    return undefined
  }

/** A local time, `YYYY-MM-DD HH:MM:SS` or `YYYY-MM-DD` (the latter INFERRED); all zeros mean unknown. */
export const readTime = (
  name: string,
  value: string | null,
  timeZone: TimeZone
): DateTime.Utc | null | InvalidField => {
  const given = orNull(value)?.trim() ?? null
  if (given === null || given === "0000-00-00 00:00:00" || given === "0000-00-00") return null
  return instantOfLocal(timeZone, given) ?? wrong(name, "must be YYYY-MM-DD HH:MM:SS")
}

const time =
  <K extends string>(field: K): Reader<{ [F in K]?: DateTime.Utc | null }> =>
  (into, name, value, context) => {
    const read = readTime(name, value, context.timeZone)
    if (isWrong(read)) return read
    into[field] = read
    return undefined
  }

const externalIds: Reader<{ externalIds?: CustomerPatch["externalIds"] & {} }> = (
  into,
  name,
  value,
  { externalSystem }
) => {
  // The domain has no way to take an external id away, so an empty one says nothing.
  if (value === null || orNull(value) === null) return undefined
  if (value.length > lengths.short || !isStorable(value)) {
    return wrong(name, "must be at most 255 characters long")
  }
  into.externalIds = [{ system: externalSystem, key: value }]
  return undefined
}

/** A name that is not in the table finds nothing, also `constructor`. */
const table = <A>(entries: Readonly<Record<string, A>>): Readonly<Record<string, A>> =>
  Object.assign(Object.create(null) as Record<string, A>, entries)

/** One of some words, in any letter case; `empty` for none where that says something. */
const oneOf = <K extends string, A extends string, E>(
  field: K,
  entries: Readonly<Record<string, A>>,
  ...empty: ReadonlyArray<E>
): Reader<{ [F in K]?: A | E }> => {
  const words = table(entries)
  return (into, name, value) => {
    const word =
      words[value ?? ""] ??
      (empty.length > 0 && orNull(value) === null ? empty[0] : words[(value ?? "").trim().toUpperCase()])
    if (word === undefined) return wrong(name, `must be one of ${Object.keys(words).join(", ")}`)
    into[field] = word
    return undefined
  }
}

/** Money of a customer, apart from the other fields because setting it needs a right of its own. */
export const readSales: Reader<{ accumulatedSales?: Money }> = (into, name, value) => {
  const given = orNull(value)
  const money = given === null ? zero : Option.getOrUndefined(moneyFromText(given.trim()))
  if (money === undefined) return wrong(name, "must be a decimal number such as 4545.00")
  into.accumulatedSales = money
  return undefined
}

/** Fields of a customer that callers may set and the domain has a word for, save group and accumulated sales. */
export const customerReaders: Readonly<Record<string, CustomerReader>> = table<CustomerReader>({
  fname: text("firstName"),
  lname: text("lastName"),
  mname: text("middleName"),
  email: text("email"),
  phone: text("phone"),
  // F is DOCUMENTED, M INFERRED.
  gender: oneOf("gender", { F: "female", M: "male" } as const, null),
  custom_information: text("notes", "long"),
  birth_day: datePart("day", 1, 31),
  birth_month: datePart("month", 1, 12),
  birth_year: datePart("year", 1850, 2999),
  register_date: time("registeredAt"),
  send_push: consent("push"),
  send_email: consent("email"),
  send_sms: consent("sms"),
  external_id: externalIds
})

type CardReader = Reader<Draft<CardPatch>>

/** Fields of a card, save number, type and owner. An empty code is made anew from the number, as DOCUMENTED. */
export const cardReaders: Readonly<Record<string, CardReader>> = table<CardReader>({
  external_id: externalIds,
  uid_ean13: text("ean13", "short"),
  barcode: text("barcode", "short"),
  medium: oneOf("medium", { PLASTIC: "plastic", MAGNET: "magnetic", APP: "app" } as const, null),
  status: oneOf("status", { NEW: "new", ACTIVE: "active", BLOCKED: "blocked" } as const),
  block_date: time("blockedAt"),
  activate_date: time("activatedAt")
})

/**
 * How each wire field is read into the domain: one table, used strictly by the server (a wrong value is an error)
 * and leniently by the client (a wrong value is kept beside the domain's fields). An empty value clears (INFERRED).
 */
import {
  type CardPatch,
  type CustomerPatch,
  ExternalId,
  fromLocal,
  InvalidField,
  LongText,
  moneyFromText,
  orNull,
  parseLocal,
  Text,
  textOf,
  type TimeZone,
  zero
} from "@tillbridge/domain"
import type * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/** What reading depends on: the zone of local times, and the name under which the vendor's `external_id` is kept. */
export interface ReadContext {
  readonly timeZone: TimeZone
  readonly externalSystem: string
}

/** Reads one value; the name only goes into the error. */
export type Reader<Part> = (name: string, value: string | null, context: ReadContext) => Part | InvalidField

const wrong = (field: string, reason: string) => new InvalidField({ field, reason })

const fits = {
  text: Schema.is(Text),
  long: Schema.is(LongText),
  short: Schema.is(textOf(255)),
  id: Schema.is(ExternalId)
}

const readText = (
  name: string,
  value: string | null,
  kind: "text" | "long" | "short"
): string | null | InvalidField => {
  const given = orNull(value)
  if (given === null || fits[kind](given)) return given
  return wrong(
    name,
    `must be at most ${{ text: 1_000, long: 20_000, short: 255 }[kind]} characters long, without NUL`
  )
}

const isWrong = (value: unknown): value is InvalidField => value instanceof InvalidField

const text =
  <K extends "firstName" | "lastName" | "middleName" | "email" | "phone" | "notes">(
    field: K,
    kind: "text" | "long" = "text"
  ): Reader<CustomerPatch> =>
  (name, value) => {
    const read = readText(name, value, kind)
    return isWrong(read) ? read : { [field]: read }
  }

/** Every spelling of yes and no that the API has: 1/0 on update, true/false in filters. */
export const readBoolean = (name: string, value: string): boolean | InvalidField => {
  const word = value.trim().toLowerCase()
  if (word === "1" || word === "true") return true
  if (word === "0" || word === "false") return false
  return wrong(name, "must be 1 or 0")
}

const consent =
  (channel: "push" | "email" | "sms"): Reader<CustomerPatch> =>
  (name, value) => {
    const agreed = orNull(value) === null ? false : readBoolean(name, value ?? "")
    return isWrong(agreed) ? agreed : { consents: { [channel]: agreed } }
  }

/** A whole number in a range; empty and zero mean unknown (zero: INFERRED, as a database without nulls writes it). */
const datePart =
  (part: "day" | "month" | "year", minimum: number, maximum: number): Reader<CustomerPatch> =>
  (name, value) => {
    const digits = orNull(value)?.trim() ?? "0"
    const number = /^[0-9]{1,4}$/.test(digits) ? Number(digits) : Number.NaN
    if (number === 0) return { birthDate: { [part]: null } }
    return number >= minimum && number <= maximum
      ? { birthDate: { [part]: number } }
      : wrong(name, `must be a whole number from ${minimum} to ${maximum}`)
  }

/** A local time, `YYYY-MM-DD HH:MM:SS` or `YYYY-MM-DD` (the latter INFERRED); all zeros mean unknown. */
export const readTime = (
  name: string,
  value: string | null,
  timeZone: TimeZone
): DateTime.Utc | null | InvalidField => {
  const given = orNull(value)?.trim() ?? null
  if (given === null || /^0000-00-00( 00:00:00)?$/.test(given)) return null
  const local = parseLocal(given)
  return Option.isSome(local) ? fromLocal(timeZone, local.value) : wrong(name, "must be YYYY-MM-DD HH:MM:SS")
}

const externalIds: Reader<{ readonly externalIds?: ReadonlyArray<ExternalId> }> = (name, value, context) => {
  // The domain has no way to take an external id away, so an empty one says nothing.
  if (orNull(value) === null) return {}
  const id = { system: context.externalSystem, key: value ?? "" }
  return fits.id(id) ? { externalIds: [id] } : wrong(name, "must be at most 255 characters long")
}

const oneOf = <A extends string>(names: Readonly<Record<string, A>>) => {
  const allowed = Object.keys(names).join(", ")
  return (name: string, value: string): A | InvalidField =>
    names[value.trim().toUpperCase()] ?? wrong(name, `must be one of ${allowed}`)
}

// F is DOCUMENTED, M INFERRED.
const genders = oneOf({ F: "female", M: "male" } as const)

/** Money of a customer, apart from the other fields because setting it needs a right of its own. */
export const readMoney: Reader<{ readonly accumulatedSales: CustomerPatch["accumulatedSales"] & {} }> = (
  name,
  value
) => {
  const given = orNull(value)
  if (given === null) return { accumulatedSales: zero }
  const money = moneyFromText(given.trim())
  return Option.isSome(money)
    ? { accumulatedSales: money.value }
    : wrong(name, "must be a decimal number such as 4545.00")
}

/** Fields of a customer that callers may set and the domain has a word for, save group and accumulated sales. */
export const customerReaders: Readonly<Record<string, Reader<CustomerPatch>>> = {
  fname: text("firstName"),
  lname: text("lastName"),
  mname: text("middleName"),
  email: text("email"),
  phone: text("phone"),
  gender: (name, value) => {
    const gender = orNull(value) === null ? null : genders(name, value ?? "")
    return isWrong(gender) ? gender : { gender }
  },
  custom_information: text("notes", "long"),
  birth_day: datePart("day", 1, 31),
  birth_month: datePart("month", 1, 12),
  birth_year: datePart("year", 1850, 2999),
  register_date: (name, value, context) => {
    const registeredAt = readTime(name, value, context.timeZone)
    return isWrong(registeredAt) ? registeredAt : { registeredAt }
  },
  send_push: consent("push"),
  send_email: consent("email"),
  send_sms: consent("sms"),
  external_id: externalIds
}

const media = oneOf({ PLASTIC: "plastic", MAGNET: "magnetic", APP: "app" } as const)
const states = oneOf({ NEW: "new", ACTIVE: "active", BLOCKED: "blocked" } as const)

const code =
  (field: "ean13" | "barcode"): Reader<CardPatch> =>
  (name, value) => {
    const read = readText(name, value, "short")
    return isWrong(read) ? read : { [field]: read }
  }

const cardTime =
  (field: "blockedAt" | "activatedAt"): Reader<CardPatch> =>
  (name, value, context) => {
    const time = readTime(name, value, context.timeZone)
    return isWrong(time) ? time : { [field]: time }
  }

/** Fields of a card, save number, type and owner. An empty code is made anew from the number, as DOCUMENTED. */
export const cardReaders: Readonly<Record<string, Reader<CardPatch>>> = {
  external_id: externalIds,
  uid_ean13: code("ean13"),
  barcode: code("barcode"),
  medium: (name, value) => {
    const medium = orNull(value) === null ? null : media(name, value ?? "")
    return isWrong(medium) ? medium : { medium }
  },
  status: (name, value) => {
    const status = states(name, value ?? "")
    return isWrong(status) ? status : { status }
  },
  block_date: cardTime("blockedAt"),
  activate_date: cardTime("activatedAt")
}

/** Adds what one field says to what the others said. */
export const addPart = (patch: CustomerPatch, part: CustomerPatch): CustomerPatch => ({
  ...patch,
  ...part,
  ...(part.birthDate && { birthDate: { ...patch.birthDate, ...part.birthDate } }),
  ...(part.consents && { consents: { ...patch.consents, ...part.consents } })
})

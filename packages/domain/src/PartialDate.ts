/**
 * A birth date of which any part may be unknown: tills ask for day and month to send a greeting, and many people
 * give no year. Day is 1–31, month 1–12, year four digits.
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { InvalidField } from "./errors.ts"
import type { LocalDate } from "./TimeZone.ts"

const part = (minimum: number, maximum: number) =>
  Schema.NullOr(Schema.Int.check(Schema.isBetween({ minimum, maximum })))

export const PartialDate = Schema.Struct({ day: part(1, 31), month: part(1, 12), year: part(1850, 2999) })
export type PartialDate = typeof PartialDate.Type

export const unknownDate: PartialDate = { day: null, month: null, year: null }

const isLeap = (year: number) => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)

/** Days of a month; 29 for February of an unknown year, 31 for an unknown month. */
const daysIn = (month: number | null, year: number | null): number =>
  month === 2
    ? year === null || isLeap(year)
      ? 29
      : 28
    : month !== null && [4, 6, 9, 11].includes(month)
      ? 30
      : 31

/** The reason why the parts cannot belong to one date (30 February, 29 February 2023), if there is one. */
export const invalidDate = (date: PartialDate): Option.Option<InvalidField> =>
  date.day !== null && date.day > daysIn(date.month, date.year)
    ? Option.some(new InvalidField({ field: "birthDate", reason: "is not a date of the calendar" }))
    : Option.none()

/**
 * Whole years lived on the local date `today`; `null` unless day, month and year are known or while the date is in
 * the future. Born on 29 February, a year is completed on 1 March in common years.
 */
export const ageOn = (birth: PartialDate, today: LocalDate): number | null => {
  if (birth.day === null || birth.month === null || birth.year === null) return null
  const before = today.month < birth.month || (today.month === birth.month && today.day < birth.day)
  const age = today.year - birth.year - (before ? 1 : 0)
  return age < 0 ? null : age
}

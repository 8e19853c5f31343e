/**
 * A loyalty period is a half-open interval [from, until) of instants: either given, or one of the presets of the
 * merchant's own calendar (today, yesterday, this month, this year), so that a day of a clock change has 23 or 25 hours.
 */
import type * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"
import { InvalidField } from "./errors.ts"
import { type LocalDate, startOfDay, type TimeZone, toLocal } from "./TimeZone.ts"

export interface LoyaltyPeriod {
  readonly from: DateTime.Utc
  /** The first instant after the period. */
  readonly until: DateTime.Utc
}

export const PeriodPreset = Schema.Literals(["today", "yesterday", "month", "year"])
export type PeriodPreset = typeof PeriodPreset.Type

/**
 * The local days [first, last] as a period; a last day before the first is an error of the field `to`. A day that the
 * zone skipped (30 December 2011 in Samoa) is an empty period.
 */
export const periodOfDays = (
  zone: TimeZone,
  first: LocalDate,
  last: LocalDate
): LoyaltyPeriod | InvalidField =>
  dayNumber(last) < dayNumber(first)
    ? new InvalidField({ field: "to", reason: "must not be before the first day" })
    : { from: startOfDay(zone, first), until: startOfDay(zone, { ...last, day: last.day + 1 }) }

/** Greater for later days. */
const dayNumber = ({ day, month, year }: LocalDate): number => (year * 12 + month) * 31 + day

/** The preset's period around `now` in the merchant's zone. Month and year are the calendar's, not the last 30 or 365 days. */
export const periodOf = (preset: PeriodPreset, zone: TimeZone, now: DateTime.Utc): LoyaltyPeriod => {
  const { day, month, year } = toLocal(zone, now)
  const at = (date: LocalDate) => startOfDay(zone, date)
  switch (preset) {
    case "today":
      return { from: at({ year, month, day }), until: at({ year, month, day: day + 1 }) }
    case "yesterday":
      return { from: at({ year, month, day: day - 1 }), until: at({ year, month, day }) }
    case "month":
      return { from: at({ year, month, day: 1 }), until: at({ year, month: month + 1, day: 1 }) }
    case "year":
      return { from: at({ year, month: 1, day: 1 }), until: at({ year: year + 1, month: 1, day: 1 }) }
  }
}

/** Whether an instant lies in the period. */
export const inPeriod = (period: LoyaltyPeriod, instant: DateTime.Utc): boolean =>
  instant.epochMilliseconds >= period.from.epochMilliseconds &&
  instant.epochMilliseconds < period.until.epochMilliseconds

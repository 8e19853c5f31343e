/**
 * The merchant's time zone (IANA name) and the local calendar in it. Vendors write local time without an offset;
 * everything the domain keeps is an instant, and this file is the only bridge between the two.
 */
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

export const TimeZone = Schema.String.check(
  Schema.makeFilter(
    (name: string) => Option.exists(DateTime.zoneFromString(name), DateTime.isTimeZoneNamed),
    {
      message: "must be an IANA time zone name such as Europe/Paris"
    }
  )
).pipe(Schema.brand("TimeZone"))
export type TimeZone = typeof TimeZone.Type

/** A day of the local calendar; month 1–12. */
export interface LocalDate {
  readonly year: number
  readonly month: number
  readonly day: number
}

/** A wall-clock time; month 1–12, millisecond 0–999. */
export interface LocalDateTime extends LocalDate {
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly millisecond: number
}

const formats = new Map<string, Intl.DateTimeFormat>()

const formatOf = (zone: string): Intl.DateTimeFormat => {
  let format = formats.get(zone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      // Not "iso8601", which has the Julian calendar before 1582 and tells no era.
      calendar: "gregory",
      hourCycle: "h23",
      era: "short",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric"
    })
    formats.set(zone, format)
  }
  return format
}

const hour = 3_600_000
/** Offsets of recent hours: pages of customers share most of them, and Intl costs microseconds a call. */
const offsets = new Map<string, Map<number, number>>()

/** Milliseconds by which the zone's clock is ahead of UTC at an instant. No zone changes within a quarter of an hour. */
const offsetAt = (zone: string, millis: number): number => {
  const slot = Math.floor(millis / (hour / 4))
  let known = offsets.get(zone)
  if (known === undefined) offsets.set(zone, (known = new Map()))
  let offset = known.get(slot)
  if (offset === undefined) {
    if (known.size > 20_000) known.clear()
    offset = computeOffset(zone, slot * (hour / 4))
    known.set(slot, offset)
  }
  return offset
}

const computeOffset = (zone: string, millis: number): number => {
  const parts: Record<string, string> = {}
  for (const part of formatOf(zone).formatToParts(millis)) parts[part.type] = part.value
  const year = Number(parts["year"])
  const local = utcMillis({
    year: parts["era"]?.startsWith("B") ? 1 - year : year,
    month: Number(parts["month"]),
    day: Number(parts["day"]),
    hour: Number(parts["hour"]),
    minute: Number(parts["minute"]),
    second: Number(parts["second"]),
    millisecond: 0
  })
  return local - Math.floor(millis / 1000) * 1000
}

/** Milliseconds since 1970 of a wall-clock time read as UTC; `Date.UTC` itself takes years 0–99 for 1900–1999. */
const utcMillis = (local: LocalDateTime): number => {
  const date = new Date(0)
  date.setUTCFullYear(local.year, local.month - 1, local.day)
  return date.setUTCHours(local.hour, local.minute, local.second, local.millisecond)
}

/** The wall-clock time of an instant. */
export const toLocal = (zone: TimeZone, instant: DateTime.Utc): LocalDateTime => {
  const date = new Date(instant.epochMilliseconds + offsetAt(zone, instant.epochMilliseconds))
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    millisecond: date.getUTCMilliseconds()
  }
}

/**
 * The instant of a wall-clock time. A time that a clock change repeats is the earlier of the two; a time that it
 * skips is read with the offset before the change, as `Temporal`'s "compatible" does. Parts beyond their range
 * (day 31 of April, month 13) carry over as in `Date.UTC`.
 */
export const fromLocal = (zone: TimeZone, local: LocalDateTime): DateTime.Utc => {
  const wall = utcMillis(local)
  const before = offsetAt(zone, wall - 24 * hour)
  const after = offsetAt(zone, wall + 24 * hour)
  for (const offset of before >= after ? [before, after] : [after, before]) {
    if (offsetAt(zone, wall - offset) === offset) return DateTime.makeUnsafe(wall - offset)
  }
  return DateTime.makeUnsafe(wall - before)
}

/** Midnight that begins a local day, or the first instant of a day whose midnight a clock change skips. */
export const startOfDay = (zone: TimeZone, day: LocalDate): DateTime.Utc =>
  fromLocal(zone, { ...day, hour: 0, minute: 0, second: 0, millisecond: 0 })

const two = (n: number) => (n < 10 ? `0${n}` : `${n}`)

/** `YYYY-MM-DD` */
export const formatLocalDate = (day: LocalDate): string =>
  `${String(day.year).padStart(4, "0")}-${two(day.month)}-${two(day.day)}`

/** `YYYY-MM-DD HH:MM:SS`: the form in which several tills write local time. Milliseconds are cut. */
export const formatLocal = (local: LocalDateTime): string =>
  `${formatLocalDate(local)} ${two(local.hour)}:${two(local.minute)}:${two(local.second)}`

const localPattern = /^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,7}))?)?)?$/

/** Reads `YYYY-MM-DD`, with or without ` HH:MM[:SS[.fraction]]`; none when it is not a date of the calendar. */
export const parseLocal = (text: string): Option.Option<LocalDateTime> => {
  const match = localPattern.exec(text)
  if (match === null) return Option.none()
  const [year, month, day, hours, minutes, seconds] = match.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number
  ]
  const millisecond = Number((match[7] ?? "").padEnd(3, "0").slice(0, 3))
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  const real = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  return real && hours < 24 && minutes < 60 && seconds < 60
    ? Option.some({ year, month, day, hour: hours, minute: minutes, second: seconds, millisecond })
    : Option.none()
}

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
const day = 24 * hour

/** What was learned of one zone: Intl costs microseconds a call, and lists of customers are full of times. */
interface KnownOffsets {
  /** By quarter of an hour since 1970; no zone changes within one. */
  readonly quarters: Map<number, number>
  /** By day since 1970: the offset at its beginning and at its end; NaN: they differ. */
  readonly days: Map<number, number>
  /** By local day: the offset all through it and the days beside it; NaN: the clock is changed about then. */
  readonly steady: Map<number, number>
}

const known = new Map<string, KnownOffsets>()

const knownOf = (zone: string): KnownOffsets => {
  let offsets = known.get(zone)
  if (offsets === undefined) {
    if (known.size > 1_000) known.clear()
    known.set(zone, (offsets = { quarters: new Map(), days: new Map(), steady: new Map() }))
  }
  return offsets
}

/** Keeps what was computed, and only so much of it. */
const keep = (values: Map<number, number>, key: number, value: number): number => {
  if (values.size > 20_000) values.clear()
  values.set(key, value)
  return value
}

const offsetInQuarter = (zone: string, { quarters }: KnownOffsets, millis: number): number => {
  const quarter = Math.floor(millis / (hour / 4))
  return quarters.get(quarter) ?? keep(quarters, quarter, computeOffset(zone, quarter * (hour / 4)))
}

/** Milliseconds by which the zone's clock is ahead of UTC at an instant. No zone goes and comes back within a day. */
const offsetAt = (zone: string, millis: number): number => {
  const offsets = knownOf(zone)
  const number = Math.floor(millis / day)
  let offset = offsets.days.get(number)
  if (offset === undefined) {
    const begin = offsetInQuarter(zone, offsets, number * day)
    const end = offsetInQuarter(zone, offsets, (number + 1) * day)
    offset = keep(offsets.days, number, begin === end ? begin : Number.NaN)
  }
  return Number.isNaN(offset) ? offsetInQuarter(zone, offsets, millis) : offset
}

/** The offset that holds at every hour from a day before this wall-clock time to a day after it, or NaN. */
const steadyOffset = (zone: string, wall: number): number => {
  const { steady } = knownOf(zone)
  const number = Math.floor(wall / day)
  const offset = steady.get(number)
  if (offset !== undefined) return offset
  const first = offsetAt(zone, (number - 1) * day)
  let isSteady = true
  for (let at = number; at <= number + 2; at++) if (offsetAt(zone, at * day) !== first) isSteady = false
  return keep(steady, number, isSteady ? first : Number.NaN)
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
  return DateTime.makeUnsafe(instantOf(zone, utcMillis(local)))
}

/** Milliseconds since 1970 of a wall-clock time that is given as if it were in UTC. */
const instantOf = (zone: TimeZone, wall: number): number => {
  const steady = steadyOffset(zone, wall)
  if (!Number.isNaN(steady)) return wall - steady
  const before = offsetAt(zone, wall - day)
  const after = offsetAt(zone, wall + day)
  for (const offset of before >= after ? [before, after] : [after, before]) {
    if (offsetAt(zone, wall - offset) === offset) return wall - offset
  }
  return wall - before
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

const monthDays = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const

/** The number that two digits are, or NaN. */
const twoDigits = (text: string, at: number): number => {
  const tens = text.charCodeAt(at) - 48
  const ones = text.charCodeAt(at + 1) - 48
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN
}

const hasSeparators = (text: string): boolean =>
  text.charCodeAt(4) === 45 &&
  text.charCodeAt(7) === 45 &&
  text.charCodeAt(10) === 32 &&
  text.charCodeAt(13) === 58 &&
  text.charCodeAt(16) === 58

/** Wall-clock milliseconds of `YYYY-MM-DD HH:MM:SS`, or NaN for any other form and what is no date of the calendar. */
const wallOf = (text: string): number => {
  if (text.length !== 19 || !hasSeparators(text)) return Number.NaN
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2)
  const month = twoDigits(text, 5)
  const dayOfMonth = twoDigits(text, 8)
  const [hours, minutes, seconds] = [twoDigits(text, 11), twoDigits(text, 14), twoDigits(text, 17)]
  const isTime = hours < 24 && minutes < 60 && seconds < 60
  // `Date.UTC` takes years below 100 for others.
  if (!isTime || !(year >= 100) || !(month >= 1 && month <= 12) || !(dayOfMonth >= 1)) return Number.NaN
  if (dayOfMonth > monthDays[month - 1]!) return Number.NaN
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  if (month === 2 && dayOfMonth === 29 && !isLeap) return Number.NaN
  return Date.UTC(year, month - 1, dayOfMonth, hours, minutes, seconds)
}

/** The last answer: a record often tells one time under several names. */
let latest: { zone: string; text: string; instant: DateTime.Utc } | undefined

/** The instant of a local time as `parseLocal` reads it; `null` when it is not one. Quick for `YYYY-MM-DD HH:MM:SS`. */
export const instantOfLocal = (zone: TimeZone, text: string): DateTime.Utc | null => {
  if (latest !== undefined && latest.text === text && latest.zone === zone) return latest.instant
  const wall = wallOf(text)
  if (Number.isNaN(wall)) {
    const local = parseLocal(text)
    return Option.isSome(local) ? fromLocal(zone, local.value) : null
  }
  const instant = DateTime.makeUnsafe(instantOf(zone, wall))
  latest = { zone, text, instant }
  return instant
}

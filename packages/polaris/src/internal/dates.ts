/**
 * Times as this API may spell them. No page says which form it takes, so every form that .NET writes or a French shop
 * types is read (INFERRED): ISO 8601 with or without time, fraction and zone, `dd/MM/yyyy`, and `/Date(ms+0200)/`.
 */
import {
  formatLocalDate,
  fromLocal,
  type LocalDateTime,
  parseLocal,
  type TimeZone,
  toLocal
} from "@tillbridge/domain"
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import type { DateStyle } from "../PolarisNames.ts"

/** A time as read: the instant, and the wall clock of the zone at it. */
export interface ReadTime {
  readonly instant: DateTime.Utc
  readonly local: LocalDateTime
}

const isoForm = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,7})?)?))?(Z|[+-]\d{2}:?\d{2})?$/i
const frenchForm = /^(\d{2})\/(\d{2})\/(\d{4})(?: (\d{2}:\d{2}(?::\d{2})?))?$/
const dotNetForm = /^\/Date\((-?\d{1,16})(?:[+-]\d{4})?\)\/$/

/** Beyond these years neither .NET nor the domain has a date. */
const earliest = -62_135_596_800_000
const latest = 253_402_300_799_999

const ofMillis = (millis: number, zone: TimeZone): ReadTime | undefined => {
  if (!(millis >= earliest && millis <= latest)) return undefined
  const instant = DateTime.makeUnsafe(millis)
  return { instant, local: toLocal(zone, instant) }
}

const ofLocal = (text: string, zone: TimeZone): ReadTime | undefined => {
  const local = parseLocal(text)
  if (Option.isNone(local) || local.value.year < 1) return undefined
  return { instant: fromLocal(zone, local.value), local: local.value }
}

/** Milliseconds by which a written offset is ahead of UTC; .NET knows none beyond 14 hours. */
const offsetMillis = (text: string): number | undefined => {
  if (/^z$/i.test(text)) return 0
  const hours = Number(text.slice(1, 3))
  const minutes = Number(text.slice(-2))
  if (hours > 14 || minutes > 59) return undefined
  return (text.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * 60_000
}

const utcOf = (local: LocalDateTime): number => {
  const date = new Date(0)
  date.setUTCFullYear(local.year, local.month - 1, local.day)
  return date.setUTCHours(local.hour, local.minute, local.second, local.millisecond)
}

const digit = (text: string, at: number): number => {
  const value = text.charCodeAt(at) - 48
  return value >= 0 && value <= 9 ? value : Number.NaN
}

const pair = (text: string, at: number): number => digit(text, at) * 10 + digit(text, at + 1)

const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

const daysIn = (year: number, month: number): number =>
  month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : monthDays[month - 1]!

/** `yyyy-MM-ddTHH:mm:ss[.f…]`, the form that nearly every time has, by hand; `undefined` for any other text. */
const readIso = (text: string): LocalDateTime | undefined => {
  const { length } = text
  if (length < 19 || text[4] !== "-" || text[7] !== "-" || text[10] !== "T" || text[13] !== ":")
    return undefined
  if (text[16] !== ":" || length === 20 || length > 27 || (length > 19 && text[19] !== ".")) return undefined
  const year = pair(text, 0) * 100 + pair(text, 2)
  const month = pair(text, 5)
  const day = pair(text, 8)
  const hour = pair(text, 11)
  const minute = pair(text, 14)
  const second = pair(text, 17)
  if (!(year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month))) return undefined
  if (!(hour < 24 && minute < 60 && second < 60)) return undefined
  let millisecond = 0
  for (let at = 20; at < length; at++) {
    const value = digit(text, at)
    if (Number.isNaN(value)) return undefined
    if (at < 23) millisecond += value * (at === 20 ? 100 : at === 21 ? 10 : 1)
  }
  return { year, month, day, hour, minute, second, millisecond }
}

/** The wall clock of `zone` at a time in any of the forms. Cheap where the text has no zone of its own. */
export const readWall = (text: string, zone: TimeZone): LocalDateTime | undefined =>
  readIso(text) ?? readTime(text, zone)?.local

/** As `readTime`, where the instant is all that is asked for. */
export const readInstant = (text: string, zone: TimeZone): DateTime.Utc | undefined => {
  const local = readIso(text)
  return local === undefined ? readTime(text, zone)?.instant : fromLocal(zone, local)
}

/** A time in any of the forms; without a zone of its own it is the wall clock of `zone`. */
export const readTime = (text: string, zone: TimeZone): ReadTime | undefined => {
  const given = text.trim()
  const iso = isoForm.exec(given)
  if (iso !== null) {
    const [, day = "", time, offset] = iso
    const written = time === undefined ? day : `${day} ${time}`
    if (offset === undefined) return ofLocal(written, zone)
    const local = parseLocal(written)
    const ahead = offsetMillis(offset)
    if (Option.isNone(local) || ahead === undefined || time === undefined) return undefined
    return ofMillis(utcOf(local.value) - ahead, zone)
  }
  const french = frenchForm.exec(given)
  if (french !== null) {
    const [, day, month, year, time] = french
    return ofLocal(`${year}-${month}-${day}${time === undefined ? "" : ` ${time}`}`, zone)
  }
  const dotNet = dotNetForm.exec(given)
  return dotNet === null ? undefined : ofMillis(Number(dotNet[1]), zone)
}

const two = (n: number) => (n < 10 ? `0${n}` : `${n}`)

/** `yyyy-MM-ddTHH:mm:ss`, with a fraction only where there is one, as .NET writes it. */
const formatIso = (local: LocalDateTime, ticks: string): string => {
  const digits = `${String(local.millisecond).padStart(3, "0")}${ticks}`.replace(/0+$/, "")
  const fraction = digits === "" ? "" : `.${digits}`
  return `${formatLocalDate(local)}T${two(local.hour)}:${two(local.minute)}:${two(local.second)}${fraction}`
}

/** The last four of the seven digits that .NET has for a fraction. */
const noTicks = ""
const lastTick = "9999"

/**
 * A time as it is written: by default the wall clock of `zone` without a zone, as .NET does with a stored time. With
 * `isLast` it is the last tick (100 ns) of its millisecond.
 */
export const formatTime = (
  instant: DateTime.Utc,
  zone: TimeZone,
  style: DateStyle,
  isLast = false
): string => {
  const ticks = isLast ? lastTick : noTicks
  if (style === "utc") {
    return `${formatIso(toLocal("UTC" as TimeZone, instant), ticks)}Z`
  }
  const local = toLocal(zone, instant)
  if (style === "local") return formatIso(local, ticks)
  const minutes = Math.round((utcOf(local) - instant.epochMilliseconds) / 60_000)
  const size = Math.abs(minutes)
  const offset = `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`
  return `${formatIso(local, ticks)}${offset}`
}

/** Whether a time is later than the beginning of its millisecond. */
export const hasTicks = (text: string): boolean => /\.[0-9]{3}[0-9]*[1-9]/.test(text)

/** A day of the calendar as a time at midnight. */
export const formatDay = (year: number, month: number, day: number): string =>
  `${formatLocalDate({ year, month, day })}T00:00:00`

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
const formatIso = (local: LocalDateTime): string => {
  const fraction =
    local.millisecond === 0 ? "" : `.${String(local.millisecond).padStart(3, "0").replace(/0+$/, "")}`
  return `${formatLocalDate(local)}T${two(local.hour)}:${two(local.minute)}:${two(local.second)}${fraction}`
}

/** A time as it is written: by default the wall clock of `zone` without a zone, as .NET does with a stored time. */
export const formatTime = (instant: DateTime.Utc, zone: TimeZone, style: DateStyle): string => {
  if (style === "utc") {
    return `${formatIso(toLocal("UTC" as TimeZone, instant))}Z`
  }
  const local = toLocal(zone, instant)
  if (style === "local") return formatIso(local)
  const minutes = Math.round((utcOf(local) - instant.epochMilliseconds) / 60_000)
  const size = Math.abs(minutes)
  return `${formatIso(local)}${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`
}

/** A day of the calendar as a time at midnight. */
export const formatDay = (year: number, month: number, day: number): string =>
  `${formatLocalDate({ year, month, day })}T00:00:00`

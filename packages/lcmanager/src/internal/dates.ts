/**
 * The vendor's dates: ISO 8601 with up to seven digits of a fraction, with `Z`, an offset or nothing behind it
 * (DOCUMENTED forms; that nothing means the site's local time is INFERRED). Year 1 to 9999.
 */
import { formatLocalDate, fromLocal, type LocalDateTime, type TimeZone, toLocal } from "@tillbridge/domain"
import * as DateTime from "effect/DateTime"

/** A date as it was given. An offset is turned into the zone's local time, as the vendor's server does (INFERRED). */
export interface WireDate {
  readonly instant: DateTime.Utc
  readonly local: LocalDateTime
  /** Seven digits of the second's fraction: the instant knows the first three. */
  readonly fraction: string
}

const iso =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,20}))?)?)?(Z|[+-]\d{2}(?::?\d{2})?)?$/
const american = /^(\d{1,2})\/(\d{1,2})\/(\d{4})(?: (\d{1,2}):(\d{2})(?::(\d{2}))?)?$/
const millisForm = /^\/Date\((-?\d{1,15})(?:[+-]\d{4})?\)\/$/

interface Parts {
  readonly date: readonly [year: number, month: number, day: number]
  readonly time: readonly [hour: number, minute: number, second: number]
  readonly fraction: string
  /** Minutes ahead of UTC; null for local time. */
  readonly offset: number | null
}

const offsetOf = (text: string | undefined): number | null | undefined => {
  if (text === undefined) return null
  if (text === "Z") return 0
  const hours = Number(text.slice(1, 3))
  const minutes = Number(text.slice(-2)) * (text.length > 3 ? 1 : 0)
  if (hours > 14 || minutes > 59 || (hours === 14 && minutes > 0)) return undefined
  return (text[0] === "-" ? -1 : 1) * (hours * 60 + minutes)
}

const numbers = (texts: ReadonlyArray<string | undefined>) =>
  texts.map((text) => Number(text ?? 0)) as unknown as readonly [number, number, number]

const partsOf = (text: string, isLenient: boolean): Parts | undefined => {
  const match = iso.exec(text)
  if (match !== null) {
    const offset = offsetOf(match[8])
    if (offset === undefined) return undefined
    const fraction = (match[7] ?? "").padEnd(7, "0").slice(0, 7)
    return { date: numbers(match.slice(1, 4)), time: numbers(match.slice(4, 7)), fraction, offset }
  }
  const other = isLenient ? american.exec(text) : null
  if (other === null) return undefined
  const [month, day, year] = numbers(other.slice(1, 4))
  return { date: [year, month, day], time: numbers(other.slice(4, 7)), fraction: "0000000", offset: null }
}

const isReal = ({ date: [year, month, day], time: [hour, minute, second] }: Parts): boolean => {
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  return (
    year >= 1 &&
    date.getUTCFullYear() === year &&
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    hour < 24 &&
    minute < 60 &&
    second < 60
  )
}

/**
 * Reads a date; undefined when it is none. `isLenient` also takes what ASP.NET's JSON and form readers do: `/Date(…)/`
 * and `month/day/year` (INFERRED).
 */
export const readWireDate = (given: string, zone: TimeZone, isLenient = false): WireDate | undefined => {
  const text = given.trim()
  const millis = isLenient ? millisForm.exec(text) : null
  if (millis !== null) {
    const instant = DateTime.makeUnsafe(Number(millis[1]))
    const local = toLocal(zone, instant)
    const isInRange = local.year >= 1 && local.year <= 9999
    return isInRange ? { instant, local, fraction: `${pad(local.millisecond, 3)}0000` } : undefined
  }
  const parts = partsOf(text, isLenient)
  if (parts === undefined || !isReal(parts)) return undefined
  const [year, month, day] = parts.date
  const [hour, minute, second] = parts.time
  const { fraction, offset } = parts
  const wall = { year, month, day, hour, minute, second, millisecond: Number(fraction.slice(0, 3)) }
  if (offset === null) return { instant: fromLocal(zone, wall), local: wall, fraction }
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  const instant = DateTime.makeUnsafe(
    date.setUTCHours(hour, minute, second, wall.millisecond) - offset * 60_000
  )
  return { instant, local: toLocal(zone, instant), fraction }
}

const pad = (value: number, width: number) => String(value).padStart(width, "0")

/** `YYYY-MM-DDTHH:mm:ss[.fffffff]`, zeros at its end left out, as Json.NET and DataContractSerializer write it. */
export const formatWireDate = (
  local: LocalDateTime,
  fraction = `${pad(local.millisecond, 3)}0000`
): string => {
  const shown = fraction.replace(/0+$/, "")
  const time = `${pad(local.hour, 2)}:${pad(local.minute, 2)}:${pad(local.second, 2)}`
  return `${formatLocalDate(local)}T${time}${shown === "" ? "" : `.${shown}`}`
}

/** An instant as the site writes it: its own local time, without an offset. */
export const formatInstant = (instant: DateTime.Utc, zone: TimeZone): string =>
  formatWireDate(toLocal(zone, instant))

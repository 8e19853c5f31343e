/**
 * Which registrations a request asks for. The vendor's own logic is not known: these are rules of ours (INFERRED), each
 * of which an option turns where another reading makes sense.
 */
import { type LoyaltyPeriod, startOfDay, type TimeZone, toLocal, periodOf } from "@tillbridge/domain"
import * as DateTime from "effect/DateTime"
import type { WireDate } from "./dates.ts"
import type { PeriodModel } from "./periodModel.ts"

export interface PeriodRules {
  /** A period and a selection of `Reg` together: both must hold, or either. Default: both. */
  readonly together?: "both" | "either"
  /** `RegPosList` names no list of the merchant's: nobody, or an error. Default: nobody. */
  readonly unknownList?: "nobody" | "error"
  /** Neither `Registration` nor a selection: nobody, or an error. Default: nobody. */
  readonly nothingAsked?: "nobody" | "error"
  /** `BegDate` after `EndDate`: nobody, or an error. Default: nobody. */
  readonly reversed?: "nobody" | "error"
  /** A value that cannot be read: as if it were not there, or an error. Default: as if it were not there. */
  readonly unreadable?: "passed over" | "error"
}

/** Before and after every date of the vendor's, whose years go from 1 to 9999. */
const ever: LoyaltyPeriod = {
  from: DateTime.makeUnsafe(-62_135_769_600_000),
  until: DateTime.makeUnsafe(253_402_473_600_000)
}

const after = (instant: DateTime.Utc, millis: number) =>
  DateTime.makeUnsafe(instant.epochMilliseconds + millis)

/** The first instant after an end: of the whole day when it is a midnight, else of its millisecond. */
const untilOf = ({ fraction, instant, local }: WireDate, zone: TimeZone): DateTime.Utc =>
  local.hour === 0 && local.minute === 0 && local.second === 0 && /^0+$/.test(fraction)
    ? startOfDay(zone, { ...local, day: local.day + 1 })
    : after(instant, 1)

const isYear = (year: number) => year >= 1 && year <= 9999

/** The periods that `Reg` names, one after another; undefined when it names none. */
const selections = (
  { month, today, year, yesterday }: PeriodModel,
  zone: TimeZone,
  now: DateTime.Utc
): ReadonlyArray<LoyaltyPeriod> | undefined => {
  const found: Array<LoyaltyPeriod> = []
  let asked = false
  for (const [preset, isAsked] of [
    ["today", today],
    ["yesterday", yesterday]
  ] as const) {
    if (isAsked !== true) continue
    asked = true
    found.push(periodOf(preset, zone, now))
  }
  if (month !== null || year !== null) {
    asked = true
    const of = year ?? toLocal(zone, now).year
    // The sample's month 64 is a month that nobody registered in.
    if (isYear(of) && (month === null || (month >= 1 && month <= 12))) {
      const first = month ?? 1
      found.push({
        from: startOfDay(zone, { year: of, month: first, day: 1 }),
        until: startOfDay(zone, { year: of, month: first + (month === null ? 12 : 1), day: 1 })
      })
    }
  }
  return asked ? found : undefined
}

/** The same periods in order, without overlaps and empty ones. */
const merged = (periods: ReadonlyArray<LoyaltyPeriod>): ReadonlyArray<LoyaltyPeriod> => {
  const out: Array<LoyaltyPeriod> = []
  const sorted = [...periods].sort((a, b) => a.from.epochMilliseconds - b.from.epochMilliseconds)
  for (const { from, until } of sorted) {
    if (until.epochMilliseconds <= from.epochMilliseconds) continue
    const last = out.at(-1)
    if (last === undefined || from.epochMilliseconds > last.until.epochMilliseconds) out.push({ from, until })
    else if (until.epochMilliseconds > last.until.epochMilliseconds)
      out[out.length - 1] = { from: last.from, until }
  }
  return out
}

const later = (a: DateTime.Utc, b: DateTime.Utc) => (a.epochMilliseconds >= b.epochMilliseconds ? a : b)
const earlier = (a: DateTime.Utc, b: DateTime.Utc) => (a.epochMilliseconds <= b.epochMilliseconds ? a : b)

/**
 * The periods asked for, in order and apart from each other; nothing when nobody can be in them. A text says why the
 * rules call the request an error.
 */
export const periodsOf = (
  model: PeriodModel,
  zone: TimeZone,
  now: DateTime.Utc,
  rules: PeriodRules
): ReadonlyArray<LoyaltyPeriod> | string => {
  const { begDate, endDate, registration, unreadable } = model
  if (rules.unreadable === "error" && unreadable.length > 0) return `${unreadable[0]} cannot be read`
  const given: LoyaltyPeriod = {
    from: begDate === null ? ever.from : begDate.instant,
    until: endDate === null ? ever.until : untilOf(endDate, zone)
  }
  const isReversed = given.from.epochMilliseconds >= given.until.epochMilliseconds
  if (isReversed && rules.reversed === "error") return "BegDate is after EndDate"
  const explicit = isReversed ? [] : [given]
  const selected = selections(model, zone, now)
  if (selected === undefined) {
    if (registration === true) return merged(explicit)
    return rules.nothingAsked === "error" ? "neither Registration nor Reg asks for anything" : []
  }
  if (begDate === null && endDate === null) return merged(selected)
  if (rules.together === "either") return merged([...explicit, ...selected])
  return merged(
    explicit.flatMap(({ from, until }) =>
      selected.map((one) => ({ from: later(from, one.from), until: earlier(until, one.until) }))
    )
  )
}

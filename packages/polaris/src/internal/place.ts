/**
 * Where a reader of changes stands, and from when on its next pass asks. A pass without changes costs one request, so
 * it asks from the newest change on that is known. But stamps are not told in order for sure: a site writes late, and
 * clocks are set. So what is younger than the margin is read again, in a sweep, once the margin has gone by; after a
 * sweep that brought nothing newer, everything up to the newest change is settled.
 * All times are milliseconds; those of the site never go through our clock, but for clients without a stamp.
 */
import { type Checkpoint, type TimeZone, toLocal } from "@tillbridge/domain"
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/** A time, or only what is later than its whole millisecond. */
const Since = Schema.Struct({ at: Schema.Finite, isAfter: Schema.Boolean })
export type Since = typeof Since.Type

const Pass = Schema.Struct({
  since: Since,
  /** Whether it reads everything that is not settled. */
  isSweep: Schema.Boolean,
  /** Whether the margin has gone by since the newest change was read. */
  hasWaited: Schema.Boolean,
  /** The vendor's resume point; `null` at the beginning. Never looked into. */
  at: Schema.NullOr(Schema.String),
  /** When it began, by our clock. */
  began: Schema.Finite,
  /** The site's clock at its first answer, where it tells it. */
  clock: Schema.NullOr(Schema.Finite),
  /** The newest stamp that it has seen, and how many clients had it. */
  seen: Schema.NullOr(Schema.Finite),
  ties: Schema.Finite,
  /** Whether one of its clients had no stamp that could be read. */
  isUntimed: Schema.Boolean
})
export type Pass = typeof Pass.Type

const Place = Schema.Struct({
  v: Schema.Literal(2),
  /** Everything before has been read for good. */
  settled: Since,
  /** The newest change that was read; `null` when there was none. */
  top: Schema.NullOr(Schema.Finite),
  /** Whether so many clients have that very stamp that they fill a slice. */
  isCrowded: Schema.Boolean,
  /** When it was read first, and when the next sweep is due, by our clock; `null` when all is settled. */
  topRead: Schema.NullOr(Schema.Finite),
  sweepDue: Schema.NullOr(Schema.Finite),
  pass: Schema.NullOr(Pass),
  /** Members that records of this site have had. */
  members: Schema.Array(Schema.String)
})
export type Place = typeof Place.Type

/** What the rules depend on. */
export interface PlaceOptions {
  readonly timeZone: TimeZone
  readonly marginMillis: number
  readonly pageSize: number
}

const PlaceText = Schema.fromJsonString(Place)
const decodePlace = Schema.decodeUnknownOption(PlaceText)
export const encodePlace = Schema.encodeSync(PlaceText)

/** A checkpoint of another form begins anew, which loses nothing. */
export const placeOf = (checkpoint: Checkpoint | null, since: number): Place =>
  Option.getOrElse(decodePlace(checkpoint ?? ""), () => ({
    v: 2 as const,
    settled: { at: since, isAfter: false },
    top: null,
    isCrowded: false,
    topRead: null,
    sweepDue: null,
    pass: null,
    members: []
  }))

const second = 1_000
const hour = 3_600_000
const day = 24 * hour

/** How much of the clock an hour that comes twice hides: within two hours of it, one hour. */
const repeatedHour = (zone: TimeZone, millis: number): number => {
  const wall = (at: number) => {
    const { day: date, hour: hours, minute, month, year } = toLocal(zone, DateTime.makeUnsafe(at))
    return Date.UTC(year, month - 1, date, hours, minute)
  }
  return wall(millis + 2 * hour) - wall(millis - 2 * hour) < 4 * hour ? hour : 0
}

/** How long after a stamp no earlier one is told any more. */
const waitOf = (top: number, { marginMillis, timeZone }: PlaceOptions): number =>
  Math.max(marginMillis, second) + repeatedHour(timeZone, top)

/** The pass that begins now. */
export const beginPass = (place: Place, now: number, options: PlaceOptions): Pass => {
  const { settled, sweepDue, top, topRead } = place
  const wait = top === null ? 0 : waitOf(top, options)
  // Due much later than ever: our clock was set back meanwhile.
  const isDue = sweepDue === null || now >= sweepDue || sweepDue - now > wait + hour
  const isSweep = top === null || topRead === null || isDue
  const back = top === null ? 0 : repeatedHour(options.timeZone, top)
  return {
    since: isSweep ? settled : { at: top - back, isAfter: place.isCrowded && back === 0 },
    isSweep,
    hasWaited: topRead !== null && now - topRead >= wait,
    at: null,
    began: now,
    clock: null,
    seen: null,
    ties: 0,
    isUntimed: false
  }
}

/** The pass with more clients in it, by their stamps. */
export const passWith = (pass: Pass, stamps: ReadonlyArray<number | null>): Pass => {
  let { isUntimed, seen, ties } = pass
  for (const stamp of stamps) {
    if (stamp === null) isUntimed = true
    else if (stamp === seen) ties++
    else if (seen === null || stamp > seen) {
      seen = stamp
      ties = 1
    }
  }
  return { ...pass, isUntimed, seen, ties }
}

/** The newest change of a pass: none is believed that is ahead of the site's own clock, or else of ours. */
const reachedBy = ({ began, clock, isUntimed, seen }: Pass): number | null => {
  if (seen === null && !isUntimed) return null
  // Without a stamp and the site's clock there is only ours, which may be a day off.
  const limit = clock ?? (isUntimed ? began - day : began)
  return Math.min(seen ?? limit, limit)
}

const later = (a: Since, b: Since): Since => (b.at > a.at || (b.at === a.at && b.isAfter) ? b : a)

/** Where the reader stands after a finished pass, `now` by our clock. */
export const endPass = (place: Place, pass: Pass, now: number, options: PlaceOptions): Place => {
  const reached = reachedBy(pass)
  const before = place.top
  const isNewer = reached !== null && (before === null || reached > before)
  const top = isNewer ? reached : before
  if (top === null) return { ...place, pass: null }
  const wait = waitOf(top, options)
  const next = {
    ...place,
    pass: null,
    top,
    isCrowded: pass.seen === top ? pass.ties >= options.pageSize : place.isCrowded && !isNewer,
    topRead: isNewer ? now : place.topRead
  }
  if (!pass.isSweep) return { ...next, sweepDue: next.sweepDue ?? now + wait }
  const isOld = before !== null && pass.hasWaited && (pass.clock === null || pass.clock >= before + wait)
  const settled = isOld ? later(place.settled, { at: before, isAfter: true }) : place.settled
  if (!isNewer && (isOld || place.topRead === null))
    return { ...next, settled, topRead: null, sweepDue: null }
  // What is older than the margin was told for good when the pass began: the site's clock was there by then.
  const meanwhile = pass.clock === null ? now - pass.began : 0
  const margin = reached === null ? settled : { at: reached - wait - meanwhile, isAfter: false }
  return { ...next, settled: later(settled, margin), sweepDue: now + wait }
}

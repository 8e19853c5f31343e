/**
 * A Polaris site as a source of customers: a pass asks for everything changed since a time and follows the vendor's
 * resume point slice by slice (DOCUMENTED); the next pass begins where the greatest time of change of this one was.
 * Clocks and stored times are not exact, so a pass reaches back by a margin: customers may come twice, none is missed.
 * .NET leaves out what is null (INFERRED), so a member that some record of the site had is empty in one that lacks it:
 * the checkpoint keeps which members the site has. Removed clients are not told by this API (INFERRED).
 */
import {
  Checkpoint,
  CustomerSource,
  Malformed,
  SourceError,
  type SourcePage,
  type TimeZone,
  toLocal
} from "@tillbridge/domain"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { capabilities } from "./internal/capabilities.ts"
import { type ClientSlice, PolarisClient } from "./PolarisClient.ts"
import { customerChange, DIALECT, membersOf, modifiedAt } from "./PolarisCodec.ts"

/** Where a pass stands. Times in milliseconds. */
const Place = Schema.Struct({
  v: Schema.Literal(1),
  /** What the pass asks for: changes from here on. */
  since: Schema.Finite,
  /** The vendor's resume point; `null` at the beginning of a pass. Never looked into. */
  at: Schema.NullOr(Schema.String),
  /** When the pass began. */
  began: Schema.NullOr(Schema.Finite),
  /** The greatest time of change that it has seen. */
  seen: Schema.NullOr(Schema.Finite),
  /** Whether one of its clients had no time of change that could be read. */
  untimed: Schema.Boolean,
  /** Members that records of this site have had. */
  members: Schema.Array(Schema.String)
})
type Place = typeof Place.Type

const PlaceText = Schema.fromJsonString(Place)
const decodePlace = Schema.decodeUnknownOption(PlaceText)
const encodePlace = Schema.encodeSync(PlaceText)

const startAt = (since: number, members: ReadonlyArray<string> = []): Place => ({
  v: 1,
  since,
  at: null,
  began: null,
  seen: null,
  untimed: false,
  members
})

const hour = 3_600_000

/** How much of the clock an hour that comes twice hides: within two hours of it, one hour. */
const repeatedHour = (zone: TimeZone, millis: number): number => {
  const wall = (at: number) => {
    const { day, hour: hours, minute, month, year } = toLocal(zone, DateTime.makeUnsafe(at))
    return Date.UTC(year, month - 1, day, hours, minute)
  }
  return wall(millis + 2 * hour) - wall(millis - 2 * hour) < 4 * hour ? hour : 0
}

/** Where the pass after a finished one begins; without any change, where it began itself. */
const nextPass = (place: Place, zone: TimeZone, marginMillis: number): Place => {
  const { began, members, seen, since, untimed } = place
  if (seen === null && !untimed) return startAt(since, members)
  // A time ahead of our clock would hide what comes until then. Without times there is only our clock to go by.
  const reached = Math.min(seen ?? Infinity, began ?? Infinity)
  if (reached === Infinity) return startAt(since, members)
  return startAt(Math.max(since, reached - marginMillis - repeatedHour(zone, reached)), members)
}

/** The source of one site; needs its client. */
export const makePolarisSource = Effect.gen(function* () {
  const client = yield* PolarisClient
  const { marginMillis, since, system, externalSystem, names, timeZone } = client.config
  const context = { timeZone, names, system, externalSystem }

  /** A checkpoint of another form begins anew, which loses nothing. */
  const placeOf = (checkpoint: Checkpoint | null): Place =>
    Option.getOrElse(decodePlace(checkpoint ?? ""), () => startAt(since.epochMilliseconds))

  const ask = (place: Place, checkPoint: string | null) =>
    client.getClientsModified({ lastChanged: DateTime.makeUnsafe(place.since), checkPoint })

  /** A resume point that a site does not take any more, as after its restart, costs the pass, not the source. */
  const askFirst = (place: Place) =>
    place.at === null
      ? Effect.map(ask(place, null), (slice) => ({ slice, place }))
      : ask(place, place.at).pipe(
          Effect.map((slice) => ({ slice, place })),
          Effect.catchIf(
            ({ reason }) => reason._tag === "Refused",
            () => Effect.map(ask(place, null), (slice) => ({ slice, place: { ...place, at: null } }))
          )
        )

  const endless = (detail: string) =>
    new SourceError({ dialect: DIALECT, operation: "getClientsModified", reason: new Malformed({ detail }) })

  const after = (place: Place, slice: ClientSlice): Place => {
    let { seen, untimed } = place
    const members = new Set(place.members)
    for (const record of slice.clients) {
      for (const member of membersOf(record)) members.add(member)
      const at = modifiedAt(record, context)
      if (at === null) untimed = true
      else seen = Math.max(seen ?? at.epochMilliseconds, at.epochMilliseconds)
    }
    return { ...place, at: slice.checkPoint, seen, untimed, members: [...members].sort() }
  }

  const step = Effect.fnUntraced(function* (from: Place, isFirst: boolean, sent: Set<string>) {
    const began = from.began ?? (yield* Clock.currentTimeMillis)
    const { place, slice } = isFirst
      ? yield* askFirst({ ...from, began })
      : { place: from, slice: yield* ask(from, from.at) }
    if (place.at !== null) sent.add(place.at)
    const reached = after(place, slice)
    if (slice.hasMoreResults && slice.checkPoint === null)
      return yield* endless("hasMoreResults is true and there is no checkPoint")
    if (slice.hasMoreResults && sent.has(slice.checkPoint ?? ""))
      return yield* endless("hasMoreResults is true and the checkPoint has come before")
    const next = slice.hasMoreResults ? reached : nextPass(reached, timeZone, marginMillis)
    const members = new Set(reached.members)
    const page: SourcePage = {
      changes: slice.clients.map((record) => customerChange(record, context, members)),
      next: Checkpoint.make(encodePlace(next)),
      hasMore: slice.hasMoreResults
    }
    return { page, next }
  })

  return CustomerSource.of({
    capabilities,
    pages: (from) =>
      Stream.suspend(() => {
        const sent = new Set<string>()
        return Stream.paginate({ place: placeOf(from), isFirst: true }, ({ isFirst, place }) =>
          Effect.map(step(place, isFirst, sent), ({ next, page }) => [
            [page],
            page.hasMore ? Option.some({ place: next, isFirst: false }) : Option.none()
          ])
        )
      })
  })
})

/** `CustomerSource` on a client. */
export const layerPolarisSource: Layer.Layer<CustomerSource, never, PolarisClient> = Layer.effect(
  CustomerSource,
  makePolarisSource
)

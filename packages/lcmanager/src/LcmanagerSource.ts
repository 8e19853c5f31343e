/**
 * An LCManager site as a source of customers. The API tells who registered in a period, and nothing of later changes: a
 * pass reads windows of days, the oldest first, from a little before where the last one ended up to now. A first pass
 * begins with everything up to `since` in one request. Of a client it tells the id and the cards that were registered
 * in the window; cards without a client are nobody's and left out.
 *
 * Windows meet without a gap: each ends one tick (100 ns) before the next begins. A row that is told later than it is
 * dated, or by a clock that is behind ours, is still met by the next pass, as long as it is not later than the overlap.
 */
import { Checkpoint, CustomerSource, type SourcePage, toLocal } from "@tillbridge/domain"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { capabilities } from "./internal/capabilities.ts"
import { formatInstant, formatWireDate } from "./internal/dates.ts"
import { recordsOf, reread } from "./internal/rows.ts"
import { LcmanagerClient } from "./LcmanagerClient.ts"

const DAY = 86_400_000

/** Customers of one page: a window of many is told in several. */
const PAGE = 500

/**
 * Where a reader stands. A pass goes up to the moment at which it began, however often it is taken up again: what is
 * told late, within the overlap, is then always met by the next one.
 */
interface Place {
  /** The window to be read begins here; `null`: with the beginning of time. In milliseconds. */
  readonly from: number | null
  /** The pass goes up to here. */
  readonly bound: number
  /** What leads here again. */
  readonly checkpoint: Checkpoint
}

const beginning = Checkpoint.make("w1.")
const within = (from: number, bound: number) => Checkpoint.make(`w1.${from}.${bound}`)
const after = (bound: number) => Checkpoint.make(`w1.${bound}`)

/** Checkpoints of another form, and of times before everything, begin anew, which loses nothing. */
const placeOf = (given: Checkpoint | null, now: number, since: number, overlap: number): Place => {
  const match = /^w1\.(-?\d{1,15})(?:\.(-?\d{1,15}))?$/.exec(given ?? "")
  const from = Number(match?.[1])
  if (given === null || match === null || from < since)
    return { from: null, bound: now, checkpoint: beginning }
  // One that is ahead of the clock was made by a clock that was.
  const bound = match[2] === undefined ? now : Math.min(Number(match[2]), now)
  return match[2] === undefined || from >= bound
    ? { from: Math.min(from, now) - overlap, bound: now, checkpoint: given }
    : { from, bound, checkpoint: given }
}

/** The source of one site; needs its client. */
export const makeLcmanagerSource = Effect.gen(function* () {
  const client = yield* LcmanagerClient
  const { overlapMillis, timeZone, windowDays } = client.config
  const since = client.config.since.epochMilliseconds

  /** The last tick before an instant, as the site writes it. */
  const lastTickBefore = (millis: number) => {
    const local = toLocal(timeZone, DateTime.makeUnsafe(millis - 1))
    return formatWireDate(local, `${String(local.millisecond).padStart(3, "0")}9999`)
  }

  const read = (from: number | null, until: number) =>
    Effect.map(
      client.registrations({
        ...(from === null ? {} : { BegDate: formatInstant(DateTime.makeUnsafe(from), timeZone) }),
        EndDate: lastTickBefore(until),
        Registration: true
      }),
      (registrations) => recordsOf(registrations, client.config)
    )

  const step = Effect.fnUntraced(function* ({ bound, checkpoint, from }: Place) {
    const until = Math.min(from === null ? since : from + windowDays * DAY, bound)
    const { changes, unreadable } = yield* read(from, until)
    const hasMore = until < bound
    const next: Place = {
      from: until,
      bound,
      checkpoint: hasMore ? within(until, bound) : after(bound)
    }
    const pages: Array<SourcePage> = []
    // What cannot be read is spread over the pages as evenly as it can be, for readers who look at its share.
    const share = Math.ceil(unreadable.length / Math.max(1, Math.ceil(changes.length / PAGE)))
    for (let at = 0; at < changes.length || at === 0; at += PAGE) {
      const isLast = at + PAGE >= changes.length
      const broken = unreadable.slice(pages.length * share, (pages.length + 1) * share)
      pages.push({
        changes: changes.slice(at, at + PAGE),
        ...(broken.length === 0 ? {} : { unreadable: broken }),
        // Within a window nothing is known but where it began: who stops there reads it again.
        next: isLast ? next.checkpoint : checkpoint,
        hasMore: !isLast || hasMore
      })
    }
    return [pages, hasMore ? Option.some(next) : Option.none()] as const
  })

  const pages = (checkpoint: Checkpoint | null) =>
    Stream.unwrap(
      Effect.map(Clock.currentTimeMillis, (now) =>
        // One moment more, so that what is dated now is read now.
        Stream.paginate(placeOf(checkpoint, now + 1, since, overlapMillis), step)
      )
    )

  return CustomerSource.of({
    system: client.config.system,
    capabilities,
    pages,
    reread: (payload) => reread(payload, client.config)
  })
})

/** `CustomerSource` on a client. */
export const layerLcmanagerSource: Layer.Layer<CustomerSource, never, LcmanagerClient> = Layer.effect(
  CustomerSource,
  makeLcmanagerSource
)

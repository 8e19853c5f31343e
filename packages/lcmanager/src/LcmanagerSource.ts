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
import { LcmanagerClient } from "./LcmanagerClient.ts"
import { changesOf } from "./LcmanagerCodec.ts"

const DAY = 86_400_000

/** Customers of one page: a window of many is told in several. */
const PAGE = 500

/** Up to when everything was read; `null` for nothing yet. In milliseconds. */
const readUpTo = (checkpoint: Checkpoint | null): number | null => {
  const match = /^w1\.(-?\d{1,15})$/.exec(checkpoint ?? "")
  return match === null ? null : Number(match[1])
}

const checkpointOf = (millis: number | null): Checkpoint =>
  Checkpoint.make(millis === null ? "w1." : `w1.${millis}`)

/** A window still to be read; `from` `null`: from the beginning of time. */
interface Place {
  readonly from: number | null
  /** What the checkpoint stands at until the window has been read. */
  readonly readUpTo: number | null
}

/** The source of one site; needs its client. */
export const makeLcmanagerSource = Effect.gen(function* () {
  const client = yield* LcmanagerClient
  const { overlapMillis, since, timeZone, windowDays } = client.config

  /** The last tick before an instant, as the site writes it. */
  const lastTickBefore = (millis: number) => {
    const local = toLocal(timeZone, DateTime.makeUnsafe(millis - 1))
    return formatWireDate(local, `${String(local.millisecond).padStart(3, "0")}9999`)
  }

  const read = (from: number | null, until: number) =>
    Effect.map(
      client.clientInfoPeriod({
        ...(from === null ? {} : { BegDate: formatInstant(DateTime.makeUnsafe(from), timeZone) }),
        EndDate: lastTickBefore(until),
        Registration: true
      }),
      (rows) => changesOf(rows, client.config)
    )

  const step = Effect.fnUntraced(function* ({ from, readUpTo: before }: Place, now: number) {
    const until =
      from === null ? Math.min(since.epochMilliseconds, now) : Math.min(from + windowDays * DAY, now)
    const changes = yield* read(from, until)
    const hasMore = until < now
    const pages: Array<SourcePage> = []
    for (let at = 0; at < changes.length || at === 0; at += PAGE) {
      const isLast = at + PAGE >= changes.length
      pages.push({
        changes: changes.slice(at, at + PAGE),
        // Within a window nothing is known but where it began: who stops there reads it again.
        next: checkpointOf(isLast ? until : before),
        hasMore: !isLast || hasMore
      })
    }
    const next: Place = { from: until, readUpTo: until }
    return [pages, hasMore ? Option.some(next) : Option.none()] as const
  })

  const pages = (checkpoint: Checkpoint | null) =>
    Stream.unwrap(
      Effect.map(Clock.currentTimeMillis, (now) => {
        // A checkpoint that is ahead of the clock was made by a clock that was.
        const before = readUpTo(checkpoint)
        const start = before === null ? null : Math.min(before, now) - overlapMillis
        // One moment more, so that what is dated now is read now.
        return Stream.paginate({ from: start, readUpTo: before } as Place, (place) => step(place, now + 1))
      })
    )

  return CustomerSource.of({ capabilities, pages })
})

/** `CustomerSource` on a client. */
export const layerLcmanagerSource: Layer.Layer<CustomerSource, never, LcmanagerClient> = Layer.effect(
  CustomerSource,
  makeLcmanagerSource
)

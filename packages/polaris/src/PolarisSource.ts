/**
 * A Polaris site as a source of customers: a pass asks for everything changed since a time and follows the vendor's
 * resume point slice by slice (DOCUMENTED); where the next pass begins is told in `internal/place.ts`. Customers may
 * come twice, none is missed. .NET leaves out what is null (INFERRED), so a member that some record of the site had is
 * empty in one that lacks it: the checkpoint keeps which members the site has. Removed clients are not told by this API
 * (INFERRED).
 */
import {
  Checkpoint,
  type CustomerChange,
  CustomerSource,
  Malformed,
  SourceError,
  type SourcePage,
  type UnreadableRecord
} from "@tillbridge/domain"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { capabilities } from "./internal/capabilities.ts"
import { RecordDecoder } from "./internal/decode.ts"
import {
  beginPass,
  encodePlace,
  endPass,
  type Pass,
  passWith,
  type Place,
  placeOf
} from "./internal/place.ts"
import { reread, unreadableRecord } from "./internal/records.ts"
import { type AnsweredRecords, PolarisClient } from "./PolarisClient.ts"
import { DIALECT } from "./PolarisCodec.ts"

/** The source of one site; needs its client. */
export const makePolarisSource = Effect.gen(function* () {
  const client = yield* PolarisClient
  const { since, system } = client.config
  const context = client.config

  const ask = ({ since: { at, isAfter } }: Pass, checkPoint: string | null) =>
    client.getModifiedRecords({ lastChanged: DateTime.makeUnsafe(at), isAfter, checkPoint })

  /** A resume point that a site does not take any more, as after its restart, costs the pass, not the source. */
  const askFirst = (pass: Pass) =>
    pass.at === null
      ? Effect.map(ask(pass, null), (slice) => ({ slice, pass }))
      : ask(pass, pass.at).pipe(
          Effect.map((slice) => ({ slice, pass })),
          Effect.catchIf(
            ({ reason }) => reason._tag === "Refused",
            () => Effect.map(ask(pass, null), (slice) => ({ slice, pass: { ...pass, at: null } }))
          )
        )

  const endless = (detail: string) =>
    new SourceError({ dialect: DIALECT, operation: "getClientsModified", reason: new Malformed({ detail }) })

  const decoder = new RecordDecoder(context, client.members)

  const recordsOf = ({ records, unreadable: broken }: AnsweredRecords) => {
    const changes: Array<CustomerChange> = []
    const unreadable: Array<UnreadableRecord> = broken.map((record) => unreadableRecord(record, system))
    decoder.readAll(records, changes, unreadable)
    return { changes, unreadable }
  }

  const step = Effect.fnUntraced(function* (place: Place, isFirst: boolean, sent: Set<string>) {
    for (const member of place.members) client.members.add(member)
    const from = place.pass ?? beginPass(place, yield* Clock.currentTimeMillis, context)
    const { pass, slice } = isFirst ? yield* askFirst(from) : { pass: from, slice: yield* ask(from, from.at) }
    if (pass.at !== null) sent.add(pass.at)
    if (slice.hasMoreResults && slice.checkPoint === null)
      return yield* endless("hasMoreResults is true and there is no checkPoint")
    if (slice.hasMoreResults && sent.has(slice.checkPoint ?? ""))
      return yield* endless("hasMoreResults is true and the checkPoint has come before")
    const { changes, unreadable } = recordsOf(slice)
    const stamps = changes.map(({ modifiedAt }) => modifiedAt?.epochMilliseconds ?? null)
    const clock = pass.clock ?? slice.clock?.epochMilliseconds ?? null
    const reached = passWith({ ...pass, clock, at: slice.checkPoint }, stamps)
    const known = { ...place, members: [...client.members].sort() }
    const next = slice.hasMoreResults
      ? { ...known, pass: reached }
      : endPass(known, reached, yield* Clock.currentTimeMillis, context)
    const page: SourcePage = {
      changes,
      next: Checkpoint.make(encodePlace(next)),
      hasMore: slice.hasMoreResults,
      ...(unreadable.length === 0 ? {} : { unreadable })
    }
    return { page, next }
  })

  return CustomerSource.of({
    system,
    capabilities,
    reread: (payload) => reread(payload, context, client.members),
    pages: (from) =>
      Stream.suspend(() => {
        const sent = new Set<string>()
        const place = placeOf(from, since.epochMilliseconds)
        return Stream.paginate({ place, isFirst: true }, ({ isFirst, place: at }) =>
          Effect.map(step(at, isFirst, sent), ({ next, page }) => [
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

/**
 * A VirtualPOS site as a source of customers. The API has no feed of changes nor a filter by their time, so a pass reads
 * every page, and after the last one the checkpoint stands at the beginning again; what did not change is written by
 * nobody twice. When a customer is deleted while a pass runs, those after it move up and one slips through between two
 * pages. So the checkpoint also keeps the last id of recent pages, and each page is followed by a look at the row before
 * it (one row): if it is another one by now, the pass goes back to the page whose border still holds.
 * A page that tells what an earlier one told, or stops short of what it says to have, is a failure: not the end.
 * Source: VirtualPOS API :: Customer; that rows come in ascending order of id is INFERRED.
 */
import {
  type CustomerChange,
  CustomerSource,
  Malformed,
  SourceError,
  type SourcePage,
  type UnreadableRecord
} from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { capabilities } from "./internal/capabilities.ts"
import { beginning, checkpointOf, type Place, placeAfter, placeOf } from "./internal/places.ts"
import { keyOf, readListed, reread } from "./internal/records.ts"
import { type MemberPage, VirtposClient } from "./VirtposClient.ts"
import { DIALECT } from "./VirtposCodec.ts"

/** How often one run goes back: a site without a stable order would send it back for ever. */
const MOVES = 3

/** A page with the ids of its rows, where they have one. */
interface Found extends MemberPage {
  readonly keys: ReadonlyArray<string | null>
}

const malformed = (detail: string) =>
  new SourceError({ dialect: DIALECT, operation: "listCustomers", reason: new Malformed({ detail }) })

/** First id, last id and number of rows: pages that share these tell the same customers. */
const looksOf = ({ keys }: Found): string => `${keys[0]}:${keys.at(-1)}:${keys.length}`

/**
 * Whether an empty page says that it has customers: their number on the page, or in all. Nothing else may depend on
 * `count`, which the vendor's own example has wrong.
 */
const isEmptied = ({ count, keys }: Found, rowsBefore: number, pageSize: number): boolean => {
  const said = /^[0-9]{1,15}$/.test(count ?? "") ? Number(count) : 0
  return keys.length === 0 && said > 0 && said !== rowsBefore && (said <= pageSize || said > rowsBefore)
}

/** Whether customers were told, and of none whether it has cards. */
const tellsNoCards = ({ members }: Found): boolean => {
  const values = members.flatMap((member) => (member._tag === "Parsed" ? [member.value] : []))
  return (
    values.length > 0 &&
    values.every((value) => typeof value !== "object" || value === null || !("cards" in value))
  )
}

/** The source of one site; needs its client. */
export const makeVirtposSource = Effect.gen(function* () {
  const client = yield* VirtposClient
  const { config } = client
  const { cards, pageSize } = config

  const rows = (query: { readonly page: number; readonly pageSize: number; readonly cards?: boolean }) =>
    Effect.map(client.listMembers(query), (page): Found => ({ ...page, keys: page.members.map(keyOf) }))

  const read = (page: number) =>
    Effect.flatMap(rows({ page, pageSize, ...(cards ? { cards } : {}) }), (found) => {
      if (isEmptied(found, (page - 1) * pageSize, pageSize)) {
        return Effect.fail(malformed(`page ${page} says that it has customers and tells none`))
      }
      return cards && tellsNoCards(found)
        ? Effect.fail(malformed("cards were asked for and no customer has any member for them"))
        : Effect.succeed(found)
    })

  /** Whether the row just before the page is still the one that was read there. */
  const holds = Effect.fnUntraced(function* ({ borders, page }: Place) {
    const border = borders.at(-1) ?? null
    if (page === 1 || border === null) return true
    const { keys } = yield* rows({ page: (page - 1) * pageSize - border.back, pageSize: 1 })
    // More than one row: the site has a smallest page size of its own, so that nothing can be told.
    return keys.length > 1 || keys[0] === border.id
  })

  /** The nearest page before whose border still holds. */
  const goBack = Effect.fnUntraced(function* (from: Place) {
    let place = from
    do place = { page: place.page - 1, borders: place.borders.slice(0, -1) }
    while (place.borders.length > 0 && !(yield* holds(place)))
    return place.borders.length > 0 ? place : beginning
  })

  /** Whether the site tells one customer when one is asked for; otherwise it knows no pages and has told everybody. */
  const knowsPages = Effect.map(rows({ page: 1, pageSize: 1 }), ({ keys }) => keys.length <= 1)

  /** Whether everybody has come with a first page that is not full: a site may have a largest page size of its own. */
  const isWhole = Effect.fnUntraced(function* (first: Found) {
    if (first.keys.length === 0 || first.keys.length > pageSize) return true
    const second = yield* rows({ page: 2, pageSize })
    if (second.keys.length === 0 || looksOf(second) === looksOf(first)) return true
    return (yield* rows({ page: 1, pageSize })).keys.length >= pageSize
  })

  /** The page at a place, or before it where customers have moved. */
  const settle = Effect.fnUntraced(function* (from: Place, movesLeft: number) {
    let place = from
    let found = yield* read(place.page)
    let moves = movesLeft
    while (moves > 0 && !(yield* holds(place))) {
      place = yield* goBack(place)
      found = yield* read(place.page)
      moves--
    }
    return { place, found, moves }
  })

  const pageOf = ({ members }: Found, next: Place, hasMore: boolean): SourcePage => {
    const changes: Array<CustomerChange> = []
    const unreadable: Array<UnreadableRecord> = []
    for (const member of members) {
      const listed = readListed(member, config)
      if (Result.isSuccess(listed)) changes.push(listed.success)
      else unreadable.push(listed.failure)
    }
    return {
      changes,
      next: checkpointOf(next, pageSize),
      hasMore,
      ...(unreadable.length === 0 ? {} : { unreadable })
    }
  }

  const nobody: Found = { members: [], count: null, keys: [] }

  const step = Effect.fnUntraced(function* (from: Place, movesLeft: number, told: Map<string, number>) {
    const { found, moves, place } = yield* settle(from, movesLeft)
    const earlier = found.keys.length === 0 ? undefined : told.get(looksOf(found))
    if (earlier !== undefined && earlier !== place.page) {
      // Who told two different pages knows pages, whatever else it answers now.
      if (told.size > 1 || (yield* knowsPages))
        return yield* malformed(`page ${place.page} tells page ${earlier} again`)
      return { page: pageOf(nobody, beginning, false), next: beginning, moves }
    }
    told.set(looksOf(found), place.page)
    const hasMore = found.keys.length === pageSize
    if (place.page === 1 && !hasMore && !(yield* isWhole(found))) {
      return yield* malformed(`a page has at most ${found.keys.length} customers and not ${pageSize}`)
    }
    const next = hasMore ? placeAfter(place, found.keys) : beginning
    return { page: pageOf(found, next, hasMore), next, moves }
  })

  return CustomerSource.of({
    system: config.system,
    capabilities: { ...capabilities, carriesCards: cards, carriesAllCards: cards },
    reread: (payload) => reread(payload, config),
    pages: (from) =>
      Stream.suspend(() => {
        const told = new Map<string, number>()
        return Stream.paginate({ place: placeOf(from, pageSize), moves: MOVES }, ({ moves, place }) =>
          Effect.map(step(place, moves, told), (done) => [
            [done.page],
            done.page.hasMore ? Option.some({ place: done.next, moves: done.moves }) : Option.none()
          ])
        )
      })
  })
})

/** `CustomerSource` on a client. */
export const layerVirtposSource: Layer.Layer<CustomerSource, never, VirtposClient> = Layer.effect(
  CustomerSource,
  makeVirtposSource
)

/**
 * A VirtualPOS site as a source of customers. The API has no feed of changes, so a pass reads every page, and after
 * the last one the checkpoint stands at the beginning again; what did not change is written by nobody twice.
 * When a customer is deleted while a pass runs, those after it move up and one slips through between two pages. So
 * the checkpoint also keeps the last id of recent pages, and each page is followed by a look at the row before it
 * (one row): if it is another one by now, the pass goes back to the page whose border still holds.
 * Source: VirtualPOS API :: Customer; that rows come in ascending order of id is INFERRED.
 */
import { Checkpoint, CustomerSource, type SourcePage } from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { capabilities } from "./internal/capabilities.ts"
import { VirtposClient } from "./VirtposClient.ts"
import { customerChange } from "./VirtposCodec.ts"
import { reread } from "./internal/records.ts"

/** How many borders are kept: more customers than fill this many pages are hardly deleted within one pass. */
const KEPT = 8

/** How often one run goes back: a site without a stable order would send it back for ever. */
const MOVES = 3

/** Where a pass stands: the page to read next, and the last ids of the pages just before it, newest last. */
interface Place {
  readonly page: number
  readonly borders: ReadonlyArray<string>
}

const beginning: Place = { page: 1, borders: [] }

const checkpointOf = (place: Place, pageSize: number): Checkpoint =>
  Checkpoint.make(`p1.${place.page}.${pageSize}.${place.borders.join("-")}`)

/** A checkpoint of another page size or form counts pages differently: the pass begins anew, which loses nothing. */
const placeOf = (checkpoint: Checkpoint | null, pageSize: number): Place => {
  const match = /^p1\.([1-9]\d{0,8})\.(\d{1,5})\.((?:\d{1,19}(?:-\d{1,19})*)?)$/.exec(checkpoint ?? "")
  if (match === null || Number(match[2]) !== pageSize) return beginning
  return { page: Number(match[1]), borders: match[3] ? match[3].split("-") : [] }
}

/** The source of one site; needs its client. */
export const makeVirtposSource = Effect.gen(function* () {
  const client = yield* VirtposClient
  const { cards, pageSize } = client.config

  const read = (page: number) => client.listCustomers({ page, pageSize, ...(cards ? { cards } : {}) })

  /** Whether the row just before the page is still the one that was read there. */
  const holds = Effect.fnUntraced(function* ({ borders, page }: Place) {
    const known = borders.at(-1)
    if (page === 1 || known === undefined) return true
    const { customers } = yield* client.listCustomers({ page: (page - 1) * pageSize, pageSize: 1 })
    // More than one row: the site has a smallest page size of its own, so that nothing can be told.
    return customers.length > 1 || customers[0]?.id?.trim() === known
  })

  /** The nearest page before whose border still holds. */
  const goBack = Effect.fnUntraced(function* (from: Place) {
    let place = from
    do place = { page: place.page - 1, borders: place.borders.slice(0, -1) }
    while (place.borders.length > 0 && !(yield* holds(place)))
    return place.borders.length > 0 ? place : beginning
  })

  const step = Effect.fnUntraced(function* (from: Place, movesLeft: number, earlier: string) {
    let place = from
    let found = yield* read(place.page)
    let moves = movesLeft
    while (moves > 0 && !(yield* holds(place))) {
      place = yield* goBack(place)
      found = yield* read(place.page)
      moves--
    }
    const first = found.customers[0]?.id?.trim() ?? ""
    // A site that does not know `page` answers everybody again.
    const customers = place.page > 1 && first === earlier ? [] : found.customers
    const hasMore = customers.length === pageSize
    const last = customers.at(-1)?.id?.trim() ?? ""
    const next = hasMore
      ? { page: place.page + 1, borders: [...place.borders, last].slice(-KEPT) }
      : beginning
    const page: SourcePage = {
      changes: customers.map((customer) => customerChange(customer, client.config)),
      next: checkpointOf(next, pageSize),
      hasMore
    }
    return { page, next, moves, first }
  })

  return CustomerSource.of({
    system: client.config.system,
    capabilities: { ...capabilities, carriesCards: cards, carriesAllCards: cards },
    reread: (payload) => reread(payload, client.config),
    pages: (from) =>
      Stream.paginate(
        { place: placeOf(from, pageSize), moves: MOVES, first: "" },
        ({ first, moves, place }) =>
          Effect.map(step(place, moves, first), (done) => [
            [done.page],
            done.page.hasMore
              ? Option.some({ place: done.next, moves: done.moves, first: done.first })
              : Option.none()
          ])
      )
  })
})

/** `CustomerSource` on a client. */
export const layerVirtposSource: Layer.Layer<CustomerSource, never, VirtposClient> = Layer.effect(
  CustomerSource,
  makeVirtposSource
)

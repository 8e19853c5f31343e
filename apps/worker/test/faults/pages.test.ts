/** Pages that say what they should not: repeated, reordered, emptied, spoiled, or moved while they are read. */
import { layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { meets, type Row } from "./support/rows.ts"
import { makeSite, type Site } from "./support/site.ts"

class Till extends Context.Service<Till, Site>()("Till") {}
class Feed extends Context.Service<Feed, Site>()("Feed") {}
class List extends Context.Service<List, Site>()("List") {}
class Period extends Context.Service<Period, Site>()("Period") {}

const layerSites = Layer.mergeAll(
  Layer.effect(Till, makeSite({ dialect: "virtpos", customers: 39 })),
  Layer.effect(Feed, makeSite({ dialect: "polaris", customers: 39 })),
  Layer.effect(List, makeSite({ dialect: "megawin", customers: 39 })),
  Layer.effect(Period, makeSite({ dialect: "lcmanager", customers: 39 }))
)

type Sites = Till | Feed | List | Period

const twoPages = 32

/** Numbered pages: three of them, all but the first followed by a look at the row before. */
const ofPages: ReadonlyArray<Row> = [
  {
    name: "the second page is the first again",
    faults: ["duplicate-page@nth=2"],
    ends: "Malformed",
    written: 16
  },
  { name: "every page is the second", faults: ["repeat-cursor@after=1"], ends: "Malformed", written: 32 },
  { name: "records come in another order every time", faults: ["reorder"], ends: "complete" },
  {
    name: "records are missing from a page that is whole otherwise",
    faults: ["truncate=records@nth=4"],
    ends: "complete",
    written: 36
  },
  {
    name: "nobody any more from the second page on",
    faults: ["zero-rows@after=1"],
    ends: "complete",
    written: 16
  }
]

/** A feed with resume points: three slices after a login. */
const ofFeeds: ReadonlyArray<Row> = [
  {
    name: "the second slice is the first again",
    faults: ["duplicate-page@nth=2"],
    ends: "Malformed",
    written: 16
  },
  {
    name: "the same resume point for ever",
    faults: ["repeat-cursor@after=1"],
    ends: "Malformed",
    written: 32
  },
  { name: "records come in another order every time", faults: ["reorder"], ends: "complete" },
  { name: "the session is over in the middle", faults: ["401@nth=3,op=list"], ends: "complete" },
  {
    name: "no session lasts",
    faults: ["401@after=2,op=list"],
    ends: "Unauthorized",
    written: twoPages,
    requests: 6
  },
  { name: "the resume point is taken no more", faults: ["cursor-lost@nth=2"], ends: "Refused", written: 16 },
  {
    name: "a slice is cut and closed again",
    faults: ["truncate=text@nth=3,op=list"],
    ends: "Malformed",
    written: 32
  },
  { name: "a login page", faults: ["html@nth=2,op=list"], ends: "Malformed", written: 16 },
  {
    name: "broken connections",
    faults: ["reset=middle@nth=2,op=list", "reset=before@nth=1,op=login"],
    ends: "complete"
  }
]

/** Everybody in one answer. */
const ofLists: ReadonlyArray<Row> = [
  { name: "records come in another order every time", faults: ["reorder"], ends: "complete" },
  { name: "the list ends early", faults: ["truncate=text"], ends: "Malformed", written: 20 },
  { name: "the list breaks off", faults: ["truncate=length"], ends: "Unreachable", written: 19 },
  { name: "a login page", faults: ["html"], ends: "Malformed", written: 0 }
]

/** Windows of days, with tokens, of those who have cards. A token of the same second would be the same. */
const ofPeriods: ReadonlyArray<Row> = [
  {
    name: "the token is over in the middle",
    faults: ["401@nth=3,op=list", "latency=1100ms@nth=2,op=login"],
    ends: "complete",
    written: 37
  },
  { name: "no token lasts", faults: ["401@op=list"], ends: "Unauthorized", written: 0, requests: 4 },
  { name: "one window breaks off", faults: ["reset=middle@nth=3,op=list"], ends: "complete", written: 37 },
  {
    name: "503 from the third window on",
    faults: ["status=503@after=2,op=list"],
    ends: "VendorFailed",
    written: 15
  }
]

layer(layerSites, { excludeTestServices: true })("pages", (it) => {
  const each = (what: string, sites: Effect.Effect<Site, never, Sites>, rows: ReadonlyArray<Row>) => {
    for (const row of rows)
      it.effect(`${what}: ${row.name}`, () =>
        Effect.scoped(Effect.flatMap(sites, (site) => meets(site, row)))
      )
  }
  each("numbered pages", Effect.service(Till), ofPages)
  each("resume points", Effect.service(Feed), ofFeeds)
  each("one list", Effect.service(List), ofLists)
  each("windows", Effect.service(Period), ofPeriods)
})

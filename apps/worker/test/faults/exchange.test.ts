/** Exchanges that go wrong on their way, on sockets, into a SQLite file. */
import { layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { meets, type Row } from "./support/rows.ts"
import { makeSite, type Site } from "./support/site.ts"

class Till extends Context.Service<Till, Site>()("Till") {}

const layerTill = Layer.effect(Till, makeSite({ dialect: "virtpos", customers: 39 }))

/** Forty customers in three pages of sixteen; each page but the first is followed by a look at the row before it. */
const thirdPageOn = "@after=3"
const twoPages = 32

const hasty = { settings: `timeout = "400 millis"` }

const rows: ReadonlyArray<Row> = [
  {
    name: "500, 502 and 503 now and then",
    faults: ["status=500@nth=1", "status=502@nth=3", "status=503@nth=6"],
    ends: "complete"
  },
  {
    name: "503 from the third page on",
    faults: [`status=503${thirdPageOn}`],
    ends: "VendorFailed",
    written: twoPages
  },
  {
    name: "429 without a word, at once, of the past, and less than nothing",
    faults: ["429@nth=1", "429=0@nth=3", "429=past@nth=5", "429=-5@nth=7"],
    ends: "complete"
  },
  {
    name: "429 for thirty years",
    faults: ["429=1e9@nth=4"],
    ends: "RateLimited",
    written: twoPages,
    requests: 5
  },
  {
    name: "the connection is reset before and within an answer",
    faults: ["reset=before@nth=2", "reset=middle@nth=5"],
    ends: "complete"
  },
  {
    name: "every answer from the third page on breaks off",
    faults: [`reset=middle${thirdPageOn}`],
    ends: "Unreachable",
    written: twoPages
  },
  { name: "no answer ever to one request", faults: ["blackhole@nth=4"], ends: "complete", options: hasty },
  {
    name: "no answer ever from the third page on",
    faults: [`blackhole${thirdPageOn}`],
    ends: "TimedOut",
    written: twoPages,
    options: hasty
  },
  {
    name: "one answer at twenty bytes a second",
    faults: ["trickle=20@nth=4"],
    ends: "complete",
    options: hasty
  },
  {
    name: "twenty bytes a second from the third page on",
    faults: [`trickle=20${thirdPageOn}`],
    ends: "TimedOut",
    written: twoPages,
    options: hasty
  },
  {
    name: "an answer shorter than announced, and one cut between chunks",
    faults: ["truncate=length@nth=2", "truncate=chunked@nth=5"],
    ends: "complete"
  },
  {
    name: "answers shorter than announced from the third page on",
    faults: [`truncate=length${thirdPageOn}`],
    ends: "Unreachable",
    written: twoPages
  },
  {
    name: "answers cut between chunks from the third page on",
    faults: [`truncate=chunked${thirdPageOn}`],
    ends: "Unreachable",
    written: twoPages
  },
  {
    name: "a text that ends early, of the length announced",
    faults: [`truncate=text${thirdPageOn}`],
    ends: "Malformed",
    written: twoPages
  },
  { name: "a login page", faults: [`html${thirdPageOn}`], ends: "Malformed", written: twoPages },
  { name: "nothing at all", faults: [`empty${thirdPageOn}`], ends: "Malformed", written: twoPages },
  { name: "an empty object", faults: [`braces${thirdPageOn}`], ends: "Malformed", written: twoPages },
  { name: "a redirect", faults: [`status=302${thirdPageOn}`], ends: "Malformed", written: twoPages },
  { name: "a byte order mark before every answer", faults: ["bom"], ends: "complete" },
  {
    // Five of the eight records on the third page have letters that only the other charset has.
    name: "another charset than announced",
    faults: [`charset=latin1${thirdPageOn}`],
    ends: "complete",
    written: twoPages + 3
  },
  {
    name: "two bytes for each letter",
    faults: [`charset=utf16${thirdPageOn}`],
    ends: "Malformed",
    written: twoPages
  },
  {
    name: "the key is good for nothing any more",
    faults: [`401${thirdPageOn}`],
    ends: "Unauthorized",
    written: twoPages,
    requests: 4
  },
  {
    name: "nobody listens",
    faults: [],
    ends: "Unreachable",
    written: 0,
    // Of the ports that no program is given.
    options: { address: "http://127.0.0.1:1" }
  }
]

layer(layerTill, { excludeTestServices: true })("a vendor's answers", (it) => {
  for (const row of rows)
    it.effect(row.name, () => Effect.flatMap(Till, (site) => meets(site, row)).pipe(Effect.scoped))
})

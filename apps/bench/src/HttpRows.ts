/** The rows that are measured over HTTP: what is asked, how often, against whom. */
import { type Call, rawOf } from "./Calls.ts"
import { type Server, type Shop, usualShop } from "./Fleet.ts"
import { listDays } from "./LcmanagerCalls.ts"
import type { Shot } from "./Load.ts"
import { listShop, shopCustomer } from "./MegawinCalls.ts"
import { fastify, http, httpBuilder, type Participant } from "./Participant.ts"
import { clientById, listModified } from "./PolarisCalls.ts"
import type { Format, Listed, WireRecord } from "./Records.ts"
import { customerById, listPages, updateById } from "./VirtposCalls.ts"

export interface Opponent {
  readonly participant: Participant
  /** Null: shown for the reader, not judged. */
  readonly target: number | null
}

export interface HttpRow {
  readonly name: string
  readonly shop: Shop
  readonly format: Format
  readonly requests: number
  readonly opponents: ReadonlyArray<Opponent>
  /** Everything there is, by the row's own calls or those that tell the ids for them. */
  readonly list: (server: Server, format: Format, count: number) => Promise<Listed>
  readonly shots: (server: Server, listed: Listed, requests: number, round: number) => ReadonlyArray<Shot>
}

/** The calls of the list again. */
const pageShots = (server: Server, listed: Listed, slack = 0): ReadonlyArray<Shot> =>
  listed.lengths.map((length, index) => ({
    raw: rawOf(server, listed.calls[index]!),
    shortest: length * (1 - slack),
    longest: length * (1 + slack)
  }))

const pages = (server: Server, listed: Listed): ReadonlyArray<Shot> => pageShots(server, listed)

/**
 * A stride that shares no factor with the number of customers: every customer in turn, but never
 * neighbours.
 */
const scattered = (listed: Listed, index: number): WireRecord =>
  listed.records[(index * 7_919) % listed.records.length]!

const repeat = (count: number, shot: (index: number) => Shot): ReadonlyArray<Shot> =>
  Array.from({ length: count }, (_, index) => shot(index))

const oneByOne =
  (call: (server: Server, listed: Listed, record: WireRecord) => Call): HttpRow["shots"] =>
  (server, listed, requests) =>
    repeat(requests, (index) => ({
      raw: rawOf(server, call(server, listed, scattered(listed, index))),
      shortest: 200,
      longest: 2_000
    }))

const names = ["Вера", "Klara", "Андрей", "Mette", "Игорь", "Paul"] as const

export const updateOf = (
  round: number,
  index: number
): { readonly fname: string; readonly phone: string } => ({
  fname: names[(round + index) % names.length] ?? "",
  phone: `+7901${String(round % 100).padStart(2, "0")}${String(index % 100_000).padStart(5, "0")}`
})

const updateShot = (server: Server, listed: Listed, round: number, index: number): Shot => ({
  raw: rawOf(server, updateById(server, scattered(listed, index), updateOf(round, index))),
  shortest: 25,
  longest: 60
})

/** Reads a few of a round's updates back: where an answered write is missing, the figure means nothing. */
export const updatesToCheck = (server: Server, listed: Listed, requests: number, round: number) =>
  [0, requests >> 1, requests - 1].map((index) => ({
    call: customerById(server, listed, scattered(listed, index)),
    expected: updateOf(round, index)
  }))

const manyWithCards: Shop = { ...usualShop, hasCards: true }
const few: Shop = { customers: 200, hasCards: false }

/** What is asked of a page in every dialect: twice the hand-written server, thrice the builder. */
const pageInJson: ReadonlyArray<Opponent> = [{ participant: http, target: 2 }]
const pageInXml: ReadonlyArray<Opponent> = [
  { participant: http, target: 1.5 },
  { participant: httpBuilder, target: 3 }
]
const oneInJson: ReadonlyArray<Opponent> = [{ participant: http, target: 0.5 }]
const fastifyToo: Opponent = { participant: fastify, target: null }

const virtpos = { shop: usualShop, format: "json", list: listPages } as const
const polaris = { shop: manyWithCards, list: listModified } as const
const megawin = { shop: few, format: "json", list: listShop } as const
const lcmanager = { shop: manyWithCards, list: listDays, shots: pages } as const

export const httpRows: ReadonlyArray<HttpRow> = [
  { ...virtpos, name: "page-json", requests: 600, opponents: [...pageInJson, fastifyToo], shots: pages },
  { ...virtpos, name: "page-xml", format: "xml", requests: 300, opponents: pageInXml, shots: pages },
  {
    ...virtpos,
    name: "by-id",
    requests: 8_000,
    opponents: [...oneInJson, fastifyToo],
    shots: oneByOne(customerById)
  },
  {
    ...virtpos,
    name: "update",
    requests: 2_000,
    opponents: [{ participant: http, target: 0.4 }, fastifyToo],
    shots: (server, listed, requests, round) =>
      repeat(requests, (index) => updateShot(server, listed, round, index))
  },
  {
    // A page after every update, of customers spread over all pages: what a cache of encoded customers pays.
    // Last of its shop, because the servers that take no part in it keep their data.
    ...virtpos,
    name: "mixed",
    requests: 600,
    opponents: [{ participant: http, target: null }],
    shots: (server, listed, requests, round) => {
      const reads = pageShots(server, listed, 0.1)
      return repeat(requests, (index) =>
        index % 2 === 0
          ? updateShot(server, listed, round, index)
          : (reads[(index >> 1) % reads.length] as Shot)
      )
    }
  },
  { ...polaris, name: "polaris-json", format: "json", requests: 600, opponents: pageInJson, shots: pages },
  { ...polaris, name: "polaris-xml", format: "xml", requests: 300, opponents: pageInXml, shots: pages },
  {
    ...polaris,
    name: "polaris-by-id",
    format: "json",
    requests: 8_000,
    opponents: oneInJson,
    shots: oneByOne(clientById)
  },
  { ...megawin, name: "megawin-list", requests: 600, opponents: pageInJson, shots: pages },
  {
    ...megawin,
    name: "megawin-by-id",
    requests: 8_000,
    opponents: oneInJson,
    shots: oneByOne(shopCustomer)
  },
  { ...lcmanager, name: "lcmanager-json", format: "json", requests: 600, opponents: pageInJson },
  {
    ...lcmanager,
    name: "lcmanager-xml",
    format: "xml",
    requests: 300,
    opponents: [{ participant: httpBuilder, target: 3 }]
  }
]

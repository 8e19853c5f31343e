/** The rows that are measured over HTTP: what is asked, how often, against whom. */
import type { Server } from "./Fleet.ts"
import type { Shot } from "./Load.ts"
import { fastify, http, httpBuilder, type Participant } from "./Participant.ts"
import { type Listed, pagePath } from "./Records.ts"

export interface Opponent {
  readonly participant: Participant
  /** Null: shown for the reader, not judged. */
  readonly target: number | null
}

export interface HttpRow {
  readonly name: string
  readonly format: "json" | "xml"
  readonly requests: number
  readonly opponents: ReadonlyArray<Opponent>
  readonly shots: (server: Server, listed: Listed, requests: number, round: number) => ReadonlyArray<Shot>
}

const get = (server: Server, path: string): string =>
  `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nAccept: */*\r\n\r\n`

const pageShots = (server: Server, format: string, listed: Listed, slack = 0): ReadonlyArray<Shot> =>
  listed.lengths.map((length, index) => ({
    raw: get(server, pagePath(server, format, index + 1)),
    shortest: length * (1 - slack),
    longest: length * (1 + slack)
  }))

/**
 * A stride that shares no factor with the number of customers: every customer in turn, but never
 * neighbours.
 */
const scattered = (listed: Listed, index: number): string =>
  String(listed.records[(index * 7_919) % listed.records.length]?.["id"])

const names = ["Вера", "Klara", "Андрей", "Mette", "Игорь", "Paul"] as const

export const updateOf = (
  round: number,
  index: number
): { readonly fname: string; readonly phone: string } => ({
  fname: names[(round + index) % names.length] ?? "",
  phone: `+7901${String(round % 100).padStart(2, "0")}${String(index % 100_000).padStart(5, "0")}`
})

const updateShot = (server: Server, listed: Listed, round: number, index: number): Shot => {
  const form = new URLSearchParams(updateOf(round, index)).toString()
  const path = `/api/customer/update?apikey=${server.apikey}&format=json&id=${scattered(listed, index)}`
  const raw =
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nAccept: */*\r\n` +
    `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${form.length}\r\n\r\n${form}`
  return { raw, shortest: 25, longest: 60 }
}

const idPath = (server: Server, id: string): string =>
  `/api/customer?apikey=${server.apikey}&format=json&id=${id}`

/** Reads a few of a round's updates back: where an answered write is missing, the figure means nothing. */
export const updatesToCheck = (server: Server, listed: Listed, requests: number, round: number) =>
  [0, requests >> 1, requests - 1].map((index) => ({
    path: idPath(server, scattered(listed, index)),
    expected: updateOf(round, index)
  }))

const repeat = (count: number, shot: (index: number) => Shot): ReadonlyArray<Shot> =>
  Array.from({ length: count }, (_, index) => shot(index))

export const httpRows: ReadonlyArray<HttpRow> = [
  {
    name: "page-json",
    format: "json",
    requests: 600,
    opponents: [
      { participant: http, target: 2 },
      { participant: fastify, target: null }
    ],
    shots: (server, listed) => pageShots(server, "json", listed)
  },
  {
    name: "page-xml",
    format: "xml",
    requests: 300,
    opponents: [
      { participant: http, target: 1.5 },
      { participant: httpBuilder, target: 3 }
    ],
    shots: (server, listed) => pageShots(server, "xml", listed)
  },
  {
    name: "by-id",
    format: "json",
    requests: 8_000,
    opponents: [
      { participant: http, target: 0.5 },
      { participant: fastify, target: null }
    ],
    shots: (server, listed, requests) =>
      repeat(requests, (index) => ({
        raw: get(server, idPath(server, scattered(listed, index))),
        shortest: 300,
        longest: 2_000
      }))
  },
  {
    name: "update",
    format: "json",
    requests: 2_000,
    opponents: [
      { participant: http, target: 0.4 },
      { participant: fastify, target: null }
    ],
    shots: (server, listed, requests, round) =>
      repeat(requests, (index) => updateShot(server, listed, round, index))
  },
  {
    // A page after every update, of customers spread over all pages: what a cache of encoded customers pays.
    // Last, because the servers that take no part in it keep their data.
    name: "mixed",
    format: "json",
    requests: 600,
    opponents: [{ participant: http, target: null }],
    shots: (server, listed, requests, round) => {
      const reads = pageShots(server, "json", listed, 0.1)
      return repeat(requests, (index) =>
        index % 2 === 0
          ? updateShot(server, listed, round, index)
          : (reads[(index >> 1) % reads.length] as Shot)
      )
    }
  }
]

import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { DatabaseSync } from "node:sqlite"
import { afterEach, describe, expect, it } from "vitest"
import { openTables } from "../src/baselines/SyncTables.ts"
import { type Page, polarisPages, virtposPages } from "../src/baselines/VendorPages.ts"
import type { Fleet } from "../src/Fleet.ts"
import { parseOptions, UsageError } from "../src/Options.ts"
import { CommandFailed } from "../src/Subprocess.ts"
import { bareSync, syncContender } from "../src/SyncParticipants.ts"

const closing: Array<() => void> = []
afterEach(() => closing.splice(0).forEach((close) => close()))

/** Answers by path and query; everything it was asked is told. */
const vendor = async (answers: Readonly<Record<string, unknown>>) => {
  const asked: Array<string> = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.cookie ?? ""}`.trim())
    response.setHeader("set-cookie", "sid=7; Path=/")
    response.end(JSON.stringify(answers[request.url ?? ""] ?? {}))
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  closing.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

const mirror = async (pages: AsyncIterable<Page>) => {
  const database = new DatabaseSync(":memory:")
  closing.push(() => database.close())
  const tables = openTables(database)
  for await (const page of pages) {
    tables.customers.put(page.customers)
    tables.cards.put(page.cards)
  }
  const all = (sql: string) => database.prepare(sql).all()
  return {
    customers: all(
      "SELECT id, first_name, birth_year, mobile_phone_key, consents FROM customers ORDER BY id"
    ),
    cards: all("SELECT number, customer_id, type_name, status FROM cards ORDER BY number")
  }
}

describe("the bare loop", () => {
  it("reads VirtualPOS page by page until one is not full", async () => {
    const customer = (id: string, cards: ReadonlyArray<object>) => ({
      id,
      fname: `N${id}`,
      birth_year: "1980",
      send_push: "1",
      send_email: "0",
      send_sms: "1",
      cards
    })
    const card = {
      card_id: "5",
      uid: "2900000001",
      status: "BLOCKED",
      type_name: "Gold",
      customer_id: "2"
    }
    const path = (page: number) => `/api/customer?apikey=demo&format=json&page=${page}&page_size=2&cards=1`
    const { url } = await vendor({
      [path(1)]: { customers: [customer("1", []), customer("2", [card])] },
      [path(2)]: { customers: [customer("9", [])] }
    })
    const { cards, customers } = await mirror(virtposPages(url, "demo", 2))
    expect(customers.map(({ id }) => id)).toEqual([1, 2, 9])
    expect(customers[1]).toMatchObject({ first_name: "N2", birth_year: 1980, consents: 5 })
    expect(cards).toMatchObject([
      { number: "2900000001", customer_id: 2, type_name: "Gold", status: "blocked" }
    ])
  })

  it("reads Polaris by its checkpoints within a session", async () => {
    const first =
      "/core/api/Client.GetClientsModified?lastChanged=2000-01-01T00:00:00&codeMagasin=1&prefixCle=SHOP&limit=2&output=json"
    const client = {
      IDClient: 4,
      Prenom: "Zoë",
      Mobile: "+32 470 00",
      DateAnniversaire: "0004-08-22T00:00:00"
    }
    const { asked, url } = await vendor({
      [first]: { hasMoreResults: true, checkPoint: "a/b", clients: [client] },
      [`${first}&checkPoint=a%2Fb`]: {
        hasMoreResults: false,
        checkPoint: null,
        clients: [
          {
            IDClient: 3,
            Mailing: true,
            DateAnniversaire: "1975-10-05T00:00:00",
            Cartes: [{ Numero: "2900000000", TypeCarte: "Silver", EstValide: true }]
          }
        ]
      }
    })
    expect(await mirror(polarisPages(url, "demo", 2))).toMatchObject({
      customers: [
        { id: 3, birth_year: 1975, consents: 2 },
        { id: 4, first_name: "Zoë", birth_year: null, mobile_phone_key: "3247000", consents: 0 }
      ],
      cards: [{ number: "2900000000", customer_id: 3, type_name: "Silver", status: "active" }]
    })
    expect(asked).toEqual([
      "POST /core/api/ACL.Login",
      `GET ${first} sid=7`,
      `GET ${first}&checkPoint=a%2Fb sid=7`
    ])
  })
})

describe("the participants of the rows of sync", () => {
  const fleet = { folder: "/nowhere" } as Fleet

  it("say how much was mirrored, and what was wrong", () => {
    const ours = syncContender(fleet, "tillbridge")
    const end = { event: "done", seen: 7, cards: 9, deadLettered: 0, kept: 0 }
    const said = (document: object) => `{"event":"page"}\n${JSON.stringify(document)}\n`
    expect(ours.synced(said(end))).toEqual({ customers: 7, cards: 9, problem: null })
    expect(ours.synced(said({ ...end, deadLettered: 2 })).problem).toBe("ended as done with 2 set aside")
    expect(ours.synced(said({ ...end, event: "stopped" })).problem).toBe("ended as stopped with 0 set aside")
    const counts = { same: 5, different: 1, onlyA: 2, onlyB: 0, unreadable: 0 }
    expect(ours.checked(said({ event: "done", counts }))).toEqual({ compared: 6, different: 3 })
    expect(bareSync(fleet).synced('{"customers":7,"cards":9}\n')).toEqual({
      customers: 7,
      cards: 9,
      problem: null
    })
    expect(() => ours.synced("")).toThrow(CommandFailed)
  })

  it("are Tillbridge and the bare loop", () => {
    expect(syncContender(fleet, "http").name).toBe("bare sync (as contender)")
    expect(() => syncContender(fleet, "fastify")).toThrow(UsageError)
    expect(parseOptions(["--only", "sync", "--customers", "20000"])).toMatchObject({ customers: 20_000 })
  })
})

import { assert, describe, it } from "@effect/vitest"
import { DatabaseSync } from "node:sqlite"
import { Effect } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { type Running, running, start } from "./support.ts"

const json = (server: Running, query: string) =>
  Effect.promise(
    () =>
      fetch(`${server.url}/api/customer?apikey=demo&format=json&${query}`).then((response) =>
        response.json()
      ) as Promise<{
        readonly success: number
        readonly count: number
        readonly customers: ReadonlyArray<Record<string, unknown>>
      }>
  )

/** What the vendor's own page shows of its customer 1, `age` apart, which follows from the day. */
const customerOfThePage = {
  id: "1",
  fname: "Сергей",
  lname: "Иванов",
  mname: "Степанович",
  email: "",
  phone: "",
  gender: "F",
  custom_information: "очень требовательный",
  birth_day: "24",
  birth_month: "10",
  birth_year: "1992",
  register_date: "2016-07-18 13:54:37",
  accumulated_sales: "15200",
  send_push: "1",
  send_email: "1",
  send_sms: "1",
  group_id: "",
  group_name: "",
  created_date: "2016-07-18 13:54:37",
  created_by: "2",
  last_update_date: "2016-07-18 13:54:37",
  last_update_by: "2"
}

const storeOf = (server: Running, sql: string) => {
  const folder = foldersIn(server.temp)[0]
  const database = new DatabaseSync(path.join(server.temp, folder!, "demo.sqlite"), { readOnly: true })
  try {
    return database
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }))
  } finally {
    database.close()
  }
}

const foldersIn = (temp: string) => fs.readdirSync(temp).filter((name) => name.startsWith("tillbridge-demo-"))

describe("the demo", () => {
  it.live(
    "is the same at every start and leaves nothing behind, however it is stopped",
    () =>
      Effect.gen(function* () {
        const contents: Array<string> = []
        for (const signal of ["SIGTERM", "SIGINT"] as const) {
          const server = yield* running()
          const first = (yield* json(server, "id=1")).customers[0]!
          const { age, external_id, ...others } = first
          assert.match(String(age), /^\d+$/)
          assert.strictEqual(external_id ?? "", "", "a field that the page does not show says nothing")
          const texts = Object.fromEntries(
            Object.entries(others).map(([name, value]) => [name, String(value ?? "")])
          )
          assert.deepStrictEqual(texts, customerOfThePage)
          const all = yield* json(server, "")
          assert.strictEqual(all.count, 1_002)
          assert.lengthOf(all.customers, 1_002)
          const cards = yield* json(server, "cards=1")
          assert.strictEqual(cards.count, 1_002)
          assert.deepStrictEqual(storeOf(server, "SELECT id, external_key_prefix FROM merchants"), [
            { id: 1, external_key_prefix: "SHOP" }
          ])
          assert.deepStrictEqual(storeOf(server, "SELECT id FROM stores"), [{ id: 1 }, { id: 2 }, { id: 3 }])
          assert.deepStrictEqual(storeOf(server, "SELECT id, store_ids FROM store_lists"), [
            { id: 1, store_ids: "[1,2]" }
          ])
          contents.push(JSON.stringify([all, cards, storeOf(server, "SELECT * FROM cards ORDER BY id")]))
          assert.lengthOf(foldersIn(server.temp), 1)
          server.child.kill(signal)
          const { code } = yield* Effect.promise(() => server.ended)
          assert.include([0, 130, 143], code)
          assert.deepStrictEqual(foldersIn(server.temp), [])
          assert.notInclude(server.stderr(), "rror")
        }
        // Times of creation of the made-up records are part of what is compared.
        assert.strictEqual(contents[0], contents[1])
      }),
    40_000
  )

  it.live(
    "is reachable from this machine only, and a used port is told and leaves nothing behind",
    () =>
      Effect.gen(function* () {
        const server = yield* running()
        assert.strictEqual(new URL(server.url).hostname, "127.0.0.1")
        const listening = fs
          .readFileSync(`/proc/${server.child.pid}/net/tcp`, "utf8")
          .split("\n")
          .filter((line) =>
            line.includes(`:${server.port.toString(16).toUpperCase().padStart(4, "0")} 00000000:0000 0A`)
          )
        assert.lengthOf(listening, 1)
        assert.include(listening[0], "0100007F:")
        assert.notInclude(
          fs.readFileSync(`/proc/${server.child.pid}/net/tcp6`, "utf8"),
          `:${server.port.toString(16).toUpperCase().padStart(4, "0")} `
        )
        const second = yield* start({ port: server.port })
        const { code } = yield* Effect.promise(() => second.ended)
        assert.strictEqual(code, 3)
        assert.strictEqual(
          second.stdout(),
          `EADDRINUSE cannot listen on 127.0.0.1:${server.port}: the port is in use\n`
        )
        assert.deepStrictEqual(foldersIn(second.temp), [])
      }),
    40_000
  )

  it.live("an address of another machine is told", () =>
    Effect.gen(function* () {
      const stranger = yield* start({ host: "192.0.2.1" })
      const { code } = yield* Effect.promise(() => stranger.ended)
      assert.strictEqual(code, 3)
      assert.match(stranger.stdout(), /^EADDRNOTAVAIL /)
    })
  )
})

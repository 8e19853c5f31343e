/** Values that are meant to be read as something else. */
import { assert } from "vitest"
import { megawinQuery, polaris, virtposQuery, xmlHeaders, xmlRequest } from "./asks.ts"
import { alike, type Check, type Row } from "./rows.ts"
import { callers, type DialectId, MARK } from "./shop.ts"
import { loginAsk, periodAsk, seen, voices } from "./voices.ts"
import { type Ask, form } from "./wire.ts"

const { alpha } = callers

const injections = [
  "1 OR 1=1",
  "1' OR '1'='1",
  "'; DROP TABLE customers; --",
  "1 UNION SELECT * FROM credentials",
  "1) OR (1=1",
  "1 AND (SELECT count(*) FROM customers a, customers b, customers c) > 0",
  "1; SELECT pg_sleep(5)",
  `{"$gt":""}`,
  "[object Object]",
  "%",
  "_______",
  "*",
  "../../etc/passwd",
  "${7*7}",
  "1\u2019 OR 1=1"
]

/** Where a word of the caller's stands. */
const placed: Readonly<Record<DialectId, ReadonlyArray<(word: string) => Ask>>> = {
  virtpos: ["id", "external_id", "phone", "email", "page", "page_size"].map((name) => (word) => ({
    path: `${virtposQuery}&${form({ page: "1", page_size: "1", [name]: word })}`
  })),
  polaris: [
    ...["IDClient", "CodeMagasin"].map(
      (name) => (word: string) =>
        polaris("GetClient", form({ CodeMagasin: "1", IDClient: "1", [name]: word }))
    ),
    ...["Cle", "prefixCle"].map(
      (name) => (word: string) =>
        polaris("GetClient", form({ CodeMagasin: "1", Cle: "nobody", prefixCle: "SHOP", [name]: word }))
    ),
    ...["checkPoint", "codeMagasin", "lastChanged", "limit", "prefixCle"].map(
      (name) => (word: string) =>
        polaris("GetClientsModified", form({ codeMagasin: "1", lastChanged: "2099-01-01", [name]: word }))
    )
  ],
  lcmanager: ["BegDate", "RegPosList", "Operator", "Token", "SiteCode"].map(
    (name) => (word) =>
      periodAsk(
        { BegDate: "1999-01-01", EndDate: "1999-02-01", Registration: true, RegPosList: 999, [name]: word },
        alpha
      )
  ),
  megawin: ["id_client", "clcleunik", "id", "email"].map((name) => (word) => ({
    path: `${megawinQuery}&${form({ [name]: word })}`
  }))
}

const injection =
  (dialect: DialectId): Check =>
  async ({ send }) => {
    const before = await seen(send, dialect, alpha)
    for (const word of injections) {
      for (const place of placed[dialect]) {
        const ask = place(word)
        const told = await send(ask)
        // "1" of a page is one customer of the caller's own; every other place must show nobody.
        const isPage = /page(_size)?=/.test(ask.path) && !/&(id|external_id|phone|email)=/.test(ask.path)
        if (isPage) voices.virtpos.errorOf(told)
        else assert.notInclude(told.text, MARK, ask.path)
        assert.isBelow(told.status, 500)
        assert.isBelow(told.millis, 1_000)
      }
    }
    assert.strictEqual(await seen(send, dialect, alpha), before, "all is there")
  }

const sizes = ["1e9", "1000000000", "-1", "0", "1e400", "0x10", "9223372036854775808", "1.5", "NaN", "١"]

const hugePage: Row = {
  number: 4,
  misuse: "a huge page or a period without end",
  checks: {
    virtpos: async ({ send }) => {
      for (const size of sizes) {
        for (const query of [
          `page=1&page_size=${encodeURIComponent(size)}`,
          `page=${encodeURIComponent(size)}&page_size=10`
        ]) {
          const told = await send({ path: `${virtposQuery}&${query}` })
          if (size === "1000000000" && query.startsWith("page=1000000000"))
            assert.include(told.text, `"count":0`)
          else assert.match(voices.virtpos.errorOf(told), /page/)
        }
      }
      assert.include((await send({ path: `${virtposQuery}&page=1&page_size=1000` })).text, `"success":1`)
    },
    polaris: async ({ send }) => {
      const ask = (limit: string) =>
        polaris(
          "GetClientsModified",
          `codeMagasin=1&lastChanged=2000-01-01&limit=${encodeURIComponent(limit)}`
        )
      for (const size of sizes) assert.match(voices.polaris.errorOf(await send(ask(size))), /limit/)
      assert.include((await send(ask("1000"))).text, `"hasMoreResults":false`)
    },
    lcmanager: async ({ send }) => {
      const ask = (BegDate: unknown, EndDate: unknown) =>
        send(periodAsk({ BegDate, EndDate, Registration: true }, alpha))
      for (const [from, to] of [
        ["2100-01-01T00:00:00", "2000-01-01T00:00:00"],
        ["0001-01-01T00:00:00", "0001-01-02T00:00:00"],
        ["9999-12-31T00:00:00", "9999-12-31T23:59:59.9999999"],
        ["9999-12-31T23:59:59.9999999-12:00", "9999-12-31T23:59:59.9999999-14:00"]
      ]) {
        const told = await ask(from, to)
        assert.strictEqual(told.status, 200, told.text)
        assert.notInclude(told.text, `"Client":`)
      }
      const whole = await ask("0001-01-01T00:00:00", "9999-12-31T23:59:59")
      assert.strictEqual(whole.status, 200)
      for (const reg of [{ Month: 300 }, { Month: 13 }, { Year: 99_999_999 }, { Year: -1 }, { Month: 0 }]) {
        const told = await send(periodAsk({ Reg: reg }, alpha))
        assert.isBelow(told.status, 500, JSON.stringify(reg))
        assert.isBelow(told.millis, 1_000)
      }
    },
    megawin: async ({ send }) => {
      const whole = await send(voices.megawin.everyone(alpha))
      // There is no paging to be misused: its words mean nothing, and the list is all there is.
      for (const size of sizes) {
        const told = await send({
          path: `${megawinQuery}&limit=${encodeURIComponent(size)}&page=${encodeURIComponent(size)}`
        })
        assert.strictEqual(told.text, whole.text)
      }
    }
  }
}

const typeTraps: Row = {
  number: 18,
  misuse: "values that look like others",
  checks: {
    virtpos: async ({ send }) => {
      for (const id of ["1.0", "1e0", "0x1", "9007199254740993"])
        assert.notInclude((await send({ path: `${virtposQuery}&${form({ id })}` })).text, MARK, id)
      const insert = await send({
        path: `/api/customer/insertCard?${form({ apikey: alpha.key, format: "json", uid: "0001e5", customer_id: "1" })}`
      })
      assert.include(insert.text, `"success":1`)
      const read = await send({ path: `${virtposQuery}&id=1&cards=true` })
      assert.include(read.text, `"0001e5"`)
      assert.include(read.text, `"00051"`)
    },
    polaris: async ({ send }) => {
      for (const id of ["9007199254740993", "9223372036854775807", "1e0", "1.0", "0x1"])
        assert.notInclude((await send(polaris("GetClient", `CodeMagasin=1&IDClient=${id}`))).text, MARK, id)
      const told = await send(polaris("GetClient", "CodeMagasin=1&IDClient=9223372036854775808"))
      assert.match(voices.polaris.errorOf(told), /IDClient/)
    },
    lcmanager: async ({ send }) => {
      const told = await send(
        periodAsk(
          `{"BegDate":"2000-01-01","EndDate":"2100-01-01","Registration":true,"RegPosList":9007199254740993}`,
          alpha
        )
      )
      assert.notInclude(told.text, `"Client":`)
      // Elements in an order that is not the contract's are read all the same.
      const xml = xmlRequest(
        "<Registration>true</Registration><RegPosList>999</RegPosList><EndDate>2100-01-01</EndDate><BegDate>2000-01-01</BegDate>"
      )
      const read = await send(periodAsk(xml, alpha, { ...xmlHeaders, Accept: "application/json" }))
      assert.strictEqual(read.status, 200)
      assert.deepInclude(JSON.parse(read.text) as object, { Clients: [] })
    },
    megawin: async ({ send }) => {
      for (const key of ["01", "1.0", "1e0", "9007199254740993"])
        assert.notInclude(
          (await send({ path: `${megawinQuery}&${form({ id_client: key })}` })).text,
          MARK,
          key
        )
      const read = JSON.parse((await send(voices.megawin.customer("Alpha1", alpha))).text) as {
        success: unknown
      }
      assert.strictEqual(read.success, "true")
    }
  }
}

const patterns = [
  `${"a".repeat(3_000)}!`,
  `${"(".repeat(2_000)}`,
  "((((((((((a+)+)+)+)+)+)+)+)+)+)$",
  `${"a@".repeat(1_500)}`,
  `+${"7".repeat(3_000)}`,
  `${" ".repeat(3_000)}x`,
  "%",
  "_",
  "^.*$",
  "[a-z]*",
  "\\"
]

const searchPlaces: Readonly<Record<DialectId, ReadonlyArray<(text: string) => Ask>>> = {
  virtpos: ["phone", "email", "external_id"].map((name) => (text) => ({
    path: `${virtposQuery}&${form({ [name]: text })}`
  })),
  polaris: [(text) => polaris("GetClient", form({ CodeMagasin: "1", Cle: text, prefixCle: "SHOP" }))],
  lcmanager: [
    // A date that cannot be read counts as not given: the list that is not there keeps the answer empty.
    (text) =>
      periodAsk({ BegDate: text, EndDate: text, Registration: true, SiteCode: text, RegPosList: 999 }, alpha),
    (text) => loginAsk({ login: text, key: "x" })
  ],
  megawin: ["email", "id_client"].map((name) => (text) => ({
    path: `${megawinQuery}&${form({ [name]: text })}`
  }))
}

const patternTraps =
  (dialect: DialectId): Check =>
  async ({ send }) => {
    for (const pattern of patterns) {
      for (const place of searchPlaces[dialect]) {
        const told = await send(place(pattern))
        assert.notInclude(told.text, MARK, pattern.slice(0, 30))
        assert.isBelow(told.status, 500)
        assert.isBelow(told.millis, 1_000, pattern.slice(0, 30))
      }
    }
  }

export const valueRows: ReadonlyArray<Row> = [
  { number: 3, misuse: "a statement or an operator where a value belongs", checks: alike(injection) },
  hugePage,
  typeTraps,
  { number: 19, misuse: "a search that costs", checks: alike(patternTraps) }
]

/** `GET /api/customer`: filters, pages, cards and bonuses, and the list of everyone (notes, sections 3, 5 and 9). */
import { assert, describe, it } from "@effect/vitest"
import { CustomerId, type CustomerRecord } from "@tillbridge/domain"
import { xmlChildText } from "@tillbridge/wire"
import { Effect } from "effect"
import { assertRefused, customersIn, empty, idsIn, open, post, refused, xml } from "./server.ts"

const withCustomers = Effect.fnUntraced(function* (records: ReadonlyArray<CustomerRecord>) {
  const server = yield* open()
  yield* server.customers.importBatch(server.merchant.id, records, null)
  const idsOf = (query: string, body?: string) =>
    server.call(query, body === undefined ? {} : post(body)).pipe(Effect.map(({ text }) => idsIn(text)))
  return { ...server, idsOf }
})

const many = (count: number): ReadonlyArray<CustomerRecord> =>
  Array.from({ length: count }, (_, index) => ({ firstName: `N${index + 1}`, notes: "]]> & <x>" }))

describe("filters", () => {
  it.effect("a phone is found in any free form, in query or body, and an e-mail in any letter case", () =>
    Effect.gen(function* () {
      const { idsOf } = yield* withCustomers([
        { phone: "+7 999 000-00-01", email: "Anna@Shop.ru" },
        { mobilePhone: "8(999)0000002" },
        { phone: "123-45" }
      ])
      for (const free of [
        "8 (999) 000-00-01",
        "+79990000001",
        "9990000001",
        "7-999-000-00-01",
        "tel. 89990000001"
      ]) {
        assert.deepStrictEqual(yield* idsOf(`?phone=${encodeURIComponent(free)}`), [1], free)
        assert.deepStrictEqual(yield* idsOf("", `phone=${encodeURIComponent(free)}`), [1], free)
      }
      assert.deepStrictEqual(yield* idsOf("?phone=79990000002"), [2])
      assert.deepStrictEqual(yield* idsOf("?phone=12345"), [3])
      assert.deepStrictEqual(yield* idsOf("?phone=2345"), [])
      assert.deepStrictEqual(yield* idsOf("?phone=none"), [])
      assert.deepStrictEqual(yield* idsOf("?email=anna%40SHOP.RU"), [1])
      for (const wild of ["%25", "_nna%40shop.ru", "*", "anna", "' OR 1=1 --"]) {
        assert.deepStrictEqual(yield* idsOf(`?email=${wild.replaceAll(" ", "+")}`), [], wild)
      }
    })
  )

  it.effect("filters hold together, empty ones do not filter", () =>
    Effect.gen(function* () {
      const { idsOf } = yield* withCustomers([
        { phone: "1", email: "a@b", externalIds: [{ system: "SHOP", key: "e1" }] },
        { phone: "1", externalIds: [{ system: "OTHER", key: "e2" }] },
        { email: "a@b" }
      ])
      assert.deepStrictEqual(yield* idsOf("?phone=1&email=a%40b"), [1])
      assert.deepStrictEqual(yield* idsOf("?external_id=e1&phone=1&id=1"), [1])
      assert.deepStrictEqual(yield* idsOf("?external_id=e1&id=2"), [])
      assert.deepStrictEqual(yield* idsOf("?external_id=e2"), [])
      assert.deepStrictEqual(
        yield* idsOf("?id=&external_id=&phone=&email=&with_phone=&with_email=&page=&page_size="),
        [1, 2, 3]
      )
    })
  )

  it.effect("id and external_id in the body do not filter", () =>
    Effect.gen(function* () {
      const { idsOf } = yield* withCustomers([{ externalIds: [{ system: "SHOP", key: "e1" }] }, {}])
      assert.deepStrictEqual(yield* idsOf("", "id=2"), [1, 2])
      assert.deepStrictEqual(yield* idsOf("?id=1", "id=2"), [1])
    })
  )

  it.effect("with_phone and with_email take both spellings, from query or body, and refuse others", () =>
    Effect.gen(function* () {
      const { call, idsOf } = yield* withCustomers([{ phone: "1" }, { email: "a@b" }])
      for (const yes of ["true", "1", "True"]) assert.deepStrictEqual(yield* idsOf(`?with_phone=${yes}`), [1])
      for (const no of ["false", "0"]) assert.deepStrictEqual(yield* idsOf("", `with_phone=${no}`), [2])
      assert.deepStrictEqual(yield* idsOf("?with_email=true"), [2])
      assert.deepStrictEqual(yield* idsOf("?with_email=false&with_phone=false"), [])
      assertRefused(yield* call("?with_phone=maybe"), "with_phone must be true or false")
      assertRefused(yield* call("?with_email=2"), "with_email must be true or false")
    })
  )

  it.effect("the largest id that a customer can have is found by id", () =>
    Effect.gen(function* () {
      const { call, idsOf } = yield* withCustomers([{ id: CustomerId.make(4503599627370496) }])
      assert.deepStrictEqual(yield* idsOf("?id=4503599627370496"), [4503599627370496])
      assert.deepStrictEqual(yield* idsOf("?id=0000000001"), [])
      for (const id of ["0", "-1", "9007199254740992", "1e400", "0x1", "1.0", "abc"]) {
        assertRefused(yield* call(`?id=${id}`), "id must be a whole number from 1")
      }
    })
  )
})

describe("pages", () => {
  it.effect("begin at 1, are ordered by id, overlap nowhere and end in an empty list", () =>
    Effect.gen(function* () {
      const { call, idsOf } = yield* withCustomers(many(5))
      assert.deepStrictEqual(yield* idsOf("?page=1&page_size=2"), [1, 2])
      assert.deepStrictEqual(yield* idsOf("?page=2&page_size=2"), [3, 4])
      assert.deepStrictEqual(yield* idsOf("", "page=3&page_size=2"), [5])
      assert.strictEqual((yield* call("?page=4&page_size=2")).text, empty)
      assert.strictEqual((yield* call("?page=1000000000&page_size=1000")).text, empty)
      assert.deepStrictEqual(yield* idsOf("?page_size=3"), [1, 2, 3])
      assert.deepStrictEqual(yield* idsOf("?page=1&page_size=2&with_phone=true"), [])
    })
  )

  it.effect("page alone gives 200 customers, as the documented example has it", () =>
    Effect.gen(function* () {
      const { idsOf } = yield* withCustomers(many(401))
      assert.strictEqual((yield* idsOf("?page=1")).length, 200)
      assert.deepStrictEqual((yield* idsOf("?page=2"))[0], 201)
      assert.deepStrictEqual(yield* idsOf("?page=3"), [401])
      assert.strictEqual((yield* idsOf("?page_size=1000")).length, 401)
    })
  )

  it.effect("a size or number of no use is refused in the envelope of the format", () =>
    Effect.gen(function* () {
      const { call } = yield* withCustomers(many(3))
      const size = "page_size must be a whole number from 1 to 1000"
      for (const wrong of [
        "1001",
        "0",
        "-1",
        "1e9",
        "1000000000",
        "0x10",
        "1e400",
        "NaN",
        "1.5",
        "%2B1",
        "9".repeat(30)
      ]) {
        assertRefused(yield* call(`?page=1&page_size=${wrong}`), size)
        assertRefused(yield* call("", post(`page_size=${wrong}`)), size)
        assert.strictEqual((yield* call(`?format=json&page_size=${wrong}`)).text, refused.json(size))
      }
      for (const wrong of ["0", "-1", "1e9", "1000000001", "9223372036854775808", "x"]) {
        assertRefused(yield* call(`?page=${wrong}`), "page must be a whole number from 1 to 1000000000")
      }
    })
  )

  it.effect("the largest page_size is the server's setting", () =>
    Effect.gen(function* () {
      const { call } = yield* open({ maxPageSize: 10 })
      assert.strictEqual((yield* call("?page_size=10")).text, empty)
      assertRefused(yield* call("?page_size=11"), "page_size must be a whole number from 1 to 10")
    })
  )
})

describe("the list of everyone", () => {
  it.effect("1,200 customers come as one well-formed document, each once and by id, in both formats", () =>
    Effect.gen(function* () {
      const { call } = yield* withCustomers(many(1_200))
      const wanted = Array.from({ length: 1_200 }, (_, index) => index + 1)
      const inXml = yield* call("")
      assert.deepStrictEqual(idsIn(inXml.text), wanted)
      assert.strictEqual(xmlChildText(xml(inXml.text), "count"), "1200")
      assert.deepStrictEqual(
        xml(inXml.text).children.map(({ name }) => name),
        ["success", "type", "count", "customers"]
      )
      assert.strictEqual(inXml.headers["content-type"], "application/xml; charset=UTF-8")
      assert.strictEqual(inXml.headers["cache-control"], "no-store")
      const inJson = yield* call("?format=json")
      const told = JSON.parse(inJson.text) as {
        count: number
        customers: ReadonlyArray<Record<string, string>>
      }
      assert.strictEqual(told.count, 1_200)
      assert.deepStrictEqual(
        told.customers.map(({ id }) => Number(id)),
        wanted
      )
      assert.deepStrictEqual(
        new Set(told.customers.map(({ custom_information }) => custom_information)),
        new Set(["]]> & <x>"])
      )
      assert.strictEqual(inJson.headers["content-type"], "application/json; charset=UTF-8")
      // The same bytes as pages give, record by record.
      const page = yield* call("?format=json&page=2&page_size=500")
      const paged = JSON.parse(page.text) as typeof told
      assert.deepStrictEqual(paged.customers, told.customers.slice(500, 1_000))
    })
  )

  for (const count of [499, 500, 501, 1_000, 1_001]) {
    it.effect(`${count} customers, at a seam of the reading, are ${count} customers`, () =>
      Effect.gen(function* () {
        const { call } = yield* withCustomers(many(count))
        const told = JSON.parse((yield* call("?format=json")).text) as {
          count: number
          customers: Array<unknown>
        }
        assert.deepStrictEqual([told.count, told.customers.length], [count, count])
        assert.strictEqual(customersIn((yield* call("")).text).length, count)
      })
    )
  }

  it.effect("a filter that many match is listed whole as well, with cards and bonuses", () =>
    Effect.gen(function* () {
      const records = many(1_200).map((record, index) =>
        index % 2 === 0 ? { ...record, phone: "1" } : record
      )
      const { call, cards, merchant } = yield* withCustomers(records)
      yield* cards.save(merchant.id, {
        search: [],
        createIfMissing: true,
        patch: { number: "5" },
        owner: { by: "id", id: CustomerId.make(1199) },
        actor: null
      })
      const told = JSON.parse((yield* call("?format=json&phone=1&cards=1&bonuses=1")).text) as {
        readonly count: number
        readonly customers: ReadonlyArray<{ readonly cards: ReadonlyArray<{ readonly uid: string }> }>
      }
      assert.strictEqual(told.count, 600)
      assert.strictEqual(told.customers.length, 600)
      assert.deepStrictEqual(
        told.customers.flatMap(({ cards }) => cards.map(({ uid }) => uid)),
        ["5"]
      )
    })
  )
})

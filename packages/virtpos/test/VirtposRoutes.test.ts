/** The ten wire examples of the protocol notes (section 12), request by request and byte by byte. */
import { assert, describe, it } from "@effect/vitest"
import { CustomerId, moneyFromText } from "@tillbridge/domain"
import { DateTime, Effect, Option } from "effect"
import { answers, exchanges, textOf } from "./fixtures/index.ts"
import {
  customersIn,
  declaration,
  empty,
  idsIn,
  makeKey,
  oneIn,
  open,
  post,
  refused,
  written
} from "./server.ts"

const at = (text: string) => DateTime.makeUnsafe(text)

/** A server that knows the key K1 of the examples, and requests as the notes spell them. */
const examples = Effect.fnUntraced(function* () {
  const server = yield* open()
  yield* makeKey(server.store, server.merchant.id, ["read", "write"], { secret: "K1" })
  const run = (example: number, target?: string) => {
    const found = exchanges.find((exchange) => exchange.example === example)
    if (found === undefined) return assert.fail(`no example ${example}`)
    return server.send(target ?? found.target, found.body === undefined ? {} : post(found.body))
  }
  return { ...server, run }
})

const anna = {
  id: CustomerId.make(7),
  firstName: "Anna",
  lastName: "Orlova",
  phone: "+79990000001",
  gender: "female",
  birthDate: { day: 5, month: 3, year: 1994 },
  consents: { push: true, email: false, sms: true },
  createdAt: at("2024-01-02T00:04:05Z"),
  registeredAt: at("2024-01-02T00:04:05Z"),
  createdBy: 2
} as const

/** What a fixture shows of a customer, with the member that the notes call INFERRED at its end. */
const withExternalId = (text: string) => text.replace("</customer>", "<external_id/></customer>")

describe("the wire examples", () => {
  it.effect("1: all customers as XML, in the documented order, empties as self-closed elements", () =>
    Effect.gen(function* () {
      const { customers, merchant, run } = yield* examples()
      yield* customers.importBatch(merchant.id, [anna], 2)
      const answer = yield* run(1)
      assert.strictEqual(answer.status, 200)
      assert.strictEqual(answer.headers["content-type"], "application/xml; charset=UTF-8")
      assert.strictEqual(
        answer.text,
        // The import is the last change there was.
        withExternalId(textOf(answers.oneCustomer)).replace(
          "<last_update_date>2024-01-02 03:04:05",
          "<last_update_date>2024-06-15 12:00:00"
        )
      )
    })
  )

  it.effect("2: one customer as JSON, numbers as text and empties as null", () =>
    Effect.gen(function* () {
      const { customers, merchant, run } = yield* examples()
      yield* customers.importBatch(merchant.id, [anna], 2)
      const answer = yield* run(2)
      assert.strictEqual(answer.headers["content-type"], "application/json; charset=UTF-8")
      assert.strictEqual(
        answer.text,
        `{"success":1,"type":"customer","count":1,"customers":[{"id":"7","fname":"Anna","lname":"Orlova",` +
          `"mname":null,"age":"30","email":null,"phone":"+79990000001","gender":"F","custom_information":null,` +
          `"birth_day":"5","birth_month":"3","birth_year":"1994","register_date":"2024-01-02 03:04:05",` +
          `"accumulated_sales":"0","send_push":"1","send_email":"0","send_sms":"1","group_id":null,` +
          `"group_name":null,"created_date":"2024-01-02 03:04:05","created_by":"2",` +
          `"last_update_date":"2024-06-15 12:00:00","last_update_by":"2","external_id":null}]}`
      )
      const shown = JSON.parse(textOf(answers.json)) as { readonly customers: ReadonlyArray<object> }
      const told = JSON.parse(answer.text) as { readonly customers: ReadonlyArray<object> }
      assert.deepStrictEqual({ ...told.customers[0], ...shown.customers[0] }, { ...told.customers[0] })
    })
  )

  it.effect("3: a filter that matches nobody is an empty list", () =>
    Effect.gen(function* () {
      const { run } = yield* examples()
      assert.strictEqual((yield* run(3)).text, declaration + textOf(answers.nobody))
      const json = yield* run(3, "/api/customer?apikey=K1&format=json&id=999999")
      assert.strictEqual(json.text, `{"success":1,"type":"customer","count":0,"customers":[]}`)
    })
  )

  it.effect("4: a wrong key is success 0 and info, in either format", () =>
    Effect.gen(function* () {
      const { run } = yield* examples()
      const inXml = yield* run(4)
      assert.strictEqual(inXml.status, 200)
      assert.strictEqual(
        inXml.text,
        declaration + textOf(answers.refusedXml).replace("...", "invalid apikey")
      )
      const inJson = yield* run(4, "/api/customer?apikey=BAD&format=json")
      assert.strictEqual(inJson.text, textOf(answers.refusedJson).replace("...", "invalid apikey"))
    })
  )

  it.effect("5: the second page of two over three customers has one, the third none", () =>
    Effect.gen(function* () {
      const { customers, merchant, run } = yield* examples()
      yield* customers.importBatch(
        merchant.id,
        [{ firstName: "A" }, { firstName: "B" }, { firstName: "C" }],
        null
      )
      const second = yield* run(5)
      assert.include(second.text, "<count>1</count>")
      assert.deepStrictEqual(idsIn(second.text), [3])
      const third = yield* run(5, "/api/customer?apikey=K1&format=xml&page=3&page_size=2")
      assert.strictEqual(third.text, empty)
    })
  )

  it.effect("6: with_phone and with_email choose who has one and lacks the other", () =>
    Effect.gen(function* () {
      const { customers, merchant, run } = yield* examples()
      const both = { phone: "+7 999 000-00-01", email: "a@b.ru" }
      yield* customers.importBatch(
        merchant.id,
        [both, { phone: both.phone }, { email: both.email }, { firstName: "neither" }, { mobilePhone: "1" }],
        null
      )
      assert.deepStrictEqual(idsIn((yield* run(6)).text), [2, 5])
    })
  )

  it.effect("7: a form creates a customer and the group that it names", () =>
    Effect.gen(function* () {
      const { call, customers, directories, merchant, run } = yield* examples()
      // Ten customers were there before, so that the next is number 11 as in the example.
      yield* customers.importBatch(
        merchant.id,
        Array.from({ length: 10 }, () => ({ firstName: "old" })),
        null
      )
      const answer = yield* run(7)
      assert.strictEqual(answer.text, declaration + textOf(answers.created))
      assert.deepStrictEqual(yield* directories.entries(merchant.id, "group"), [{ id: 1, name: "VIP" }])
      const petr = oneIn(yield* call("?id=11"))
      assert.deepStrictEqual([petr["fname"], petr["group_id"], petr["group_name"]], ["Petr", "1", "VIP"])
    })
  )

  it.effect("8: group_id wins over group_name, which is not created", () =>
    Effect.gen(function* () {
      const { call, customers, directories, merchant, run } = yield* examples()
      yield* customers.importBatch(
        merchant.id,
        Array.from({ length: 11 }, () => ({ firstName: "old" })),
        null
      )
      for (const name of ["One", "Two", "Three"]) yield* directories.addEntry(merchant.id, "group", name)
      assert.strictEqual((yield* run(8)).text, written(11, 0))
      const updated = oneIn(yield* call("?id=11"))
      assert.deepStrictEqual([updated["group_id"], updated["group_name"]], ["3", "Three"])
      const groups = yield* directories.entries(merchant.id, "group")
      assert.deepStrictEqual(
        groups.map(({ name }) => name),
        ["One", "Two", "Three"]
      )
    })
  )

  it.effect(
    "9: a card is created by GET with its type and its EAN-13, for a customer named by external id",
    () =>
      Effect.gen(function* () {
        const { cards, customers, directories, merchant, run } = yield* examples()
        yield* customers.importBatch(merchant.id, [{ externalIds: [{ system: "SHOP", key: "ext-9" }] }], null)
        assert.strictEqual((yield* run(9)).text, declaration + textOf(answers.cardCreated))
        const card = yield* cards.find(merchant.id, [{ by: "number", number: "12345" }])
        assert.strictEqual(card.ean13, "0000000123457")
        assert.deepStrictEqual([card.status, card.medium, card.customerId], ["active", "plastic", 1])
        assert.deepStrictEqual(card.type, { id: 1, name: "Gold" } as typeof card.type)
        assert.deepStrictEqual(yield* directories.entries(merchant.id, "card type"), [
          { id: 1, name: "Gold" }
        ])
      })
  )

  it.effect("10: a card is deleted once; a uid that stands only in the body selects none", () =>
    Effect.gen(function* () {
      const { cards, merchant, run, send } = yield* examples()
      yield* cards.save(merchant.id, {
        search: [],
        createIfMissing: true,
        patch: { number: "12345" },
        actor: null
      })
      const inBody = yield* send("/api/customer/deleteCard", post("apikey=K1&uid=12345"))
      assert.strictEqual(
        inBody.text,
        refused.xml("card_id, uid, external_id or card_barcode is required in the query")
      )
      assert.strictEqual((yield* cards.list(merchant.id, { after: null, limit: 9 })).length, 1)
      const deleted = yield* run(10)
      assert.strictEqual(deleted.text, `${declaration}<root><success>1</success><id>1</id></root>`)
      assert.strictEqual((yield* run(10)).text, refused.xml("card not found"))
    })
  )

  it.effect(
    "the customer that the vendor's page shows is told in the same elements with the same values",
    () =>
      Effect.gen(function* () {
        const { customers, merchant, run } = yield* examples()
        const moment = at("2016-07-18T10:54:37Z")
        yield* customers.importBatch(
          merchant.id,
          [
            {
              id: CustomerId.make(1),
              firstName: "Сергей",
              lastName: "Иванов",
              middleName: "Степанович",
              gender: "female",
              notes: "очень требовательный",
              birthDate: { day: 24, month: 10, year: 1992 },
              accumulatedSales: Option.getOrThrow(moneyFromText("15200")),
              consents: { push: true, email: true, sms: true },
              registeredAt: moment,
              createdAt: moment,
              createdBy: 2
            }
          ],
          2
        )
        const [shown] = customersIn(textOf(answers.seedList))
        const [told] = customersIn((yield* run(1)).text)
        assert.deepStrictEqual(Object.keys(told ?? {}), [...Object.keys(shown ?? {}), "external_id"])
        // Its age was right in 2016, and its last change was not an import.
        const { age: _, last_update_date: __, ...then } = shown ?? {}
        assert.deepStrictEqual({ ...told, ...then }, { ...told })
        assert.strictEqual(told?.["age"], "31")
      })
  )
})

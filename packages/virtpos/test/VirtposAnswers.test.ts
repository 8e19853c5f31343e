import {
  CardId,
  CardTypeId,
  type CodecContext,
  CustomerId,
  type CustomerWithCards,
  GroupId,
  moneyFromText,
  newCard,
  newCustomer
} from "@tillbridge/domain"
import { DateTime, Effect, Option, Result, Stream } from "effect"
import { assert, describe, it } from "vitest"
import { virtposCodec } from "../src/index.ts"
import { type Answer, answers, bytesOf } from "./fixtures/index.ts"
import { moscow } from "./support.ts"

const context: CodecContext = {
  timeZone: moscow,
  externalSystem: "shop",
  now: DateTime.makeUnsafe("2026-11-22T09:00:00Z"),
  stores: [],
  count: 1
}

const encoder = new TextEncoder()

/** One line for each customer: its key and first name, or why it cannot be read; the failure of the whole comes last. */
const read = async (bytes: Uint8Array): Promise<ReadonlyArray<string>> => {
  const lines: Array<string> = []
  await virtposCodec.readAnswer(Stream.make(bytes), context).pipe(
    Stream.runForEach((record) =>
      Effect.sync(() =>
        lines.push(
          Result.match(record, {
            onSuccess: ({ cards, customer, source }) =>
              [
                `${source.system}:${source.key}`,
                customer.firstName,
                ...cards.map((card) => card.number)
              ].join(" "),
            onFailure: ({ detail }) => `! ${detail}`
          })
        )
      )
    ),
    Effect.catch((error) => Effect.sync(() => lines.push(`${error._tag}: ${error.detail}`))),
    Effect.runPromise
  )
  return lines
}

const fixture = (answer: Answer) => read(bytesOf(answer))
const text = (answer: string) => read(encoder.encode(answer))

const list = (customers: string) => `<root><success>1</success><customers>${customers}</customers></root>`

describe("a saved answer", () => {
  it("is read in each of the vendor's forms", async () => {
    assert.deepStrictEqual(await fixture(answers.seedList), ["virtpos:1 Сергей"])
    assert.deepStrictEqual(await fixture(answers.json), ["virtpos:7 Anna"])
    assert.deepStrictEqual(await fixture(answers.nobody), [])
    assert.deepStrictEqual(await text('{"success":"1","customers":{"customer":{"id":"5","fname":"Olga"}}}'), [
      "virtpos:5 Olga"
    ])
    assert.deepStrictEqual(await text('{"success":true,"customers":{"customer":[{"id":5},{"id":6}]}}'), [
      "virtpos:5 ",
      "virtpos:6 "
    ])
    assert.deepStrictEqual(await text('{"success":1,"count":0,"customers":null}'), [])
  })

  it("brings cards", async () => {
    const cards = "<cards><card><uid>007</uid></card><card><uid>8</uid></card></cards>"
    assert.deepStrictEqual(await text(list(`<customer><id>1</id><fname>A</fname>${cards}</customer>`)), [
      "virtpos:1 A 007 8"
    ])
  })

  it("fails where the vendor says no, with its words", async () => {
    assert.deepStrictEqual(await fixture(answers.refusedXml), ["Refused: ..."])
    assert.deepStrictEqual(await fixture(answers.refusedJson), ["Refused: ..."])
    assert.deepStrictEqual(await text('{"success":0,"info":"Invalid  API key\\n"}'), [
      "Refused: Invalid API key"
    ])
  })

  it("fails where it is no list answer of this vendor", async () => {
    assert.deepStrictEqual(await fixture(answers.seedUpdate), ["Malformed: the answer has no customers"])
    assert.deepStrictEqual(await text('{"customers":[]}'), ["Malformed: the answer has no success field"])
    assert.deepStrictEqual(await text("id;fname"), [
      "Malformed: the answer cannot be read: neither JSON nor XML"
    ])
    assert.deepStrictEqual(await text(""), ["Malformed: the answer cannot be read: empty"])
    assert.deepStrictEqual(await text("<html><body>Not found</body></html>"), [
      "Malformed: the answer is an HTML page"
    ])
    assert.deepStrictEqual(await text("<!doctype html><html></html>"), [
      "Malformed: the answer cannot be read: DOCTYPE and ENTITY are not accepted"
    ])
  })

  it("goes on behind a customer that cannot be read", async () => {
    const customers =
      "<customer><id>x</id></customer><customer><id>2</id><fname>B</fname></customer><customer/>"
    assert.deepStrictEqual(await text(list(customers)), [
      "! id: must be a whole number",
      "virtpos:2 B",
      "! is no customer"
    ])
    assert.deepStrictEqual(await text('{"success":1,"customers":[{"id":1,"fname":{"a":1}},7,{"id":2}]}'), [
      "! fname: must be a single value",
      "! is no customer",
      "virtpos:2 "
    ])
  })

  it("gives what came before a cut", async () => {
    assert.deepStrictEqual(
      await text("<root><success>1</success><customers><customer><id>1</id></customer><cus"),
      ["virtpos:1 ", "Malformed: the answer cannot be read: cut off before its end"]
    )
  })
})

const known: CustomerWithCards = {
  customer: {
    ...newCustomer(CustomerId.make(7), DateTime.makeUnsafe("2026-01-02T03:04:05Z"), null),
    firstName: "Анна",
    email: "anna@example.test",
    birthDate: { day: 24, month: 10, year: 1992 },
    accumulatedSales: Option.getOrThrow(moneyFromText("15200.5")),
    group: { id: GroupId.make(3), name: "VIP" },
    externalIds: [{ system: "shop", key: "A-7" }]
  },
  cards: [
    {
      ...newCard(CardId.make(9), "0012", DateTime.makeUnsafe("2026-01-02T03:04:05Z"), null),
      customerId: CustomerId.make(7),
      status: "active",
      medium: "app",
      type: { id: CardTypeId.make(2), name: "Gold" }
    }
  ]
}

const write = async (customers: ReadonlyArray<CustomerWithCards>, format: "xml" | "json") => {
  const parts = await Effect.runPromise(
    Stream.runCollect(
      virtposCodec.writeAnswer(Stream.rechunk(Stream.fromIterable(customers), 1), format, {
        ...context,
        count: customers.length
      })
    )
  )
  return new TextDecoder().decode(Buffer.concat(parts))
}

describe("a written answer", () => {
  it("is what the drop-in server answers", async () => {
    assert.strictEqual(
      await write([known], "xml"),
      `<?xml version="1.0" encoding="UTF-8"?><root><success>1</success><type>customer</type><count>1</count><customers>` +
        `<customer><id>7</id><fname>Анна</fname><lname/><mname/><age>34</age><email>anna@example.test</email><phone/>` +
        `<gender/><custom_information/><birth_day>24</birth_day><birth_month>10</birth_month><birth_year>1992</birth_year>` +
        `<register_date>2026-01-02 06:04:05</register_date><accumulated_sales>15200.5</accumulated_sales>` +
        `<send_push>0</send_push><send_email>0</send_email><send_sms>0</send_sms><group_id>3</group_id>` +
        `<group_name>VIP</group_name><created_date>2026-01-02 06:04:05</created_date><created_by/>` +
        `<last_update_date>2026-01-02 06:04:05</last_update_date><last_update_by/><external_id>A-7</external_id>` +
        `<cards><card><card_id>9</card_id><uid>0012</uid><external_id/><uid_ean13/><barcode/><medium>APP</medium>` +
        `<status>ACTIVE</status><block_date/><activate_date/><type_id>2</type_id><type_name>Gold</type_name>` +
        `<customer_id>7</customer_id></card></cards></customer></customers></root>`
    )
  })

  it("is empty for nobody, and has commas between several", async () => {
    assert.strictEqual(
      await write([], "xml"),
      `<?xml version="1.0" encoding="UTF-8"?><root><success>1</success><type>customer</type><count>0</count><customers/></root>`
    )
    assert.strictEqual(await write([], "json"), `{"success":1,"type":"customer","count":0,"customers":[]}`)
    const two = JSON.parse(await write([known, known], "json"))
    assert.strictEqual(two.count, 2)
    assert.strictEqual(two.customers.length, 2)
  })

  it.each(["xml", "json"] as const)("is read back from %s", async (format) => {
    assert.deepStrictEqual(await text(await write([known, known], format)), [
      "virtpos:7 Анна 0012",
      "virtpos:7 Анна 0012"
    ])
  })
})

describe("a call", () => {
  it("says what an update says, and is understood as that", () => {
    const { writeCall, readCall } = virtposCodec
    const call = writeCall!(
      {
        firstName: "Анна",
        email: null,
        externalIds: [{ system: "shop", key: "A 7" }],
        group: { name: "VIP" },
        accumulatedSales: Option.getOrThrow(moneyFromText("10.50")),
        birthDate: { day: 24 }
      },
      context
    )
    assert.strictEqual(
      call,
      "external_id=A+7&fname=%D0%90%D0%BD%D0%BD%D0%B0&email=&birth_day=24&accumulated_sales=10.5&group_name=VIP"
    )
    const understood = Result.getOrThrow(readCall!(call, context))
    assert.deepStrictEqual(understood, {
      firstName: "Анна",
      email: null,
      birthDate: { day: 24 },
      externalIds: [{ system: "shop", key: "A 7" }],
      accumulatedSales: Option.getOrThrow(moneyFromText("10.5")),
      group: { name: "VIP" }
    })
  })

  it("is refused by name", () => {
    const reason = (call: string) =>
      Result.match(virtposCodec.readCall!(call, context), {
        onFailure: ({ field, reason }) => `${field} ${reason}`,
        onSuccess: () => "understood"
      })
    assert.strictEqual(reason("age=3"), "age is computed from the birth date and cannot be set")
    assert.strictEqual(reason("birth_day=99"), "birth_day must be a whole number from 1 to 31")
    assert.match(reason("fname=%FF"), /^parameters /)
  })
})

/** Rows to cards and back: what the domain has no word for comes back unchanged, and nothing is told as another. */
import { assert, describe, it } from "@effect/vitest"
import {
  applyCardPatch,
  CardId,
  type CardPatch,
  CardTypeId,
  CustomerId,
  type LoyaltyCard,
  newCard,
  StoreId,
  TimeZone
} from "@tillbridge/domain"
import { parseJson } from "@tillbridge/wire"
import { DateTime, Effect, Result } from "effect"
import fc from "fast-check"
import {
  cardOf,
  changesOf,
  type DecodeContext,
  defaultStatusNames,
  type EncodeContext,
  encodeRowJson,
  encodeRowXml,
  rowOf
} from "../src/index.ts"
import { parseReply, readRow } from "../src/internal/reply.ts"
import { fixtures, textOf } from "./fixtures/index.ts"
import { open } from "./server.ts"

const moscow = TimeZone.make("Europe/Moscow")
const storeNames = new Map([
  [1, "Store 1"],
  [12, "Shop 12"]
])
const encoding: EncodeContext = {
  timeZone: moscow,
  externalSystem: "SHOP",
  statusNames: defaultStatusNames,
  storeNames
}
const decoding: DecodeContext = {
  timeZone: moscow,
  system: "lcmanager",
  externalSystem: "SHOP",
  statusNames: defaultStatusNames
}

const at = DateTime.makeUnsafe("2024-04-24T07:15:00Z")

/** A card with this change, as the store would keep it. */
const card = (patch: CardPatch, typeName: string | null = null, before?: LoyaltyCard): LoyaltyCard => ({
  ...applyCardPatch(before ?? newCard(CardId.make(1), "9900000000017", at, null), patch, at),
  type: typeName === null ? null : { id: CardTypeId.make(1), name: typeName },
  customerId: CustomerId.make(501)
})

const rowFrom = (text: string) => Result.getOrThrow(Result.flatMap(parseJson(text), readRow))

/** What is answered of a card that was read from this row. */
const thereAndBack = (text: string, context: EncodeContext = encoding, before?: LoyaltyCard) => {
  const record = cardOf(rowFrom(text), decoding) ?? assert.fail("no card")
  return encodeRowJson(
    rowOf(card({ ...record.patch, number: record.number }, record.typeName, before), context)
  )
}

const row = (more: Readonly<Record<string, string>> = {}) => {
  const members: Readonly<Record<string, string>> = {
    Client: "501",
    Card: "9900000000017",
    OutNumber: "null",
    Virtual: "true",
    Card_Type: `"Standard"`,
    Card_Status: `"Active"`,
    RegPos: "12",
    RegPosName: `"Shop 12"`,
    RegDate: `"2024-04-24T10:15:00"`,
    ...more
  }
  return `{${Object.entries(members)
    .map(([name, value]) => `"${name}":${value}`)
    .join(",")}}`
}

describe("a row that was read is answered unchanged", () => {
  const rows: ReadonlyArray<readonly [title: string, more: Readonly<Record<string, string>>]> = [
    ["as usual", {}],
    ["a status of another name", { Card_Status: `"sample string 2"` }],
    ["a status in Russian", { Card_Status: `"Заблокирована"` }],
    ["a status that means active", { Card_Status: `"ACTIVATED"` }],
    ["not virtual", { Virtual: "false" }],
    ["not said whether virtual", { Virtual: "null" }],
    ["no type", { Card_Type: "null" }],
    ["a point of sale of another name than the store's", { RegPos: "1", RegPosName: `"sample string 3"` }],
    ["a point of sale without a number", { RegPos: "null" }],
    ["a point of sale whose number is no store's", { RegPos: "0" }],
    ["a number far beyond", { RegPos: "9223372036854775807" }],
    ["no point of sale", { RegPos: "null", RegPosName: "null" }],
    ["seven digits of a second", { RegDate: `"2024-04-25T00:23:55.8646615"` }],
    ["three digits", { RegDate: `"2024-04-25T00:23:55.864"` }],
    ["no date", { RegDate: "null" }],
    ["a date that is none", { RegDate: `"soon"` }],
    ["year 1", { RegDate: `"0001-01-01T00:00:00"` }],
    ["year 9999", { RegDate: `"9999-12-31T23:59:59.9999999"` }],
    ["a long number of a card", { Card: "12345678901234567890" }],
    ["a number elsewhere", { OutNumber: "9223372036854775807" }],
    ["a negative number elsewhere", { OutNumber: "-5" }]
  ]
  for (const [title, more] of rows) {
    it(title, () => {
      assert.strictEqual(thereAndBack(row(more)), row(more))
    })
  }

  it("a date with an offset comes back in the merchant's zone, without it", () => {
    for (const date of [
      "2024-04-25T00:23:55.8646615+03:00",
      "2024-04-24T21:23:55.8646615Z",
      "2024-04-25T02:23:55.8646615+05:00"
    ]) {
      assert.include(thereAndBack(row({ RegDate: `"${date}"` })), `"RegDate":"2024-04-25T00:23:55.8646615"`)
    }
  })
})

describe("what the domain has learnt since", () => {
  const read = () => {
    const record = cardOf(
      rowFrom(
        row({
          Card_Status: `"sample string 2"`,
          Virtual: "false",
          RegPos: "1",
          RegPosName: `"sample string 3"`,
          RegDate: `"2024-04-25T00:23:55.8646615"`
        })
      ),
      decoding
    )
    return card({ ...record!.patch, number: "1" })
  }
  const told = (patch: CardPatch) => rowOf({ ...read(), ...patch }, encoding)

  it("is told instead of what was kept", () => {
    assert.strictEqual(told({}).Card_Status, "sample string 2")
    assert.strictEqual(told({ status: "blocked" }).Card_Status, "Blocked")
    assert.strictEqual(told({ medium: "plastic" }).Virtual, false)
    assert.strictEqual(told({ medium: "app" }).Virtual, true)
    assert.deepStrictEqual([told({}).RegPos, told({}).RegPosName], ["1", "sample string 3"])
    const moved = told({ registeredIn: StoreId.make(12) })
    assert.deepStrictEqual([moved.RegPos, moved.RegPosName], ["12", "Shop 12"])
    const nowhere = told({ registeredIn: null })
    assert.deepStrictEqual([nowhere.RegPos, nowhere.RegPosName], [null, null])
    assert.strictEqual(told({ registeredAt: at }).RegDate, "2024-04-24T10:15:00")
    assert.strictEqual(told({ registeredAt: null }).RegDate, null)
  })

  it("stands when the vendor says less: plastic stays plastic, an old word goes", () => {
    const plastic = card({ medium: "plastic" })
    assert.include(thereAndBack(row({ Virtual: "false" }), encoding, plastic), `"Virtual":false`)
    const record = cardOf(rowFrom(row({ Virtual: "false" })), decoding)!
    assert.strictEqual(applyCardPatch(plastic, record.patch, at).medium, "plastic")
    assert.include(thereAndBack(row({ Card_Status: `"New"` }), encoding, read()), `"Card_Status":"New"`)
  })
})

describe("numbers of cards", () => {
  const shown = (number: string) => rowOf(card({ number }), encoding).Card

  it("that are whole are exact however long; any other is left out, never told as another", () => {
    for (const number of ["0", "7", "9007199254740993", "9223372036854775807", "1".repeat(64)])
      assert.strictEqual(shown(number), number)
    for (const number of ["0079001", "000", "A-7", "1e5", "0x10", " 7", "7 ", "1.0", "+7", "-0", "٣"])
      assert.isNull(shown(number), number)
  })

  it("survive both forms, digit by digit", () => {
    const digits = fc
      .array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 60 })
      .map((all) => all.join("").replace(/^0+(?=\d)/, ""))
    fc.assert(
      fc.property(digits, digits, (number, out) => {
        const stored = card({ number, externalIds: [{ system: "SHOP", key: out }] })
        const told = rowOf(stored, encoding)
        const fromJson = cardOf(rowFrom(encodeRowJson(told)), decoding)
        const answer =
          `<ClientInfoPeriodResponse xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><ErrorCode>0</ErrorCode>` +
          `<Clients>${encodeRowXml(told)}</Clients></ClientInfoPeriodResponse>`
        const tree = Result.getOrThrow(parseReply(new TextEncoder().encode(answer))) as {
          Clients: ReadonlyArray<unknown>
        }
        const fromXml = cardOf(Result.getOrThrow(readRow(tree.Clients[0])), decoding)
        for (const read of [fromJson, fromXml]) {
          assert.strictEqual(read?.number, number)
          assert.deepStrictEqual(read?.patch.externalIds, [{ system: "SHOP", key: out }])
        }
        assert.deepStrictEqual(fromXml, fromJson)
      })
    )
  })
})

describe("clients of rows", () => {
  it("come once each, with all their cards; cards of nobody are left out", () => {
    const changes = changesOf(
      [
        { Client: "2", Card: "20" },
        { Client: "1", Card: "10" },
        { Client: null, Card: "99" },
        { Client: "2", Card: "21" },
        { Client: "3", Card: null }
      ],
      decoding
    )
    assert.deepStrictEqual(
      changes.map(({ cards, customer, source }) => [source, customer, cards.map(({ number }) => number)]),
      [
        [{ system: "lcmanager", key: "2" }, {}, ["20", "21"]],
        [{ system: "lcmanager", key: "1" }, {}, ["10"]],
        [{ system: "lcmanager", key: "3" }, {}, []]
      ]
    )
  })
})

describe("the vendor's sample row", () => {
  it.effect("is stored and answered exactly, but for the offset of its date", () =>
    Effect.gen(function* () {
      const { add, ask } = yield* open()
      const sample = (JSON.parse(textOf(fixtures.responseJson)) as { Clients: [Record<string, unknown>] })
        .Clients[0]
      const record = cardOf(rowFrom(JSON.stringify(sample)), decoding)!
      yield* add({
        number: record.number,
        at: null,
        owner: 1,
        type: record.typeName!,
        patch: { ...record.patch }
      })
      const answer = yield* ask({ Registration: true, BegDate: "2024-04-25", EndDate: "2024-04-25" })
      assert.strictEqual(
        answer.text,
        `{"Clients":[${JSON.stringify({ ...sample, RegDate: "2024-04-25T00:23:55.8646615" })}],"ErrorCode":0,"Message":""}`
      )
    })
  )
})

/** updateCard, insertCard and deleteCard: search order, owners, types, codes (protocol notes, section 6). */
import { assert, describe, it } from "@effect/vitest"
import { CardNotFound, type CardPatch } from "@tillbridge/domain"
import { DateTime, Effect, Result } from "effect"
import { assertRefused, declaration, open, post, written } from "./server.ts"

const deleted = (id: number) => `${declaration}<root><success>1</success><id>${id}</id></root>`
const nobody = "card_id, uid, external_id or card_barcode is required"

const setup = Effect.fnUntraced(function* () {
  const server = yield* open()
  const { cards, customers, merchant } = server
  const card = (number: string) => cards.find(merchant.id, [{ by: "number", number }])
  const numbers = cards
    .list(merchant.id, { after: null, limit: 99 })
    .pipe(Effect.map((all) => all.map(({ number }) => number)))
  const add = (patch: CardPatch) =>
    cards.save(merchant.id, { search: [], createIfMissing: true, patch, actor: null })
  const addCustomer = (key: string) =>
    customers.importBatch(merchant.id, [{ externalIds: [{ system: "SHOP", key }] }], null)
  return { ...server, card, numbers, add, addCustomer }
})

/** Four cards, each of which one of the four parameters finds when the others find nothing. */
const fourCards = Effect.fnUntraced(function* () {
  const server = yield* setup()
  yield* server.add({ number: "10" })
  yield* server.add({ number: "20" })
  yield* server.add({ number: "30", externalIds: [{ system: "SHOP", key: "x3" }] })
  yield* server.add({ number: "40", barcode: "b4" })
  return server
})

describe("which card is meant", () => {
  it.effect(
    "deleteCard looks by card_id, then uid, then external_id, then card_barcode: the first hit wins",
    () =>
      Effect.gen(function* () {
        for (const [query, id] of [
          ["card_id=1&uid=20&external_id=x3&card_barcode=b4", 1],
          ["card_barcode=b4&external_id=x3&uid=20&card_id=1", 1],
          ["card_id=99&uid=20&external_id=x3&card_barcode=b4", 2],
          ["card_id=99&uid=nobody&external_id=x3&card_barcode=b4", 3],
          ["card_id=99&uid=nobody&external_id=nobody&card_barcode=b4", 4],
          ["card_id=&uid=&external_id=&card_barcode=b4", 4]
        ] as const) {
          const { call, numbers } = yield* fourCards()
          assert.strictEqual((yield* call(`/deleteCard?${query}`)).text, deleted(id), query)
          const left = ["10", "20", "30", "40"].filter((_, index) => index !== id - 1)
          assert.deepStrictEqual(yield* numbers, left, query)
        }
      })
  )

  it.effect(
    "updateCard looks in the same order; what it was looked for by renames no card, and fills in a missing key",
    () =>
      Effect.gen(function* () {
        for (const [query, id, number, key] of [
          ["card_id=2&card_barcode=b4", 2, "20", undefined],
          ["card_id=2&uid=21&external_id=x9&card_barcode=b4", 2, "20", "x9"],
          ["card_id=99&uid=20&card_barcode=b4", 2, "20", undefined],
          ["uid=31&external_id=x3&card_barcode=b4", 3, "30", "x3"],
          ["card_id=99&external_id=x9&card_barcode=b4", 4, "40", "x9"]
        ] as const) {
          const { call, cards, merchant } = yield* fourCards()
          const answer = yield* call(`/updateCard?${query}&create_if_not_exist=1&medium=APP`)
          assert.strictEqual(answer.text, written(id, 0), query)
          const all = yield* cards.list(merchant.id, { after: null, limit: 9 })
          assert.deepStrictEqual(
            all
              .filter(({ medium }) => medium === "app")
              .map(({ externalIds, number }) => [number, externalIds[0]?.key]),
            [[number, key]],
            query
          )
        }
      })
  )

  it.effect(
    "the first hit wins: a card that is found is updated and does not take the uid or external_id of another",
    () =>
      Effect.gen(function* () {
        for (const [query, id] of [
          ["card_id=1&uid=20", 1],
          ["uid=20&external_id=x3", 2],
          ["card_id=1&uid=20&external_id=x3&card_barcode=b4", 1]
        ] as const) {
          const { call, cards, merchant } = yield* fourCards()
          const before = yield* cards.list(merchant.id, { after: null, limit: 9 })
          assert.strictEqual((yield* call(`/updateCard?${query}&medium=APP`)).text, written(id, 0), query)
          const after = yield* cards.list(merchant.id, { after: null, limit: 9 })
          assert.deepStrictEqual(
            after.map(({ externalIds, number }) => [number, externalIds]),
            before.map(({ externalIds, number }) => [number, externalIds])
          )
          assert.deepStrictEqual(
            after.filter(({ medium }) => medium === "app").map((card) => Number(card.id)),
            [id]
          )
        }
      })
  )

  it.effect("a card_barcode also finds the EAN-13 that was made for a card", () =>
    Effect.gen(function* () {
      const { add, call } = yield* setup()
      yield* add({ number: "12345" })
      assert.strictEqual(
        (yield* call("/updateCard?card_barcode=0000000123457&medium=APP")).text,
        written(1, 0)
      )
    })
  )

  it.effect("leading zeros and 19 digits are part of the number", () =>
    Effect.gen(function* () {
      const { call, numbers } = yield* setup()
      for (const uid of ["000123", "123", "0123", "1234567890123456789", "1234567890123456780"]) {
        assert.include((yield* call(`/updateCard?uid=${uid}&create_if_not_exist=1`)).text, "<isnew>1</isnew>")
      }
      assert.deepStrictEqual(yield* numbers, [
        "000123",
        "123",
        "0123",
        "1234567890123456789",
        "1234567890123456780"
      ])
      assert.strictEqual((yield* call("/deleteCard?uid=123")).text, deleted(2))
      assert.strictEqual((yield* call("/deleteCard?uid=1234567890123456780")).text, deleted(5))
    })
  )

  it.effect("what names a card counts only in the query, for every action", () =>
    Effect.gen(function* () {
      const { call, numbers } = yield* fourCards()
      for (const body of ["card_id=1", "uid=10", "external_id=x3", "card_barcode=b4"]) {
        assertRefused(yield* call("/deleteCard", post(body)), `${nobody} in the query`)
        assertRefused(yield* call("/updateCard", post(`${body}&status=BLOCKED`)), nobody)
        assertRefused(
          yield* call("/updateCard?create_if_not_exist=1", post(`${body}&status=BLOCKED`)),
          "uid is required for a new card"
        )
        assertRefused(yield* call("/insertCard", post(body)), "uid is required in the query")
      }
      // The body's uid must not beat the query's either.
      assert.strictEqual((yield* call("/deleteCard?uid=20", post("uid=10"))).text, deleted(2))
      assert.deepStrictEqual(yield* numbers, ["10", "30", "40"])
    })
  )

  it.effect("card_barcode searches only: it never becomes the card's barcode", () =>
    Effect.gen(function* () {
      const { call, card } = yield* setup()
      yield* call("/updateCard?card_barcode=999&uid=5&create_if_not_exist=1")
      assert.strictEqual((yield* card("5")).barcode, "0000000000055")
    })
  )

  it.effect("an unknown card is an error unless create_if_not_exist says yes", () =>
    Effect.gen(function* () {
      const { call, numbers } = yield* setup()
      assertRefused(yield* call("/updateCard?uid=1"), "card not found")
      assertRefused(yield* call("/updateCard?uid=1&create_if_not_exist=0"), "card not found")
      assertRefused(yield* call("/updateCard?uid=1", post("create_if_not_exist=1")), "card not found")
      assert.strictEqual((yield* call("/updateCard?uid=1&create_if_not_exist=1")).text, written(1, 1))
      assert.strictEqual((yield* call("/updateCard?uid=2&create_if_not_exist=true")).text, written(2, 1))
      assert.strictEqual((yield* call("/updateCard?uid=1&create_if_not_exist=1")).text, written(1, 0))
      assert.deepStrictEqual(yield* numbers, ["1", "2"])
    })
  )
})

describe("insertCard", () => {
  it.effect("always adds; a uid or an external_id that is taken is an error", () =>
    Effect.gen(function* () {
      const { call, numbers } = yield* setup()
      assert.strictEqual((yield* call("/insertCard?uid=1&external_id=x")).text, written(1, 1))
      assert.strictEqual((yield* call("/insertCard?uid=2&create_if_not_exist=0")).text, written(2, 1))
      assertRefused(yield* call("/insertCard?uid=1"), "uid belongs to another card")
      assertRefused(yield* call("/insertCard?uid=3&external_id=x"), "external_id belongs to another card")
      assert.strictEqual((yield* call("/insertCard?uid=3&card_id=1")).text, written(3, 1))
      assertRefused(yield* call("/insertCard?status=NEW"), "uid is required in the query")
      assertRefused(
        yield* call(`/insertCard?uid=${"1".repeat(65)}`),
        "uid must be at most 64 characters long"
      )
      assert.deepStrictEqual(yield* numbers, ["1", "2", "3"])
    })
  )
})

describe("what a card is given", () => {
  it.effect("every field from query or body, the body first", () =>
    Effect.gen(function* () {
      const { call, card } = yield* setup()
      const answer = yield* call(
        "/insertCard?uid=777&medium=PLASTIC&status=NEW",
        post(
          "medium=magnet&status=BLOCKED&block_date=2024-05-01&activate_date=2024-04-01%2010:20:30&barcode=b"
        )
      )
      assert.strictEqual(answer.text, written(1, 1))
      const made = yield* card("777")
      assert.deepStrictEqual(
        [made.medium, made.status, made.barcode, made.ean13],
        ["magnetic", "blocked", "b", "0000000007771"]
      )
      // Midnight and 10:20:30 in Moscow, three hours ahead.
      assert.deepStrictEqual(made.blockedAt, DateTime.makeUnsafe("2024-04-30T21:00:00Z"))
      assert.deepStrictEqual(made.activatedAt, DateTime.makeUnsafe("2024-04-01T07:20:30Z"))
    })
  )

  it.effect("codes are made from the uid when absent, kept when given, made anew when emptied", () =>
    Effect.gen(function* () {
      const { call, card } = yield* setup()
      yield* call("/insertCard?uid=12345")
      assert.deepStrictEqual(
        [(yield* card("12345")).ean13, (yield* card("12345")).barcode],
        ["0000000123457", "0000000123457"]
      )
      yield* call("/updateCard?uid=12345&uid_ean13=5901234123457&barcode=x")
      assert.deepStrictEqual(
        [(yield* card("12345")).ean13, (yield* card("12345")).barcode],
        ["5901234123457", "x"]
      )
      yield* call("/updateCard?uid=12345&status=ACTIVE")
      assert.strictEqual((yield* card("12345")).barcode, "x")
      yield* call("/updateCard?uid=12345&uid_ean13=&barcode=")
      assert.deepStrictEqual(
        [(yield* card("12345")).ean13, (yield* card("12345")).barcode],
        ["0000000123457", "0000000123457"]
      )
      yield* call("/insertCard?uid=1234567890123")
      assert.strictEqual((yield* card("1234567890123")).ean13, null)
    })
  )

  it.effect("a wrong value is refused by name and changes nothing", () =>
    Effect.gen(function* () {
      const { add, call, card } = yield* setup()
      yield* add({ number: "1" })
      const before = yield* card("1")
      for (const [body, info] of [
        ["medium=PAPER", "medium must be one of PLASTIC, MAGNET, APP"],
        ["medium=toString", "medium must be one of PLASTIC, MAGNET, APP"],
        ["status=GONE", "status must be one of NEW, ACTIVE, BLOCKED"],
        ["status=", "status must be one of NEW, ACTIVE, BLOCKED"],
        ["block_date=yesterday", "block_date must be YYYY-MM-DD HH:MM:SS"],
        ["activate_date=2024-13-01", "activate_date must be YYYY-MM-DD HH:MM:SS"],
        ["type_id=9", "unknown type_id"],
        ["type_id=x", "type_id must be a whole number from 1"],
        ["customer_id=9", "unknown customer_id or customer_external_id"],
        ["customer_id=x", "customer_id must be a whole number from 1"],
        ["customer_external_id=nobody", "unknown customer_id or customer_external_id"],
        [`barcode=${"1".repeat(256)}`, "barcode must be at most 255 characters long, without NUL"]
      ] as const) {
        assertRefused(yield* call("/updateCard?uid=1", post(`uid_ean13=5901234123457&${body}`)), info)
        assert.deepStrictEqual(yield* card("1"), before, body)
      }
    })
  )

  it.effect("type_name is looked up or created, and neither beside type_id", () =>
    Effect.gen(function* () {
      const { call, card, directories, merchant } = yield* setup()
      yield* call("/insertCard?uid=1&type_name=Gold")
      yield* call("/insertCard?uid=2", post("type_name=Silver"))
      yield* call("/insertCard?uid=3&type_name=Gold")
      yield* call("/updateCard?uid=3&type_name=Other", post("type_id=2"))
      assert.deepStrictEqual((yield* card("3")).type, { id: 2, name: "Silver" } as never)
      assertRefused(yield* call("/updateCard?uid=3&type_id=9&type_name=Other"), "unknown type_id")
      assertRefused(yield* call("/updateCard?uid=99&type_name=Other"), "card not found")
      assertRefused(yield* call("/insertCard?uid=1&type_name=Other"), "uid belongs to another card")
      assert.deepStrictEqual(yield* directories.entries(merchant.id, "card type"), [
        { id: 1, name: "Gold" },
        { id: 2, name: "Silver" }
      ])
      yield* call("/updateCard?uid=3&type_name=")
      assert.strictEqual((yield* card("3")).type, null)
    })
  )

  it.effect("customer_external_id is used only without customer_id; an empty one takes the owner away", () =>
    Effect.gen(function* () {
      const { addCustomer, call, card } = yield* setup()
      yield* addCustomer("one")
      yield* addCustomer("two")
      const ownerAfter = (query: string) =>
        Effect.andThen(call(`/updateCard?uid=1&create_if_not_exist=1&${query}`), card("1")).pipe(
          Effect.map(({ customerId }): number | null => customerId)
        )
      assert.strictEqual(yield* ownerAfter("customer_external_id=two"), 2)
      assert.strictEqual(yield* ownerAfter("customer_id=1&customer_external_id=two"), 1)
      assert.strictEqual(yield* ownerAfter("customer_id=1&customer_external_id=nobody"), 1)
      assert.strictEqual(yield* ownerAfter("customer_id=&customer_external_id=two"), 2)
      assert.strictEqual(yield* ownerAfter("status=ACTIVE"), 2)
      assert.strictEqual(yield* ownerAfter("customer_id="), null)
    })
  )

  it.effect("a removed card is gone for every way to name it, and its number is free again", () =>
    Effect.gen(function* () {
      const { call, card } = yield* fourCards()
      assert.strictEqual((yield* call("/deleteCard?uid=30")).text, deleted(3))
      for (const query of ["card_id=3", "uid=30", "external_id=x3", "card_barcode=0000000000307"]) {
        assertRefused(yield* call(`/deleteCard?${query}`), "card not found")
      }
      assert.deepStrictEqual(yield* Effect.result(card("30")), Result.fail(new CardNotFound()))
      assert.strictEqual((yield* call("/insertCard?uid=30&external_id=x3")).text, written(5, 1))
    })
  )
})

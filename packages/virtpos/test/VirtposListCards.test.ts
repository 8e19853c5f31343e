/** What a list adds to its customers, and who may read it. */
import { assert, describe, it } from "@effect/vitest"
import type { CustomerRecord } from "@tillbridge/domain"
import { Effect } from "effect"
import { assertRefused, makeKey, oneIn, open, post } from "./server.ts"

const withCustomers = Effect.fnUntraced(function* (records: ReadonlyArray<CustomerRecord>) {
  const server = yield* open()
  yield* server.customers.importBatch(server.merchant.id, records, null)
  return server
})

describe("cards and bonuses", () => {
  it.effect("stand after the customer's fields when asked for, and not otherwise", () =>
    Effect.gen(function* () {
      const { call } = yield* withCustomers([{ firstName: "A" }, { firstName: "B" }])
      yield* call("/insertCard?uid=12345&customer_id=1&type_name=Gold&medium=PLASTIC&external_id=c1")
      const plain = (yield* call("?id=1")).text
      assert.notInclude(plain, "card")
      assert.notInclude(plain, "bonus")
      assert.strictEqual((yield* call("?id=1&cards=false&bonuses=0")).text, plain)
      const card =
        "<cards><card><card_id>1</card_id><uid>12345</uid><external_id>c1</external_id>" +
        "<uid_ean13>0000000123457</uid_ean13><barcode>0000000123457</barcode><medium>PLASTIC</medium>" +
        "<status>NEW</status><block_date/><activate_date/><type_id>1</type_id><type_name>Gold</type_name>" +
        "<customer_id>1</customer_id></card></cards>"
      const end = "</customer></customers></root>"
      assert.strictEqual((yield* call("?id=1&cards=true")).text, plain.replace(end, card + end))
      assert.strictEqual(
        (yield* call("?id=1", post("cards=1&bonuses=true"))).text,
        plain.replace(end, `${card}<bonuses/>${end}`)
      )
      assert.include((yield* call("?id=2&cards=true")).text, `<cards/>${end}`)
      assert.match(
        (yield* call("?id=2&cards=true&bonuses=true&format=json")).text,
        /"cards":\[\],"bonuses":\[\]\}\]\}$/
      )
      assertRefused(yield* call("?cards=all"), "cards must be true or false")
      assertRefused(yield* call("?bonuses=x"), "bonuses must be true or false")
    })
  )

  it.effect("a card that changes, moves or goes is seen at once", () =>
    Effect.gen(function* () {
      const { call } = yield* withCustomers([{ firstName: "A" }, { firstName: "B" }])
      const cardsOf = (id: number) =>
        call(`?id=${id}&cards=1&format=json`).pipe(
          Effect.map(({ text }) => {
            const told = JSON.parse(text) as {
              customers: ReadonlyArray<{ cards: ReadonlyArray<Record<string, string>> }>
            }
            return told.customers[0]?.cards.map(({ status, uid }) => `${uid} ${status}`)
          })
        )
      yield* call("/insertCard?uid=5&customer_id=1")
      assert.deepStrictEqual(yield* cardsOf(1), ["5 NEW"])
      yield* call("/updateCard?uid=5&status=BLOCKED")
      assert.deepStrictEqual(yield* cardsOf(1), ["5 BLOCKED"])
      yield* call("/updateCard?uid=5&customer_id=2")
      assert.deepStrictEqual([yield* cardsOf(1), yield* cardsOf(2)], [[], ["5 BLOCKED"]])
      yield* call("/deleteCard?uid=5")
      assert.deepStrictEqual(yield* cardsOf(2), [])
    })
  )
})

describe("rights", () => {
  it.effect("a key that may only read lists and cannot write, one that may only write cannot list", () =>
    Effect.gen(function* () {
      const { merchant, send, store } = yield* withCustomers([{ firstName: "A" }])
      const reader = (yield* makeKey(store, merchant.id, ["read"])).key
      const writer = (yield* makeKey(store, merchant.id, ["write"])).key
      const listed = yield* send(`/api/customer?apikey=${reader}`)
      assert.strictEqual(oneIn(listed)["fname"], "A")
      for (const action of [
        "update?id=1&fname=B",
        "updateCard?uid=1&create_if_not_exist=1",
        "insertCard?uid=1",
        "deleteCard?uid=1"
      ]) {
        assertRefused(
          yield* send(`/api/customer/${action}&apikey=${reader}`),
          "this apikey may not change data"
        )
      }
      assert.strictEqual((yield* send(`/api/customer?apikey=${reader}`)).text, listed.text)
      assertRefused(yield* send(`/api/customer?apikey=${writer}`), "this apikey may not read data")
    })
  )
})

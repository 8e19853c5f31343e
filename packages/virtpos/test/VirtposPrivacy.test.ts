/** Data that must stay what it is and where it is: stored attacks, and what belongs to another merchant. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Asked, customersIn, makeKey, makeMerchant, oneIn, open, post, written } from "./server.ts"

describe("stored attacks", () => {
  const attacks = [
    "]]>",
    "<script>alert(1)</script>",
    "a\u0001b",
    "line\nfeed\r\nand\ttab",
    "\u202egnp.exe",
    "=cmd|'/c'!A1",
    "&lt;&amp;&#65;",
    '"},{"id":"9',
    "<!-- -->",
    "<!DOCTYPE x>",
    "\u007f\u0085\u2028",
    "\ufffe\uffff",
    "👩‍👩‍👧",
    "' OR 1=1"
  ]

  it.effect("come back as the text they are: well-formed XML and JSON, with nothing added around them", () =>
    Effect.gen(function* () {
      const { call } = yield* open()
      for (const text of attacks) {
        const sent = encodeURIComponent(text)
        const made = yield* call(
          "/update?create_if_not_exist=1",
          post(`fname=${sent}&custom_information=${sent}&group_name=${sent}`)
        )
        assert.match(made.text, /<isnew>1<\/isnew>/, JSON.stringify(text))
      }
      // XML has no way to carry these characters: they come back as U+FFFD, and everything else as it was.
      const visible = (text: string) => text.replace(/[\u0001\ufffe\uffff]/g, "\ufffd")
      const told = customersIn((yield* call("")).text)
      const inJson = JSON.parse((yield* call("?format=json")).text) as {
        customers: ReadonlyArray<Record<string, string>>
      }
      for (const name of ["fname", "custom_information", "group_name"]) {
        assert.deepStrictEqual(
          told.map((customer) => customer[name]),
          attacks.map(visible),
          name
        )
        assert.deepStrictEqual(
          inJson.customers.map((customer) => customer[name]),
          attacks,
          name
        )
      }
    })
  )
})

describe("another merchant's data", () => {
  it.effect("answers byte for byte as data that never existed, and is not touched", () =>
    Effect.gen(function* () {
      const { call, send, store } = yield* open()
      const rival = (yield* makeKey(store, (yield* makeMerchant(store, "B")).id)).key
      const rivals = (target: string, asked?: Asked) =>
        send(`/api/customer${target}${target.includes("?") ? "&" : "?"}apikey=${rival}`, asked)
      yield* rivals(
        "/update?create_if_not_exist=1",
        post("fname=Secret&phone=5551234&email=s%40b.ru&external_id=e1&group_name=Their")
      )
      yield* rivals("/insertCard?uid=777&external_id=c1&barcode=b1&type_name=Their&customer_id=1")
      const before = [(yield* rivals("?cards=1")).text, (yield* rivals("?cards=1&format=json")).text]
      for (const [theirs, nobodys] of [
        ["?id=1", "?id=99"],
        ["?external_id=e1", "?external_id=e9"],
        ["?phone=5551234", "?phone=9999999"],
        ["?email=s%40b.ru", "?email=x%40b.ru"],
        ["/update?id=1&fname=X", "/update?id=99&fname=X"],
        ["/update?external_id=e1&fname=X", "/update?external_id=e9&fname=X"],
        ["/updateCard?uid=777&status=BLOCKED", "/updateCard?uid=999&status=BLOCKED"],
        ["/updateCard?card_id=1&status=BLOCKED", "/updateCard?card_id=99&status=BLOCKED"],
        ["/deleteCard?uid=777", "/deleteCard?uid=999"],
        ["/deleteCard?card_id=1", "/deleteCard?card_id=99"],
        ["/deleteCard?external_id=c1", "/deleteCard?external_id=c9"],
        ["/deleteCard?card_barcode=b1", "/deleteCard?card_barcode=b9"],
        ["/insertCard?uid=1&customer_id=1", "/insertCard?uid=1&customer_id=99"],
        ["/insertCard?uid=1&customer_external_id=e1", "/insertCard?uid=1&customer_external_id=e9"],
        ["/insertCard?uid=1&type_id=1", "/insertCard?uid=1&type_id=99"]
      ] as const) {
        for (const format of ["xml", "json"]) {
          const one = yield* call(`${theirs}&format=${format}`)
          const none = yield* call(`${nobodys}&format=${format}`)
          assert.deepStrictEqual(
            [one.text, one.status, one.headers],
            [none.text, none.status, none.headers],
            theirs
          )
        }
      }
      // What it would have found is made anew, in the caller's own merchant only.
      const made = yield* call(
        "/update?id=1&external_id=e1&create_if_not_exist=1",
        post("fname=Mine&group_name=Mine")
      )
      assert.strictEqual(made.text, written(1, 1))
      assert.strictEqual(
        (yield* call("/updateCard?uid=777&create_if_not_exist=1&type_name=Own")).text,
        written(1, 1)
      )
      assert.deepStrictEqual(
        [(yield* rivals("?cards=1")).text, (yield* rivals("?cards=1&format=json")).text],
        before
      )
      assert.strictEqual(oneIn(yield* call(""))["fname"], "Mine")
      assert.strictEqual(oneIn(yield* rivals(""))["fname"], "Secret")
      // Both are customer 1 at the same position: what is kept encoded must not be mixed up.
      for (const format of ["xml", "json"]) {
        const mine = (yield* call(`?format=${format}`)).text
        assert.notInclude(mine, "Secret")
        assert.include((yield* rivals(`?format=${format}`)).text, "Secret")
      }
    })
  )
})

/** Groups and money of a customer: what an update makes on its way, and what needs a right of its own. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { assertRefused, idsIn, makeKey, oneIn, open, post, written } from "./server.ts"

/** A server with customer 1, Anna Orlova of the group VIP, known elsewhere as e1. */
const withAnna = Effect.fnUntraced(function* () {
  const server = yield* open()
  const made = yield* server.call(
    "/update?create_if_not_exist=1&external_id=e1",
    post("fname=Anna&lname=Orlova&phone=%2B79990000001&email=a%40b.ru&group_name=VIP&birth_year=1994")
  )
  assert.strictEqual(made.text, written(1, 1))
  const anna = server.call("?id=1").pipe(Effect.map(oneIn))
  return { ...server, anna }
})

describe("groups", () => {
  it.effect("a group named twice is one group, and names are compared exactly", () =>
    Effect.gen(function* () {
      const { anna, call, directories, merchant } = yield* withAnna()
      yield* call("/update?create_if_not_exist=1&group_name=VIP", post("fname=B"))
      assert.strictEqual((yield* directories.entries(merchant.id, "group")).length, 1)
      yield* call("/update?id=1", post("group_name=vip"))
      assert.deepStrictEqual((yield* anna)["group_id"], "2")
    })
  )

  it.effect("a refused update creates no group", () =>
    Effect.gen(function* () {
      const { call, directories, merchant } = yield* withAnna()
      assertRefused(yield* call("/update?id=99", post("group_name=New")), "customer not found")
      assertRefused(yield* call("/update?id=1", post("group_id=99&group_name=New")), "unknown group_id")
      yield* call("/update?id=1", post("group_name=New&age=1"))
      yield* call("/update?create_if_not_exist=1&external_id=e2", post("fname=B"))
      assertRefused(
        yield* call("/update?id=1", post("group_name=New&external_id=e2")),
        "external_id belongs to another customer"
      )
      assert.deepStrictEqual(yield* directories.entries(merchant.id, "group"), [{ id: 1, name: "VIP" }])
    })
  )
})

describe("money", () => {
  it.effect("accumulated_sales needs the right balance, and nothing of such a call is stored", () =>
    Effect.gen(function* () {
      const { anna, call } = yield* withAnna()
      const info = "this apikey may not set accumulated_sales"
      assertRefused(yield* call("/update?id=1", post("accumulated_sales=100&fname=X")), info)
      assertRefused(yield* call("/update?id=1&accumulated_sales=", post("fname=X")), info)
      assertRefused(yield* call("/update?create_if_not_exist=1", post("accumulated_sales=0")), info)
      assert.strictEqual((yield* anna)["accumulated_sales"], "0")
      assert.strictEqual((yield* anna)["fname"], "Anna")
      assert.deepStrictEqual(idsIn((yield* call("")).text), [1])
    })
  )

  it.effect("with that right it is set exactly, to the last digit", () =>
    Effect.gen(function* () {
      const { anna, merchant, send, store } = yield* withAnna()
      const { key } = yield* makeKey(store, merchant.id, ["read", "write", "balance"])
      for (const [sent, told] of [
        ["15200", "15200"],
        ["4545.00", "4545"],
        ["0.1", "0.1"],
        ["999999999999999999999999.999999", "999999999999999999999999.999999"],
        ["-0.000001", "-0.000001"],
        ["", "0"]
      ] as const) {
        const answer = yield* send(
          `/api/customer/update?id=1&apikey=${key}`,
          post(`accumulated_sales=${sent}`)
        )
        assert.strictEqual(answer.text, written(1, 0))
        assert.strictEqual((yield* anna)["accumulated_sales"], told)
      }
      for (const sent of ["1e3", "0x10", "NaN", "Infinity", "1,5", "1 000", "9".repeat(25), "1.1234567"]) {
        assertRefused(
          yield* send(`/api/customer/update?id=1&apikey=${key}`, post(`accumulated_sales=${sent}`)),
          "accumulated_sales must be a decimal number such as 4545.00"
        )
      }
    })
  )
})

/** Whom a key names: in a store of several systems, no two customers share one, and each finds its own. */
import { assert, describe, it } from "@effect/vitest"
import { type CustomerRecord, CustomerId } from "@tillbridge/domain"
import { Effect } from "effect"
import { customersIn, keysIn, oneIn, open, post } from "./server.ts"
import { type Random, randomFrom, seedOf } from "@tillbridge/conformance"

/** Keys that look like ids, like keys made of ids, like each other, and like nothing. */
const oddKeys = (random: Random): string => {
  const id = random.integer(1, 12)
  return random.pick([
    `${id}`,
    `${id}`,
    `id:${id}`,
    `id:id:${id}`,
    ` ${id}`,
    `${id} `,
    `0${id}`,
    `ID:${id}`,
    `K${id}`,
    "a&b=c",
    "é+ %",
    "9007199254740993"
  ])
}

const population = (random: Random): ReadonlyArray<CustomerRecord> => {
  const used = new Set<string>()
  return Array.from({ length: random.integer(1, 12) }, (_, index): CustomerRecord => {
    const key = oddKeys(random)
    const own = random.chance(0.5) && !used.has(key)
    if (own) used.add(key)
    return {
      id: CustomerId.make(index + 1),
      firstName: `N${index + 1}`,
      externalIds: [
        ...(random.chance(0.3) ? [{ system: "SHOP", key: `${random.integer(1, 5)}-${index}` }] : []),
        ...(own ? [{ system: "megawin", key }] : [])
      ]
    }
  })
}

describe("a key", () => {
  const seed = seedOf()

  it.effect(`is unique and finds its own customer, in odd populations (seed ${seed})`, () =>
    Effect.gen(function* () {
      const random = randomFrom(seed)
      for (let round = 0; round < 60; round++) {
        const records = population(random)
        const { call, customers, merchant } = yield* open()
        yield* customers.importBatch(merchant.id, records, null)
        const told = customersIn(yield* call("/list"))
        const said = JSON.stringify(records)
        assert.deepStrictEqual(
          told.map(({ firstName }) => firstName),
          records.map(({ firstName }) => firstName),
          said
        )
        assert.strictEqual(new Set(told.map(({ clcleunik }) => clcleunik)).size, records.length, said)
        for (const { clcleunik, firstName } of told) {
          for (const name of ["id_client", "clcleunik", "id"]) {
            const answer = yield* call(`/list?${name}=${encodeURIComponent(String(clcleunik))}`)
            const found = oneIn(answer)
            assert.deepStrictEqual([found["firstName"], found["clcleunik"]], [firstName, clcleunik], said)
          }
        }
        // What one of them writes, it writes to its own record.
        const chosen = random.pick(told)
        yield* call("/update", post({ id_client: chosen["clcleunik"], city: "Here" }))
        assert.deepStrictEqual(
          customersIn(yield* call("/list"))
            .filter(({ city }) => city === "Here")
            .map(({ firstName }) => firstName),
          [chosen["firstName"]],
          said
        )
      }
    })
  )

  it.effect("that a customer has at the vendor is the only one it has", () =>
    Effect.gen(function* () {
      const { call, customers, merchant } = yield* open()
      yield* customers.importBatch(
        merchant.id,
        [{ firstName: "A", externalIds: [{ system: "megawin", key: "2" }] }, { firstName: "B" }],
        null
      )
      assert.deepStrictEqual(keysIn(yield* call("/list")), ["2", "id:2"])
      assert.deepStrictEqual(keysIn(yield* call("/list?id=1")), [])
      assert.deepStrictEqual(keysIn(yield* call("/list?id=id:1")), [])
      assert.deepStrictEqual(keysIn(yield* call("/list?id=id:2")), ["id:2"])
      yield* call("/delete?id_client=2", { method: "DELETE" })
      assert.deepStrictEqual(keysIn(yield* call("/list")), ["2"])
      assert.strictEqual(oneIn(yield* call("/list?id=2"))["firstName"], "B")
    })
  )
})

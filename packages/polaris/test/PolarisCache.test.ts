/** What is kept encoded: that it is used, and never shown where or when it is not the truth. */
import { assert, describe, it } from "@effect/vitest"
import { CustomerRepository } from "@tillbridge/domain"
import { Context, Effect } from "effect"
import { addCard, open, put, sliceIn } from "./server.ts"

const modified = "Client.GetClientsModified?codeMagasin=1&output=json&lastChanged=2024-01-01"

/** A server whose store tells how many customers were read from it. */
const counted = Effect.fnUntraced(function* () {
  let reads = 0
  const server = yield* open({}, (real) => {
    const repository = Context.get(real, CustomerRepository)
    return Context.add(real, CustomerRepository, {
      ...repository,
      getMany: (merchant, ids) => {
        reads += ids.length
        return repository.getMany(merchant, ids)
      }
    })
  })
  const readsOf = <A>(effect: Effect.Effect<A>) =>
    Effect.suspend(() => {
      reads = 0
      return Effect.map(effect, (result) => ({ result, reads }))
    })
  return { ...server, readsOf }
})

describe("clients of a slice", () => {
  it.effect("are read once, and again when they or their cards have changed", () =>
    Effect.gen(function* () {
      const server = yield* counted()
      const { call, readsOf } = server
      const id = yield* put(call, { Nom: "A" })
      yield* put(call, { Nom: "B" })
      assert.strictEqual((yield* readsOf(call(modified))).reads, 2)
      assert.strictEqual((yield* readsOf(call(modified))).reads, 0)
      yield* put(call, { IDClient: 2, Nom: "C" })
      const changed = yield* readsOf(call(modified))
      assert.deepStrictEqual(
        [changed.reads, sliceIn(changed.result).clients.map(({ Nom }) => Nom)],
        [1, ["A", "C"]]
      )
      yield* addCard(server, id, "1")
      const carded = yield* readsOf(call(modified))
      assert.strictEqual(carded.reads, 1)
      assert.deepStrictEqual(
        sliceIn(carded.result).clients.map(({ Cartes, Nom }) => [Nom, (Cartes as Array<unknown>).length]),
        [
          ["C", 0],
          ["A", 1]
        ]
      )
    })
  )

  it.effect("are kept for each format, and their keys for those who give the prefix", () =>
    Effect.gen(function* () {
      const { call } = yield* counted()
      yield* put(call, { Nom: "A", Cle: "SECRET-KEY" }, { prefixCle: "SHOP" })
      for (const format of ["xml", "json"]) {
        const target = modified.replace("json", format)
        for (let n = 0; n < 2; n++) {
          assert.notInclude((yield* call(target)).text, "SECRET-KEY")
          assert.include((yield* call(`${target}&prefixCle=SHOP`)).text, "SECRET-KEY")
        }
      }
    })
  )
})

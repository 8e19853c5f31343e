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

  it.effect("are the newest in a slice that was asked for before, and told to nobody else", () =>
    Effect.gen(function* () {
      const { call, readsOf } = yield* counted()
      for (let n = 1; n <= 12; n++) yield* put(call, { Nom: `N${n}`, Cle: `K${n}` }, { prefixCle: "SHOP" })
      const names = (text: Parameters<typeof sliceIn>[0]) => sliceIn(text).clients.map(({ Nom }) => Nom)
      for (let n = 0; n < 3; n++) assert.lengthOf(names(yield* call(modified)), 12)
      assert.strictEqual((yield* readsOf(call(modified))).reads, 0)
      assert.include((yield* call(`${modified}&prefixCle=SHOP`)).text, "K12")
      assert.include((yield* call(`${modified}&prefixCle=SHOP`)).text, "K12")
      assert.notInclude((yield* call(modified)).text, "K12")
      const part = sliceIn(yield* call(`${modified}&limit=11`))
      assert.deepStrictEqual([part.clients.length, part.hasMoreResults], [11, true])
      assert.deepStrictEqual(sliceIn(yield* call(`${modified}&limit=11`)), part)
      yield* put(call, { IDClient: 1, Nom: "Changed" })
      assert.deepStrictEqual(names(yield* call(modified)).slice(-2), ["N12", "Changed"])
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

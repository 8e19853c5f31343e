/** Single records that nobody can read, and too many of them. */
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { invariants } from "./support/invariants.ts"
import { makeSite, type Site } from "./support/site.ts"
import { makeWorld, reasonOf } from "./support/world.ts"

class Till extends Context.Service<Till, Site>()("Till") {}
class Feed extends Context.Service<Feed, Site>()("Feed") {}
class List extends Context.Service<List, Site>()("List") {}

const layerSites = Layer.mergeAll(
  Layer.effect(Till, makeSite({ dialect: "virtpos", customers: 39 })),
  Layer.effect(Feed, makeSite({ dialect: "polaris", customers: 39 })),
  Layer.effect(List, makeSite({ dialect: "megawin", customers: 39 }))
)

/** What is done to a record. Without an id nobody knows whose it is. */
const spoils = ["date", "int64", "type", "nul", "no-id"]

layer(layerSites, { excludeTestServices: true })("records", (it) => {
  const sites = {
    virtpos: Effect.service(Till),
    polaris: Effect.service(Feed),
    megawin: Effect.service(List)
  }
  for (const [what, site] of Object.entries(sites)) {
    it.effect(
      `${what}: a few that are bad are set aside, each by what is wrong with it, and the others stand`,
      () =>
        Effect.gen(function* () {
          const world = yield* makeWorld(yield* site, { settings: "page-size = 100" })
          const everybody = (yield* world.site.ids).length
          let aside = 0
          for (const spoil of spoils) {
            yield* world.site.set(`poison=0.1:${spoil}@seed=11`)
            const { counts } = yield* world.run({ full: true })
            assert.strictEqual(counts.seen, everybody, spoil)
            aside += counts.deadLettered
          }
          assert.isAtLeast(aside, 3)
          for (const { kind, reason } of yield* world.letters) {
            assert.strictEqual(kind, "unreadable")
            assert.isNotEmpty(reason)
          }
          yield* invariants(world)
        }).pipe(Effect.scoped)
    )

    it.effect(`${what}: so many that their form must have changed stop the run`, () =>
      Effect.gen(function* () {
        const world = yield* makeWorld(yield* site, { settings: "page-size = 100" })
        yield* world.site.set("poison=0.9:type@seed=11")
        const error = yield* world.failing()
        assert.strictEqual(reasonOf(error), "TooManyUnreadable")
        assert.include((yield* world.state).paused ?? "", "cannot be taken over")
        assert.strictEqual((yield* world.byKey).size, 0)
        yield* invariants(world)
      }).pipe(Effect.scoped)
    )
  }

  it.effect("a comment of two megabytes is named and not kept, and only the vendor can tell it again", () =>
    Effect.gen(function* () {
      const site = yield* Till
      const world = yield* makeWorld(site, { settings: "page-size = 100" })
      yield* site.set("poison=0.05:huge@seed=3")
      yield* world.run()
      const letters = yield* world.letters
      assert.isAtLeast(letters.length, 1)
      for (const { kind, payload, reason } of letters) {
        assert.deepStrictEqual([kind, reason], ["unreadable", "is longer than 262144 characters"])
        assert.isAtMost(payload?.length ?? 0, 262_144)
      }
      assert.deepStrictEqual(
        (yield* world.replay(letters)).map(({ result }) => result),
        letters.map(() => "again")
      )
      yield* invariants(world)
    }).pipe(Effect.scoped)
  )
})

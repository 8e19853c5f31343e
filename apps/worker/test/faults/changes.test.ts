/** What happens to customers meanwhile, and records that nobody should believe. */
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { invariants } from "./support/invariants.ts"
import { makeSite, type Site } from "./support/site.ts"
import { makeWorld, reasonOf, type World } from "./support/world.ts"

class Till extends Context.Service<Till, Site>()("Till") {}
class Feed extends Context.Service<Feed, Site>()("Feed") {}
class List extends Context.Service<List, Site>()("List") {}

const layerSites = Layer.mergeAll(
  Layer.effect(Till, makeSite({ dialect: "virtpos", customers: 39 })),
  Layer.effect(Feed, makeSite({ dialect: "polaris", customers: 39 })),
  Layer.effect(List, makeSite({ dialect: "megawin", customers: 39 }))
)

const everybodyIsThere = Effect.fnUntraced(function* (world: World, count: number) {
  assert.strictEqual((yield* world.byKey).size, count)
})

const edit = (world: World, key: string, notes: string) =>
  Effect.orDie(
    world.customers.save(world.merchant, {
      references: [{ by: "externalId", externalId: { system: "acme", key } }],
      createIfMissing: false,
      patch: { notes },
      actor: 1
    })
  )

layer(layerSites, { excludeTestServices: true })("changes", (it) => {
  it.effect("an older telling that comes after a newer one changes nothing", () =>
    Effect.gen(function* () {
      const site = yield* Till
      const world = yield* makeWorld(site, { settings: "page-size = 100" })
      // The first of two requests of each run is the page: the third run's is kept, and told again in the fifth.
      yield* site.set("repeat-cursor@after=1,every=4")
      yield* world.run()
      yield* world.run()
      yield* world.run()
      // The vendor's stamps have whole seconds: in the same one neither telling would be the older.
      yield* Effect.sleep(1_000 - (Date.now() % 1_000))
      yield* site.change(site.canaryId, { notes: "Newer" })
      assert.strictEqual((yield* world.run()).counts.updated, 1)
      const older = yield* world.run()
      assert.deepStrictEqual([older.counts.kept, older.counts.updated], [1, 0])
      assert.strictEqual((yield* world.byKey).get(String(site.canaryId))?.notes, "Newer")
      yield* invariants(world)
    }).pipe(Effect.scoped)
  )

  it.effect("customers come, go and change while pages are read", () =>
    Effect.gen(function* () {
      const site = yield* Till
      const world = yield* makeWorld(site, { maxDeletePercent: 30 })
      yield* site.set("changing=2")
      yield* world.run()
      yield* world.run()
      yield* invariants(world, { cycles: 3 })
    }).pipe(Effect.scoped)
  )

  it.effect("the first rows of a page are deleted before the next one is read", () =>
    Effect.gen(function* () {
      const site = yield* Till
      const world = yield* makeWorld(site)
      const gone = (yield* site.ids).slice(0, 2)
      let pages = 0
      yield* world.run({
        onEvent: ({ _tag }) =>
          _tag === "PageWritten" && ++pages === 1
            ? Effect.forEach(gone, site.remove, { discard: true })
            : Effect.void
      })
      const ids = yield* site.ids
      const here = yield* world.byKey
      const missed = ids.filter((id) => !here.has(String(id)))
      assert.deepStrictEqual(missed, [], "somebody slipped through between two pages")
      yield* invariants(world)
    }).pipe(Effect.scoped)
  )

  it.effect(
    "a customer who vanished is removed by the second sweep in a row, and one who came back is not",
    () =>
      Effect.gen(function* () {
        const site = yield* Till
        const world = yield* makeWorld(site)
        const gone = yield* site.add()
        yield* world.run()
        const before = (yield* world.byKey).size
        yield* site.remove(gone)
        yield* world.run()
        yield* everybodyIsThere(world, before)
        assert.strictEqual((yield* world.run()).counts.removed, 1)
        yield* everybodyIsThere(world, before - 1)
        yield* invariants(world)
      }).pipe(Effect.scoped)
  )

  for (const [what, tag] of [
    ["numbered pages", Till],
    ["one list", List]
  ] as const) {
    it.effect(`${what}: nobody at all, for days`, () =>
      Effect.gen(function* () {
        const site = yield* tag
        const world = yield* makeWorld(site)
        yield* world.run()
        const before = (yield* world.byKey).size
        yield* site.set("zero-rows")
        for (let day = 0; day < 3; day++) yield* Effect.exit(world.run({ maxDeletePercent: 100 }))
        yield* everybodyIsThere(world, before)
        yield* invariants(world)
      }).pipe(Effect.scoped)
    )

    it.effect(`${what}: nine of ten are missing, for days`, () =>
      Effect.gen(function* () {
        const site = yield* tag
        const world = yield* makeWorld(site)
        yield* world.run()
        const before = (yield* world.byKey).size
        yield* site.set("fewer=90%@seed=5")
        const ends: Array<string> = []
        for (let day = 0; day < 3; day++)
          ends.push(
            yield* world.run().pipe(
              Effect.as("complete"),
              Effect.catch((error) => Effect.succeed(reasonOf(error)))
            )
          )
        yield* everybodyIsThere(world, before)
        // A short first page is checked against the site; a list has nothing to be checked against but the limit.
        assert.deepStrictEqual(
          ends,
          tag === Till
            ? ["Malformed", "Malformed", "Malformed"]
            : ["complete", "TooManyDeletes", "TooManyDeletes"]
        )
        if (tag === List) assert.include((yield* world.state).paused ?? "", "nothing was removed")
        yield* invariants(world)
      }).pipe(Effect.scoped)
    )
  }

  it.effect("an edit made here after the vendor's stays, and is the only difference", () =>
    Effect.gen(function* () {
      const site = yield* Till
      const world = yield* makeWorld(site)
      yield* world.run()
      const [first = 0, second = 0] = yield* site.ids
      yield* site.change(first, { notes: "Theirs" })
      yield* edit(world, String(first), "Ours")
      const { counts } = yield* world.run()
      assert.strictEqual(counts.kept, 1)
      yield* edit(world, String(second), "Ours too")
      yield* invariants(world, {
        local: new Map([
          [String(first), "Ours"],
          [String(second), "Ours too"]
        ])
      })
    }).pipe(Effect.scoped)
  )

  for (const [what, tag] of [
    ["numbered pages", Till],
    ["resume points", Feed]
  ] as const)
    for (const days of ["+1d", "-1d"])
      it.effect(`${what}: the vendor's clock is off by ${days} for a while`, () =>
        Effect.gen(function* () {
          const site = yield* tag
          const world = yield* makeWorld(site)
          yield* site.set(`skew=${days}`)
          yield* world.run()
          yield* site.touch(3)
          yield* world.run()
          yield* site.sim.faults.clear
          yield* site.touch(5)
          yield* world.run()
          yield* world.run({ full: true })
          yield* invariants(world)
        }).pipe(Effect.scoped)
      )
})

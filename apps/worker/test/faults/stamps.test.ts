/** Very many changes of one moment, and moments finer than clocks tell. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { invariants, standing } from "./support/invariants.ts"
import { makeSite } from "./support/site.ts"
import { makeWorld } from "./support/world.ts"

it.live(
  "5,000 customers of one moment come in slices of 100, also when they break off",
  () =>
    Effect.gen(function* () {
      const site = yield* makeSite({ dialect: "polaris", customers: 5_100, burst: 5_000, cards: 0.1 })
      const world = yield* makeWorld(site, { settings: "page-size = 100" })
      yield* site.set("status=503@after=20,first=3,op=list", "reset=middle@nth=30,op=list")
      yield* Effect.exit(world.run())
      const part = (yield* world.byKey).size
      assert.strictEqual(part, 2_000)
      yield* world.run()
      assert.strictEqual((yield* world.byKey).size, 5_101)
      const quiet = yield* world.run()
      assert.strictEqual(quiet.counts.created + quiet.counts.updated, 0)
      yield* standing(world)
    }).pipe(Effect.scoped),
  60_000
)

it.live("stamps of seven digits after the second neither skip anybody nor go round", () =>
  Effect.gen(function* () {
    const site = yield* makeSite({ dialect: "lcmanager", customers: 120, burst: 60, cards: 1 })
    const world = yield* makeWorld(site, { settings: "window-days = 1000" })
    yield* site.set("reset=middle@after=1,first=3,op=list")
    yield* Effect.exit(world.run())
    const { counts } = yield* world.run()
    assert.isAbove(counts.created, 50)
    yield* invariants(world)
  }).pipe(Effect.scoped)
)

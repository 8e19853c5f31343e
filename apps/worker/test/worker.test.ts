import { assert, describe, it } from "@effect/vitest"
import { newLinkState } from "@tillbridge/domain"
import { Effect, Fiber } from "effect"
import {
  at,
  BEGINNING,
  failing,
  later,
  makeWorld,
  page,
  person,
  quiet,
  scripted,
  seconds
} from "./support/scripted.ts"

const minute = 60_000

describe("pace", () => {
  it.effect("runs each link at its own pace, from the end of one run to the next, and not all at once", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld()
      const often = scripted("often", quiet)
      const seldom = scripted("seldom", quiet)
      yield* world.start([
        { name: "often", source: often.source, every: "1 minute" },
        { name: "seldom", source: seldom.source, every: "3 minutes" }
      ])
      yield* later("0 millis")
      assert.deepStrictEqual([often.calls.length, seldom.calls.length], [1, 0])
      yield* later("6 minutes")
      assert.deepStrictEqual(seconds(often.calls), [0, 60, 120, 180, 240, 300, 360])
      assert.deepStrictEqual(seconds(seldom.calls), [1, 181])
    })
  )

  it.effect("goes on where the last run ended, and a restart does not run a link early", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld()
      const shop = scripted("shop", quiet)
      const script = [{ name: "shop", source: shop.source }]
      const first = yield* world.start(script)
      yield* later("1 minute")
      yield* Fiber.interrupt(first.fiber)
      yield* world.start(script)
      yield* later("3 minutes")
      assert.deepStrictEqual(shop.calls.length, 1)
      yield* later("1 minute")
      assert.deepStrictEqual(shop.calls, [
        { at: BEGINNING, from: null },
        { at: BEGINNING + 5 * minute, from: "c1" }
      ])
    })
  )

  it.effect("leaves a link alone for its time after a person ran it", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld()
      const shop = scripted("shop", quiet)
      const { link } = world.linkOf({ name: "shop", source: shop.source })
      yield* world.start([{ name: "shop", source: shop.source }])
      yield* later("4 minutes")
      const run = yield* world.repository.startRun(world.merchant.id, link, at(BEGINNING + 4 * minute))
      const counts = (yield* world.repository.runs(world.merchant.id, link, 2))[1]!.counts
      yield* world.repository.putRun(world.merchant.id, run, {
        outcome: "complete",
        error: null,
        endedAt: at(BEGINNING + 4 * minute),
        counts
      })
      yield* later("6 minutes")
      assert.deepStrictEqual(seconds(shop.calls), [0, 540])
    })
  )
})

describe("a stop", () => {
  it.effect("gives back the link of a run that it breaks off, which goes on at once after a restart", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld()
      const shop = scripted("shop", (call) => (call === 1 ? Effect.never : Effect.succeed(page(`c${call}`))))
      const script = [{ name: "shop", source: shop.source }]
      const { link } = world.linkOf(script[0]!)
      const first = yield* world.start(script)
      yield* later("90 seconds")
      yield* Fiber.interrupt(first.fiber)
      const [status] = yield* world.repository.links(world.merchant.id)
      assert.strictEqual(status?.lease, null)
      const [last] = yield* world.repository.runs(world.merchant.id, link, 1)
      assert.strictEqual(last?.outcome, "interrupted")
      yield* world.start(script)
      yield* later("1 second")
      assert.deepStrictEqual(seconds(shop.calls), [0, 90])
    })
  )
})

describe("failures", () => {
  it.effect("tries again sooner than it would run, waits longer each time, and keeps the checkpoint", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld()
      const shop = scripted("shop", (call) =>
        call === 1 || call > 6 ? Effect.succeed(page(`c${call}`)) : Effect.fail(failing.unreachable)
      )
      const { metric } = yield* world.start([{ name: "shop", source: shop.source }])
      yield* later("7 minutes")
      const waits = shop.calls.slice(2).map((call, index) => call.at - shop.calls[index + 1]!.at)
      assert.strictEqual(waits.length, 5, "five failures, then it went well")
      // Full jitter: from a second to twice as long as the failure before could last.
      for (const [index, wait] of waits.entries()) {
        assert.isAtLeast(wait, 1_000)
        assert.isAtMost(wait, 2_000 * 2 ** index)
      }
      assert.deepStrictEqual(
        shop.calls.map(({ from }) => from),
        [null, "c1", "c1", "c1", "c1", "c1", "c1"]
      )
      assert.include(
        (yield* metric("errors_total")).join("\n"),
        '{link="shop",from="shop",to="store",kind="unreachable"} 5'
      )
    })
  )

  it.effect("never waits longer than a quarter of an hour, whatever the remote asks for", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld()
      const shop = scripted("shop", (call) =>
        call === 1 ? Effect.fail(failing.limited(90_000)) : Effect.fail(failing.limited(1e12))
      )
      yield* world.start([{ name: "shop", source: shop.source }])
      yield* later("33 minutes")
      assert.deepStrictEqual(seconds(shop.calls), [0, 90, 990, 1890])
    })
  )

  it.effect("lets no link wait for the trouble of another", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld()
      const stuck = scripted("stuck", () => Effect.never)
      const broken = scripted("broken", () => Effect.die(new Error("a bug")))
      const down = scripted("down", () => Effect.fail(failing.unreachable))
      const well = scripted("well", quiet)
      const { metric } = yield* world.start([
        { name: "stuck", source: stuck.source },
        { name: "broken", source: broken.source },
        { name: "down", source: down.source },
        { name: "well", source: well.source, every: "1 minute" }
      ])
      yield* later("10 minutes")
      assert.deepStrictEqual(seconds(well.calls), [3, 63, 123, 183, 243, 303, 363, 423, 483, 543])
      assert.strictEqual(stuck.calls.length, 1)
      assert.isAtLeast(broken.calls.length, 3)
      const errors = (yield* metric("errors_total")).join("\n")
      assert.match(errors, /link="broken".*kind="internal"\} [1-9]/)
      assert.match(errors, /link="down".*kind="unreachable"\} [1-9]/)
      assert.notMatch(world.lines.join("\n"), /a bug/)
    })
  )

  it.effect("waits for a full disk and a busy store, and goes on by itself", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld()
      const shop = scripted("shop", (call) => Effect.succeed(page(`c${call}`, [person("shop", "1", "Ada")])))
      const { metric, metrics } = yield* world.start([{ name: "shop", source: shop.source }])
      yield* later("1 minute")
      world.trouble.reason = "full"
      yield* later("30 minutes")
      assert.strictEqual(shop.calls.length, 1)
      assert.deepStrictEqual([...metrics.pauses().keys()], ["shop"])
      assert.deepStrictEqual(yield* metric("paused"), ['{link="shop",from="shop",to="store"} 1'])
      world.trouble.reason = null
      yield* later("1 minute")
      assert.strictEqual(shop.calls.length, 2)
      assert.deepStrictEqual(yield* metric("paused"), ['{link="shop",from="shop",to="store"} 0'])
    })
  )
})

describe("a pause", () => {
  it.effect("leaves a remote alone that refuses the credential, until a person lets the link go on", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld()
      const shop = scripted("shop", (call) =>
        call === 1 ? Effect.fail(failing.unauthorized) : Effect.succeed(page(`c${call}`))
      )
      const { link } = world.linkOf({ name: "shop", source: shop.source })
      const { metric, metrics } = yield* world.start([{ name: "shop", source: shop.source }])
      yield* later("30 minutes")
      assert.strictEqual(shop.calls.length, 1)
      assert.deepStrictEqual(yield* metric("paused"), ['{link="shop",from="shop",to="store"} 1'])
      assert.deepStrictEqual(metrics.pauses().get("shop"), {
        by: "person",
        reason: "toy list failed (Unauthorized): HTTP 401"
      })
      assert.deepStrictEqual(
        world.lines.filter((line) => line.startsWith("Error")),
        ["Error paused until a person looks. To go on: tillbridge sync run shop store"]
      )
      const until = at(BEGINNING + 40 * minute)
      const now = at(BEGINNING + 30 * minute)
      const lease = yield* world.repository.acquire(world.merchant.id, link, { owner: "ann", now, until })
      yield* world.repository.advance(world.merchant.id, lease, newLinkState)
      yield* world.repository.release(world.merchant.id, lease)
      yield* later("1 minute")
      assert.strictEqual(shop.calls.length, 2)
      assert.deepStrictEqual(yield* metric("paused"), ['{link="shop",from="shop",to="store"} 0'])
    })
  )

  it.effect("outlives a restart, unless the settings were written since", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld()
      const shop = scripted("shop", (call) =>
        call === 1 ? Effect.fail(failing.unauthorized) : Effect.succeed(page(`c${call}`))
      )
      const script = { name: "shop", source: shop.source, configuredAt: BEGINNING - minute }
      const first = yield* world.start([script])
      yield* later("1 minute")
      yield* Fiber.interrupt(first.fiber)
      const second = yield* world.start([script])
      yield* later("10 minutes")
      assert.strictEqual(shop.calls.length, 1)
      yield* Fiber.interrupt(second.fiber)
      yield* world.start([{ ...script, configuredAt: BEGINNING + 5 * minute }])
      yield* later("1 minute")
      assert.strictEqual(shop.calls.length, 2)
    })
  )
})

describe("two workers", () => {
  it.effect("run a link once, and the other goes on when one dies", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld()
      const shop = scripted("shop", quiet)
      const script = [{ name: "shop", source: shop.source }]
      const one = yield* world.start(script, "worker one")
      yield* world.start(script, "worker two")
      yield* later("11 minutes")
      assert.deepStrictEqual(seconds(shop.calls), [0, 300, 600])
      yield* Fiber.interrupt(one.fiber)
      yield* later("10 minutes")
      assert.deepStrictEqual(seconds(shop.calls), [0, 300, 600, 900, 1200])
    })
  )

  it.effect("take over from one that died in the middle of a run, once its lease has ended", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld()
      const shop = scripted("shop", quiet)
      const { link } = world.linkOf({ name: "shop", source: shop.source })
      yield* world.repository.acquire(world.merchant.id, link, {
        owner: "worker one",
        now: at(BEGINNING),
        until: at(BEGINNING + minute)
      })
      yield* world.repository.startRun(world.merchant.id, link, at(BEGINNING))
      yield* world.start([{ name: "shop", source: shop.source }], "worker two")
      yield* later("59 seconds")
      assert.strictEqual(shop.calls.length, 0)
      yield* later("30 seconds")
      assert.strictEqual(shop.calls.length, 1)
    })
  )
})

/** The store that is full, held by others, or written to by two at once; and another vendor that is not concerned. */
import { assert, layer } from "@effect/vitest"
import type { OpenDriver } from "@tillbridge/sqlite"
import { Context, DateTime, Effect, Fiber, Layer } from "effect"
import { DatabaseSync, type SQLInputValue } from "node:sqlite"
import { invariants } from "./support/invariants.ts"
import { makeSite, type Site } from "./support/site.ts"
import { link, makeWorld, reasonOf, type World } from "./support/world.ts"

class Till extends Context.Service<Till, Site>()("Till") {}
class Other extends Context.Service<Other, Site>()("Other") {}

const layerSites = Layer.mergeAll(
  Layer.effect(Till, makeSite({ dialect: "virtpos", customers: 39 })),
  Layer.effect(Other, makeSite({ dialect: "megawin", customers: 39 }))
)

/** A driver whose writing connections can be got at. */
const driverThatShows =
  (opened: Array<DatabaseSync>): OpenDriver =>
  (path, { readOnly }) => {
    const database = new DatabaseSync(path, { readOnly, timeout: 0 })
    if (!readOnly) opened.push(database)
    const given = (params: ReadonlyArray<unknown>) => params as Array<SQLInputValue>
    return {
      rows: (sql, params) => database.prepare(sql).all(...given(params)),
      values: (sql, params) => {
        const statement = database.prepare(sql)
        statement.setReturnArrays(true)
        return statement.all(...given(params)) as unknown as Array<Array<unknown>>
      },
      exec: (sql) => database.exec(sql),
      inTransaction: () => database.isTransaction,
      close: () => database.close()
    }
  }

/** As if two minutes had gone by: whoever holds the lease is taken for dead. */
const takeOver = ({ merchant, repository }: World) =>
  Effect.gen(function* () {
    const now = DateTime.add(yield* DateTime.now, { minutes: 2 })
    const lease = yield* repository.acquire(merchant, link, { owner: "fast", now, until: now })
    yield* repository.release(merchant, lease)
  })

/** Asks again until it is so. */
const until = (isSo: () => boolean): Effect.Effect<void> =>
  Effect.suspend(() => (isSo() ? Effect.void : Effect.andThen(Effect.sleep(10), until(isSo))))

layer(layerSites, { excludeTestServices: true })("the store", (it) => {
  it.effect("the disk is full in the middle, and has room again", () =>
    Effect.gen(function* () {
      const opened: Array<DatabaseSync> = []
      const world = yield* makeWorld(yield* Till, { driver: driverThatShows(opened) })
      const pages = (more: number) => {
        const { page_count: count } = opened[0]!.prepare("PRAGMA page_count").get()!
        opened[0]!.exec(`PRAGMA max_page_count = ${Number(count) + more}`)
      }
      pages(4)
      const full = yield* world.failing()
      assert.match(full.message, /^store failed in [a-zA-Z.]+: full$/)
      assert.strictEqual((yield* world.state).paused, null)
      assert.isBelow((yield* world.byKey).size, 40)
      pages(10_000)
      yield* invariants(world)
    }).pipe(Effect.scoped)
  )

  it.effect("another program holds the file for a while", () =>
    Effect.gen(function* () {
      const world = yield* makeWorld(yield* Till)
      const other = new DatabaseSync(world.file)
      other.exec("BEGIN IMMEDIATE")
      const run = yield* Effect.forkChild(world.run())
      yield* Effect.sleep("400 millis")
      assert.strictEqual((yield* world.byKey).size, 0)
      other.exec("ROLLBACK")
      other.close()
      assert.strictEqual((yield* Fiber.join(run)).counts.created, 40)
      yield* invariants(world)
    }).pipe(Effect.scoped)
  )

  it.effect("two workers run the link at once, each with connections of its own", () =>
    Effect.gen(function* () {
      const site = yield* Till
      const one = yield* makeWorld(site)
      const two = yield* makeWorld(site, { shared: one })
      yield* site.set("latency=50ms@op=list")
      const ends = yield* Effect.all(
        [one, two, one, two].map((world, at) =>
          Effect.catch(Effect.as(world.run({ owner: `worker ${at}` }), "complete"), (error) =>
            Effect.succeed(reasonOf(error))
          )
        ),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual([...ends].sort(), ["LinkBusy", "LinkBusy", "LinkBusy", "complete"])
      assert.strictEqual((yield* one.journal).length, 1)
      yield* invariants(one)
    }).pipe(Effect.scoped)
  )

  it.effect("a run that was overtaken writes nothing more", () =>
    Effect.gen(function* () {
      const site = yield* Till
      const one = yield* makeWorld(site)
      const two = yield* makeWorld(site, { shared: one })
      // The third page, of the first to ask for it, is a second late.
      site.sim.requests.forget()
      yield* site.set("latency=1s@nth=4")
      const slow = yield* Effect.forkChild(Effect.flip(one.run({ owner: "slow" })))
      yield* until(
        () => site.sim.requests.log().filter(({ faults }) => faults.includes("latency")).length > 0
      )
      yield* takeOver(two)
      yield* two.run({ owner: "fast" })
      const before = JSON.stringify(yield* two.everybody())
      assert.strictEqual(reasonOf(yield* Fiber.join(slow)), "LeaseLost")
      assert.strictEqual(JSON.stringify(yield* two.everybody()), before)
      yield* invariants(one)
    }).pipe(Effect.scoped)
  )

  it.effect("one vendor fails for ever, and another is mirrored as ever", () =>
    Effect.gen(function* () {
      const till = yield* Till
      const other = yield* Other
      const failing = yield* makeWorld(till)
      const good = yield* makeWorld(other, { shared: { file: failing.file } })
      yield* till.set("429=1e9@after=1")
      const [failed, done] = yield* Effect.all([failing.failing(), good.run()], { concurrency: 2 })
      assert.strictEqual(reasonOf(failed), "RateLimited")
      assert.strictEqual(done.counts.seen, 40)
      yield* invariants(failing)
      yield* invariants(good)
    }).pipe(Effect.scoped)
  )
})

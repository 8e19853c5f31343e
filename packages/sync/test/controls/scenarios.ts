/** What must hold of an engine, told of any engine: each fails with an assertion where it does not. */
import { assert } from "@effect/vitest"
import {
  type CustomerDestination,
  Customers,
  layerDomain,
  layerMemory,
  type MerchantId,
  Merchants,
  StorageError,
  SyncRepository,
  TimeZone
} from "@tillbridge/domain"
import type * as Sync from "@tillbridge/sync"
import { Clock, DateTime, Effect, Exit, Fiber, Layer, Stream } from "effect"
import { TestClock } from "effect/testing"
import { card, makeVendor } from "../support/vendor.ts"

export type Engine = typeof Sync

type Vendor = ReturnType<typeof makeVendor>
type Options = Partial<Sync.RunRequest>

const layerStore = layerDomain.pipe(Layer.provideMerge(layerMemory))
type Store = Layer.Success<typeof layerStore>

export type Scenario<E> = (engine: E) => Effect.Effect<void>

const letters = ["a", "b", "c", "d", "e", "f", "g", "h"]
const link = { from: "acme", to: "store" }

const makeMerchant = Effect.map(
  Effect.flatMap(Merchants, (merchants) =>
    merchants.create({ name: "Shop", timeZone: TimeZone.make("Europe/Paris"), externalKeyPrefix: null })
  ),
  ({ id }) => id
)

/** Eight people in three pages, changed at seconds 1 to 8, each with a card. */
const eight = (feed: "cursor" | "pages" | "snapshot", system = "acme") => {
  const vendor = makeVendor({ system, feed })
  letters.forEach((key, at) =>
    vendor.put(key, { firstName: `Name ${key}` }, (at + 1) * 1000, [card(`10${at}`)])
  )
  return vendor
}

interface World {
  readonly merchant: MerchantId
  readonly into: (vendor: Vendor, options?: Options) => ReturnType<Engine["runLink"]>
  readonly names: Effect.Effect<Readonly<Record<string, string | null>>>
  readonly edit: (key: string, firstName: string) => Effect.Effect<void>
}

const scenario =
  (body: (world: World, engine: Engine) => Effect.Effect<void, unknown, Store>): Scenario<Engine> =>
  (engine) =>
    Effect.gen(function* () {
      yield* TestClock.adjust("1 hour")
      const merchant = yield* makeMerchant
      const customers = yield* Customers
      const names = Effect.gen(function* () {
        const refs = yield* customers.refs(merchant, {}, { after: null, limit: 1000 })
        const all = yield* customers.getMany(
          merchant,
          refs.map(({ id }) => id)
        )
        return Object.fromEntries(
          all.map(({ externalIds, firstName, id }) => [
            externalIds.find(({ system }) => system === "acme")?.key ?? `store ${id}`,
            firstName
          ])
        )
      })
      const world: World = {
        merchant,
        names: Effect.orDie(names),
        into: (vendor, options = {}) =>
          engine.runLink({
            merchant,
            link,
            source: vendor.source,
            destination: "store",
            owner: "test",
            ...options
          }),
        edit: (key, firstName) =>
          Effect.orDie(
            Effect.asVoid(
              customers.save(merchant, {
                references: [{ by: "externalId", externalId: { system: "acme", key } }],
                createIfMissing: false,
                patch: { firstName },
                actor: 1
              })
            )
          )
      }
      yield* body(world, engine)
    }).pipe(Effect.provide(layerStore), Effect.provide(TestClock.layer()), Effect.orDie)

const everybody = Object.fromEntries(letters.map((key) => [key, `Name ${key}`]))

/** I4 and I1. */
export const losesNobodyWhenTheStoreFails = scenario(({ into, names }) =>
  Effect.gen(function* () {
    const vendor = eight("cursor")
    const customers = yield* Customers
    let batches = 0
    const failing = Customers.of({
      ...customers,
      importBatch: (...args) =>
        ++batches === 2
          ? Effect.fail(new StorageError({ operation: "import", reason: "full" }))
          : customers.importBatch(...args)
    })
    yield* Effect.exit(Effect.provideService(into(vendor), Customers, failing))
    yield* into(vendor)
    assert.deepStrictEqual(yield* names, everybody)
  })
)

/** I8. */
export const writesNothingOnceOvertaken = scenario(({ into, merchant, names }) =>
  Effect.gen(function* () {
    const vendor = eight("pages")
    const repository = yield* SyncRepository
    const slow: Vendor["source"] = {
      ...vendor.source,
      pages: (from) => vendor.source.pages(from).pipe(Stream.tap(() => Effect.sleep("1 minute")))
    }
    // Of an hour: it is not renewed meanwhile, so that nothing but the epoch tells.
    const run = yield* Effect.forkChild(Effect.exit(into(vendor, { source: slow, lease: "10 hours" })))
    yield* TestClock.adjust("1 second")
    const later = DateTime.makeUnsafe(1e12)
    yield* repository.acquire(merchant, link, { owner: "two", now: later, until: later })
    yield* TestClock.adjust("1 hour")
    const ended = yield* Fiber.join(run)
    assert.isTrue(Exit.isFailure(ended), "the overtaken run went on")
    assert.deepStrictEqual(yield* names, {})
  })
)

/** I6. */
export const accountsForEveryRecord = scenario(({ into, merchant }) =>
  Effect.gen(function* () {
    const vendor = eight("pages")
    vendor.state.unreadable = [
      { source: { system: "acme", key: "z" }, reason: "birth_day is no day", payload: "<z/>" }
    ]
    const { counts } = yield* into(vendor)
    const repository = yield* SyncRepository
    const aside = yield* repository.deadLetters(merchant, { link, after: 0, limit: 10 })
    assert.deepStrictEqual(
      aside.map(({ key }) => key),
      ["z"]
    )
    assert.deepStrictEqual([counts.seen, counts.created, counts.deadLettered], [9, 8, 1])
  })
)

/** The deletion brake, of three kinds. */
export const removesNobodyForAnEmptyList = scenario(({ into, names }) =>
  Effect.gen(function* () {
    const vendor = eight("snapshot")
    yield* into(vendor)
    vendor.people.clear()
    for (let day = 0; day < 3; day++) yield* into(vendor, { maxDeletePercent: 100 })
    assert.deepStrictEqual(yield* names, everybody)
  })
)

export const removesNoMoreThanAllowed = scenario(({ into, names }) =>
  Effect.gen(function* () {
    const vendor = eight("snapshot")
    yield* into(vendor)
    for (const key of ["a", "b", "c"]) vendor.people.delete(key)
    for (let day = 0; day < 3; day++) yield* Effect.exit(into(vendor))
    assert.deepStrictEqual(yield* names, everybody)
  })
)

export const removesAfterTwoSweepsOnly = scenario(({ into, names }) =>
  Effect.gen(function* () {
    const vendor = eight("snapshot")
    yield* into(vendor, { maxDeletePercent: 100 })
    vendor.people.delete("d")
    yield* into(vendor, { maxDeletePercent: 100 })
    assert.deepStrictEqual(yield* names, everybody)
    yield* into(vendor, { maxDeletePercent: 100 })
    assert.notProperty(yield* names, "d")
  })
)

/** I3. */
export const knowsEverybodyAgain = scenario(({ into, merchant, names }) =>
  Effect.gen(function* () {
    const vendor = eight("pages")
    yield* into(vendor)
    const repository = yield* SyncRepository
    yield* repository.forget(merchant, link)
    yield* into(vendor)
    assert.deepStrictEqual(yield* names, everybody)
  })
)

/** A page told for ever. The vendor gives up before a reader does who does not see it. */
export const endsAtARepeatedPage = scenario(({ into }) =>
  Effect.gen(function* () {
    const vendor = eight("pages")
    let second: Parameters<NonNullable<typeof vendor.state.spoil>>[0] | null = null
    vendor.state.spoil = (page, at) => {
      if (at === 2) second = page
      if (at > 50) return { ...page, changes: [], hasMore: false }
      return at > 2 ? second! : page
    }
    const error = yield* Effect.exit(into(vendor))
    assert.isTrue(Exit.isFailure(error), "it was read to an end that it does not have")
    assert.isAtMost(vendor.state.reads, 6)
  })
)

/** I2. */
export const keepsNewerEdits = scenario(({ edit, into, names }) =>
  Effect.gen(function* () {
    const vendor = eight("pages")
    yield* into(vendor)
    vendor.put("a", { firstName: "Theirs" }, 3_600_000 + 1000)
    yield* TestClock.adjust("1 minute")
    yield* edit("a", "Ours")
    yield* TestClock.adjust("1 minute")
    yield* into(vendor)
    assert.strictEqual((yield* names)["a"], "Ours")
  })
)

export const keepsNewerTellings = scenario(({ into, names }) =>
  Effect.gen(function* () {
    const vendor = eight("pages")
    yield* into(vendor)
    vendor.put("a", { firstName: "Before" }, 500)
    yield* into(vendor)
    assert.deepStrictEqual(yield* names, everybody)
  })
)

/** What was written comes back as no news. */
export const knowsItsOwnWrites = scenario(({ merchant }, engine) =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const now = () => clock.currentTimeMillisUnsafe()
    const old = eight("cursor", "old")
    const fresh = makeVendor({ system: "fresh", feed: "pages" })
    const mirror = (from: Vendor, to: Vendor, destination: CustomerDestination["Service"]) =>
      engine.runLink({
        merchant,
        link: { from: from.source.system, to: to.source.system },
        source: from.source,
        destination,
        owner: "test"
      })
    yield* mirror(old, fresh, fresh.destination(now))
    yield* TestClock.adjust("1 minute")
    const { writes } = old.state
    yield* mirror(fresh, old, old.destination(now))
    assert.strictEqual(old.state.writes, writes, "its own writes went round")
  })
)

/** I7, of what was told in another charset. */
export const replaysNothingDamaged = scenario(({ into, merchant, names }, engine) =>
  Effect.gen(function* () {
    const vendor = eight("pages")
    vendor.state.unreadable = [
      { source: { system: "acme", key: "a" }, reason: "is not UTF-8", payload: "fixed:\ufffd" }
    ]
    const damaged = { firstName: "Ren\ufffd" }
    vendor.put("\ufffd", damaged, 100)
    vendor.state.spoil = (page) => ({
      ...page,
      changes: page.changes.filter(({ source }) => source.key !== "\ufffd" && source.key !== "a")
    })
    yield* into(vendor)
    const repository = yield* SyncRepository
    const aside = yield* repository.deadLetters(merchant, { link, after: 0, limit: 10 })
    yield* engine.replayDeadLetters({
      merchant,
      link,
      source: vendor.source,
      destination: "store",
      owner: "test",
      letters: aside
    })
    assert.notInclude(Object.values(yield* names), damaged.firstName)
  })
)

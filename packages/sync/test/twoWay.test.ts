/** The store mirrored into a vendor's system, both directions at once, and vendor to vendor. */
import { assert, describe, it } from "@effect/vitest"
import { Cards, Checkpoint, Customers, type MerchantId, SyncRepository } from "@tillbridge/domain"
import { check, type CheckSummary, makeStoreSource, replayDeadLetters } from "@tillbridge/sync"
import { Effect, Fiber, Stream } from "effect"
import { TestClock } from "effect/testing"
import { card, makeVendor } from "./support/vendor.ts"
import { between, into, layerWorld, listen, makeMerchant, namesInStore, outOf } from "./support/world.ts"

const save = (merchant: MerchantId, key: string | null, firstName: string, phone?: string) =>
  Effect.gen(function* () {
    const customers = yield* Customers
    return yield* customers.save(merchant, {
      references: key === null ? [] : [{ by: "externalId", externalId: { system: "acme", key } }],
      createIfMissing: true,
      patch: { firstName, ...(phone === undefined ? {} : { phone }) },
      actor: 1
    })
  })

const checked = (merchant: MerchantId, vendor: ReturnType<typeof makeVendor>) =>
  Effect.gen(function* () {
    return yield* check({
      merchant,
      link: { from: "store", to: vendor.source.system },
      first: yield* makeStoreSource(merchant),
      second: vendor.source
    })
  })

const signs = ({ counts }: CheckSummary) => counts

describe("out of the store", () => {
  it.effect("writes everybody with their cards, then only what changes", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust("1 hour")
      const merchant = yield* makeMerchant
      const cards = yield* Cards
      const vendor = makeVendor({ system: "acme", feed: "pages" })
      const ann = yield* save(merchant, null, "Ann")
      yield* save(merchant, null, "Bob")
      yield* cards.save(merchant, {
        search: [],
        createIfMissing: true,
        patch: { number: "77" },
        owner: { by: "id", id: ann.entity.id },
        actor: 1
      })
      const first = yield* outOf(merchant, vendor)
      assert.deepStrictEqual([first.counts.created, first.counts.cards, vendor.people.size], [2, 1, 2])
      assert.deepStrictEqual(signs(yield* checked(merchant, vendor)), {
        "=": 2,
        "*": 0,
        "+": 0,
        "-": 0,
        "!": 0
      })
      const second = yield* outOf(merchant, vendor)
      assert.strictEqual(second.counts.seen, 0)
      yield* TestClock.adjust("1 minute")
      yield* (yield* Customers).save(merchant, {
        references: [{ by: "id", id: ann.entity.id }],
        createIfMissing: false,
        patch: { firstName: "Anna" },
        actor: 1
      })
      const writes = vendor.state.writes
      const third = yield* outOf(merchant, vendor)
      assert.deepStrictEqual([third.counts.seen, third.counts.updated], [1, 1])
      assert.strictEqual(vendor.state.writes, writes + 1)
      assert.deepStrictEqual([...vendor.people.values()].map(({ customer }) => customer.firstName).sort(), [
        "Anna",
        "Bob"
      ])
    }).pipe(Effect.provide(layerWorld))
  )

  it.effect("removes there whom the store removed, within the limit", () =>
    Effect.gen(function* () {
      const merchant = yield* makeMerchant
      const customers = yield* Customers
      const vendor = makeVendor({ system: "acme", feed: "pages" })
      const saved = yield* Effect.forEach(["A", "B", "C", "D"], (name) => save(merchant, null, name))
      yield* outOf(merchant, vendor)
      yield* customers.remove(merchant, { by: "id", id: saved[1]!.entity.id })
      const error = yield* Effect.flip(outOf(merchant, vendor))
      assert.strictEqual(error._tag, "TooManyDeletes")
      assert.strictEqual(vendor.people.size, 4)
      const { counts } = yield* outOf(merchant, vendor, { maxDeletePercent: 25 })
      assert.strictEqual(counts.removed, 1)
      assert.deepStrictEqual(
        [...vendor.people.values()].map(({ customer }) => customer.firstName),
        ["A", "C", "D"]
      )
    }).pipe(Effect.provide(layerWorld))
  )

  it.effect("refuses to go on from a place that the store has not reached, and tells nobody otherwise", () =>
    Effect.gen(function* () {
      const merchant = yield* makeMerchant
      const customers = yield* Customers
      const vendor = makeVendor({ system: "acme", feed: "pages" })
      const saved = yield* save(merchant, null, "Ann")
      const source = yield* makeStoreSource(merchant)
      const from = (checkpoint: string) =>
        Effect.map(Stream.runCollect(source.pages(Checkpoint.make(checkpoint))), (pages) =>
          pages.flatMap(({ changes }) => changes.map(({ customer }) => customer.firstName))
        )
      assert.include((yield* Effect.flip(from("c1.99999999.0"))).message, "ahead of the store")
      assert.deepStrictEqual(yield* from("c1.0.0"), ["Ann"])
      assert.deepStrictEqual(yield* from("c1.1.0"), [])
      yield* outOf(merchant, vendor)
      yield* customers.remove(merchant, { by: "id", id: saved.entity.id })
      yield* outOf(merchant, vendor, { maxDeletePercent: 100 })
      assert.strictEqual((yield* outOf(merchant, vendor)).counts.seen, 0)
    }).pipe(Effect.provide(layerWorld))
  )

  it.effect("sets aside what the vendor refuses, and replays it", () =>
    Effect.gen(function* () {
      const merchant = yield* makeMerchant
      const repository = yield* SyncRepository
      const vendor = makeVendor({ system: "acme", feed: "pages" })
      yield* save(merchant, null, "Good")
      yield* save(merchant, null, "Bad")
      vendor.state.refuse = ({ customer }) => customer.firstName === "Bad"
      const { counts } = yield* outOf(merchant, vendor)
      assert.deepStrictEqual([counts.created, counts.deadLettered], [1, 1])
      const request = {
        merchant,
        link: { from: "store", to: "acme" },
        source: yield* makeStoreSource(merchant),
        destination: vendor.destination(() => 0),
        owner: "test"
      }
      const letters = repository.deadLetters(merchant, { link: null, after: 0, limit: 10 })
      const again = yield* replayDeadLetters({ ...request, letters: yield* letters })
      assert.deepStrictEqual(
        again.map(({ result }) => result),
        ["again"]
      )
      vendor.state.refuse = null
      const done = yield* replayDeadLetters({ ...request, letters: yield* letters })
      assert.deepStrictEqual(
        done.map(({ result }) => result),
        ["done"]
      )
      assert.deepStrictEqual(yield* letters, [])
      assert.deepStrictEqual(
        [...vendor.people.values()].map(({ customer }) => customer.firstName),
        ["Good", "Bad"]
      )
    }).pipe(Effect.provide(layerWorld))
  )
})

describe("both ways", () => {
  it.effect("converges: what one side changed comes to the other once, and nothing goes round", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust("1 hour")
      const merchant = yield* makeMerchant
      const vendor = makeVendor({ system: "acme", feed: "cursor" })
      vendor.put("a", { firstName: "Ann" }, 1000, [card("1")])
      yield* save(merchant, null, "Zoe")
      const cycle = Effect.gen(function* () {
        yield* TestClock.adjust("1 minute")
        const down = yield* into(merchant, vendor)
        yield* TestClock.adjust("1 minute")
        const up = yield* outOf(merchant, vendor)
        const wrote = ({ counts }: typeof up) => counts.created + counts.updated + counts.removed
        return [wrote(down), wrote(up)]
      })
      assert.deepStrictEqual(yield* cycle, [1, 1])
      assert.deepStrictEqual(yield* cycle, [0, 0])
      vendor.put("a", { firstName: "Anna" }, 3_600_000 + 500_000, [card("1")])
      yield* TestClock.adjust("10 minutes")
      assert.deepStrictEqual(yield* cycle, [1, 0])
      yield* save(merchant, "a", "Annette")
      assert.deepStrictEqual(yield* cycle, [0, 1])
      assert.deepStrictEqual(yield* cycle, [0, 0])
      assert.deepStrictEqual([...vendor.people.values()].map(({ customer }) => customer.firstName).sort(), [
        "Annette",
        "Zoe"
      ])
      assert.strictEqual((yield* namesInStore(merchant, "acme"))["a"], "Annette")
      assert.deepStrictEqual(signs(yield* checked(merchant, vendor)), {
        "=": 2,
        "*": 0,
        "+": 0,
        "-": 0,
        "!": 0
      })
    }).pipe(Effect.provide(layerWorld))
  )

  it.effect("takes turns: one direction is not run while the other is", () =>
    Effect.gen(function* () {
      const merchant = yield* makeMerchant
      const repository = yield* SyncRepository
      const vendor = makeVendor({ system: "acme", feed: "pages" })
      vendor.put("a", { firstName: "Ann" }, 1000)
      const slow: typeof vendor.source = {
        ...vendor.source,
        pages: (from) => vendor.source.pages(from).pipe(Stream.tap(() => Effect.sleep("10 seconds")))
      }
      const down = yield* Effect.forkChild(into(merchant, vendor, { source: slow }))
      yield* TestClock.adjust("1 second")
      const busy = yield* Effect.flip(outOf(merchant, vendor))
      assert.strictEqual(busy._tag, "LinkBusy")
      const links = yield* repository.links(merchant)
      assert.deepStrictEqual(
        links.filter(({ lease }) => lease !== null).map(({ link }) => link.from),
        ["acme"]
      )
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(down)
      assert.strictEqual((yield* outOf(merchant, vendor)).counts.seen, 1)
    }).pipe(Effect.provide(layerWorld))
  )

  it.effect("lets the newer of two edits win, whichever direction runs first", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust("1 hour")
      const merchant = yield* makeMerchant
      const vendor = makeVendor({ system: "acme", feed: "pages" })
      vendor.put("a", { firstName: "Ann" }, 1000)
      vendor.put("b", { firstName: "Bob" }, 1000)
      yield* into(merchant, vendor)
      yield* outOf(merchant, vendor)
      yield* save(merchant, "a", "Local a")
      yield* TestClock.adjust("1 minute")
      vendor.put("a", { firstName: "Vendor a" }, 3_600_000 + 30_000)
      vendor.put("b", { firstName: "Vendor b" }, 3_600_000 + 30_000)
      yield* TestClock.adjust("1 minute")
      yield* save(merchant, "b", "Local b")
      yield* TestClock.adjust("1 minute")
      // Out first: the vendor's newer a must not be written over.
      yield* outOf(merchant, vendor)
      yield* into(merchant, vendor)
      yield* outOf(merchant, vendor)
      yield* into(merchant, vendor)
      assert.deepStrictEqual(yield* namesInStore(merchant, "acme"), { a: "Vendor a", b: "Local b" })
      assert.deepStrictEqual(
        [...vendor.people].map(([key, { customer }]) => [key, customer.firstName]),
        [
          ["a", "Vendor a"],
          ["b", "Local b"]
        ]
      )
    }).pipe(Effect.provide(layerWorld))
  )
})

describe("somebody removed at the vendor", () => {
  it.effect("is made anew there when the store changed them since, and is the same person afterwards", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust("1 hour")
      const merchant = yield* makeMerchant
      const vendor = makeVendor({ system: "acme", feed: "pages" })
      vendor.put("a", { firstName: "Ann" }, 1000, [card("1")])
      yield* into(merchant, vendor)
      yield* outOf(merchant, vendor)
      vendor.people.delete("a")
      vendor.state.refuse = ({ customer }) => {
        const own = customer.externalIds?.find(({ system }) => system === "acme")
        return own !== undefined && !vendor.people.has(own.key)
      }
      yield* TestClock.adjust("1 minute")
      yield* save(merchant, "a", "Anna")
      yield* TestClock.adjust("1 minute")
      const up = yield* outOf(merchant, vendor)
      assert.deepStrictEqual([up.counts.deadLettered, vendor.people.size], [0, 1])
      for (let round = 0; round < 3; round++) {
        yield* TestClock.adjust("1 minute")
        yield* into(merchant, vendor)
        yield* outOf(merchant, vendor)
      }
      const [anna] = [...vendor.people.values()]
      assert.deepStrictEqual(
        [anna?.customer.firstName, anna?.cards.length, vendor.people.size],
        ["Anna", 1, 1]
      )
      assert.deepStrictEqual(Object.values(yield* namesInStore(merchant, "acme")), ["Anna"])
      assert.deepStrictEqual(signs(yield* checked(merchant, vendor)), {
        "=": 1,
        "*": 0,
        "+": 0,
        "-": 0,
        "!": 0
      })
    }).pipe(Effect.provide(layerWorld))
  )
})

describe("between vendors", () => {
  it.effect("moves everybody, and mirrors back without an echo", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust("1 hour")
      const merchant = yield* makeMerchant
      const old = makeVendor({ system: "old", feed: "cursor" })
      const fresh = makeVendor({ system: "fresh", feed: "pages" })
      for (const key of ["1", "2", "3", "4", "5"])
        old.put(key, { firstName: `Name ${key}`, phone: `+3361234567${key}` }, Number(key) * 1000, [
          card(`9${key}`)
        ])
      const { counts } = yield* between(merchant, old, fresh)
      assert.deepStrictEqual([counts.created, counts.cards, fresh.people.size], [5, 5, 5])
      const link = { from: "old", to: "fresh" }
      const summary = yield* check({ merchant, link, first: old.source, second: fresh.source })
      assert.deepStrictEqual(signs(summary), { "=": 5, "*": 0, "+": 0, "-": 0, "!": 0 })
      yield* TestClock.adjust("1 minute")
      const back = yield* between(merchant, fresh, old)
      assert.deepStrictEqual([back.counts.seen, back.counts.unchanged], [5, 5])
      const forth = yield* between(merchant, old, fresh)
      assert.strictEqual(forth.counts.created + forth.counts.updated, 0)
      assert.strictEqual(old.people.size + fresh.people.size, 10)
    }).pipe(Effect.provide(layerWorld))
  )

  it.effect("matches by phone in any spelling, and leaves what is ambiguous to a person", () =>
    Effect.gen(function* () {
      const merchant = yield* makeMerchant
      const customers = yield* Customers
      const phoned = (firstName: string, phone: string) =>
        customers.save(merchant, {
          references: [],
          createIfMissing: true,
          patch: { firstName, phone },
          actor: 1
        })
      yield* phoned("Ann", "06 12 34 56 78")
      yield* phoned("Twin one", "06 11 11 11 11")
      yield* phoned("Twin two", "+33 6 11 11 11 11")
      yield* TestClock.adjust("1 hour")
      const vendor = makeVendor({ system: "acme", feed: "pages" })
      vendor.put("a", { firstName: "Ann", phone: "+33612345678" }, 3_000_000)
      vendor.put("b", { firstName: "Twin", phone: "0611111111" }, 3_000_000)
      vendor.put("c", { firstName: "Carl", phone: "0622222222" }, 3_000_000)
      vendor.put("d", { firstName: "Ann again", phone: "0612345678" }, 3_000_000)
      const { counts } = yield* into(merchant, vendor, { matching: { by: ["phone"], country: "FR" } })
      assert.deepStrictEqual([counts.created, counts.deadLettered, counts.seen], [1, 2, 4])
      const repository = yield* SyncRepository
      const letters = yield* repository.deadLetters(merchant, { link: null, after: 0, limit: 10 })
      assert.deepStrictEqual(
        letters.map(({ key, kind }) => [key, kind]),
        [
          ["b", "conflict"],
          ["d", "conflict"]
        ]
      )
      for (const { reason } of letters) assert.notInclude(reason, "11111")
      const refs = yield* customers.refs(merchant, {}, { after: null, limit: 10 })
      assert.strictEqual(refs.length, 4)
      assert.strictEqual((yield* namesInStore(merchant, "acme"))["a"], "Ann")
    }).pipe(Effect.provide(layerWorld))
  )

  it.effect("writes nothing to the vendor in a dry run", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust("1 hour")
      const merchant = yield* makeMerchant
      const old = makeVendor({ system: "old", feed: "cursor" })
      const fresh = makeVendor({ system: "fresh", feed: "pages" })
      old.put("1", { firstName: "Ann" }, 1000)
      yield* between(merchant, old, fresh)
      yield* TestClock.adjust("1 minute")
      old.put("1", { firstName: "Anna" }, 3_600_000 + 30_000)
      old.put("2", { firstName: "Bob" }, 3_600_000 + 30_000)
      const { writes } = fresh.state
      const { events, onEvent } = listen()
      const { counts } = yield* between(merchant, old, fresh, { dryRun: true, onEvent })
      assert.deepStrictEqual([counts.created, counts.updated], [1, 1])
      assert.strictEqual(fresh.state.writes, writes)
      assert.deepStrictEqual(
        events.flatMap((event) => (event._tag === "Planned" ? [event.differences] : [])),
        [[{ field: "firstName", from: "Ann", to: "Anna" }], []]
      )
    }).pipe(Effect.provide(layerWorld))
  )
})

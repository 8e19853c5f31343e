/** A vendor's system mirrored into the store. */
import { assert, describe, it } from "@effect/vitest"
import { Cards, Customers, Malformed, SourceError, SyncRepository } from "@tillbridge/domain"
import { DateTime, Effect, Fiber, Stream } from "effect"
import { TestClock } from "effect/testing"
import { card, makeVendor } from "./support/vendor.ts"
import { into, layerWorld, listen, makeMerchant, namesInStore } from "./support/world.ts"

const letters = ["a", "b", "c", "d", "e", "f", "g", "h"]

/** Eight people told in three pages, changed at seconds 1 to 8. */
const eight = (feed: "cursor" | "pages" | "snapshot") => {
  const vendor = makeVendor({ system: "acme", feed })
  letters.forEach((key, at) =>
    vendor.put(key, { firstName: `Name ${key}` }, (at + 1) * 1000, [card(`10${at}`)])
  )
  return vendor
}

describe("into the store", () => {
  for (const feed of ["cursor", "pages", "snapshot"] as const) {
    it.effect(`takes everybody over, once (${feed})`, () =>
      Effect.gen(function* () {
        yield* TestClock.adjust("1 hour")
        const merchant = yield* makeMerchant
        const vendor = eight(feed)
        const first = yield* into(merchant, vendor)
        assert.strictEqual(first.counts.seen, 8)
        assert.strictEqual(first.counts.created, 8)
        assert.strictEqual(first.counts.cards, 8)
        assert.strictEqual(first.counts.pages, 3)
        assert.deepStrictEqual(
          yield* namesInStore(merchant, "acme"),
          Object.fromEntries(letters.map((key) => [key, `Name ${key}`]))
        )
        const second = yield* into(merchant, vendor)
        assert.strictEqual(second.counts.seen, feed === "cursor" ? 0 : 8)
        assert.strictEqual(second.counts.unchanged, second.counts.seen)
        assert.strictEqual(second.counts.created + second.counts.updated, 0)
      }).pipe(Effect.provide(layerWorld))
    )
  }

  it.effect("goes on where it was left, and loses nothing", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust("1 hour")
      const merchant = yield* makeMerchant
      const vendor = eight("pages")
      vendor.state.spoil = (page, at) =>
        at === 3
          ? new SourceError({ dialect: "acme", operation: "list", reason: new Malformed({ detail: "html" }) })
          : page
      const error = yield* Effect.flip(into(merchant, vendor))
      assert.strictEqual(error._tag, "SourceError")
      assert.strictEqual(Object.keys(yield* namesInStore(merchant, "acme")).length, 6)
      vendor.state.spoil = null
      const rest = yield* into(merchant, vendor)
      assert.strictEqual(rest.counts.seen, 2)
      assert.strictEqual(Object.keys(yield* namesInStore(merchant, "acme")).length, 8)
      const repository = yield* SyncRepository
      const runs = yield* repository.runs(merchant, { from: "acme", to: "store" }, 10)
      assert.deepStrictEqual(
        runs.map(({ outcome }) => outcome),
        ["complete", "failed"]
      )
    }).pipe(Effect.provide(layerWorld))
  )

  it.effect("keeps an edit that was made after the page was asked for, and takes an older one over", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust("1 hour")
      const merchant = yield* makeMerchant
      const customers = yield* Customers
      const vendor = eight("pages")
      yield* into(merchant, vendor)
      const edit = (key: string, firstName: string) =>
        customers.save(merchant, {
          references: [{ by: "externalId", externalId: { system: "acme", key } }],
          createIfMissing: false,
          patch: { firstName },
          actor: 1
        })
      // Both sides change a and b; here b is the newer one.
      vendor.put("b", { firstName: "Vendor b" }, 3_600_000 + 60_000)
      yield* TestClock.adjust("10 minutes")
      yield* edit("a", "Local a")
      yield* edit("b", "Local b")
      yield* edit("c", "Local c")
      yield* TestClock.adjust("10 minutes")
      vendor.put("a", { firstName: "Vendor a" }, 3_600_000 + 15 * 60_000)
      const { counts } = yield* into(merchant, vendor)
      const names = yield* namesInStore(merchant, "acme")
      assert.deepStrictEqual([names["a"], names["b"], names["c"]], ["Vendor a", "Local b", "Local c"])
      assert.strictEqual(counts.updated, 1)
      assert.strictEqual(counts.kept, 1)
      assert.strictEqual(counts.unchanged, 6)
    }).pipe(Effect.provide(layerWorld))
  )

  it.effect("does not let an older telling win over a newer one", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust("1 hour")
      const merchant = yield* makeMerchant
      const vendor = eight("pages")
      yield* into(merchant, vendor)
      vendor.put("a", { firstName: "Before" }, 500)
      const { counts } = yield* into(merchant, vendor)
      assert.strictEqual((yield* namesInStore(merchant, "acme"))["a"], "Name a")
      assert.strictEqual(counts.kept, 1)
    }).pipe(Effect.provide(layerWorld))
  )

  it.effect("takes older tellings over in a full run, but not after newer ones of the same run", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust("1 hour")
      const merchant = yield* makeMerchant
      const vendor = eight("pages")
      yield* into(merchant, vendor)
      // The vendor's backup of some time ago was put in the place of its data.
      vendor.put("a", { firstName: "Restored" }, 500)
      assert.strictEqual((yield* into(merchant, vendor)).counts.kept, 1)
      assert.strictEqual((yield* into(merchant, vendor, { full: true })).counts.updated, 1)
      assert.strictEqual((yield* namesInStore(merchant, "acme"))["a"], "Restored")
      // Told once more at the end of the pass, as it was before.
      const restored = yield* Stream.runHead(vendor.source.pages(null))
      const before = restored._tag === "Some" ? restored.value.changes[0]! : assert.fail()
      vendor.put("a", { firstName: "Newer" }, 9_000)
      vendor.state.spoil = (page) => (page.hasMore ? page : { ...page, changes: [...page.changes, before] })
      assert.strictEqual((yield* into(merchant, vendor, { full: true })).counts.kept, 1)
      assert.strictEqual((yield* namesInStore(merchant, "acme"))["a"], "Newer")
    }).pipe(Effect.provide(layerWorld))
  )

  it.effect("removes whom two complete sweeps in a row did not tell", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust("1 hour")
      const merchant = yield* makeMerchant
      const vendor = eight("snapshot")
      const run = into(merchant, vendor, { maxDeletePercent: 20 })
      yield* run
      vendor.people.delete("d")
      const once = yield* run
      assert.strictEqual(once.missing, 1)
      assert.strictEqual(once.counts.removed, 0)
      assert.strictEqual((yield* namesInStore(merchant, "acme"))["d"], "Name d")
      const twice = yield* run
      assert.strictEqual(twice.counts.removed, 1)
      assert.isUndefined((yield* namesInStore(merchant, "acme"))["d"])
      assert.strictEqual((yield* run).counts.removed, 0)
    }).pipe(Effect.provide(layerWorld))
  )

  it.effect("does not remove one who was missed once and came back", () =>
    Effect.gen(function* () {
      const merchant = yield* makeMerchant
      const vendor = eight("snapshot")
      const run = into(merchant, vendor, { maxDeletePercent: 50 })
      yield* run
      const person = vendor.people.get("d")!
      for (let round = 0; round < 3; round++) {
        vendor.people.delete("d")
        assert.strictEqual((yield* run).counts.removed, 0)
        vendor.people.set("d", person)
        assert.strictEqual((yield* run).counts.removed, 0)
      }
      assert.strictEqual((yield* namesInStore(merchant, "acme"))["d"], "Name d")
    }).pipe(Effect.provide(layerWorld))
  )

  it.effect("removes no more than is allowed without confirmation", () =>
    Effect.gen(function* () {
      const merchant = yield* makeMerchant
      const vendor = eight("snapshot")
      yield* into(merchant, vendor)
      for (const key of ["a", "b", "c"]) vendor.people.delete(key)
      yield* into(merchant, vendor)
      const error = yield* Effect.flip(into(merchant, vendor))
      assert.strictEqual(error._tag, "TooManyDeletes")
      assert.include(error.message, "3 of 8")
      assert.strictEqual(Object.keys(yield* namesInStore(merchant, "acme")).length, 8)
      const repository = yield* SyncRepository
      const paused = yield* repository.state(merchant, { from: "acme", to: "store" })
      assert.include(paused.paused ?? "", "3 of 8")
      const confirmed = yield* into(merchant, vendor, { maxDeletePercent: 40 })
      assert.strictEqual(confirmed.counts.removed, 3)
      assert.strictEqual(Object.keys(yield* namesInStore(merchant, "acme")).length, 5)
    }).pipe(Effect.provide(layerWorld))
  )

  it.effect("removes nobody because of empty answers", () =>
    Effect.gen(function* () {
      const merchant = yield* makeMerchant
      const vendor = eight("snapshot")
      const run = into(merchant, vendor, { maxDeletePercent: 100 })
      yield* run
      const people = [...vendor.people]
      vendor.people.clear()
      for (let round = 0; round < 3; round++) {
        const { counts } = yield* run
        assert.strictEqual(counts.seen, 0)
        assert.strictEqual(counts.removed, 0)
      }
      for (const [key, person] of people) vendor.people.set(key, person)
      assert.strictEqual((yield* run).counts.unchanged, 8)
      assert.strictEqual(Object.keys(yield* namesInStore(merchant, "acme")).length, 8)
    }).pipe(Effect.provide(layerWorld))
  )

  it.effect("removes nobody while a record without a key is set aside", () =>
    Effect.gen(function* () {
      const merchant = yield* makeMerchant
      const vendor = eight("snapshot")
      const run = into(merchant, vendor, { maxDeletePercent: 100 })
      yield* run
      vendor.people.delete("d")
      vendor.state.unreadable = [{ source: null, reason: "id is no number", payload: "<broken/>" }]
      for (let round = 0; round < 3; round++) assert.strictEqual((yield* run).counts.removed, 0)
      assert.strictEqual((yield* namesInStore(merchant, "acme"))["d"], "Name d")
      vendor.state.unreadable = []
      yield* TestClock.adjust("1 minute")
      yield* run
      yield* run
      assert.isUndefined((yield* namesInStore(merchant, "acme"))["d"])
      const repository = yield* SyncRepository
      assert.deepStrictEqual(yield* repository.deadLetters(merchant, { link: null, after: 0, limit: 9 }), [])
    }).pipe(Effect.provide(layerWorld))
  )

  it.effect("sets a bad record aside, once, and takes it over when it is told well again", () =>
    Effect.gen(function* () {
      const merchant = yield* makeMerchant
      const repository = yield* SyncRepository
      const vendor = eight("pages")
      vendor.state.unreadable = [
        { source: { system: "acme", key: "z" }, reason: "birth_day is no day", payload: "<z/>" }
      ]
      const { counts } = yield* into(merchant, vendor)
      assert.strictEqual(counts.seen, 9)
      assert.strictEqual(counts.created, 8)
      assert.strictEqual(counts.deadLettered, 1)
      yield* into(merchant, vendor)
      const query = { link: null, after: 0, limit: 10 }
      const aside = yield* repository.deadLetters(merchant, query)
      assert.deepStrictEqual(
        aside.map(({ attempts, key, kind, payload, reason }) => ({ attempts, key, kind, payload, reason })),
        [{ attempts: 2, key: "z", kind: "unreadable", payload: "<z/>", reason: "birth_day is no day" }]
      )
      vendor.state.unreadable = []
      vendor.put("z", { firstName: "Name z" }, 1)
      yield* into(merchant, vendor)
      assert.deepStrictEqual(yield* repository.deadLetters(merchant, query), [])
      assert.strictEqual((yield* namesInStore(merchant, "acme"))["z"], "Name z")
    }).pipe(Effect.provide(layerWorld))
  )

  it.effect("stops when so many are bad that their form must have changed", () =>
    Effect.gen(function* () {
      const merchant = yield* makeMerchant
      const vendor = eight("pages")
      vendor.state.unreadable = Array.from({ length: 11 }, (_, at) => ({
        source: { system: "acme", key: `bad ${at}` },
        reason: "fname is an object",
        payload: `<bad${at}/>`
      }))
      const error = yield* Effect.flip(into(merchant, vendor))
      assert.strictEqual(error._tag, "TooManyUnreadable")
      assert.include(error.message, "fname is an object")
      assert.strictEqual(Object.keys(yield* namesInStore(merchant, "acme")).length, 6)
    }).pipe(Effect.provide(layerWorld))
  )

  it.effect("stops at a page that is told for ever", () =>
    Effect.gen(function* () {
      const merchant = yield* makeMerchant
      const vendor = eight("pages")
      let second: Parameters<NonNullable<typeof vendor.state.spoil>>[0] | null = null
      vendor.state.spoil = (page, at) => {
        if (at === 2) second = page
        return at > 2 ? second! : page
      }
      const error = yield* Effect.flip(into(merchant, vendor))
      assert.strictEqual(error._tag, "CursorRepeated")
      assert.isAtMost(vendor.state.reads, 5)
    }).pipe(Effect.provide(layerWorld))
  )

  it.effect(
    "leaves a card behind that the customer has no more, and gives a moved one to its new owner",
    () =>
      Effect.gen(function* () {
        const merchant = yield* makeMerchant
        const cards = yield* Cards
        const vendor = eight("pages")
        yield* into(merchant, vendor)
        vendor.put("a", { firstName: "Name a" }, 10_000, [])
        vendor.put("b", { firstName: "Name b" }, 10_000, [])
        vendor.put("c", { firstName: "Name c" }, 10_000, [card("102"), card("101")])
        yield* into(merchant, vendor)
        const owner = (number: string) =>
          Effect.map(cards.find(merchant, [{ by: "number", number }]), ({ customerId }) => customerId)
        assert.isNull(yield* owner("100"))
        const ofC = yield* owner("102")
        assert.isNotNull(ofC)
        assert.strictEqual(yield* owner("101"), ofC)
      }).pipe(Effect.provide(layerWorld))
  )

  it.effect("does not take a card from somebody of whom this source knows nothing", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust("1 hour")
      const merchant = yield* makeMerchant
      const repository = yield* SyncRepository
      const cards = yield* Cards
      const one = makeVendor({ system: "one", feed: "pages" })
      const other = makeVendor({ system: "other", feed: "pages" })
      one.put("a", { firstName: "Ann" }, 1000, [card("77")])
      other.put("b", { firstName: "Bob" }, 1000, [card("77"), card("78")])
      yield* into(merchant, one)
      const owner = Effect.map(
        cards.find(merchant, [{ by: "number", number: "77" }]),
        (found) => found.customerId
      )
      const ann = yield* owner
      const { counts } = yield* into(merchant, other)
      assert.strictEqual(yield* owner, ann)
      assert.deepStrictEqual([counts.seen, counts.deadLettered, counts.cards], [1, 1, 1])
      const [letter] = yield* repository.deadLetters(merchant, { link: null, after: 0, limit: 9 })
      assert.strictEqual(letter?.reason, "card: card number is already taken")
    }).pipe(Effect.provide(layerWorld))
  )

  it.effect("does not remove somebody who was there before and was only matched", () =>
    Effect.gen(function* () {
      const merchant = yield* makeMerchant
      const customers = yield* Customers
      yield* customers.save(merchant, {
        references: [],
        createIfMissing: true,
        patch: { firstName: "Ann", phone: "0612345678" },
        actor: 1
      })
      yield* TestClock.adjust("1 hour")
      const vendor = eight("snapshot")
      vendor.put("p", { firstName: "Ann", phone: "+33612345678" }, 3_000_000)
      const run = into(merchant, vendor, {
        maxDeletePercent: 50,
        matching: { by: ["phone"], country: "FR" }
      })
      yield* run
      yield* TestClock.adjust("1 hour")
      vendor.put("p", { firstName: "Anna", phone: "+33612345678" }, 7_000_000)
      yield* run
      assert.strictEqual((yield* namesInStore(merchant, "acme"))["p"], "Anna")
      vendor.people.delete("p")
      vendor.people.delete("d")
      for (let round = 0; round < 3; round++) yield* run
      const names = yield* namesInStore(merchant, "acme")
      assert.deepStrictEqual([names["p"], names["d"]], ["Anna", undefined])
    }).pipe(Effect.provide(layerWorld))
  )

  it.effect("writes nothing in a dry run, and says what it would do", () =>
    Effect.gen(function* () {
      const merchant = yield* makeMerchant
      const repository = yield* SyncRepository
      const vendor = eight("pages")
      yield* into(merchant, vendor)
      vendor.put("a", { firstName: "Other" }, 20_000, [card("100")])
      vendor.put("n", { firstName: "New" }, 20_000)
      const link = { from: "acme", to: "store" }
      const before = [yield* repository.state(merchant, link), yield* namesInStore(merchant, "acme")]
      const { events, onEvent } = listen()
      const { counts } = yield* into(merchant, vendor, { dryRun: true, onEvent })
      assert.deepStrictEqual([counts.created, counts.updated, counts.unchanged], [1, 1, 7])
      assert.deepStrictEqual(
        events.filter(({ _tag }) => _tag === "Planned"),
        [
          {
            _tag: "Planned",
            key: "a",
            action: "update",
            differences: [{ field: "firstName", from: "Name a", to: "Other" }]
          },
          { _tag: "Planned", key: "n", action: "create", differences: [] }
        ]
      )
      assert.deepStrictEqual(
        [yield* repository.state(merchant, link), yield* namesInStore(merchant, "acme")],
        before
      )
    }).pipe(Effect.provide(layerWorld))
  )

  it.effect("is run by one at a time, and an overtaken run writes nothing more", () =>
    Effect.gen(function* () {
      const merchant = yield* makeMerchant
      const repository = yield* SyncRepository
      const vendor = eight("pages")
      const link = { from: "acme", to: "store" }
      const slow: typeof vendor.source = {
        ...vendor.source,
        pages: (from) => vendor.source.pages(from).pipe(Stream.tap(() => Effect.sleep("50 seconds")))
      }
      const first = yield* Effect.forkChild(into(merchant, vendor, { source: slow, owner: "one" }))
      yield* TestClock.adjust("1 second")
      const busy = yield* Effect.flip(into(merchant, vendor, { owner: "two" }))
      assert.strictEqual(busy._tag, "LinkBusy")
      // Somebody believes that the first one is dead and takes over, whatever its lease says.
      yield* repository.acquire(merchant, link, {
        owner: "two",
        now: DateTime.makeUnsafe(10_000_000),
        until: DateTime.makeUnsafe(20_000_000)
      })
      yield* TestClock.adjust("5 minutes")
      const exit = yield* Fiber.await(first)
      assert.strictEqual(exit._tag, "Failure")
      assert.deepStrictEqual(yield* namesInStore(merchant, "acme"), {})
    }).pipe(Effect.provide(layerWorld))
  )

  it.effect("keeps an edit of the store that was newer, also when the source removes the customer", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust("1 hour")
      const merchant = yield* makeMerchant
      const customers = yield* Customers
      const vendor = eight("pages")
      yield* into(merchant, vendor)
      yield* TestClock.adjust("1 hour")
      yield* customers.save(merchant, {
        references: [{ by: "externalId", externalId: { system: "acme", key: "a" } }],
        createIfMissing: false,
        patch: { firstName: "Local a" },
        actor: 1
      })
      vendor.put("a", { firstName: "Older a" }, 3_700_000)
      assert.strictEqual((yield* into(merchant, vendor)).counts.kept, 1)
      vendor.people.delete("a")
      for (let run = 0; run < 3; run++) yield* into(merchant, vendor, { maxDeletePercent: 100 })
      assert.strictEqual((yield* namesInStore(merchant, "acme"))["a"], "Local a")
    }).pipe(Effect.provide(layerWorld))
  )

  it.effect("knows the newest stamp also of what was told the same", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust("1 hour")
      const merchant = yield* makeMerchant
      const vendor = makeVendor({ system: "acme", feed: "pages" })
      vendor.put("a", { firstName: "Now" }, 1_000)
      yield* into(merchant, vendor)
      vendor.put("a", { firstName: "Now" }, 5_000)
      assert.strictEqual((yield* into(merchant, vendor)).counts.unchanged, 1)
      vendor.put("a", { firstName: "In between" }, 3_000)
      assert.strictEqual((yield* into(merchant, vendor)).counts.kept, 1)
      assert.strictEqual((yield* namesInStore(merchant, "acme"))["a"], "Now")
    }).pipe(Effect.provide(layerWorld))
  )

  it.effect("keeps a customer set aside until each of its cards is taken", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust("1 hour")
      const merchant = yield* makeMerchant
      const repository = yield* SyncRepository
      const link = { from: "acme", to: "store" }
      const setAside = repository.deadLetters(merchant, { link, after: 0, limit: 10 })
      const vendor = makeVendor({ system: "acme", feed: "pages" })
      vendor.put("a", { firstName: "A" }, 1_000, [card("100"), card("9".repeat(65))])
      for (const attempts of [1, 2]) {
        const { counts } = yield* into(merchant, vendor)
        assert.deepInclude(counts, { seen: 1, created: 0, updated: 0, unchanged: 0, deadLettered: 1 })
        assert.deepStrictEqual(
          (yield* setAside).map((letter) => letter.attempts),
          [attempts]
        )
      }
      vendor.put("a", { firstName: "A" }, 2_000, [card("100"), card("9".repeat(64))])
      assert.strictEqual((yield* into(merchant, vendor)).counts.deadLettered, 0)
      assert.deepStrictEqual(yield* setAside, [])
      assert.strictEqual((yield* into(merchant, vendor)).counts.unchanged, 1)
    }).pipe(Effect.provide(layerWorld))
  )

  it.effect("removes no more than is allowed by being run again and again", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust("1 hour")
      const merchant = yield* makeMerchant
      const vendor = makeVendor({ system: "acme", feed: "cursor", pageSize: 10 })
      const putAll = (at: number) => {
        for (let person = 100; person < 200; person++)
          vendor.put(`k${person}`, { firstName: `${at} ${person}` }, at + person)
      }
      putAll(1_000)
      yield* into(merchant, vendor)
      putAll(10_000)
      // Four of each ten are gone.
      vendor.state.spoil = (page) => ({
        ...page,
        removed: page.changes.slice(0, 4).map(({ source }) => source),
        changes: page.changes.slice(4)
      })
      for (let run = 0; run < 3; run++) {
        const error = yield* Effect.flip(into(merchant, vendor))
        assert.include(error.message, "8 of 100 customers are gone from acme")
        assert.include(error.message, "after 4, no more were removed")
      }
      assert.strictEqual(Object.keys(yield* namesInStore(merchant, "acme")).length, 96)
      const { counts } = yield* into(merchant, vendor, { maxDeletePercent: 40 })
      assert.strictEqual(counts.removed, 36)
    }).pipe(Effect.provide(layerWorld))
  )

  it.effect("removes nobody whom another system tells still", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust("1 hour")
      const merchant = yield* makeMerchant
      const [one, other] = ["one", "other"].map((system) => {
        const vendor = makeVendor({ system, feed: "pages", stamps: false })
        vendor.put("a", { firstName: "A", phone: "+33612345678" }, 1_000)
        vendor.put(system, { firstName: system }, 1_000)
        return vendor
      })
      const run = (vendor: ReturnType<typeof makeVendor>) =>
        into(merchant, vendor, { matching: { by: ["phone"], country: null }, maxDeletePercent: 100 })
      const names = Effect.map(namesInStore(merchant, "one"), (found) => Object.values(found).sort())
      yield* run(one!)
      yield* run(other!)
      assert.deepStrictEqual(yield* names, ["A", "one", "other"])
      other!.people.delete("a")
      for (let at = 0; at < 3; at++) yield* run(other!)
      assert.deepStrictEqual(yield* names, ["A", "one", "other"])
    }).pipe(Effect.provide(layerWorld))
  )
})

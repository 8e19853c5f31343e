/**
 * What is written through one dialect is read through the others by their own clients, and what a dialect cannot say
 * stays as it is when that dialect writes.
 */
import { assert, describe, it } from "@effect/vitest"
import {
  type Customer,
  type CustomerRecord,
  type CustomerWithCards,
  lossesOf,
  sameContent
} from "@tillbridge/domain"
import { Effect } from "effect"
import { dialects } from "./support/crossDialects.ts"
import { card, finer, finerCard, prefix, record, utc } from "./support/crossRecords.ts"
import { fill, openWorld, readThrough, stored, type World, writeThrough } from "./support/crossWorld.ts"

const lossesThrough = Effect.fnUntraced(function* (world: World, name: string, before: CustomerWithCards) {
  const [losses] = lossesOf([before], yield* readThrough(world, name))
  return losses!.map(({ field, how }) => (how === "lost" ? field : `${field} (changed)`))
})

const names = Object.keys(dialects)
const writers = names.filter((name) => dialects[name]!.destination !== null)
const pairs = writers.flatMap((writer) => names.map((reader) => [writer, reader] as const))

describe("a customer with everything in the store", () => {
  for (const name of names) {
    it.live(`is read through ${name} exactly, as far as it can say`, () =>
      Effect.gen(function* () {
        const world = yield* openWorld
        const before = yield* fill(world)
        assert.sameMembers(yield* lossesThrough(world, name, before), [...dialects[name]!.untold])
      }).pipe(Effect.scoped)
    )
  }
})

describe("what a dialect writes back with another name", () => {
  for (const [writer, reader] of pairs) {
    it.live(`through ${writer} changes nothing else, also for ${reader}`, () =>
      Effect.gen(function* () {
        const world = yield* openWorld
        const before = yield* fill(world)
        const [told] = yield* readThrough(world, writer)
        yield* writeThrough(world, writer, { ...told!, customer: { ...told!.customer, lastName: "Peeters" } })

        const after = yield* stored(world, before.customer.id)
        const expected: Customer = { ...before.customer, lastName: "Peeters" }
        assert.isTrue(sameContent(after.customer, expected), difference(after.customer, expected))
        assert.deepStrictEqual(after.cards, before.cards)
        assert.sameMembers(yield* lossesThrough(world, reader, { ...before, customer: expected }), [
          ...dialects[reader]!.untold
        ])
      }).pipe(Effect.scoped)
    )
  }
})

describe("what a dialect says back as it was told", () => {
  for (const name of writers) {
    it.live(`through ${name} changes nothing that is known better`, () =>
      Effect.gen(function* () {
        const world = yield* openWorld
        const before = yield* fill(world, finer, finerCard)
        const [told] = yield* readThrough(world, name)
        yield* writeThrough(world, name, told!)
        const { cards, customer } = yield* stored(world, before.customer.id)
        assert.deepStrictEqual(cards, before.cards)
        assert.isTrue(sameContent(customer, before.customer), difference(customer, before.customer))
      }).pipe(Effect.scoped)
    )
  }

  it.live("takes another address, phone and time for what they are", () =>
    Effect.gen(function* () {
      const world = yield* openWorld
      const before = yield* fill(world, finer)
      const [byMegawin] = yield* readThrough(world, "megawin")
      const moved = {
        ...byMegawin!.customer,
        address: { ...byMegawin!.customer.address, line1: "2 Side Street" }
      }
      yield* writeThrough(world, "megawin", { ...byMegawin!, customer: moved })
      const [byVirtpos] = yield* readThrough(world, "virtpos")
      const registeredAt = utc("2024-02-29T12:34:57Z")
      const called = { ...byVirtpos!.customer, phone: "+74950000009", registeredAt }
      yield* writeThrough(world, "virtpos", { ...byVirtpos!, cards: [], customer: called })
      const { customer } = yield* stored(world, before.customer.id)
      const expected: Customer = {
        ...before.customer,
        address: { ...before.customer.address, line1: "2 Side Street", line2: null, line3: null },
        phone: "+74950000009",
        registeredAt
      }
      assert.isTrue(sameContent(customer, expected), difference(customer, expected))
    }).pipe(Effect.scoped)
  )
})

describe("a customer that is new", () => {
  for (const [writer, reader] of pairs) {
    it.live(`through ${writer} is read through ${reader} exactly, as far as both can say`, () =>
      Effect.gen(function* () {
        const world = yield* openWorld
        const { writes, writesCards } = dialects[writer]!
        const customer: CustomerRecord = Object.fromEntries(writes!.map((field) => [field, record[field]]))
        const source = { system: prefix, key: "A-0017" }
        const { registeredAt: _at, registeredIn: _in, ...patch } = card.patch
        const cards = writesCards ? [{ ...card, patch }] : []
        const id = yield* writeThrough(world, writer, { customer, cards, source })

        // What the store made of it itself is nobody's to have told.
        const { customer: now, cards: saved } = yield* stored(world, id)
        for (const field of writes!)
          if (field !== "group")
            assert.isTrue(holds(now[field], customer[field]), `${writer} writes ${field}`)
        assert.strictEqual(now.group?.name, writes!.includes("group") ? "Gold" : undefined)
        assert.deepStrictEqual(
          saved.map(({ number }) => number),
          cards.map(({ number }) => number)
        )
        // Its own key at the vendor is for that vendor alone.
        const externalIds = now.externalIds.filter(({ system }) => system === prefix || system === reader)
        const losses = yield* lossesThrough(world, reader, {
          customer: { ...now, externalIds },
          cards: saved
        })
        const allowed = dialects[reader]!.untold
        // Of a customer one vendor tells the cards, and of one without any nothing.
        if (reader === "lcmanager" && saved.length === 0) assert.deepStrictEqual(losses, ["customer"])
        else for (const loss of losses) assert.isTrue(isStamp(loss) || allowed.includes(loss), loss)
      }).pipe(Effect.scoped)
    )
  }
})

/** Times that the store sets to the millisecond, which vendors cut. */
const isStamp = (loss: string) => /^(createdAt|registeredAt|cards\.registeredAt) \(changed\)$/.test(loss)

/** Whether a stored value has all that was told; parts that were not told are empty. */
const holds = (now: unknown, told: unknown): boolean =>
  JSON.stringify(plain(now, told)) === JSON.stringify(plain(told, told))

const plain = (value: unknown, like: unknown): unknown =>
  like !== null && typeof like === "object" && Object.getPrototypeOf(like) === Object.prototype
    ? Object.keys(like).map((name) => (value as Record<string, unknown>)[name])
    : value

const difference = (after: Customer, expected: Customer): string =>
  Object.keys(expected)
    .filter((field) => JSON.stringify(after[field as "id"]) !== JSON.stringify(expected[field as "id"]))
    .map((field) => `${field}: ${JSON.stringify(after[field as "id"])}`)
    .join("; ")

import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { TestClock } from "effect/testing"
import {
  AlreadyTaken,
  Cards,
  ChangeFeed,
  type ChangePosition,
  CustomerId,
  CustomerNotFound,
  CustomerRepository,
  Customers,
  type InvalidField,
  MerchantRepository,
  UnknownReference
} from "../src/index.ts"
import { create, layer, makeMerchant, newestPosition, save } from "./support.ts"

const shop = (key: string) => ({ system: "shop", key })
const byKey = (key: string) => ({ by: "externalId" as const, externalId: shop(key) })
const byId = (id: number) => ({ by: "id" as const, id: CustomerId.make(id) })

const groupsOf = (merchant: Parameters<typeof newestPosition>[0]) =>
  Effect.flatMap(MerchantRepository, (merchants) =>
    Effect.map(merchants.entries(merchant, "group"), (entries) => entries.map(({ name }) => name))
  )

describe("saving a customer", () => {
  it.effect("makes a new one with an id, a version and stamps of the moment and the caller", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.parse("2024-02-29T12:00:00.123Z"))
      const { id } = yield* makeMerchant()
      const { entity, isNew } = yield* save(id, { patch: { firstName: "Anna" }, actor: 7 })
      assert.isTrue(isNew)
      assert.deepStrictEqual(
        [entity.id, entity.version, entity.firstName, entity.createdBy, entity.updatedBy],
        [1, 1, "Anna", 7, 7] as const as unknown as [CustomerId, ChangePosition, string, number, number]
      )
      for (const stamp of [entity.createdAt, entity.updatedAt, entity.registeredAt!]) {
        assert.strictEqual(DateTime.formatIso(stamp), "2024-02-29T12:00:00.123Z")
      }
      assert.deepStrictEqual(yield* (yield* Customers).find(id, byId(1)), entity)
    }).pipe(Effect.provide(layer))
  )

  it.effect("changes the one it finds, and keeps who made it and when", () =>
    Effect.gen(function* () {
      const { id } = yield* makeMerchant()
      const first = yield* save(id, { patch: { firstName: "Anna", lastName: "Ö" }, actor: 7 })
      yield* TestClock.adjust("1 hour")
      const { entity, isNew } = yield* save(id, {
        references: [byId(1)],
        patch: { firstName: "Anne" },
        actor: 8
      })
      assert.isFalse(isNew)
      assert.deepStrictEqual(
        [entity.firstName, entity.lastName, entity.createdBy, entity.updatedBy],
        ["Anne", "Ö", 7, 8]
      )
      assert.strictEqual(entity.createdAt.epochMilliseconds, first.entity.createdAt.epochMilliseconds)
      assert.strictEqual(
        entity.updatedAt.epochMilliseconds - first.entity.updatedAt.epochMilliseconds,
        3_600_000
      )
      assert.isAbove(entity.version, first.entity.version)
    }).pipe(Effect.provide(layer))
  )

  it.effect("that changes nothing writes nothing: no new version, no new place in the feed", () =>
    Effect.gen(function* () {
      const { id } = yield* makeMerchant()
      const { entity } = yield* save(id, {
        patch: { firstName: "Anna", extensions: { x: { a: [1] } } },
        group: { name: "Gold" },
        actor: 7
      })
      const before = yield* newestPosition(id)
      const again = { firstName: "Anna", lastName: " ", extensions: { x: { a: [1] } } }
      const saved = yield* save(id, {
        references: [byId(1)],
        patch: again,
        group: { name: "Gold" },
        actor: 8
      })
      assert.deepStrictEqual(saved, { entity, isNew: false })
      assert.strictEqual(yield* newestPosition(id), before)
      assert.strictEqual((yield* (yield* ChangeFeed).claim(id, { changes: 0 })).position, before + 1)
    }).pipe(Effect.provide(layer))
  )

  it.effect("tries references in the order given: the first hit wins", () =>
    Effect.gen(function* () {
      const { id } = yield* makeMerchant()
      yield* create(id, { externalIds: [shop("1")] })
      yield* create(id, { externalIds: [shop("2")] })
      const one = yield* save(id, {
        references: [byKey("404"), byKey("2"), byId(1)],
        patch: { firstName: "Two" }
      })
      assert.deepStrictEqual([one.entity.id, one.isNew], [CustomerId.make(2), false])
      const other = yield* save(id, { references: [byId(1), byKey("2")], patch: { firstName: "One" } })
      assert.strictEqual(other.entity.id, 1)
    }).pipe(Effect.provide(layer))
  )

  it.effect(
    "makes a customer that is not found only when asked to, and gives it the external id it was looked for by",
    () =>
      Effect.gen(function* () {
        const { id } = yield* makeMerchant()
        const refused = yield* Effect.flip(
          save(id, { references: [byKey("9")], createIfMissing: false, patch: { firstName: "x" } })
        )
        assert.instanceOf(refused, CustomerNotFound)
        assert.strictEqual(yield* (yield* Customers).count(id, {}), 0)
        const { entity } = yield* save(id, {
          references: [byKey("9"), byId(5)],
          patch: { externalIds: [{ system: "till", key: "1" }] }
        })
        assert.deepStrictEqual(entity.externalIds, [shop("9"), { system: "till", key: "1" }])
        const same = yield* save(id, { references: [byKey("9")], createIfMissing: false })
        assert.deepStrictEqual(same, { entity, isNew: false })
      }).pipe(Effect.provide(layer))
  )

  it.effect("makes a group by its name once", () =>
    Effect.gen(function* () {
      const { id } = yield* makeMerchant()
      const [a, b] = [
        yield* save(id, { group: { name: "Gold" } }),
        yield* save(id, { group: { name: "Gold" } })
      ]
      assert.deepStrictEqual(a.entity.group, b.entity.group)
      assert.strictEqual(a.entity.group?.name, "Gold")
      assert.deepStrictEqual(yield* groupsOf(id), ["Gold"])
    }).pipe(Effect.provide(layer))
  )

  it.effect("goes by the group's id when one is given, and then makes none of the name beside it", () =>
    Effect.gen(function* () {
      const { id } = yield* makeMerchant()
      const gold = (yield* save(id, { group: { name: "Gold" } })).entity.group!
      const { entity } = yield* save(id, { group: { id: gold.id, name: "Platinum" } })
      assert.deepStrictEqual(entity.group, gold)
      assert.deepStrictEqual(yield* groupsOf(id), ["Gold"])
    }).pipe(Effect.provide(layer))
  )

  it.effect("refuses the id of a group that does not exist, and stores nothing", () =>
    Effect.gen(function* () {
      const { id } = yield* makeMerchant()
      const error = yield* Effect.flip(
        save(id, { patch: { firstName: "x" }, group: { id: 99, name: "Platinum" } })
      )
      assert.instanceOf(error, UnknownReference)
      assert.strictEqual((error as UnknownReference).kind, "group")
      assert.deepStrictEqual(yield* groupsOf(id), [])
      assert.strictEqual(yield* newestPosition(id), 0)
    }).pipe(Effect.provide(layer))
  )

  it.effect("clears the group with null or a blank name, and leaves it when it is not named", () =>
    Effect.gen(function* () {
      const { id } = yield* makeMerchant()
      const regroup = (group: { readonly name?: string } | null | undefined) =>
        Effect.map(
          save(id, { references: [byId(1)], ...(group === undefined ? {} : { group }) }),
          ({ entity }) => entity.group?.name
        )
      yield* save(id, { group: { name: "Gold" } })
      assert.strictEqual(yield* regroup(undefined), "Gold")
      assert.isUndefined(yield* regroup(null))
      yield* regroup({ name: "Gold" })
      assert.isUndefined(yield* regroup({ name: "  " }))
      const error = yield* Effect.flip(regroup({ name: "x".repeat(256) }))
      assert.strictEqual((error as InvalidField).field, "group")
    }).pipe(Effect.provide(layer))
  )

  it.effect(
    "refuses a birth date that is not in the calendar, also when only together with what is known",
    () =>
      Effect.gen(function* () {
        const { id } = yield* makeMerchant()
        yield* create(id, { birthDate: { day: 29, month: 2, year: null } })
        const error = yield* Effect.flip(
          save(id, { references: [byId(1)], patch: { birthDate: { year: 2023 } } })
        )
        assert.strictEqual((error as InvalidField).field, "birthDate")
        const { birthDate } = yield* (yield* Customers).find(id, byId(1))
        assert.deepStrictEqual(birthDate, { day: 29, month: 2, year: null })
      }).pipe(Effect.provide(layer))
  )

  it.effect("refuses an external id of another customer, and nothing of the change is stored", () =>
    Effect.gen(function* () {
      const { id } = yield* makeMerchant()
      yield* create(id, { externalIds: [shop("1")] })
      const two = yield* create(id, { externalIds: [shop("2")] })
      const steal = { references: [byId(2)], patch: { externalIds: [shop("1")] }, group: { name: "Thieves" } }
      const error = yield* Effect.flip(save(id, steal))
      assert.instanceOf(error, AlreadyTaken)
      assert.deepStrictEqual(yield* (yield* Customers).find(id, byId(2)), two)
      assert.deepStrictEqual(yield* groupsOf(id), [], "not even the group")
      assert.strictEqual(yield* newestPosition(id), 2)
    }).pipe(Effect.provide(layer))
  )

  it.effect("does not find another merchant's customer, whatever it is looked for by", () =>
    Effect.gen(function* () {
      const [a, b] = [yield* makeMerchant(), yield* makeMerchant()]
      yield* create(a.id, { externalIds: [shop("1")] })
      for (const reference of [byId(1), byKey("1")]) {
        assert.instanceOf(yield* Effect.flip((yield* Customers).find(b.id, reference)), CustomerNotFound)
        assert.instanceOf(yield* Effect.flip((yield* Customers).remove(b.id, reference)), CustomerNotFound)
      }
      assert.strictEqual(yield* (yield* Customers).count(a.id, {}), 1)
    }).pipe(Effect.provide(layer))
  )
})

describe("removing a customer", () => {
  it.effect("leaves its cards without an owner, all told by the feed in order", () =>
    Effect.gen(function* () {
      const { id } = yield* makeMerchant()
      const cards = yield* Cards
      yield* create(id, { externalIds: [shop("1")] })
      yield* create(id, {})
      const card = (number: string, owner: number) =>
        cards.save(id, {
          search: [],
          createIfMissing: true,
          patch: { number },
          owner: byId(owner),
          actor: null
        })
      for (const [number, owner] of [
        ["1", 1],
        ["2", 2],
        ["3", 1]
      ] as const)
        yield* card(number, owner)
      assert.strictEqual(yield* (yield* Customers).remove(id, byKey("1")), 1)
      const owners = (yield* cards.list(id, { after: null, limit: 10 })).map((one) => [
        one.number,
        one.customerId
      ])
      assert.deepStrictEqual(owners, [
        ["1", null],
        ["2", CustomerId.make(2)],
        ["3", null]
      ])
      const changes = yield* (yield* ChangeFeed).read(id, 5 as ChangePosition, 10)
      assert.deepStrictEqual(
        changes.map(({ _tag, position }) => [_tag, Number(position)]),
        [
          ["CardChanged", 6],
          ["CardChanged", 7],
          ["CustomerRemoved", 8]
        ]
      )
      assert.instanceOf(yield* Effect.flip((yield* Customers).remove(id, byKey("1"))), CustomerNotFound)
      assert.deepStrictEqual(yield* (yield* CustomerRepository).owners(id, [shop("1")]), [])
    }).pipe(Effect.provide(layer))
  )
})

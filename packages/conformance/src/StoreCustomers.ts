/** Finding and listing customers. */
import { assert } from "@effect/vitest"
import {
  AlreadyTaken,
  ChangeFeed,
  type ChangePosition,
  CustomerId,
  CustomerRepository,
  type Repositories
} from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { filterCases, people, shop } from "./StoreFilters.ts"
import { type Capability, plain, testCase } from "./Case.ts"
import {
  addCustomer,
  addCustomerAs,
  addCustomers,
  changeCustomer,
  idsOf,
  inUnit,
  makeMerchant,
  removeCustomer
} from "./Records.ts"

export const customerCases = (): Capability<Repositories> => ({
  name: "finding and listing customers",
  cases: [
    ...filterCases,
    testCase(
      "filters follow a customer that changes: the old phone, e-mail and external id no longer find it",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const before = yield* addCustomer(merchant.id, {
          phone: "9990000001",
          mobilePhone: "9990000002",
          email: "a@example.com",
          externalIds: [shop("1")]
        })
        const after = {
          phone: null,
          mobilePhone: "9990000003",
          email: "b@example.com",
          externalIds: [shop("2")]
        }
        yield* changeCustomer(merchant.id, before, after)
        const gone = [
          { phone: "9990000001" },
          { phone: "9990000002" },
          { email: "a@example.com" },
          { externalId: shop("1") }
        ]
        for (const filter of gone) assert.deepStrictEqual(yield* idsOf(merchant.id, filter), [])
        const found = [{ phone: "9990000003" }, { email: "b@example.com" }, { externalId: shop("2") }]
        for (const filter of found) assert.deepStrictEqual(yield* idsOf(merchant.id, filter), [before.id])
        const customers = yield* CustomerRepository
        assert.deepStrictEqual(yield* customers.owners(merchant.id, [shop("1")]), [])
      })
    ),
    testCase(
      "a removed customer is found by nothing any more, and its external ids can be given to another",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const [gone] = yield* addCustomers(merchant.id, people)
        yield* removeCustomer(merchant.id, gone!)
        const customers = yield* CustomerRepository
        assert.isTrue(Option.isNone(yield* customers.get(merchant.id, gone!.id)))
        assert.deepStrictEqual(yield* customers.getMany(merchant.id, [gone!.id]), [])
        assert.deepStrictEqual(yield* customers.owners(merchant.id, gone!.externalIds), [])
        assert.deepStrictEqual(
          yield* idsOf(merchant.id),
          [2, 3, 4, 5, 6, 7, 8].map((id) => CustomerId.make(id))
        )
        assert.deepStrictEqual(
          yield* idsOf(merchant.id, { phone: "9990000001" }),
          [2, 3].map((id) => CustomerId.make(id))
        )
        assert.deepStrictEqual(yield* idsOf(merchant.id, { externalId: shop("A-1") }), [])
        const heir = yield* addCustomer(merchant.id, { externalIds: [shop("A-1")] })
        assert.strictEqual(heir.id, 9, "an id is not given out twice")
        assert.deepStrictEqual(yield* idsOf(merchant.id, { externalId: shop("A-1") }), [heir.id])
      })
    ),
    testCase(
      "windows of either kind list each of 2,500 customers once, in ascending id",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const customers = yield* CustomerRepository
        const given = Array.from({ length: 2_500 }, (_, index) => ({
          firstName: `n${index}`,
          externalIds: [shop(`k${index}`), { system: "till", key: `k${index}` }]
        }))
        const added = yield* addCustomers(merchant.id, given)
        const ids = added.map(({ id }) => id)
        const byOffset: Array<CustomerId> = []
        for (let offset = 0; offset <= 2_500; offset += 700) {
          byOffset.push(...(yield* idsOf(merchant.id, {}, { offset, limit: 700 })))
        }
        assert.deepStrictEqual(byOffset, ids)
        const byId: Array<CustomerId> = []
        for (
          let part: ReadonlyArray<CustomerId> | null = null;
          part === null || part.length > 0;
          byId.push(...part)
        ) {
          part = yield* idsOf(merchant.id, {}, { after: byId.at(-1) ?? null, limit: 700 })
          assert.isAtMost(byId.length, 2_500, "a window after an id begins after it")
        }
        assert.deepStrictEqual(byId, ids)
        assert.deepStrictEqual(yield* idsOf(merchant.id, {}, { offset: 2_500, limit: 10 }), [])
        assert.deepStrictEqual(yield* idsOf(merchant.id, {}, { after: ids.at(-1)!, limit: 10 }), [])
        assert.strictEqual(yield* customers.count(merchant.id, {}), 2_500)
        const refs = yield* customers.refs(merchant.id, {}, { offset: 0, limit: 2_500 })
        assert.deepStrictEqual(
          refs,
          added.map(({ id, version }) => ({ id, version }))
        )
        const backwards = [...ids].reverse()
        const many = yield* customers.getMany(merchant.id, backwards)
        assert.deepStrictEqual(plain(many), plain([...added].reverse()))
        const owners = yield* customers.owners(
          merchant.id,
          given.flatMap(({ externalIds }) => externalIds)
        )
        assert.strictEqual(owners.length, 5_000)
      })
    ),
    testCase(
      "customers are given in the order in which their ids are asked, and unknown ids are left out",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const [a, b, c] = yield* addCustomers(merchant.id, [
          { firstName: "A" },
          { firstName: "B" },
          { firstName: "C" }
        ])
        const customers = yield* CustomerRepository
        const asked = [c!.id, CustomerId.make(404), a!.id, b!.id]
        assert.deepStrictEqual(plain(yield* customers.getMany(merchant.id, asked)), plain([c, a, b]))
        assert.deepStrictEqual(yield* customers.getMany(merchant.id, []), [])
        assert.deepStrictEqual(yield* customers.owners(merchant.id, []), [])
        assert.isTrue(Option.isNone(yield* customers.get(merchant.id, CustomerId.make(404))))
      })
    ),
    testCase(
      "a customer that brings its own id keeps it, and later ids are greater",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const own = yield* addCustomerAs(merchant.id, CustomerId.make(500))
        const next = yield* addCustomer(merchant.id)
        const low = yield* addCustomerAs(merchant.id, CustomerId.make(7))
        const last = yield* addCustomer(merchant.id)
        assert.deepStrictEqual([own.id, next.id, low.id, last.id].map(Number), [500, 501, 7, 502])
        assert.deepStrictEqual(yield* idsOf(merchant.id), [low.id, own.id, next.id, last.id])
      })
    ),
    testCase(
      "an external id of another customer is refused as taken and nothing of that write is stored",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const owner = yield* addCustomer(merchant.id, { externalIds: [shop("1")], firstName: "Owner" })
        const other = yield* addCustomer(merchant.id, { externalIds: [shop("2")], firstName: "Other" })
        const attempts = [
          addCustomer(merchant.id, { externalIds: [{ system: "till", key: "new" }, shop("1")] }),
          changeCustomer(merchant.id, other, { externalIds: [shop("1")], firstName: "Thief" }),
          addCustomers(merchant.id, [{ externalIds: [shop("3")] }, { externalIds: [shop("1")] }]),
          addCustomers(merchant.id, [{ externalIds: [shop("3")] }, { externalIds: [shop("3")] }])
        ]
        for (const attempt of attempts) {
          const error = yield* Effect.flip(attempt as Effect.Effect<unknown, unknown, Repositories>)
          assert.instanceOf(error, AlreadyTaken)
          assert.strictEqual((error as AlreadyTaken).what, "customer external id")
        }
        const customers = yield* CustomerRepository
        const stored = yield* customers.getMany(merchant.id, yield* idsOf(merchant.id))
        assert.deepStrictEqual(plain(stored), plain([owner, other]))
        const keys = [shop("3"), { system: "till", key: "new" }]
        assert.deepStrictEqual(yield* customers.owners(merchant.id, keys), [])
        const feed = yield* ChangeFeed
        assert.lengthOf(yield* feed.read(merchant.id, 0 as ChangePosition, 100), 2)
      })
    ),
    testCase(
      "the same key in another system is another external id",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const first = yield* addCustomer(merchant.id, { externalIds: [shop("1")] })
        const second = yield* addCustomer(merchant.id, { externalIds: [{ system: "till", key: "1" }] })
        const customers = yield* CustomerRepository
        const owners = yield* customers.owners(merchant.id, [{ system: "till", key: "1" }, shop("1")])
        const sorted = [...owners].sort((a, b) => a.customerId - b.customerId)
        assert.deepStrictEqual(
          sorted.map(({ customerId, system }) => [system, customerId]),
          [
            ["web shop", first.id],
            ["till", second.id]
          ]
        )
      })
    ),
    testCase(
      "an external id that one customer gives up another can take, in one unit",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const first = yield* addCustomer(merchant.id, { externalIds: [shop("1")] })
        const taker = yield* inUnit(
          Effect.gen(function* () {
            yield* changeCustomer(merchant.id, first, { externalIds: [] })
            return yield* addCustomer(merchant.id, { externalIds: [shop("1")] })
          })
        )
        assert.deepStrictEqual(yield* idsOf(merchant.id, { externalId: shop("1") }), [taker.id])
      })
    ),
    testCase(
      "in one write customers may hand external ids on to each other, in any order and in a circle",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const customers = yield* CustomerRepository
        const added = yield* addCustomers(
          merchant.id,
          ["1", "2", "3"].map((key) => ({ externalIds: [shop(key)] }))
        )
        const hand = (keys: ReadonlyArray<string | null>) =>
          inUnit(
            Effect.gen(function* () {
              const { position } = yield* (yield* ChangeFeed).claim(merchant.id, { changes: keys.length })
              const before = yield* customers.getMany(
                merchant.id,
                added.map(({ id }) => id)
              )
              const writes = keys.map((key, index) => ({
                before: before[index]!,
                after: {
                  ...before[index]!,
                  externalIds: key === null ? [] : [shop(key)],
                  version: (position + index) as ChangePosition
                }
              }))
              yield* customers.put(merchant.id, writes)
            })
          )
        const owners = Effect.map(customers.owners(merchant.id, ["1", "2", "3"].map(shop)), (found) =>
          Object.fromEntries(found.map(({ customerId, key }) => [key, Number(customerId)]))
        )
        yield* hand(["2", "3", "1"])
        assert.deepStrictEqual(yield* owners, { "2": 1, "3": 2, "1": 3 })
        yield* hand(["3", null, "2"])
        assert.deepStrictEqual(yield* owners, { "3": 1, "2": 3 })
      })
    ),
    testCase(
      "writing no customer at all is fine",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const customers = yield* CustomerRepository
        yield* inUnit(customers.put(merchant.id, []))
        assert.strictEqual(yield* customers.count(merchant.id, {}), 0)
      })
    )
  ]
})

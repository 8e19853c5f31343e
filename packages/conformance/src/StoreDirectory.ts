/** What a merchant names: stores, store lists, groups and card types. */
import { assert } from "@effect/vitest"
import { MerchantRepository, type Repositories, StoreId, StoreListId } from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type Capability, testCase } from "./Case.ts"
import { inUnit, makeMerchant } from "./Records.ts"

const directories = ["group", "card type"] as const

export const directoryCases = (): Capability<Repositories> => ({
  name: "stores, store lists, groups and card types",
  cases: [
    testCase(
      "a group or card type is made once however often it is asked for",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const merchants = yield* MerchantRepository
        for (const directory of directories) {
          const add = (name: string) => inUnit(merchants.addEntry(merchant.id, directory, name))
          const gold = yield* add("Gold")
          const silver = yield* add("Silver")
          assert.deepStrictEqual(yield* add("Gold"), gold)
          assert.notStrictEqual(gold.id, silver.id)
          assert.deepStrictEqual(yield* merchants.entries(merchant.id, directory), [gold, silver])
        }
      })
    ),
    testCase(
      "many tills that name a new group at the same time make one",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const merchants = yield* MerchantRepository
        for (const directory of directories) {
          const made = yield* Effect.forEach(
            Array.from({ length: 30 }, (_, index) => `name ${index % 3}`),
            (name) => inUnit(merchants.addEntry(merchant.id, directory, name)),
            { concurrency: "unbounded" }
          )
          assert.strictEqual(new Set(made.map(({ id }) => id)).size, 3)
          for (const [index, entry] of made.entries()) assert.strictEqual(entry.name, `name ${index % 3}`)
          const entries = yield* merchants.entries(merchant.id, directory)
          assert.deepStrictEqual(entries.map(({ name }) => name).sort(), ["name 0", "name 1", "name 2"])
        }
      })
    ),
    testCase(
      "names are told apart by letter case, accents and spaces",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const merchants = yield* MerchantRepository
        const names = ["vip", "VIP", "vip ", " vip", "víp", "1", "01"]
        for (const name of names) yield* inUnit(merchants.addEntry(merchant.id, "group", name))
        assert.deepStrictEqual(
          (yield* merchants.entries(merchant.id, "group")).map(({ name }) => name),
          names
        )
        for (const name of names) {
          const found = yield* merchants.findEntry(merchant.id, "group", { name })
          assert.strictEqual(Option.getOrNull(found)?.name, name)
        }
      })
    ),
    testCase(
      "an entry is found by its id when one is given, and then its name is not looked at",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const merchants = yield* MerchantRepository
        const gold = yield* inUnit(merchants.addEntry(merchant.id, "group", "Gold"))
        const silver = yield* inUnit(merchants.addEntry(merchant.id, "group", "Silver"))
        const find = (named: { readonly id?: number; readonly name?: string }) =>
          Effect.map(merchants.findEntry(merchant.id, "group", named), Option.getOrNull)
        assert.deepStrictEqual(yield* find({ id: gold.id }), gold)
        assert.deepStrictEqual(yield* find({ name: "Silver" }), silver)
        assert.deepStrictEqual(yield* find({ id: gold.id, name: "Silver" }), gold)
        assert.isNull(yield* find({ id: 404, name: "Silver" }))
        assert.isNull(yield* find({ name: "silver" }))
        const asType = yield* merchants.findEntry(merchant.id, "card type", { name: "Gold" })
        assert.isTrue(Option.isNone(asType), "groups and card types are two lists")
      })
    ),
    testCase(
      "a store is added or renamed by its id, and stores are listed in ascending id",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const merchants = yield* MerchantRepository
        const put = (id: number, name: string) =>
          inUnit(merchants.putStore(merchant.id, { id: StoreId.make(id), name }))
        yield* put(20, "Twenty")
        yield* put(3, "Three")
        yield* put(20, "Renamed")
        assert.deepStrictEqual(yield* merchants.stores(merchant.id), [
          { id: StoreId.make(3), name: "Three" },
          { id: StoreId.make(20), name: "Renamed" }
        ])
      })
    ),
    testCase(
      "a store list is replaced as a whole and keeps the order of its stores",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const merchants = yield* MerchantRepository
        const [one, two, three] = [1, 2, 3].map((id) => StoreId.make(id))
        for (const id of [one!, two!, three!])
          yield* inUnit(merchants.putStore(merchant.id, { id, name: `Store ${id}` }))
        const put = (id: number, name: string, storeIds: ReadonlyArray<StoreId>) =>
          inUnit(merchants.putStoreList(merchant.id, { id: StoreListId.make(id), name, storeIds }))
        yield* put(2, "North", [one!, two!])
        yield* put(1, "Empty", [])
        yield* put(2, "South", [three!, one!])
        assert.deepStrictEqual(yield* merchants.storeLists(merchant.id), [
          { id: StoreListId.make(1), name: "Empty", storeIds: [] },
          { id: StoreListId.make(2), name: "South", storeIds: [three!, one!] }
        ])
      })
    )
  ]
})

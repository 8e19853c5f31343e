/** The rules for merchants, their stores and store lists. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { MerchantNotFound, type StorageError, UnknownReference } from "./errors.ts"
import type { MerchantId } from "./Ids.ts"
import type { Merchant, NewMerchant, Store, StoreList } from "./Merchant.ts"
import { MerchantRepository } from "./MerchantRepository.ts"
import { UnitOfWork } from "./UnitOfWork.ts"

export class Merchants extends Context.Service<
  Merchants,
  {
    readonly create: (merchant: NewMerchant) => Effect.Effect<Merchant, StorageError>
    readonly get: (id: MerchantId) => Effect.Effect<Merchant, MerchantNotFound | StorageError>
    readonly list: Effect.Effect<ReadonlyArray<Merchant>, StorageError>
    readonly putStore: (merchant: MerchantId, store: Store) => Effect.Effect<void, StorageError>
    readonly stores: (merchant: MerchantId) => Effect.Effect<ReadonlyArray<Store>, StorageError>
    /** Stores a list; every store in it must exist. */
    readonly putStoreList: (
      merchant: MerchantId,
      list: StoreList
    ) => Effect.Effect<void, UnknownReference | StorageError>
    readonly storeLists: (merchant: MerchantId) => Effect.Effect<ReadonlyArray<StoreList>, StorageError>
  }
>()("@tillbridge/domain/Merchants") {
  static readonly layer = Layer.effect(
    Merchants,
    Effect.gen(function* () {
      const repository = yield* MerchantRepository
      const { atomically } = yield* UnitOfWork

      const get = Effect.fnUntraced(function* (id: MerchantId) {
        const found = yield* repository.get(id)
        return Option.isSome(found) ? found.value : yield* new MerchantNotFound()
      })

      const putStoreList = Effect.fnUntraced(function* (merchant: MerchantId, list: StoreList) {
        const stores = new Set((yield* repository.stores(merchant)).map((store) => store.id))
        if (!list.storeIds.every((id) => stores.has(id)))
          return yield* new UnknownReference({ kind: "store" })
        yield* repository.putStoreList(merchant, list)
      })

      return Merchants.of({
        create: (merchant) => atomically(repository.insert(merchant)),
        get,
        list: repository.list,
        putStore: (merchant, store) => atomically(repository.putStore(merchant, store)),
        stores: repository.stores,
        putStoreList: (merchant, list) => atomically(putStoreList(merchant, list)),
        storeLists: repository.storeLists
      })
    })
  )
}

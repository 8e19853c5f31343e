/** Port: merchants and what each of them names (stores, store lists, customer groups, card types). */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { Named } from "./Customer.ts"
import type { StorageError } from "./errors.ts"
import type { MerchantId } from "./Ids.ts"
import type { Merchant, NewMerchant, Store, StoreList } from "./Merchant.ts"

/** The lists of names that dialects extend on the fly. Entries are never renamed: encoded records rely on it. */
export type Directory = "group" | "card type"

export interface DirectoryEntry {
  readonly id: number
  readonly name: string
}

export class MerchantRepository extends Context.Service<
  MerchantRepository,
  {
    readonly insert: (merchant: NewMerchant) => Effect.Effect<Merchant, StorageError>
    readonly get: (id: MerchantId) => Effect.Effect<Option.Option<Merchant>, StorageError>
    readonly list: Effect.Effect<ReadonlyArray<Merchant>, StorageError>
    /** Adds or renames a store. */
    readonly putStore: (merchant: MerchantId, store: Store) => Effect.Effect<void, StorageError>
    readonly stores: (merchant: MerchantId) => Effect.Effect<ReadonlyArray<Store>, StorageError>
    readonly putStoreList: (merchant: MerchantId, list: StoreList) => Effect.Effect<void, StorageError>
    readonly storeLists: (merchant: MerchantId) => Effect.Effect<ReadonlyArray<StoreList>, StorageError>
    /** By id when one is given, else by exact name. */
    readonly findEntry: (
      merchant: MerchantId,
      directory: Directory,
      named: Named
    ) => Effect.Effect<Option.Option<DirectoryEntry>, StorageError>
    /** The entry of that name, made when it does not exist. */
    readonly addEntry: (
      merchant: MerchantId,
      directory: Directory,
      name: string
    ) => Effect.Effect<DirectoryEntry, StorageError>
    readonly entries: (
      merchant: MerchantId,
      directory: Directory
    ) => Effect.Effect<ReadonlyArray<DirectoryEntry>, StorageError>
  }
>()("@tillbridge/domain/MerchantRepository") {}

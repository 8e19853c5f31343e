/** A merchant is a tenant: its stores, customers, cards, groups, card types and credentials. Nothing crosses. */
import * as Schema from "effect/Schema"
import { MerchantId, StoreId, StoreListId } from "./Ids.ts"
import { Text } from "./Text.ts"
import { TimeZone } from "./TimeZone.ts"

const Name = Text.check(Schema.isNonEmpty({ message: "must not be empty" }))

export const Merchant = Schema.Struct({
  id: MerchantId,
  name: Name,
  /** Zone in which the merchant's dialects write local time and in which its days begin. */
  timeZone: TimeZone,
  /** Prefix under which callers of key-based dialects address this merchant's external ids. */
  externalKeyPrefix: Schema.NullOr(Text)
})
export type Merchant = typeof Merchant.Type

export const NewMerchant = Schema.Struct({
  name: Name,
  timeZone: TimeZone,
  externalKeyPrefix: Schema.NullOr(Text)
})
export type NewMerchant = typeof NewMerchant.Type

/** A point of sale. */
export const Store = Schema.Struct({ id: StoreId, name: Name })
export type Store = typeof Store.Type

/** A stored selection of stores, which a report can name by its id. */
export const StoreList = Schema.Struct({ id: StoreListId, name: Name, storeIds: Schema.Array(StoreId) })
export type StoreList = typeof StoreList.Type

/** The loyalty period report: which cards were registered in a period, at the stores of a stored list. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { CardRepository, type RegistrationWindow } from "./CardRepository.ts"
import { type StorageError, UnknownReference } from "./errors.ts"
import type { MerchantId, StoreListId } from "./Ids.ts"
import type { LoyaltyCard } from "./LoyaltyCard.ts"
import type { LoyaltyPeriod } from "./LoyaltyPeriod.ts"
import { MerchantRepository } from "./MerchantRepository.ts"

export class PeriodReport extends Context.Service<
  PeriodReport,
  {
    /** A window of the registered cards, the earliest first; `storeList` `null` means every store. */
    readonly registrations: (
      merchant: MerchantId,
      period: LoyaltyPeriod,
      storeList: StoreListId | null,
      window: RegistrationWindow
    ) => Effect.Effect<ReadonlyArray<LoyaltyCard>, UnknownReference | StorageError>
  }
>()("@tillbridge/domain/PeriodReport") {
  static readonly layer = Layer.effect(
    PeriodReport,
    Effect.gen(function* () {
      const cards = yield* CardRepository
      const merchants = yield* MerchantRepository
      return PeriodReport.of({
        registrations: Effect.fnUntraced(function* (merchant, period, storeList, window) {
          if (storeList === null) return yield* cards.registered(merchant, period, null, window)
          const list = (yield* merchants.storeLists(merchant)).find(({ id }) => id === storeList)
          if (list === undefined) return yield* new UnknownReference({ kind: "store list" })
          return yield* cards.registered(merchant, period, list.storeIds, window)
        })
      })
    })
  )
}

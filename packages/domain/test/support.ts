import { Effect, Layer } from "effect"
import {
  ChangeFeed,
  type ChangePosition,
  type CustomerPatch,
  Customers,
  layerDomain,
  layerMemory,
  type MerchantId,
  Merchants,
  type NewMerchant,
  type SaveCustomer,
  TimeZone
} from "../src/index.ts"

/** Every service on a store of its own. */
export const layer = Layer.fresh(Layer.provideMerge(layerDomain, layerMemory))

export const makeMerchant = (merchant: Partial<NewMerchant> = {}) =>
  Effect.flatMap(Merchants, (merchants) =>
    merchants.create({
      name: "Test",
      timeZone: TimeZone.make("Europe/Paris"),
      externalKeyPrefix: null,
      ...merchant
    })
  )

export const save = (merchant: MerchantId, request: Partial<SaveCustomer>) =>
  Effect.flatMap(Customers, (customers) =>
    customers.save(merchant, { references: [], createIfMissing: true, patch: {}, actor: null, ...request })
  )

export const create = (merchant: MerchantId, patch: CustomerPatch) =>
  Effect.map(save(merchant, { patch }), ({ entity }) => entity)

/** The position of the newest change, 0 when there is none. */
export const newestPosition = (merchant: MerchantId) =>
  Effect.gen(function* () {
    const changes = yield* (yield* ChangeFeed).read(merchant, 0 as ChangePosition, 100_000)
    return Number(changes.at(-1)?.position ?? 0)
  })

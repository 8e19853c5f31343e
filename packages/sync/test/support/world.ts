/** A merchant in a SQLite file, and runs of the link from a vendor into it or back. */
import {
  Cards,
  Customers,
  layerDomain,
  type MerchantId,
  Merchants,
  SyncRepository,
  TimeZone,
  UnitOfWork
} from "@tillbridge/domain"
import { makeStoreSource, type RunRequest, runLink, type SyncEvent } from "@tillbridge/sync"
import { layer as layerSqlite } from "@tillbridge/sqlite"
import { Clock, Effect, Layer } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { makeVendor } from "./vendor.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "tillbridge-sync-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

const layerStore = Layer.unwrap(
  Effect.map(folder, (path) => layerSqlite({ path: join(path, "store.sqlite") }))
)

export const layerWorld = layerDomain.pipe(Layer.provideMerge(layerStore))

export const makeMerchant = Effect.gen(function* () {
  const merchants = yield* Merchants
  const { id } = yield* merchants.create({
    name: "Shop",
    timeZone: TimeZone.make("Europe/Paris"),
    externalKeyPrefix: null
  })
  return id
})

type Vendor = ReturnType<typeof makeVendor>

export const into = (merchant: MerchantId, vendor: Vendor, options: Partial<RunRequest> = {}) =>
  runLink({
    merchant,
    link: { from: vendor.source.system, to: "store" },
    source: vendor.source,
    destination: "store",
    owner: "test",
    ...options
  })

export const outOf = (merchant: MerchantId, vendor: Vendor, options: Partial<RunRequest> = {}) =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    return yield* runLink({
      merchant,
      link: { from: "store", to: vendor.source.system },
      source: yield* makeStoreSource(merchant),
      destination: vendor.destination(() => clock.currentTimeMillisUnsafe()),
      owner: "test",
      ...options
    })
  })

export const between = (merchant: MerchantId, from: Vendor, to: Vendor, options: Partial<RunRequest> = {}) =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    return yield* runLink({
      merchant,
      link: { from: from.source.system, to: to.source.system },
      source: from.source,
      destination: to.destination(() => clock.currentTimeMillisUnsafe()),
      owner: "test",
      ...options
    })
  })

/** Events of a run, as they come. */
export const listen = () => {
  const events: Array<SyncEvent> = []
  return { events, onEvent: (event: SyncEvent) => Effect.sync(() => void events.push(event)) }
}

/** First names by the key at a system, as the store has them. */
export const namesInStore = (merchant: MerchantId, system: string) =>
  Effect.gen(function* () {
    const customers = yield* Customers
    const refs = yield* customers.refs(merchant, {}, { after: null, limit: 10_000 })
    const all = yield* customers.getMany(
      merchant,
      refs.map(({ id }) => id)
    )
    return Object.fromEntries(
      all.map(({ externalIds, firstName, id }) => [
        externalIds.find((one) => one.system === system)?.key ?? `store ${id}`,
        firstName
      ])
    )
  })

export { Cards, Customers, SyncRepository, UnitOfWork }

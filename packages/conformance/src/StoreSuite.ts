/** The kit that every store must pass: the same cases for memory, SQLite, PostgreSQL and somebody else's. */
import { layer as sharing } from "@effect/vitest"
import type { Repositories } from "@tillbridge/domain"
import type * as Layer from "effect/Layer"
import { describe } from "vitest"
import { type Capability, type Settings, settingsOf } from "./Case.ts"
import { cardImportCases } from "./StoreCardImport.ts"
import { cardCases } from "./StoreCards.ts"
import { credentialCases } from "./StoreCredentials.ts"
import { customerCases } from "./StoreCustomers.ts"
import { directoryCases } from "./StoreDirectory.ts"
import { feedCases } from "./StoreFeed.ts"
import { fieldCases } from "./StoreFields.ts"
import { merchantCases } from "./StoreMerchants.ts"
import { modelCases } from "./StoreModel.ts"
import { modifiedCases } from "./StoreModified.ts"
import { positionCases } from "./StorePositions.ts"
import { syncJournalCases } from "./StoreSyncJournal.ts"
import { syncLinkCases } from "./StoreSyncLinks.ts"
import { syncRecordCases } from "./StoreSyncRecords.ts"
import { textCases } from "./StoreText.ts"
import { unitCases } from "./StoreUnits.ts"

export interface StoreSuiteOptions extends Partial<Settings> {
  /** Milliseconds after which a case fails. */
  readonly timeout?: number
}

/** Everything a store must do, as data. Cases may run in any order on one store: each makes merchants of its own. */
export const storeCapabilities = (
  options: Partial<Settings> = {}
): ReadonlyArray<Capability<Repositories>> => {
  const settings = settingsOf(options)
  return [
    textCases(settings),
    fieldCases(settings),
    unitCases(settings),
    merchantCases(),
    customerCases(),
    cardCases(),
    cardImportCases(settings),
    directoryCases(),
    credentialCases(),
    feedCases(settings),
    modifiedCases(settings),
    positionCases(),
    syncLinkCases(),
    syncRecordCases(settings),
    syncJournalCases(),
    modelCases(settings)
  ]
}

/**
 * Registers the kit with vitest for one store. The layer is built once; timers are real, because a driver's own
 * timeouts are.
 */
export const storeSuite = <E>(
  name: string,
  layer: Layer.Layer<Repositories, E>,
  options: StoreSuiteOptions = {}
): void => {
  sharing(layer, { excludeTestServices: true, timeout: "60 seconds" })(`store: ${name}`, (it) => {
    for (const capability of storeCapabilities(options)) {
      describe(capability.name, () => {
        for (const { run, title } of capability.cases) it.effect(title, () => run, options.timeout ?? 60_000)
      })
    }
  })
}

/** What other programs need of the settings, and of how mistakes in them are told. */
export { Failure, type FailureKind, misconfigured, usage } from "../Failure.ts"
export { keepMemoryFlat } from "../Memory.ts"
export { explain } from "../store/Database.ts"
export { chooseMerchant } from "../store/MerchantChoice.ts"
export { attempt, type Settings, settingsOf } from "./Settings.ts"

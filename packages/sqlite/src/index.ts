/** A SQLite file as a Tillbridge store. */
export { resultCode } from "./SqliteClient.ts"
export { layer, type SqliteOptions } from "./SqliteStore.ts"
export type { OpenDriver, SqliteDriver } from "./SqliteDriver.ts"

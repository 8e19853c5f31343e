/** The kits that every store and every dialect must pass. */
export * from "./Case.ts"
export * from "./CrashSuite.ts"
export type { DialectCapability, DialectCase } from "./DialectCase.ts"
export * from "./DialectSubject.ts"
export * from "./DialectSuite.ts"
export * from "./Records.ts"
export { assertOrdered, feedAgrees } from "./FeedReader.ts"
export * from "./StoreSuite.ts"

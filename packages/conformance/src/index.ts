/** The kits that every store (and soon every dialect) must pass. */
export * from "./Case.ts"
export * from "./CrashSuite.ts"
export * from "./DialectSubject.ts"
export * from "./Records.ts"
export { assertOrdered, feedAgrees } from "./FeedReader.ts"
export * from "./StoreSuite.ts"

/** VirtualPOS (virtpos.ru), "API :: Customer": client, source, destination and drop-in server. */
export { Virtpos } from "./Virtpos.ts"
export * from "./VirtposClient.ts"
export * from "./VirtposCodec.ts"
export * from "./VirtposConfig.ts"
export * from "./VirtposDestination.ts"
export * as VirtposRoutes from "./VirtposRoutes.ts"
export * as VirtposSchema from "./VirtposSchema.ts"
export * from "./VirtposSource.ts"

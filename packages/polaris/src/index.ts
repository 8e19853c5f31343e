/** Polaris (VEGA Informatique), the client functions of its web API: client, source, destination and drop-in server. */
export { Polaris } from "./Polaris.ts"
export * from "./PolarisCodec.ts"
export * from "./PolarisNames.ts"
export * as PolarisRoutes from "./PolarisRoutes.ts"
export * as PolarisSchema from "./PolarisSchema.ts"

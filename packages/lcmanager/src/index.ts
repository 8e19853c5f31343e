/** LCManager (LoyCon), the registration report `ClientInfoPeriod`: client, source and drop-in server. */
export { Lcmanager } from "./Lcmanager.ts"
export * from "./LcmanagerAnswers.ts"
export * from "./LcmanagerClient.ts"
export * from "./LcmanagerCodec.ts"
export * from "./LcmanagerConfig.ts"
export * as LcmanagerRoutes from "./LcmanagerRoutes.ts"
export * as LcmanagerSchema from "./LcmanagerSchema.ts"
export * from "./LcmanagerSource.ts"

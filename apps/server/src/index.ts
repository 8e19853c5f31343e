/** The Tillbridge server: every dialect over one store. */
export { demo, DEMO_KEY } from "./demo/Demo.ts"
export { servedDialects } from "./dialects.ts"
export type { ListenerLimits } from "./Listener.ts"
export { type Mount, MountError, mountedPaths } from "./Mounts.ts"
export { ListenError, serve, type ServerOptions } from "./Server.ts"
export type {
  DialectSettings,
  DomainServices,
  LoadedDialect,
  RouteOptions,
  ServedDialect
} from "./ServedDialect.ts"
export * from "./simulator/index.ts"

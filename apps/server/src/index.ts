/** The Tillbridge server: every dialect over one store. */
export { demo, DEMO_KEY } from "./demo/Demo.ts"
export { servedDialects, type ServedDialect } from "./dialects.ts"
export type { ListenerLimits } from "./Listener.ts"
export { ListenError, serve, type ServerOptions } from "./Server.ts"

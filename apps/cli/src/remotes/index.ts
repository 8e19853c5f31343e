/** Remotes and links of the settings, and how a remote is opened: for programs that synchronise. */
export type { LinkSettings, MatchBy } from "./LinkSettings.ts"
export { openRemote, type OpenOptions } from "./openRemote.ts"
export type { Remote, RemoteStep, RemoteTest, Right, TrafficReport } from "./Remote.ts"
export { type RemoteDialect, remoteDialects, type RemoteSettings, STORE } from "./RemoteSettings.ts"
export { type SyncSettings, syncSettings } from "./SyncSettings.ts"

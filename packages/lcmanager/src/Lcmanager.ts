/** The dialect's record: what it is called, which paths its drop-in server answers, and what it can do. */
import type { Dialect } from "@tillbridge/domain"
import { capabilities } from "./internal/capabilities.ts"
import { DIALECT } from "./LcmanagerCodec.ts"

export const Lcmanager: Dialect = {
  id: DIALECT,
  title: "LCManager",
  vendor: "LCManager (LoyCon)",
  paths: ["/api/client", "/ManagerLogin"],
  capabilities
}

/** The dialect's record: what it is called, which paths its drop-in server answers, and what it can do. */
import type { Dialect } from "@tillbridge/domain"
import { capabilities } from "./internal/capabilities.ts"
import { DIALECT } from "./VirtposCodec.ts"

export const Virtpos: Dialect = {
  id: DIALECT,
  title: "VirtualPOS",
  vendor: "VirtualPOS (virtpos.ru)",
  paths: ["/api/customer"],
  capabilities
}

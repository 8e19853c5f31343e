/** The dialect's record: what it is called, which paths its drop-in server answers, and what it can do. */
import type { Dialect } from "@tillbridge/domain"
import { capabilities } from "./internal/capabilities.ts"
import { DIALECT } from "./MegawinCodec.ts"

export const Megawin: Dialect = {
  id: DIALECT,
  title: "Megawin",
  vendor: "Megawin (megawin.be)",
  paths: ["/customer/list", "/customer/add", "/customer/update", "/customer/delete"],
  capabilities
}

/** The dialect's record: what it is called, which paths its drop-in server answers, and what it can do. */
import type { Dialect } from "@tillbridge/domain"
import { capabilities } from "./internal/capabilities.ts"
import { DIALECT } from "./PolarisCodec.ts"

export const Polaris: Dialect = {
  id: DIALECT,
  title: "Polaris",
  vendor: "VEGA Informatique (Polaris)",
  paths: ["/core/api"],
  capabilities
}

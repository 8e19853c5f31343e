import * as Layer from "effect/Layer"
import { Cards } from "./Cards.ts"
import { Credentials } from "./Credentials.ts"
import { Customers } from "./Customers.ts"
import { Feed } from "./Feed.ts"
import { Merchants } from "./Merchants.ts"
import { PeriodReport } from "./PeriodReport.ts"

/** Every service of the domain, on the repositories of one store. */
export const layerDomain = Layer.mergeAll(
  Merchants.layer,
  Credentials.layer,
  Customers.layer,
  Cards.layer,
  Feed.layer,
  PeriodReport.layer
)

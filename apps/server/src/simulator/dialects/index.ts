/** What the simulator knows of each dialect's wire. */
import type { DialectWire } from "../Wire.ts"
import { lcmanager } from "./lcmanager.ts"
import { megawin } from "./megawin.ts"
import { polaris } from "./polaris.ts"
import { virtpos } from "./virtpos.ts"

export const dialectWires: ReadonlyArray<DialectWire> = [virtpos, polaris, lcmanager, megawin]

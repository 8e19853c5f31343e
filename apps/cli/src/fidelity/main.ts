/** Writes docs/fidelity.md anew. */
import { writeFileSync } from "node:fs"
import { codecIds, codecs } from "../codecs.ts"
import { fidelityOf, page } from "./Page.ts"

const all = await Promise.all(codecIds.map(async (id) => fidelityOf(await codecs[id].load())))
writeFileSync(new URL("../../../../docs/fidelity.md", import.meta.url), page(all))

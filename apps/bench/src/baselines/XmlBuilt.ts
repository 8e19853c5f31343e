/** XML through fast-xml-parser's XMLBuilder: what most Node code that answers XML does. */
import { XMLBuilder } from "fast-xml-parser"
import type { Encoding } from "./Encoding.ts"
import { declaration } from "./XmlTemplate.ts"

const builder = new XMLBuilder({ suppressEmptyNode: true })
const build = (root: object): Buffer => Buffer.from(declaration + builder.build({ root }))

export const xmlBuilt: Encoding = {
  contentType: "application/xml; charset=UTF-8",
  list: (rows) =>
    build({
      success: 1,
      type: "customer",
      count: rows.length,
      customers: rows.length === 0 ? "" : { customer: rows }
    }),
  saved: (id) => build({ success: 1, id, isnew: 0 }),
  failed: (info) => build({ success: 0, info })
}

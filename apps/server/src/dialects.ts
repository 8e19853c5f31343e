/** The dialects that the server speaks. */
import { Virtpos, VirtposRoutes } from "@tillbridge/virtpos"
import type { ServedDialect } from "./ServedDialect.ts"

const virtpos: ServedDialect = {
  dialect: Virtpos,
  paths: ["/api/customer"],
  settings: ["largestPage"],
  routes: ({ basePath, largestPage }) =>
    VirtposRoutes.layer({
      ...(basePath === undefined ? {} : { basePath }),
      ...(largestPage === undefined ? {} : { maxPageSize: largestPage })
    }),
  refusal: VirtposRoutes.refusal,
  example: (url) => [`curl '${url}/api/customer?apikey=demo&format=xml&id=1'`]
}

export const servedDialects: ReadonlyArray<ServedDialect> = [virtpos]

/** The dialects that the server speaks. */
import type { Cards, Credentials, Customers, Dialect } from "@tillbridge/domain"
import { Virtpos, VirtposRoutes } from "@tillbridge/virtpos"
import type * as Layer from "effect/Layer"
import type * as HttpRouter from "effect/http/HttpRouter"

export interface ServedDialect {
  readonly dialect: Dialect
  /** Where its paths begin, in lower case; whatever is below is the dialect's to answer. */
  readonly basePath: `/${string}`
  readonly routes: Layer.Layer<never, never, HttpRouter.HttpRouter | Customers | Cards | Credentials>
  /** A request that shows the dialect with the demo's data, below the server's own address. */
  readonly example: { readonly path: string; readonly body?: string }
}

export const servedDialects: ReadonlyArray<ServedDialect> = [
  {
    dialect: Virtpos,
    basePath: "/api/customer",
    routes: VirtposRoutes.layer(),
    example: { path: "/api/customer?apikey=demo&format=xml&id=1" }
  }
]

/** The dialects that the server speaks. */
import { Megawin, MegawinRoutes } from "@tillbridge/megawin"
import { Polaris, PolarisRoutes } from "@tillbridge/polaris"
import { Virtpos, VirtposRoutes } from "@tillbridge/virtpos"
import type { RouteOptions, ServedDialect } from "./ServedDialect.ts"

const mounted = ({ basePath }: RouteOptions) => (basePath === undefined ? {} : { basePath })

const paged = ({ largestPage }: RouteOptions) =>
  largestPage === undefined ? {} : { maxPageSize: largestPage }

const signed = ({ secret }: RouteOptions) => (secret === undefined ? {} : { secret })

const virtpos: ServedDialect = {
  dialect: Virtpos,
  paths: ["/api/customer"],
  settings: ["largestPage"],
  routes: (options) => VirtposRoutes.layer({ ...mounted(options), ...paged(options) }),
  refusal: VirtposRoutes.refusal,
  example: (url) => [`curl '${url}/api/customer?apikey=demo&format=xml&id=1'`]
}

const polaris: ServedDialect = {
  dialect: Polaris,
  paths: ["/core/api"],
  settings: ["largestPage", "secret", "loginLifetime"],
  routes: (options) =>
    PolarisRoutes.layer({
      ...mounted(options),
      ...paged(options),
      ...signed(options),
      ...(options.loginLifetime === undefined ? {} : { sessionIdle: options.loginLifetime })
    }),
  refusal: PolarisRoutes.refusal,
  // The session of the login goes on in the cookie jar, which one curl writes and the other reads.
  example: (url) => [
    `curl -s -o /dev/null -c - -d 'user=demo&password=demo' '${url}/core/api/ACL.Login' |`,
    `  curl -b - '${url}/core/api/Client.GetClient?CodeMagasin=1&IDClient=1'`
  ]
}

const megawin: ServedDialect = {
  dialect: Megawin,
  paths: ["/customer"],
  settings: [],
  routes: (options) => MegawinRoutes.layer(mounted(options)),
  refusal: MegawinRoutes.refusal,
  example: (url) => [`curl '${url}/CUSTOMER/LIST/?id_client=1&apikey=demo'`]
}

export const servedDialects: ReadonlyArray<ServedDialect> = [virtpos, polaris, megawin]

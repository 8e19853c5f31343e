/** The dialects that the server speaks, each loaded when it is mounted. */
import type { RouteOptions, ServedDialect } from "./ServedDialect.ts"

const mounted = ({ basePath }: RouteOptions) => (basePath === undefined ? {} : { basePath })

const paged = ({ largestPage }: RouteOptions) =>
  largestPage === undefined ? {} : { maxPageSize: largestPage }

const signed = ({ secret }: RouteOptions) => (secret === undefined ? {} : { secret })

const virtpos: ServedDialect = {
  id: "virtpos",
  paths: ["/api/customer"],
  settings: ["largestPage"],
  load: async () => {
    const { Virtpos, VirtposRoutes } = await import("@tillbridge/virtpos")
    return {
      dialect: Virtpos,
      routes: (options) => VirtposRoutes.layer({ ...mounted(options), ...paged(options) }),
      refusal: VirtposRoutes.refusal
    }
  },
  example: (url) => `curl '${url}/api/customer?apikey=demo&format=xml&id=1'`
}

const polaris: ServedDialect = {
  id: "polaris",
  paths: ["/core/api"],
  settings: ["largestPage", "secret", "loginLifetime"],
  leastSecret: 16,
  load: async () => {
    const { Polaris, PolarisRoutes } = await import("@tillbridge/polaris")
    return {
      dialect: Polaris,
      routes: (options) =>
        PolarisRoutes.layer({
          ...mounted(options),
          ...paged(options),
          ...signed(options),
          ...(options.loginLifetime === undefined ? {} : { sessionIdle: options.loginLifetime })
        }),
      refusal: PolarisRoutes.refusal
    }
  },
  // The session of the login goes on in the cookie jar, which one curl writes and the other reads.
  example: (url) =>
    `curl -s -o /dev/null -c - -d 'user=demo&password=demo' '${url}/core/api/ACL.Login'` +
    ` | curl -s -b - '${url}/core/api/Client.GetClient?CodeMagasin=1&IDClient=1'`
}

const tokens = ({ loginLifetime, refreshLifetime, secret }: RouteOptions) => ({
  ...(secret === undefined ? {} : { secret }),
  ...(loginLifetime === undefined ? {} : { accessLifetime: loginLifetime }),
  ...(refreshLifetime === undefined ? {} : { refreshLifetime })
})

const lcmanager: ServedDialect = {
  id: "lcmanager",
  paths: ["/api/client", "/managerlogin"],
  settings: ["secret", "loginLifetime", "refreshLifetime"],
  leastSecret: 32,
  load: async () => {
    const { Lcmanager, LcmanagerRoutes } = await import("@tillbridge/lcmanager")
    return {
      dialect: Lcmanager,
      routes: (options) => LcmanagerRoutes.layer({ ...mounted(options), tokens: tokens(options) }),
      refusal: LcmanagerRoutes.refusal
    }
  },
  // The token goes from one curl to the other as a line of its settings, and so into no list of processes.
  example: (url) =>
    `curl -s -d 'grant_type=password&username=demo&password=demo' '${url}/ManagerLogin'` +
    ` | sed 's/.*"access_token":"\\([^"]*\\)".*/header = "Authorization: Bearer \\1"/'` +
    ` | curl -s -K - -H 'Content-Type: application/json' -d '{"BegDate":"2024-04-25","EndDate":"2024-04-25","Registration":true}' '${url}/api/client/ClientInfoPeriod'`
}

const megawin: ServedDialect = {
  id: "megawin",
  paths: ["/customer"],
  settings: [],
  load: async () => {
    const { Megawin, MegawinRoutes } = await import("@tillbridge/megawin")
    return {
      dialect: Megawin,
      routes: (options) => MegawinRoutes.layer(mounted(options)),
      refusal: MegawinRoutes.refusal
    }
  },
  example: (url) => `curl '${url}/CUSTOMER/LIST/?id_client=1&apikey=demo'`
}

export const servedDialects: ReadonlyArray<ServedDialect> = [virtpos, polaris, lcmanager, megawin]

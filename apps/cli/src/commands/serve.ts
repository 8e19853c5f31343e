import * as Command from "effect/cli/Command"
import { act, optionalInt, optionalText, texts, toggle } from "./declare.ts"

export const serve = Command.make(
  "serve",
  {
    host: optionalText("host", "HOST", "Address to listen on (default: 127.0.0.1)"),
    port: optionalInt("port", "PORT", "Port to listen on; 0 takes a free one (default: 8080)", 0),
    dialect: texts(
      "dialect",
      "NAME[=/MOUNT]",
      "Serve this dialect, below MOUNT, and only those named so; may be repeated (default: every one)"
    ),
    without: texts("without", "NAME", "Do not serve this dialect; may be repeated"),
    proxy: texts(
      "proxy",
      "ADDRESS",
      "Believe the X-Forwarded-For of this reverse proxy; may be repeated (default: nobody's)"
    ),
    maxRequests: optionalInt("max-requests", "N", "Requests worked on at once; more get 503 (default: 256)"),
    maxConnections: optionalInt("max-connections", "N", "Open connections (default: 2000)"),
    maxConnectionsPerAddress: optionalInt(
      "max-connections-per-address",
      "N",
      "Open connections of one network address; loopback and proxies are free (default: 50)"
    ),
    demo: toggle("demo", "Serve invented data from a throw-away store, on loopback only")
  },
  act(() => import("../actions/serve.ts").then((module) => module.serve))
).pipe(
  Command.withShortDescription("Answer tills and shops in their vendors' dialects"),
  Command.withDescription(
    "Answer tills, shops and exports in their vendors' own dialects, over one store: all at once, each at the " +
      "paths of its vendor, or below a path of your choice.\n" +
      "Reads and changes: what its callers ask for. Creates the database when there is none. Runs until Ctrl-C."
  ),
  Command.withExamples([
    { command: "tillbridge serve --demo", description: "try every dialect with invented data" },
    { command: "tillbridge serve --host 0.0.0.0 --port 80" },
    { command: "tillbridge serve --without megawin" },
    {
      command: "tillbridge serve --dialect virtpos --dialect polaris=/fr",
      description: "these two, Polaris at /fr/core/api"
    },
    { command: "TILLBRIDGE_DATABASE=sqlite:/srv/shop.sqlite tillbridge serve" }
  ])
)

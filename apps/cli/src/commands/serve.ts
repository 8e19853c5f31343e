import * as Command from "effect/cli/Command"
import { act, optionalInt, optionalText, toggle } from "./declare.ts"

export const serve = Command.make(
  "serve",
  {
    host: optionalText("host", "HOST", "Address to listen on (default: 127.0.0.1)"),
    port: optionalInt("port", "PORT", "Port to listen on; 0 takes a free one (default: 8080)", 0),
    demo: toggle("demo", "Serve invented data from a throw-away store, on loopback only")
  },
  act(() => import("../actions/serve.ts").then((module) => module.serve))
).pipe(
  Command.withShortDescription("Answer tills and shops in their vendors' dialects"),
  Command.withDescription(
    "Answer tills, shops and exports in their vendors' own dialects, over one store.\n" +
      "Reads and changes: what its callers ask for. Creates the database when there is none. Runs until Ctrl-C."
  ),
  Command.withExamples([
    { command: "tillbridge serve --demo", description: "try every dialect with invented data" },
    { command: "tillbridge serve --host 0.0.0.0 --port 80" },
    { command: "TILLBRIDGE_DATABASE=sqlite:/srv/shop.sqlite tillbridge serve" }
  ])
)

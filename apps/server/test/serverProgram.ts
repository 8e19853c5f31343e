// A server as a process. argv[2] is JSON: where the data is, and what `serve` takes. Prints "listening URL".
import "effect/schema/SchemaJITCompiler/enable"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { layer } from "@tillbridge/sqlite"
import * as Effect from "effect/Effect"
import { flushCompileCache } from "node:module"
import { demo, type ListenerLimits, serve } from "../src/index.ts"

const { limits, path, ...rest } = JSON.parse(process.argv[2] ?? "{}") as {
  readonly path?: string
  readonly host?: string
  readonly port?: number
  readonly limits?: Partial<ListenerLimits>
  readonly proxies?: ReadonlyArray<string>
}

serve(
  {
    port: 0,
    ...rest,
    ...(limits === undefined ? {} : { limits }),
    store: path === undefined ? demo : layer({ path })
  },
  (url) =>
    Effect.sync(() => {
      process.stdout.write(`listening ${url}\n`)
      // Node keeps compiled code when a process ends, which this one may not have the time for.
      flushCompileCache()
    })
).pipe(
  Effect.catchTag("ListenError", ({ code, message }) =>
    Effect.sync(() => {
      process.stdout.write(`${code} ${message}\n`)
      process.exitCode = 3
    })
  ),
  NodeRuntime.runMain
)

import { demo, servedDialects, serve as serveDialects } from "@tillbridge/server"
import { layer as layerSqlite } from "@tillbridge/sqlite"
import * as Effect from "effect/Effect"
import { misconfigured, usage } from "../Failure.ts"
import type { Session } from "../GlobalFlags.ts"
import { say, writeJson, write } from "../Output.ts"
import { keepMemoryFlat } from "../Memory.ts"
import { endsWhenStopped } from "../Report.ts"
import { type ServeFlags, serveSettings } from "../settings/ServeSettings.ts"
import { attempt, isPort, settingsOf, variable } from "../settings/Settings.ts"
import { explain } from "../store/Database.ts"

interface Serve extends ServeFlags {
  readonly host: string | undefined
  readonly port: number | undefined
  readonly demo: boolean
}

const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host)

/** npm ends its shell on a signal and not what runs in it: without this, `npm start` would leave a server behind. */
const stopWithNpm = (): void => {
  if (process.env["npm_command"] === undefined) return
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    process.kill(process.pid, "SIGTERM")
  }, 250)
  timer.unref()
}

export const serve = (input: Serve, session: Session) =>
  Effect.gen(function* () {
    const settings = yield* settingsOf(session)
    const host = input.host ?? settings.host
    const port = input.port ?? settings.port
    if (!isPort(port)) return yield* usage("--port must be a number from 0 to 65535")
    if (input.demo && session.database !== undefined)
      return yield* usage("--demo has a store of its own: leave out --database")
    if (input.demo && !isLoopback(host))
      return yield* usage("--demo has well-known keys: it listens on 127.0.0.1 only")
    const served = yield* attempt(() => serveSettings(servedDialects, settings.serve, input, variable))

    const announce = (url: string) => {
      endsWhenStopped()
      keepMemoryFlat()
      stopWithNpm()
      const examples = served.dialects.map(({ at = "", served: { example, id } }) => ({
        dialect: id,
        line: example(`${url}${at.replace(/\/+$/, "")}`)
      }))
      if (session.json)
        return writeJson({ event: "listening", url, dialects: examples.map(({ dialect }) => dialect) })
      const ready = `Listening on ${url}${input.demo ? " with invented data that is gone afterwards" : ""}. Ctrl-C stops.\n`
      return Effect.andThen(
        write(ready),
        input.demo
          ? write(examples.map(({ dialect, line }) => `\n${dialect}\n${line}\n`).join(""))
          : say(`Store: ${settings.databasePath}`)
      )
    }

    const store = input.demo ? demo : layerSqlite({ path: settings.databasePath })
    yield* serveDialects({ host, port, store, ...served }, announce).pipe(
      Effect.catchTag("ListenError", (error) =>
        misconfigured(`${error.message}. Choose another with --host and --port`)
      ),
      Effect.catchTag("MountError", (error) => misconfigured(error.message)),
      Effect.catchTag("StorageError", (error) => explain(error, settings.databasePath))
    )
  })

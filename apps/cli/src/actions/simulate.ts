import {
  DEMO_KEY,
  type FaultError,
  faultShapes,
  faultText,
  parseFault,
  simulate as runSimulator,
  type Simulator
} from "@tillbridge/server"
import * as Effect from "effect/Effect"
import { Failure, misconfigured, usage } from "../Failure.ts"
import type { Session } from "../GlobalFlags.ts"
import { keepMemoryFlat } from "../Memory.ts"
import { say, write, writeJson } from "../Output.ts"
import { endsWhenStopped } from "../Report.ts"
import { isPort } from "../settings/Settings.ts"

interface Simulate {
  readonly dialect: string
  readonly host: string | undefined
  readonly port: number | undefined
  readonly customers: number | undefined
  readonly cards: number | undefined
  readonly seed: number | undefined
  readonly fault: ReadonlyArray<string>
  readonly changing: string | undefined
}

const defaultPort = 8090
const mostCustomers = 10_000_000
const fastest = 1_000

/** `5/s`, or `5`. */
const perSecond = (text: string): number | undefined => {
  const match = /^(\d+(?:\.\d+)?)(?:\/s)?$/.exec(text)
  const rate = Number(match?.[1])
  return match !== null && rate > 0 && rate <= fastest ? rate : undefined
}

const given = <K extends string, A>(key: K, value: A | undefined) =>
  (value === undefined ? {} : { [key]: value }) as { readonly [key in K]?: A }

/** What a remote needs to be told of this simulator, beside its URL. */
const remoteFlags: Readonly<Record<string, string>> = {
  virtpos: "--key-env SIMULATED_SECRET --time-zone Europe/Paris",
  polaris: "--user demo --password-env SIMULATED_SECRET --code-magasin 1 --prefix-cle SHOP",
  lcmanager: "--user demo --password-env SIMULATED_SECRET --time-zone Europe/Paris",
  megawin: "--key-env SIMULATED_SECRET --time-zone Europe/Paris"
}

/** Two shell lines. */
const remoteLine = ({ dialect, url }: Simulator) =>
  `export SIMULATED_SECRET=${DEMO_KEY}\ntillbridge remotes add simulated --dialect ${dialect} --url ${url} ${remoteFlags[dialect]}`

const announcement = (simulator: Simulator, customers: number, changing: number | undefined): string => {
  const { credential, dialect, example, faults, url } = simulator
  const proof =
    credential.login === null
      ? `key ${credential.secret}`
      : `login ${credential.login}, password ${credential.secret}`
  const on = faults.current().map(faultText)
  return [
    `${dialect} is simulated on ${url} with ${customers} invented customers. Ctrl-C stops; nothing is kept.`,
    `Credentials: ${proof}`,
    `Faults: ${on.length === 0 ? "none" : on.join(" ")}`,
    ...(changing === undefined ? [] : [`Changing: ${changing} rows a second`]),
    "",
    example,
    "",
    remoteLine(simulator),
    ""
  ].join("\n")
}

const listFaults = (session: Session) =>
  session.json
    ? writeJson({ faults: faultShapes.split(", ") })
    : write(`${faultShapes.split(", ").join("\n")}\n`)

const refused = ({ message }: FaultError) => usage(`--fault: ${message}`)

const run = Effect.fnUntraced(function* (input: Simulate, session: Session) {
  const port = input.port ?? defaultPort
  if (!isPort(port)) return yield* usage("--port must be a number from 0 to 65535")
  const customers = input.customers ?? 1_000
  if (customers > mostCustomers) return yield* usage(`--customers must be at most ${mostCustomers}`)
  const changing = input.changing === undefined ? undefined : perSecond(input.changing)
  if (input.changing !== undefined && changing === undefined)
    return yield* usage(`--changing must be rows a second, such as 5/s, and at most ${fastest}/s`)
  const faults = yield* Effect.forEach(input.fault, (text) => Effect.fromResult(parseFault(text)))
  if (customers >= 20_000) yield* say(`Inventing ${customers} customers …`)
  const simulator = yield* runSimulator({
    dialect: input.dialect,
    port,
    customers,
    faults,
    ...given("host", input.host),
    ...given("cards", input.cards),
    ...given("seed", input.seed),
    ...given("changesPerSecond", changing)
  })
  endsWhenStopped()
  keepMemoryFlat()
  yield* session.json
    ? writeJson({
        event: "listening",
        url: simulator.url,
        dialect: simulator.dialect,
        login: simulator.credential.login,
        secret: simulator.credential.secret,
        faults: simulator.faults.current().map(faultText)
      })
    : write(announcement(simulator, customers, changing))
  return yield* Effect.never
}, Effect.scoped)

export const simulate = (input: Simulate, session: Session) =>
  input.fault.includes("list")
    ? listFaults(session)
    : run(input, session).pipe(
        Effect.catchTag("FaultError", refused),
        Effect.catchTag("SimulatorError", ({ message }) => usage(message)),
        Effect.catchTag("ListenError", ({ message }) =>
          misconfigured(`${message}. Choose another with --port`)
        ),
        Effect.catchTag("StorageError", (cause) =>
          Effect.fail(
            new Failure({
              kind: "database",
              message: `the simulator's temporary store failed: ${cause.message}`,
              cause
            })
          )
        )
      )

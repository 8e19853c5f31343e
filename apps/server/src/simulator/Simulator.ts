/**
 * A vendor to try things against: the drop-in server of one dialect over a store of its own, which is filled with
 * invented customers, keeps what is written to it, and misbehaves as asked. `simulate` listens on a socket of the
 * loopback interface; `simulateInProcess` is an `HttpClient` without any socket, in which time passes only by the
 * `Clock` (so that a test clock drives it) and chance is the caller's. Both give the same `Simulator`:
 *
 * - `url`, `dialect`, `merchant` and `credential`: what a client is configured with;
 * - `customers`, `cards` and all of `store`: the domain's services on the simulator's store, to look and to change;
 * - `change(n)`: n changes as the vendor's own tills make them, through those services;
 * - `requests`: how many came, and which, without their queries and bodies;
 * - `faults`: `set(["status=503@every=3"])`, `clear`, `current()`, at any time (see `Fault.ts`).
 *
 * The same seed gives the same customers, stamps and faults; seeded stamps end at `SEEDED_UNTIL`, so a test clock is
 * best set behind it. Everything ends with the scope.
 */
import {
  Cards,
  Customers,
  Feed,
  layerMemory,
  type Merchant,
  Merchants,
  PeriodReport,
  type Repositories,
  type StorageError
} from "@tillbridge/domain"
import { layer as layerSqlite } from "@tillbridge/sqlite"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as References from "effect/References"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpRouter from "effect/http/HttpRouter"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { DEMO_KEY } from "../demo/Demo.ts"
import { servedDialects } from "../dialects.ts"
import type { ListenError } from "../Server.ts"
import type { DialectSettings, DomainServices, ServedDialect } from "../ServedDialect.ts"
import { makeChanges } from "./Changes.ts"
import { type Chance, chanceFrom, diceOf } from "./Dice.ts"
import { dialectWires } from "./dialects/index.ts"
import { type App, makeExchange } from "./Exchange.ts"
import type { Fault, FaultError } from "./Fault.ts"
import { type Faults, makeFaults } from "./Faults.ts"
import { makeHttpClient } from "./InProcess.ts"
import { layerQuickCredentials } from "./QuickCredentials.ts"
import { makeRequestLog, type Requests } from "./RequestLog.ts"
import { seed } from "./Seed.ts"
import { listenOn } from "./Socket.ts"

/** There is no such simulator: an unknown dialect, or an address that others could reach. */
export class SimulatorError extends Schema.TaggedError<SimulatorError>()("SimulatorError", {
  message: Schema.String
}) {}

export interface SimulationOptions {
  /** Id of the dialect, such as `polaris`. */
  readonly dialect: string
  /** Default 1,000. */
  readonly customers?: number
  /** Cards of a customer on average. Default 1.2. */
  readonly cards?: number
  /** Customers whose newest change has one and the same stamp. Default: a tenth of all, at most 5,000. */
  readonly burst?: number
  /** Default 7. */
  readonly seed?: number
  readonly faults?: ReadonlyArray<Fault | string>
  /** The vendor's own tills change so many rows a second. Default: none. */
  readonly changesPerSecond?: number
  /** Settings of the dialect's routes, such as `largestPage`. */
  readonly settings?: DialectSettings
  /** An empty store. Default: a temporary SQLite file, or memory in the process. */
  readonly store?: Layer.Layer<Repositories, StorageError>
}

export interface SocketOptions extends SimulationOptions {
  /** Default 127.0.0.1. Its credentials are known to everybody: only an address of the loopback interface is taken. */
  readonly host?: string
  /** Default: a free one. */
  readonly port?: number
}

export interface InProcessOptions extends SimulationOptions {
  /** Where faults and changes take their chance from. Default: the seed. Customers always follow from the seed. */
  readonly chance?: Chance
}

export interface Simulator {
  readonly dialect: string
  readonly url: string
  readonly merchant: Merchant
  /** The well-known one; `login` is `null` where the dialect has keys. */
  readonly credential: { readonly login: string | null; readonly secret: string }
  readonly customers: Customers["Service"]
  readonly cards: Cards["Service"]
  readonly store: Context.Context<DomainServices | Repositories>
  readonly requests: Requests
  readonly faults: Faults
  readonly change: (rows: number) => Effect.Effect<void>
  /** A shell line that shows it. */
  readonly example: string
}

export interface InProcessSimulator extends Simulator {
  readonly client: HttpClient.HttpClient
  readonly layer: Layer.Layer<HttpClient.HttpClient>
}

/** Without any account of what happens outside: only the loopback interface. */
const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host)

const temporaryStore: Layer.Layer<Repositories, StorageError> = Layer.unwrap(
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "tillbridge-simulator-"))),
      (made) => Effect.sync(() => fs.rmSync(made, { recursive: true, force: true }))
    ),
    (folder) => layerSqlite({ path: path.join(folder, "simulator.sqlite") })
  )
)

/** Credentials that everybody knows need no slow digest, and a thousand simulations no wait for one. */
const domain = Layer.mergeAll(
  Merchants.layer,
  Customers.layer,
  Cards.layer,
  Feed.layer,
  PeriodReport.layer,
  layerQuickCredentials
)

const dialectOf = (id: string): Effect.Effect<ServedDialect, SimulatorError> => {
  const served = servedDialects.find((one) => one.id === id)
  if (served !== undefined) return Effect.succeed(served)
  const known = servedDialects.map((one) => one.id).join(", ")
  return Effect.fail(new SimulatorError({ message: `there is no dialect "${id}". There are: ${known}` }))
}

const build = Effect.fnUntraced(function* (
  options: SimulationOptions,
  store: Layer.Layer<Repositories, StorageError>,
  chance: Chance
) {
  const served = yield* dialectOf(options.dialect)
  const { dialect, refusal, routes } = yield* Effect.promise(served.load)
  const wire = dialectWires.find(({ id }) => id === options.dialect)!
  const count = options.customers ?? 1_000
  const population = {
    customers: count,
    cards: options.cards ?? 1.2,
    burst: Math.min(options.burst ?? Math.min(5_000, Math.floor(count / 10)), count)
  }
  const dice = diceOf(chance)
  const faults = makeFaults(wire, dice)
  yield* faults.set(options.faults ?? [])
  const services = yield* Layer.build(Layer.fresh(Layer.provideMerge(domain, store)))
  const merchant = yield* seed(dialect, population, diceOf(chanceFrom(options.seed ?? 7))).pipe(
    Effect.provide(services)
  )
  const app: App = yield* HttpRouter.toHttpEffect(routes(options.settings ?? {})).pipe(
    Effect.provide(services)
  )
  const change = yield* makeChanges(merchant, dice, count).pipe(Effect.provide(services))
  const log = makeRequestLog()
  const exchange = makeExchange({ app, refusal, wire, faults, dice, log, change })
  const perSecond = options.changesPerSecond ?? 0
  if (perSecond > 0)
    yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(1_000 / perSecond), change(1))))
  const simulator = (url: string): Simulator => ({
    dialect: dialect.id,
    url,
    merchant,
    credential: {
      login: dialect.capabilities.credentials === "login" ? DEMO_KEY : null,
      secret: DEMO_KEY
    },
    customers: Context.get(services, Customers),
    cards: Context.get(services, Cards),
    store: services,
    requests: log,
    faults,
    change,
    example: served.example(url)
  })
  return { exchange, simulator }
})

type Refusal = SimulatorError | FaultError | StorageError

/** A simulator behind a socket, until the scope ends. */
export const simulate = (
  options: SocketOptions
): Effect.Effect<Simulator, Refusal | ListenError, Scope.Scope> =>
  Effect.gen(function* () {
    const { host = "127.0.0.1", port = 0 } = options
    if (!isLoopback(host)) {
      return yield* new SimulatorError({
        message: `a simulator has well-known credentials: it listens on 127.0.0.1 only, not on ${host}`
      })
    }
    const store = options.store ?? temporaryStore
    const { exchange, simulator } = yield* build(options, store, chanceFrom((options.seed ?? 7) + 1))
    return simulator(yield* listenOn(exchange, host, port))
  }).pipe(Effect.provideService(References.TracerEnabled, false))

/** A simulator that is called without leaving the process, until the scope ends. */
export const simulateInProcess = (
  options: InProcessOptions
): Effect.Effect<InProcessSimulator, Refusal, Scope.Scope> =>
  Effect.gen(function* () {
    const chance = options.chance ?? chanceFrom((options.seed ?? 7) + 1)
    const { exchange, simulator } = yield* build(options, options.store ?? layerMemory, chance)
    const client = makeHttpClient(exchange)
    return {
      ...simulator(`http://${options.dialect}.simulated`),
      client,
      layer: Layer.succeed(HttpClient.HttpClient, client)
    }
  })

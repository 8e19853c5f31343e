/** Sources that do as they are told, and the worker on them, on a store in memory and a test clock. */
import {
  type Capabilities,
  Checkpoint,
  type CustomerChange,
  CustomerSource,
  layerDomain,
  layerMemory,
  Merchants,
  RateLimited,
  SourceError,
  type SourcePage,
  StorageError,
  SyncRepository,
  TimeZone,
  Unauthorized,
  UnitOfWork,
  Unreachable
} from "@tillbridge/domain"
import { Clock, Context, DateTime, Duration, Effect, Layer, Logger, Result, Stream } from "effect"
import { TestClock } from "effect/testing"
import { makeMetrics, runWorker, type WorkerLink } from "../../src/index.ts"

const capabilities: Capabilities = {
  feed: "cursor",
  canUpsertCustomer: true,
  canDeleteCustomer: false,
  carriesCards: false,
  carriesAllCards: false,
  canUpsertCard: false,
  credentials: "key",
  formats: []
}

export const failing = {
  unreachable: new SourceError({
    dialect: "toy",
    operation: "list",
    reason: new Unreachable({ detail: "ECONNREFUSED" })
  }),
  unauthorized: new SourceError({
    dialect: "toy",
    operation: "list",
    reason: new Unauthorized({ detail: "HTTP 401" })
  }),
  limited: (retryAfterMillis: number) =>
    new SourceError({ dialect: "toy", operation: "list", reason: new RateLimited({ retryAfterMillis }) })
}

export type Act = (call: number, from: Checkpoint | null) => Effect.Effect<SourcePage, SourceError>

/** One page a run; `act` is told the number of the call, from 1, and decides. */
export const scripted = (system: string, act: Act) => {
  const calls: Array<{ readonly at: number; readonly from: string | null }> = []
  const source = CustomerSource.of({
    system,
    capabilities,
    pages: (from) =>
      Stream.fromEffect(
        Effect.gen(function* () {
          calls.push({ at: yield* Clock.currentTimeMillis, from })
          return yield* act(calls.length, from)
        })
      ),
    reread: (payload) => Result.fail({ source: null, reason: "is not known", payload })
  })
  return { source, calls }
}

export const person = (system: string, key: string, name: string): CustomerChange => ({
  customer: { names: { first: name } } as CustomerChange["customer"],
  cards: [],
  source: { system, key }
})

/** A page of these customers, the last one. */
export const page = (next: string, changes: ReadonlyArray<CustomerChange> = []): SourcePage => ({
  changes,
  next: Checkpoint.make(next),
  hasMore: false
})

export const quiet: Act = (call) => Effect.succeed(page(`c${call}`))

/** What the store fails with while it is set. */
export interface Trouble {
  reason: "full" | "busy" | null
}

/** A store in memory whose every unit of work can be made to fail. */
const layerTroubled = (trouble: Trouble) =>
  Layer.effectContext(
    Effect.gen(function* () {
      const store = yield* Layer.build(layerMemory)
      const unit = Context.get(store, UnitOfWork)
      const repository = Context.get(store, SyncRepository)
      const fails = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | StorageError, R> =>
        Effect.suspend((): Effect.Effect<A, E | StorageError, R> =>
          trouble.reason === null
            ? effect
            : Effect.fail(new StorageError({ operation: "write", reason: trouble.reason }))
        )
      return store.pipe(
        Context.add(UnitOfWork, { ...unit, atomically: (effect) => fails(unit.atomically(effect)) }),
        Context.add(SyncRepository, {
          ...repository,
          acquire: (...asked) => fails(repository.acquire(...asked)),
          startRun: (...asked) => fails(repository.startRun(...asked))
        })
      )
    })
  )

/** Where the test clock begins. */
export const BEGINNING = Date.parse("2024-05-01T08:00:00Z")

export interface LinkScript {
  readonly name: string
  readonly source: CustomerSource["Service"]
  readonly every?: Duration.Input
  readonly configuredAt?: number
}

export const makeWorld = Effect.fnUntraced(function* () {
  yield* TestClock.setTime(BEGINNING)
  const trouble: Trouble = { reason: null }
  const lines: Array<string> = []
  const store = yield* Layer.build(Layer.provideMerge(layerDomain, layerTroubled(trouble)))
  const merchants = Context.get(store, Merchants)
  const merchant = yield* merchants.create({
    name: "Chez Nous",
    timeZone: TimeZone.make("Europe/Paris"),
    externalKeyPrefix: null
  })
  const repository = Context.get(store, SyncRepository)
  const logger = Logger.make(({ logLevel, message }) => {
    lines.push(`${logLevel} ${(Array.isArray(message) ? message : [message]).join(" ")}`)
  })

  const linkOf = ({ configuredAt = 0, every = "5 minutes", name, source }: LinkScript): WorkerLink => ({
    name,
    link: { from: name, to: "store" },
    merchant: merchant.id,
    every: Duration.fromInputUnsafe(every),
    source,
    destination: "store",
    matching: { by: [], country: null },
    maxDeletePercent: undefined,
    configuredAt
  })

  /** Starts a worker; it ends with the test's scope, or when its fiber is interrupted. */
  const start = Effect.fnUntraced(function* (scripts: ReadonlyArray<LinkScript>, owner = "worker one") {
    const links = scripts.map(linkOf)
    const metrics = makeMetrics(links, yield* Clock.currentTimeMillis)
    const fiber = yield* runWorker({ links, metrics, owner }).pipe(
      Effect.provideContext(store),
      Effect.provide(Logger.layer([logger])),
      Effect.forkScoped
    )
    /** The lines of one metric, without its name. */
    const metric = Effect.fnUntraced(function* (name: string) {
      const text = metrics.text({
        now: yield* Clock.currentTimeMillis,
        standings: null,
        remotes: [],
        residentBytes: 0
      })
      return text
        .split("\n")
        .filter((line) => line.startsWith(`tillbridge_link_${name}{`))
        .map((line) => line.slice(`tillbridge_link_${name}`.length))
    })
    return { fiber, metrics, metric }
  })

  return { trouble, lines, merchant, repository, start, linkOf, store }
})

/** Seconds since the test clock began, of each call. */
export const seconds = (calls: ReadonlyArray<{ readonly at: number }>) =>
  calls.map(({ at }) => (at - BEGINNING) / 1000)

/** Turns that fibers take before nothing is left to do at a moment. */
const settled = Effect.forEach(Array.from({ length: 25 }), () => Effect.yieldNow, { discard: true })

/** Second by second, with everything done that is to be done at each. */
export const later = Effect.fnUntraced(function* (duration: Duration.Input) {
  yield* settled
  for (let left = Duration.toMillis(Duration.fromInputUnsafe(duration)); left > 0; left -= 1_000) {
    yield* TestClock.adjust(Math.min(left, 1_000))
    yield* settled
  }
})

export const at = (millis: number) => DateTime.makeUnsafe(millis)

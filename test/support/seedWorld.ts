/**
 * One simulated life of a mirror: a vendor that misbehaves as chance will have it, mirrored into a store (sometimes
 * both ways) on a test clock, until the vendor behaves again. What must hold then is looked at; a broken promise is
 * told in words.
 */
import {
  Customers,
  CustomerDestination,
  CustomerSource,
  layerDomain,
  layerMemory,
  Merchants,
  SyncRepository,
  TimeZone
} from "@tillbridge/domain"
import { LcmanagerClient, layerLcmanagerSource } from "@tillbridge/lcmanager"
import { layerMegawinSource, MegawinClient } from "@tillbridge/megawin"
import { layerPolarisSource, PolarisClient } from "@tillbridge/polaris"
import { type InProcessSimulator, SEEDED_UNTIL, simulateInProcess } from "@tillbridge/server"
import { check, makeStoreSource, runLink, type RunRequest, type RunSummary } from "@tillbridge/sync"
import { layerVirtposDestination, layerVirtposSource, VirtposClient } from "@tillbridge/virtpos"
import { Duration, Effect, Exit, Fiber, Layer, Logger, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { type Random, randomFrom } from "../../packages/conformance/src/Random.ts"

const secret = Redacted.make("demo")
const retry = { times: 2, base: "100 millis", cap: "2 seconds" } as const
const system = "vendor"

/** What is left of a vendor's clients once it is chosen: where to read, and where to write when it can be. */
const openVendor = Effect.fnUntraced(function* (
  simulator: InProcessSimulator,
  random: Random,
  zone: TimeZone
) {
  const pageSize = random.integer(5, 20)
  const format = random.pick(["json", "xml"] as const)
  const shared = { baseUrl: simulator.url, retry, system, format, pageSize }
  const source = <E, R>(layer: Layer.Layer<CustomerSource, E, R>) => layer
  switch (simulator.dialect) {
    case "virtpos": {
      const layer = Layer.merge(layerVirtposSource, layerVirtposDestination).pipe(
        Layer.provide(VirtposClient.layer({ ...shared, apiKey: secret, timeZone: zone })),
        Layer.provide(simulator.layer)
      )
      const context = yield* Layer.build(layer)
      return {
        source: yield* Effect.provide(CustomerSource, context),
        destination: yield* Effect.provide(CustomerDestination, context)
      }
    }
    case "polaris": {
      const client = PolarisClient.layer({
        ...shared,
        user: "demo",
        password: secret,
        codeMagasin: 1,
        prefixCle: "SHOP",
        timeZone: zone
      })
      const context = yield* Layer.build(
        source(layerPolarisSource).pipe(Layer.provide(client), Layer.provide(simulator.layer))
      )
      return { source: yield* Effect.provide(CustomerSource, context), destination: null }
    }
    case "lcmanager": {
      const client = LcmanagerClient.layer({
        baseUrl: simulator.url,
        retry,
        system,
        format,
        user: "demo",
        password: secret,
        windowDays: 2000,
        timeZone: zone
      })
      const context = yield* Layer.build(
        source(layerLcmanagerSource).pipe(Layer.provide(client), Layer.provide(simulator.layer))
      )
      return { source: yield* Effect.provide(CustomerSource, context), destination: null }
    }
    default: {
      const client = MegawinClient.layer({
        baseUrl: simulator.url,
        retry,
        system,
        pageSize,
        apiKey: secret
      } as never)
      const context = yield* Layer.build(
        source(layerMegawinSource).pipe(Layer.provide(client), Layer.provide(simulator.layer))
      )
      return { source: yield* Effect.provide(CustomerSource, context), destination: null }
    }
  }
})

const faults = [
  "latency=2s",
  "status=500",
  "status=503",
  "429=3",
  "429=1e9",
  "429=-5",
  "429=past",
  "401",
  "reset",
  "reset=before",
  "trickle",
  "blackhole",
  "truncate=length",
  "truncate=chunked",
  "truncate=text",
  "truncate=records",
  "html",
  "empty",
  "braces",
  "bom",
  "charset",
  "repeat-cursor",
  "duplicate-page",
  "reorder",
  "poison=0.05",
  "poison=0.3",
  "changing=2",
  "zero-rows",
  "fewer=90%",
  "skew=+1d",
  "skew=-1d",
  "cursor-lost"
]

/** Turns of the event loop, in which WebCrypto answers. */
const turns = Effect.promise(async () => {
  for (let i = 0; i < 2; i++) await new Promise((resolve) => setImmediate(resolve))
})

/** Runs while the test clock moves on, as long as the simulator is not at work. */
const whileTimePasses = Effect.fnUntraced(function* <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  { requests }: InProcessSimulator
) {
  const fiber = yield* Effect.forkChild(effect)
  while (fiber.pollUnsafe() === undefined) {
    yield* turns
    if (requests.busy() === 0 && fiber.pollUnsafe() === undefined) yield* TestClock.adjust("5 seconds")
  }
  return yield* Fiber.await(fiber)
})

/** Every record told is accounted for. */
const sumOf = ({ counts }: RunSummary) =>
  counts.created + counts.updated + counts.unchanged + counts.kept + counts.deadLettered

/** Lives one seed through; gives back the promises that were broken. */
export const live = Effect.fnUntraced(function* (seed: number) {
  const random = randomFrom(seed)
  const broken: Array<string> = []
  yield* TestClock.setTime(SEEDED_UNTIL.epochMilliseconds + 86_400_000)
  const zone = TimeZone.make("Europe/Moscow")
  const dialect = random.pick(["virtpos", "virtpos", "polaris", "polaris", "megawin", "lcmanager"])
  const simulator = yield* simulateInProcess({
    dialect,
    customers: random.integer(8, 40),
    seed,
    chance: random
  })
  const vendor = yield* openVendor(simulator, random, zone)
  const merchants = yield* Merchants
  const customers = yield* Customers
  const repository = yield* SyncRepository
  const merchant = yield* merchants.create({ name: "Mirror", timeZone: zone, externalKeyPrefix: null })
  const twoWay = vendor.destination !== null && random.chance(0.5)
  const log: Array<string> = [dialect, twoWay ? "both ways" : "one way"]

  const down = (more: Partial<RunRequest> = {}) =>
    runLink({
      merchant: merchant.id,
      link: { from: system, to: "store" },
      source: vendor.source,
      destination: "store",
      owner: "seed",
      ...more
    })
  const up = Effect.gen(function* () {
    return yield* runLink({
      merchant: merchant.id,
      link: { from: "store", to: system },
      source: yield* makeStoreSource(merchant.id),
      destination: vendor.destination!,
      owner: "seed",
      maxDeletePercent: 100
    })
  })

  const step = Effect.fnUntraced(function* (name: string, run: Effect.Effect<RunSummary, unknown, never>) {
    const exit = yield* whileTimePasses(run, simulator)
    if (Exit.isSuccess(exit)) {
      log.push(`${name}: ${JSON.stringify(exit.value.counts)}`)
      if (sumOf(exit.value) !== exit.value.counts.seen)
        broken.push(`${name}: not every record is accounted for`)
    } else {
      const error = Exit.findErrorOption(exit)
      if (error._tag === "None") broken.push(`${name}: died: ${String(exit.cause)}`)
      else log.push(`${name}: ${String((error.value as Error).message)}`)
    }
    return exit
  })
  const services = yield* Effect.context<Merchants | Customers | SyncRepository>()
  const provided = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.provideContext(effect, services as never) as Effect.Effect<A, E>

  /** A till of ours changes somebody. */
  const edit = Effect.gen(function* () {
    const refs = yield* customers.refs(merchant.id, {}, { after: null, limit: 100 })
    if (refs.length === 0) return
    const { id } = random.pick(refs)
    yield* customers.save(merchant.id, {
      references: [{ by: "id", id }],
      createIfMissing: false,
      patch: { firstName: `Edited ${random.below(1000)}` },
      actor: 1
    })
  })

  for (let cycle = random.integer(2, 5); cycle > 0; cycle--) {
    const chosen = Array.from({ length: random.integer(0, 3) }, () => {
      const when = random.pick(["", "@first=1", "@every=2", "@every=3", "@nth=2", "@after=1"])
      const fault = random.pick(faults)
      return `${fault === "cursor-lost" && dialect !== "polaris" ? "status=503" : fault}${when}`
    })
    log.push(`faults ${chosen.join(" ")}`)
    yield* simulator.faults.set(chosen)
    yield* step("down", provided(down({ full: random.chance(0.2) })))
    yield* TestClock.adjust(Duration.seconds(random.integer(1, 4000)))
    if (random.chance(0.6)) yield* simulator.change(random.integer(1, 4))
    if (twoWay) {
      if (random.chance(0.7)) yield* edit
      yield* TestClock.adjust(Duration.seconds(random.integer(1, 100)))
      yield* step("up", provided(up))
    }
    yield* TestClock.adjust(Duration.seconds(random.integer(1, 4000)))
  }

  yield* simulator.faults.clear
  // A breaker or a pause of the vendor is over by then.
  yield* TestClock.adjust("1 hour")
  for (const name of ["first", "second", "third"]) {
    const exit = yield* step(`${name} calm`, provided(down({ full: true, maxDeletePercent: 100 })))
    if (Exit.isFailure(exit)) broken.push(`${name} calm run failed: ${log.at(-1)}`)
    yield* TestClock.adjust("1 minute")
    if (twoWay) {
      const back = yield* step(`${name} calm back`, provided(up))
      if (Exit.isFailure(back)) broken.push(`${name} calm run back failed: ${log.at(-1)}`)
    }
    yield* TestClock.adjust("1 minute")
  }
  const last = yield* step("last", provided(down()))
  if (Exit.isSuccess(last) && last.value.counts.created + last.value.counts.updated > 0)
    broken.push("a run after everything was calm still wrote")

  const summary = yield* whileTimePasses(
    provided(
      Effect.gen(function* () {
        const first = vendor.source
        return yield* check({
          merchant: merchant.id,
          link: { from: system, to: "store" },
          first,
          second: yield* makeStoreSource(merchant.id),
          onChecked: (one) => Effect.sync(() => void log.push(JSON.stringify(one)))
        })
      })
    ),
    simulator
  )
  if (Exit.isFailure(summary)) broken.push(`the check failed: ${String(summary.cause)}`)
  else {
    const { "*": different, "+": missing, "-": extra } = summary.value.counts
    if (different + missing + extra > 0)
      broken.push(`${different} differ, ${missing} missing, ${extra} too many`)
  }

  const refs = yield* customers.refs(merchant.id, {}, { after: null, limit: 1000 })
  const keys = (yield* customers.getMany(
    merchant.id,
    refs.map(({ id }) => id)
  )).flatMap(({ externalIds }) => externalIds.filter((id) => id.system === system).map(({ key }) => key))
  if (new Set(keys).size !== keys.length) broken.push("two customers have the same key of the vendor")
  const letters = yield* repository.deadLetters(merchant.id, { link: null, after: 0, limit: 1000 })
  const open = letters.filter(({ key }) => key !== null && keys.includes(key))
  if (open.length > 0) broken.push(`${open.length} dead letters of customers that are well again`)
  return { broken, log }
})

/** The world of one seed; nothing of another is in it. */
export const oneLife = (seed: number) =>
  live(seed).pipe(
    Effect.scoped,
    Effect.provide(layerDomain.pipe(Layer.provideMerge(layerMemory))),
    Effect.provide(Logger.layer([])),
    Effect.provide(TestClock.layer())
  )

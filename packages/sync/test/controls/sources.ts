/** What must hold of a vendor's source, told of any that a dialect makes: on a simulator, by a clock that is driven. */
import { assert } from "@effect/vitest"
import {
  type Checkpoint,
  type CustomerSource,
  layerDomain,
  layerMemory,
  Merchants,
  SyncRepository,
  TimeZone
} from "@tillbridge/domain"
import type * as Polaris from "@tillbridge/polaris"
import { simulateInProcess, type Simulator } from "@tillbridge/server"
import { runLink } from "@tillbridge/sync"
import type * as Virtpos from "@tillbridge/virtpos"
import { Effect, Layer, Redacted, Stream } from "effect"
import { TestClock } from "effect/testing"
import type { Scenario } from "./scenarios.ts"

const began = Date.UTC(2026, 5, 1, 12)
const minute = 60_000

const add = (sim: Simulator, firstName: string) =>
  Effect.map(
    sim.customers.save(sim.merchant.id, {
      references: [],
      createIfMissing: true,
      patch: { firstName },
      actor: null
    }),
    ({ entity }) => String(entity.id)
  )

const scripted =
  (
    body: (sim: Simulator, source: CustomerSource["Service"]) => Effect.Effect<void, unknown>
  ): Scenario<typeof Polaris> =>
  (polaris) =>
    Effect.gen(function* () {
      yield* TestClock.setTime(began)
      const sim = yield* simulateInProcess({ dialect: "polaris", customers: 3 })
      const client = polaris.PolarisClient.layer({
        baseUrl: sim.url,
        user: "demo",
        password: Redacted.make("demo"),
        codeMagasin: 1
      })
      const context = yield* Layer.build(Layer.provide(client, sim.layer))
      yield* body(sim, yield* Effect.provide(polaris.makePolarisSource, context))
    }).pipe(Effect.scoped, Effect.provide(TestClock.layer()), Effect.orDie)

/** Keys that a pass tells, and where the next one begins. */
const pass = (source: CustomerSource["Service"], from: Checkpoint | null) =>
  Stream.runFold(
    source.pages(from),
    () => ({ keys: [] as ReadonlyArray<string>, next: from }),
    ({ keys }, page) => ({
      keys: [...keys, ...page.changes.map(({ source: { key } }) => key)],
      next: page.next
    })
  )

/** Two customers of one moment, of whom one is written after the other was read. */
export const tellsEverybodyOfAMoment = scripted((sim, source) =>
  Effect.gen(function* () {
    yield* add(sim, "First")
    const { next } = yield* pass(source, null)
    const second = yield* add(sim, "Second")
    const { keys } = yield* pass(source, next)
    assert.include(keys, second)
  })
)

/** A customer whose stamp is older than one that was read before. */
export const tellsWhoComesLate = scripted((sim, source) =>
  Effect.gen(function* () {
    yield* add(sim, "First")
    const { next } = yield* pass(source, null)
    yield* TestClock.setTime(began - minute)
    const late = yield* add(sim, "Late")
    yield* TestClock.setTime(began + 10 * minute)
    const second = yield* pass(source, next)
    yield* TestClock.setTime(began + 20 * minute)
    const third = yield* pass(source, second.next)
    assert.include([...second.keys, ...third.keys], late)
  })
)

/** I10: the key is in no error and not in the journal. */
export const keepsTheKeyToItself: Scenario<typeof Virtpos> = (virtpos) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(began)
    const sim = yield* simulateInProcess({ dialect: "virtpos", customers: 3, faults: ["status=500"] })
    const key = "canary-key-3f9a"
    const client = virtpos.VirtposClient.layer({
      baseUrl: sim.url,
      apiKey: Redacted.make(key),
      timeZone: TimeZone.make("Europe/Paris"),
      retry: { times: 0 },
      system: "acme"
    })
    const context = yield* Layer.build(Layer.provide(client, sim.layer))
    const merchants = yield* Merchants
    const { id: merchant } = yield* merchants.create({
      name: "Shop",
      timeZone: TimeZone.make("Europe/Paris"),
      externalKeyPrefix: null
    })
    const link = { from: "acme", to: "store" }
    const error = yield* Effect.flip(
      runLink({
        merchant,
        link,
        source: yield* Effect.provide(virtpos.makeVirtposSource, context),
        destination: "store",
        owner: "test"
      })
    )
    const repository = yield* SyncRepository
    const [run] = yield* repository.runs(merchant, link, 1)
    assert.notInclude(`${error.message} ${JSON.stringify(error)} ${run?.error}`, key)
  }).pipe(
    Effect.scoped,
    Effect.provide(layerDomain.pipe(Layer.provideMerge(layerMemory))),
    Effect.provide(TestClock.layer()),
    Effect.orDie
  )

/** A store in a file between two simulated vendors: programs that mirror it are killed, and it is looked at after each. */
import { Customers, layerDomain, type MerchantId, Merchants, SyncRepository } from "@tillbridge/domain"
import { simulate } from "@tillbridge/server"
import { layer as layerSqlite } from "@tillbridge/sqlite"
import { check, makeStoreSource, runLink } from "@tillbridge/sync"
import { Effect, Layer } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { type Random, randomFrom } from "../../packages/conformance/src/Random.ts"
import { links, look, newMemory, type Outside, soundness } from "./oracle.ts"
import { type Bug, DESK, shops, SLOTS, type Stage, stages } from "./plan.ts"
import { type Ended, knownWrites, noWrites, type Programs } from "./programs.ts"
import { makePeople } from "./vendor.ts"
import { openVendors, zone } from "./vendors.ts"

const LEASE = 200
/** A lease that is not given back is free when its time is over; the rest is for a busy machine. */
const LATEST = LEASE + 4_000

const folder = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "tillbridge-crash-"))),
  (made) => Effect.sync(() => fs.rmSync(made, { recursive: true, force: true }))
)

const faults = [
  "reset@every=7",
  "status=503@every=9",
  "truncate=length@every=8",
  "429=1@nth=5",
  "latency=20ms",
  "reorder",
  "duplicate-page@every=3"
]

/** What befalls the vendors while a program runs, so that it comes to a stage at all. */
const befalling = (random: Random, stage: Stage | null) => {
  if (stage === "dead letters written" || stage === "dead letters committed") return ["poison=0.03"]
  if (stage === "lease renewed") return ["latency=60ms"]
  return random.chance(0.3) ? [random.pick(faults)] : []
}

const needsSweep = (stage: Stage | null) =>
  stage !== null && /^(dead letters|deletes|lease renewed)/.test(stage)

/** How many customers the shop's own tills have made. */
const ownCustomers = Effect.fnUntraced(function* (merchant: MerchantId) {
  const customers = yield* Customers
  const keys = Array.from({ length: SLOTS }, (_, slot) => ({ system: DESK, key: `d${slot}` }))
  return (yield* customers.owners(merchant, keys)).length
})

/** A program comes to a stage so many times within a second or two. */
const latest = (stage: Stage): number => {
  if (stage.startsWith("local write")) return 30
  if (needsSweep(stage)) return 1
  if (/^(run|lease) /.test(stage)) return 3
  return stage === "request made" ? 12 : 5
}

export interface WorldOptions {
  readonly seed: number
  readonly programs: Programs
  readonly bug: Bug | null
  readonly bothWays: boolean
}

export const makeWorld = Effect.fnUntraced(function* ({ bothWays, bug, programs, seed }: WorldOptions) {
  const random = randomFrom(seed)
  const file = path.join(yield* folder, "store.sqlite")
  const vendor = (dialect: string, customers: number) => simulate({ dialect, customers, burst: 10, seed })
  const hub = yield* vendor("polaris", 120)
  const till = yield* vendor("virtpos", 50)
  const people = { hub: yield* makePeople(hub, random, 110), till: yield* makePeople(till, random, 45) }
  const urls = { hub: hub.url, till: till.url }
  const sources = yield* openVendors({ urls, pageSize: 100 })
  const store = Layer.fresh(layerDomain.pipe(Layer.provideMerge(layerSqlite({ path: file }))))
  const merchants = yield* Effect.gen(function* () {
    const { create } = yield* Merchants
    const made = (name: string) => create({ name, timeZone: zone, externalKeyPrefix: null })
    return { hub: (yield* made("Hub")).id, till: (yield* made("Till")).id } as Record<
      "hub" | "till",
      MerchantId
    >
  }).pipe(Effect.provide(store))
  const memory = newMemory()
  const epochs = new Map<string, number>()
  let known = noWrites()

  const settled = Effect.gen(function* () {
    while (hub.requests.busy() + till.requests.busy() > 0) yield* Effect.sleep(2)
  })

  const outside = (): Outside => ({ bothWays, merchants, people, sources, acknowledged: known })

  const lookAtAll = Effect.gen(function* () {
    yield* hub.faults.clear
    yield* till.faults.clear
    yield* settled
    const unsound = soundness(file)
    if (unsound.length > 0) return unsound
    const { stored, wrong } = yield* look(outside(), memory).pipe(Effect.provide(store))
    known = stored
    return wrong
  })

  const lookAtLeases = ({ leases, millis, openMillis }: Ended) => {
    const wrong: Array<string> = []
    for (const { epoch, link } of leases) {
      if (epoch <= (epochs.get(link) ?? 0)) wrong.push(`${link}: a lease of epoch ${epoch} was given again`)
      epochs.set(link, epoch)
    }
    const waited = openMillis === null ? 0 : millis - openMillis
    if (waited > LATEST)
      for (const [link] of epochs)
        if (!leases.some((lease) => lease.link === link))
          wrong.push(`${link}: the lease of a killed program was not free for ${Math.round(waited)} ms`)
    return wrong
  }

  const happens = Effect.gen(function* () {
    for (let left = random.below(4); left > 0; left--) yield* people.hub.change
    for (let left = random.below(3); left > 0; left--) yield* people.till.change
    if (random.chance(0.15)) yield* people.hub.remove
    if (random.chance(0.1)) yield* people.till.remove
    // What is known of the vendors is what they have.
  }).pipe(Effect.uninterruptible)

  /** One program from its start to its kill, and the look after it. */
  const round = Effect.fnUntraced(function* (only?: Stage) {
    const stage = only ?? (random.chance(0.5) ? random.pick(stages) : null)
    const pageSize = random.integer(8, 25)
    const full = needsSweep(stage) || random.chance(0.1)
    const befallen = befalling(random, stage)
    yield* hub.faults.set(befallen)
    yield* till.faults.set(befallen)
    yield* happens
    if (stage === "deletes written" || stage === "deletes committed") {
      yield* people.hub.remove
      yield* people.till.remove
    }
    const nth = random.integer(1, stage === null ? 1 : latest(stage))
    const later = random.below(300)
    const ended = yield* Effect.raceFirst(
      Effect.promise(() =>
        programs.killed(
          {
            file,
            urls,
            merchants,
            next: known,
            stop: stage === null ? null : { stage, nth },
            full,
            bothWays,
            leaseMillis: LEASE,
            pageSize,
            bug
          },
          stage === null ? random.below(500) : 5_500
        )
      ),
      Effect.andThen(Effect.sleep(later), Effect.andThen(happens, Effect.never))
    )
    known = knownWrites(known, ended)
    const wrong = ended.died === null ? [] : [`the program ended: ${ended.died}`]
    return { ended, wrong: [...wrong, ...lookAtLeases(ended), ...(yield* lookAtAll)] }
  })

  /** Without faults and kills both sides come to agree; what is wrong. */
  const calm = Effect.gen(function* () {
    yield* Effect.sleep(LEASE)
    const own = yield* Effect.gen(function* () {
      const up = yield* makeStoreSource(merchants.till)
      const shared = { owner: "calm", maxDeletePercent: 100 }
      for (let left = 3; left > 0; left--) {
        yield* runLink({
          ...shared,
          merchant: merchants.hub,
          link: links.hub,
          source: sources.hub,
          destination: "store",
          full: true
        })
        if (bothWays)
          yield* runLink({
            ...shared,
            merchant: merchants.till,
            link: links.till,
            source: sources.till,
            destination: "store"
          })
        yield* runLink({
          ...shared,
          merchant: merchants.till,
          link: links.up,
          source: up,
          destination: sources.tillDestination
        })
      }
      const wrong: Array<string> = []
      const repository = yield* SyncRepository
      for (const shop of shops) {
        const merchant = merchants[shop]
        const found: Array<string> = []
        const { counts } = yield* check({
          merchant,
          link: links[shop],
          first: sources[shop],
          second: yield* makeStoreSource(merchant),
          onChecked: ({ fields, key, sign }) => Effect.sync(() => void found.push(`${sign}${key} ${fields}`))
        })
        // Nothing mirrors the shop's own customers to the hub, nor the other vendor's own people into the store.
        const there = shop === "till" && !bothWays ? people.till.present.size : 0
        const here = shop === "hub" ? yield* ownCustomers(merchant) : 0
        if (counts["*"] + counts["!"] > 0 || counts["+"] !== there || counts["-"] !== here)
          wrong.push(`${shop}: the check finds ${found.slice(0, 5).join("; ")}`)
        const letters = yield* repository.deadLetters(merchant, { link: null, after: 0, limit: 10 })
        if (letters.length > 0) wrong.push(`${shop}: dead letters of customers that are well again`)
      }
      return wrong
    }).pipe(Effect.provide(store))
    return [...own, ...(yield* lookAtAll)]
  })

  return { round, calm, written: () => known.hub + known.till }
})

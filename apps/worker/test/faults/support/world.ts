/** A merchant's SQLite file that mirrors a simulated vendor, as the command line and the worker would open both. */
import {
  Cards,
  Customers,
  type DeadLetter,
  layerDomain,
  Merchants,
  type MerchantId,
  type RunCounts,
  SyncRepository,
  TimeZone
} from "@tillbridge/domain"
import { layer as layerSqlite, type OpenDriver } from "@tillbridge/sqlite"
import { check, type Checked, makeStoreSource, replayDeadLetters, runLink } from "@tillbridge/sync"
import type { RunRequest, SyncEvent } from "@tillbridge/sync"
import { openRemote, syncSettings } from "tillbridge/remotes"
import { Cause, Effect, Layer, Logger, References, Scope, Tracer } from "effect"
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { inspect } from "node:util"
import { SECRET, type Site } from "./site.ts"

/** In memory where there is such a place: nothing here depends on a disk, and its waits are the longest of all. */
const root = existsSync("/dev/shm") ? "/dev/shm" : tmpdir()

export const makeFolder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(root, "tillbridge-faults-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

/** What each dialect needs to be told, beside its address. */
const own: Readonly<Record<string, string>> = {
  virtpos: `key = { file = "secret" }\ntime-zone = "Europe/Paris"\npage-size = 16`,
  megawin: `key = { file = "secret" }\ntime-zone = "Europe/Paris"\npage-size = 16`,
  polaris: `user = "till"\npassword = { file = "secret" }\ncode-magasin = 1\nprefix-cle = "SHOP"\npage-size = 16`,
  lcmanager: `user = "till"\npassword = { file = "secret" }\ntime-zone = "Europe/Paris"\nsince = "2022-01-01"\nwindow-days = 300`
}

/** Milliseconds where people would set seconds: nobody waits for a test. */
const quick = `timeout = "10 seconds"\nretry = { base = "1 millis", cap = "4 millis", times = 2, deadline = "20 seconds" }`

/** Writes settings with the remote `acme` into a folder; the path of the file. */
export const writeSettings = (folder: string, site: Site, more = "", address = site.sim.url): string => {
  writeFileSync(join(folder, "secret"), SECRET)
  chmodSync(join(folder, "secret"), 0o600)
  const { dialect } = site.sim
  const lines = [`[remotes.acme]\ndialect = "${dialect}"\nurl = "${address}"`, own[dialect]!, quick]
  const given = new Set(more.split("\n").map((line) => line.split(" =")[0]!))
  const kept = lines.join("\n").split("\n")
  const rest = kept.filter((line) => !given.has(line.split(" =")[0]!) || line.startsWith("["))
  const path = join(folder, "tillbridge.toml")
  writeFileSync(path, `${[...rest, more].join("\n")}\n`)
  return path
}

export const openAcme = Effect.fnUntraced(function* (path: string) {
  const settings = yield* syncSettings({ config: path })
  return yield* openRemote(yield* settings.remote("acme"))
}, Effect.orDie)

/** Everything that is said while something runs: log lines with their causes, spans with their attributes, errors. */
export const makeEavesdropper = () => {
  const heard: Array<string> = []
  const logger = Logger.make(({ cause, fiber, message }) => {
    const annotations = fiber.getRef(References.CurrentLogAnnotations)
    heard.push(inspect([message, Cause.pretty(cause), annotations], { depth: 8 }))
  })
  const spans: Array<Tracer.NativeSpan> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    }
  })
  const listen = <A, E, R>(self: Effect.Effect<A, E, R>) =>
    self.pipe(
      Effect.tapCause((cause) =>
        Effect.sync(() => {
          heard.push(Cause.pretty(cause), inspect(cause, { depth: 12 }), JSON.stringify(cause) ?? "")
        })
      ),
      Effect.withTracer(tracer),
      Effect.provide(Logger.layer([logger])),
      Effect.provideService(References.MinimumLogLevel, "Trace")
    )
  /** Statements come by the thousand, and the same ones again and again. */
  const spanText = ({ attributes, events, name, status }: Tracer.NativeSpan) => {
    const why =
      status._tag === "Ended" && status.exit._tag === "Failure" ? Cause.pretty(status.exit.cause) : ""
    const parts = [name, ...attributes.keys(), ...attributes.values(), ...events.map(([event]) => event), why]
    return parts.map(String).join(" ")
  }
  const all = () => [...heard, ...new Set(spans.map(spanText))]
  return { listen, all }
}

export interface WorldOptions {
  /** More of the remote's settings, in the place of the usual ones of that name. */
  readonly settings?: string
  readonly address?: string
  readonly maxDeletePercent?: number
  readonly driver?: OpenDriver
  /** A file that is there already, and maybe the merchant in it. */
  readonly shared?: { readonly file: string; readonly merchant?: MerchantId }
}

export type World = Effect.Success<ReturnType<typeof makeWorld>>

export const link = { from: "acme", to: "store" } as const

export const makeWorld = Effect.fnUntraced(function* (site: Site, options: WorldOptions = {}) {
  const folder = yield* makeFolder
  const file = options.shared?.file ?? join(folder, "store.sqlite")
  const context = yield* Layer.build(
    Layer.fresh(
      layerDomain.pipe(
        Layer.provideMerge(
          layerSqlite({ path: file, ...(options.driver === undefined ? {} : { driver: options.driver }) })
        )
      )
    )
  )
  const inStore = Effect.provideContext(context)
  const newMerchant = Effect.flatMap(Merchants, (merchants) =>
    merchants.create({ name: "Shop", timeZone: TimeZone.make("Europe/Paris"), externalKeyPrefix: null })
  )
  const merchant = options.shared?.merchant ?? (yield* inStore(newMerchant)).id
  const { all: heard, listen } = makeEavesdropper()
  const scope = yield* Effect.scope
  const settingsPath = writeSettings(folder, site, options.settings, options.address)
  let remote = yield* openAcme(settingsPath)

  /** Its own clients anew, as after a restart: without an open breaker, a pause or a session. */
  const reopen = Effect.gen(function* () {
    const path = writeSettings(folder, site, options.settings)
    remote = yield* Scope.provide(openAcme(path), scope)
    return remote
  })

  const counted: Array<RunCounts> = []
  const run = (more: Partial<RunRequest> = {}) =>
    Effect.suspend(() => {
      let last: RunCounts | null = null
      const onEvent = (event: SyncEvent) =>
        Effect.suspend(() => {
          if (event._tag === "PageWritten") last = event.counts
          return more.onEvent?.(event) ?? Effect.void
        })
      return runLink({
        merchant,
        link,
        source: remote.source,
        destination: "store",
        maxDeletePercent: options.maxDeletePercent ?? 5,
        owner: "test",
        ...more,
        onEvent
      }).pipe(
        listen,
        Effect.tap(({ counts }) => Effect.sync(() => (last = counts))),
        Effect.onExit(() =>
          Effect.sync(() => {
            if (last !== null && more.dryRun !== true) counted.push(last)
          })
        ),
        inStore
      )
    })

  const repository = yield* inStore(SyncRepository)
  const customers = yield* inStore(Customers)
  const cards = yield* inStore(Cards)

  const everybody = (of: MerchantId = merchant) =>
    Effect.gen(function* () {
      const refs = yield* customers.refs(of, {}, { after: null, limit: 100_000 })
      return yield* customers.getMany(
        of,
        refs.map(({ id }) => id)
      )
    }).pipe(Effect.orDie)

  // Another merchant of the same file, with a customer by the name that the vendor gives.
  const other = (yield* inStore(newMerchant)).id
  yield* Effect.orDie(
    customers.save(other, {
      references: [],
      createIfMissing: true,
      patch: { firstName: "Bystander", externalIds: [{ system: "acme", key: "1" }] },
      actor: 1
    })
  )
  const bystander = Effect.map(everybody(other), (all) => JSON.stringify(all))

  return {
    site,
    file,
    bystander,
    bystanderBefore: yield* bystander,
    /** Dead letters as they were listed. */
    listed: [] as Array<DeadLetter>,
    /** Customers made by each replay, which no journal counts. */
    replayed: [] as Array<number>,
    merchant,
    heard,
    repository,
    customers,
    cards,
    inStore,
    listen,
    reopen,
    everybody,
    /** Counts of every run that wrote a page, as far as it came. */
    counted,
    remote: () => remote,
    run,
    /** The run's failure; it must fail. */
    failing: (more: Partial<RunRequest> = {}) => Effect.flip(run(more)),
    state: Effect.orDie(repository.state(merchant, link)),
    journal: Effect.orDie(repository.runs(merchant, link, 1000)),
    letters: Effect.orDie(repository.deadLetters(merchant, { link, after: 0, limit: 10_000 })),
    replay: (letters: ReadonlyArray<DeadLetter>) =>
      replayDeadLetters({
        merchant,
        link,
        source: remote.source,
        destination: "store",
        owner: "test",
        letters
      }).pipe(listen, inStore),
    compare: Effect.suspend(() => {
      const found: Array<Checked> = []
      return Effect.gen(function* () {
        const summary = yield* check({
          merchant,
          link,
          first: remote.source,
          second: yield* makeStoreSource(merchant),
          onChecked: (checked) => Effect.sync(() => void found.push(checked))
        })
        return { found, summary }
      }).pipe(listen, inStore)
    }),
    /** First names by the key at the vendor. */
    byKey: Effect.map(
      everybody(),
      (all) =>
        new Map(
          all.flatMap((customer) =>
            customer.externalIds.flatMap(({ key, system }) =>
              system === "acme" ? [[key, customer] as const] : []
            )
          )
        )
    )
  }
})

/** Why a run failed, in one word. */
export const reasonOf = (error: { readonly _tag: string; readonly reason?: unknown }): string =>
  error._tag === "SourceError" ? (error.reason as { readonly _tag: string })._tag : error._tag

/** The program: settings, store and links, what it tells over HTTP, and how it stops. */
import { layerDomain, SyncRepository } from "@tillbridge/domain"
import { layer as layerSqlite } from "@tillbridge/sqlite"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as References from "effect/References"
import { syncSettings } from "tillbridge/remotes"
import { explain, Failure, keepMemoryFlat, misconfigured, settingsOf } from "tillbridge/settings"
import { existsSync } from "node:fs"
import { hostname } from "node:os"
import type { Arguments } from "./Arguments.ts"
import { listenForHealth, type Readiness } from "./Health.ts"
import { makeMetrics, type Metrics } from "./Metrics.ts"
import { makeMistakes, type Opened, openLinks, readTables } from "./Settings.ts"
import { makeStandings } from "./Standings.ts"
import { type OnceResult, runOnce, runWorker } from "./Worker.ts"

/** As others who find a link busy are told. */
const owner = () => `tillbridge-worker on ${hostname()} (process ${process.pid})`

/** Told on standard output. */
type Say = (text: string, document: object) => Effect.Effect<void>

const sayTo =
  (json: boolean): Say =>
  (text, document) =>
    Effect.sync(() => void process.stdout.write(json ? `${JSON.stringify(document)}\n` : `${text}\n`))

const refuse = (mistakes: ReadonlyArray<string>) => misconfigured([...new Set(mistakes)].join("\n"))

const readiness = Effect.fnUntraced(function* (
  { links }: Opened,
  metrics: Metrics,
  isDraining: () => boolean
) {
  const repository = yield* SyncRepository
  const standings = yield* makeStandings(links)
  const waiting = Effect.map(standings, (told) => {
    const pauses = metrics.pauses()
    return links.flatMap(({ link, name }) => {
      const reason = pauses.get(name)?.reason ?? told?.get(name)?.paused
      return reason == null ? [] : [`paused ${name} (${link.from} to ${link.to}): ${reason}`]
    })
  })
  const isOpen = Effect.forEach(links.slice(0, 1), ({ link, merchant }) =>
    repository.state(merchant, link)
  ).pipe(
    Effect.as(true),
    Effect.catchCause((cause) => Effect.as(Effect.logWarning("store not ready", cause), false))
  )
  const ready = Effect.gen(function* () {
    if (isDraining()) return { isReady: false, lines: ["stopping"] } satisfies Readiness
    if (!(yield* isOpen)) return { isReady: false, lines: ["store not ready"] } satisfies Readiness
    return { isReady: true, lines: ["ready", ...(yield* waiting)] } satisfies Readiness
  })
  return { standings, ready }
})

const forEver = Effect.fnUntraced(function* (opened: Opened, { host, port }: Arguments, say: Say) {
  const { links, remotes } = opened
  const metrics = makeMetrics(links, yield* Clock.currentTimeMillis)
  let draining = false
  const { ready, standings } = yield* readiness(opened, metrics, () => draining)
  const scrape = Effect.gen(function* () {
    return metrics.text({
      now: yield* Clock.currentTimeMillis,
      standings: yield* standings,
      remotes: yield* Effect.forEach(remotes, ({ name, traffic }) =>
        Effect.map(traffic, (report) => ({ name, traffic: report }))
      ),
      residentBytes: process.memoryUsage.rss()
    })
  })
  const url = yield* listenForHealth({ host, port, readiness: ready, metrics: scrape })
  const names = links.map(({ name }) => name)
  keepMemoryFlat()
  yield* say(`Runs ${names.join(", ")}. Health and metrics: ${url}. Ctrl-C stops.`, {
    event: "started",
    url,
    links: names
  })
  const watch = Effect.never.pipe(
    Effect.onInterrupt(() =>
      Effect.sync(() => {
        draining = true
      })
    )
  )
  return yield* Effect.raceFirst(runWorker({ links, metrics, owner: owner() }), watch)
})

const tellOnce = (say: Say) => (result: OnceResult) => {
  const { error, link, summary } = result
  const document = { event: "ended", link: link.name, ...link.link, error, counts: summary?.counts ?? null }
  if (summary === null) return say(`${link.name}: failed: ${error}`, document)
  const { created, deadLettered, kept, removed, seen, unchanged, updated } = summary.counts
  const told = { created, updated, unchanged, kept, removed, "set aside": deadLettered }
  const figures = Object.entries(told).map(([name, count]) => `${count} ${name}`)
  return say(`${link.name}: ${seen} seen, ${figures.join(", ")}`, document)
}

/** 1 when a link failed or set records aside. */
const justOnce = Effect.fnUntraced(function* ({ links }: Opened, say: Say) {
  const metrics = makeMetrics(links, yield* Clock.currentTimeMillis)
  const results = yield* runOnce({ links, metrics, owner: owner() })
  yield* Effect.forEach(results, tellOnce(say), { discard: true })
  const isWell = results.every(({ summary }) => summary !== null && summary.counts.deadLettered === 0)
  return isWell ? 0 : 1
})

/** Runs until it is interrupted, or once; gives the exit code. */
export const program = (given: Arguments): Effect.Effect<number, Failure> =>
  Effect.gen(function* () {
    const session = { json: given.json, config: given.config, database: given.database }
    const settings = yield* settingsOf(session)
    const tables = yield* syncSettings(session)
    const mistakes = makeMistakes()
    const read = yield* readTables(tables, mistakes)
    const path = settings.databasePath
    if (!existsSync(path)) {
      if (mistakes.all.length > 0) return yield* refuse(mistakes.all)
      const message = `there is no database at ${path}. Make one: tillbridge merchants create --name NAME`
      return yield* new Failure({ kind: "database", message })
    }
    const say = sayTo(given.json)
    const work = Effect.gen(function* () {
      const opened = yield* openLinks(read, settings, mistakes)
      if (mistakes.all.length > 0) return yield* refuse(mistakes.all)
      return given.once ? yield* justOnce(opened, say) : yield* forEver(opened, given, say)
    })
    return yield* work.pipe(
      Effect.scoped,
      Effect.provide(Layer.provideMerge(layerDomain, layerSqlite({ path }))),
      Effect.catchTag("StorageError", (error) => Effect.fail(explain(error, path)))
    )
  }).pipe(
    // Nothing here exports spans.
    Effect.provideService(References.TracerEnabled, false)
  )

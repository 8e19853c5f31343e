/**
 * Runs links for ever, each on a fiber of its own and at its own pace, so that no trouble of one delays another. What a
 * link is to do next follows from the store: when it ran last, whether it waits for a person, who holds its lease.
 */
import { type LinkBusy, SyncRepository } from "@tillbridge/domain"
import { needsPerson, runLink, type RunSummary } from "@tillbridge/sync"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Random from "effect/Random"
import { kindOf, messageOf, type RunError } from "./errorKind.ts"
import type { WorkerLink } from "./Link.ts"
import type { LinkMetrics, Metrics } from "./Metrics.ts"
import {
  afterFailure,
  afterSuccess,
  endOf,
  MOST_MILLIS,
  MOST_STORE_MILLIS,
  type Pace,
  RUNS_LOOKED_AT,
  withJournal
} from "./Pace.ts"

export interface WorkerOptions {
  readonly links: ReadonlyArray<WorkerLink>
  readonly metrics: Metrics
  /** Who runs the links, as others who find them busy are told. */
  readonly owner: string
}

/** From the start of one link to that of the next. */
const SPREAD_MILLIS = 1_000

/** How often it is looked whether a person has let a link go on, or another worker has ended its run. */
const LOOK_MILLIS = 15_000

/** What became of a run. */
type Ended =
  | { readonly _tag: "Complete"; readonly summary: RunSummary }
  | { readonly _tag: "Busy"; readonly error: LinkBusy }
  | { readonly _tag: "Failed"; readonly error: RunError }

interface Runner {
  readonly link: WorkerLink
  readonly watch: LinkMetrics
  readonly owner: string
}

const linkLabels = ({ link, name }: WorkerLink) => ({ link: name, ...link })

/** Says what goes on when a failure is a defect, which nobody outside can read otherwise. */
const errorOf = <E>(cause: Cause.Cause<E>): Effect.Effect<E | "internal"> => {
  const error = Cause.findErrorOption(cause)
  if (error._tag === "Some") return Effect.succeed(error.value)
  return Effect.as(Effect.logError("internal error", cause), "internal" as const)
}

const tellComplete = ({ counts, missing }: RunSummary, millis: number) => {
  const { created, deadLettered, kept, removed, seen, unchanged, updated } = counts
  const fields = { seen, created, updated, unchanged, kept, removed, deadLettered, missing, millis }
  const line = Effect.annotateLogs(Effect.logInfo("run complete"), fields)
  if (deadLettered === 0) return line
  const hint = `${deadLettered} records were set aside: tillbridge dead-letters list`
  return Effect.andThen(line, Effect.logWarning(hint))
}

/** Runs the link once, counted and with its end told. */
const run = Effect.fnUntraced(function* ({ link, owner, watch }: Runner, failures: number) {
  const began = yield* Clock.currentTimeMillis
  watch.started()
  const exit = yield* runLink({
    ...link,
    maxDeletePercent: link.maxDeletePercent,
    owner,
    onEvent: (event) => Effect.sync(() => watch.event(event))
  }).pipe(
    Effect.onInterrupt(() =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        watch.ended({ now, millis: now - began, failures, result: "interrupted" })
        return Effect.logInfo("run broken off; the next one goes on there")
      })
    ),
    Effect.exit
  )
  const now = yield* Clock.currentTimeMillis
  const millis = now - began
  if (Exit.isSuccess(exit)) {
    watch.ended({ now, millis, failures: 0, result: "complete" })
    yield* tellComplete(exit.value, millis)
    return { _tag: "Complete", summary: exit.value } satisfies Ended as Ended
  }
  if (Cause.hasInterruptsOnly(exit.cause)) return yield* Effect.interrupt
  const error = yield* errorOf(exit.cause)
  if (error !== "internal" && error._tag === "LinkBusy") {
    watch.idle()
    return { _tag: "Busy", error } satisfies Ended as Ended
  }
  watch.ended({ now, millis, failures: failures + 1, result: error })
  return { _tag: "Failed", error } satisfies Ended as Ended
})

/** What the store knows of the link. */
const glance = Effect.fnUntraced(function* ({ link, merchant }: WorkerLink) {
  const repository = yield* SyncRepository
  const state = yield* repository.state(merchant, link)
  const runs = yield* repository.runs(merchant, link, RUNS_LOOKED_AT)
  return { paused: state.paused, runs }
})

/** Lets a link go on whose settings were written since it was paused. */
const unpause = Effect.fnUntraced(function* ({ link, owner }: Runner) {
  const repository = yield* SyncRepository
  const { link: ends, merchant } = link
  const now = yield* DateTime.now
  yield* Effect.acquireUseRelease(
    repository.acquire(merchant, ends, { owner, now, until: DateTime.add(now, { minutes: 1 }) }),
    (lease) =>
      Effect.flatMap(repository.state(merchant, ends), (state) =>
        repository.advance(merchant, lease, { ...state, paused: null })
      ),
    (lease) => Effect.ignore(repository.release(merchant, lease))
  )
  yield* Effect.logInfo("goes on: the settings were written since it was paused")
})

/** Why the link may not run; `null`: it may. */
const pauseOf = Effect.fnUntraced(function* (runner: Runner) {
  const { paused, runs } = yield* glance(runner.link)
  if (paused === null) return { paused: null, runs }
  const [last] = runs
  if (last === undefined || runner.link.configuredAt <= endOf(last)) return { paused, runs }
  yield* unpause(runner)
  return { paused: null, runs }
})

const hintOf = ({ link: { from, to } }: WorkerLink) => `To go on: tillbridge sync run ${from} ${to}`

/** One link's life. */
const live = Effect.fnUntraced(function* (runner: Runner, startAt: number) {
  const { link, watch } = runner
  const everyMillis = Duration.toMillis(link.every)
  let pace: Pace = { at: -Infinity, failures: 0, notBefore: startAt }
  let waitsFor: "person" | "store" | null = null
  let busyWith: string | null = null

  const goesOn = () => {
    waitsFor = null
    watch.paused(null)
  }

  const fail = Effect.fnUntraced(function* (error: RunError) {
    const now = yield* Clock.currentTimeMillis
    const isStore = error !== "internal" && error._tag === "StorageError"
    const asked = error !== "internal" && error._tag === "SourceError" ? error.retryAfterMillis : undefined
    pace = afterFailure(pace, now, {
      random: yield* Random.next,
      leastMillis: asked ?? 0,
      mostMillis: isStore ? MOST_STORE_MILLIS : MOST_MILLIS
    })
    const message = messageOf(error)
    const fields = { kind: kindOf(error), error: message, failures: pace.failures }
    if (error !== "internal" && needsPerson(error))
      return yield* Effect.annotateLogs(Effect.logWarning("run failed"), fields)
    const seconds = Math.round((pace.notBefore - now) / 1000)
    yield* Effect.annotateLogs(Effect.logWarning(`run failed; again in ${seconds} s`), fields)
    if (!isStore) return goesOn()
    waitsFor = "store"
    watch.paused({ by: "store", reason: message })
  })

  const busy = Effect.fnUntraced(function* ({ message, owner, until }: LinkBusy) {
    const now = yield* Clock.currentTimeMillis
    const wait = Math.max(1_000, Math.min(DateTime.toEpochMillis(until) - now, LOOK_MILLIS))
    pace = { ...pace, notBefore: now + wait }
    if (owner !== busyWith) yield* Effect.logInfo(`waits: ${message}`)
    busyWith = owner
  })

  const awaitPerson = Effect.fnUntraced(function* (reason: string) {
    if (waitsFor !== "person")
      yield* Effect.annotateLogs(Effect.logError(`paused until a person looks. ${hintOf(link)}`), { reason })
    waitsFor = "person"
    watch.paused({ by: "person", reason })
    yield* Effect.sleep(LOOK_MILLIS)
  })

  const step = Effect.gen(function* () {
    const { paused, runs } = yield* pauseOf(runner)
    if (paused !== null) return yield* awaitPerson(paused)
    let now = yield* Clock.currentTimeMillis
    if (waitsFor === "person") {
      pace = { ...pace, failures: 0, notBefore: now }
      goesOn()
    }
    pace = withJournal(pace, runs, { everyMillis, random: yield* Random.next })
    // A clock that was set back must not hold a link up.
    const wait = Math.min(pace.notBefore - now, Math.max(everyMillis, MOST_MILLIS))
    if (wait > 0) {
      yield* Effect.sleep(wait)
      now = yield* Clock.currentTimeMillis
      if (wait < pace.notBefore - now) pace = { ...pace, notBefore: now }
      return
    }
    const ended = yield* run(runner, pace.failures)
    switch (ended._tag) {
      case "Busy":
        return yield* busy(ended.error)
      case "Failed":
        return yield* fail(ended.error)
      case "Complete":
        busyWith = null
        goesOn()
        pace = afterSuccess(yield* Clock.currentTimeMillis, everyMillis)
    }
  })

  /** Beyond a run: the store cannot be asked. */
  const failed = Effect.fnUntraced(function* <E extends RunError | LinkBusy>(cause: Cause.Cause<E>) {
    if (Cause.hasInterruptsOnly(cause)) return yield* Effect.interrupt
    const error: RunError | LinkBusy = yield* errorOf(cause)
    if (error !== "internal" && error._tag === "LinkBusy") yield* busy(error)
    else yield* fail(error)
    yield* Effect.sleep(Math.max(1_000, pace.notBefore - (yield* Clock.currentTimeMillis)))
  })

  return yield* Effect.forever(Effect.catchCause(step, failed))
})

const runnersOf = ({ links, metrics, owner }: WorkerOptions): ReadonlyArray<Runner> =>
  links.map((link) => ({ link, owner, watch: metrics.of(link) }))

/** Runs every link until it is interrupted, which waits for the pages that are being written. */
export const runWorker = Effect.fnUntraced(function* (options: WorkerOptions) {
  const now = yield* Clock.currentTimeMillis
  yield* Effect.forEach(
    runnersOf(options),
    (runner, index) => {
      const offset = (index * SPREAD_MILLIS) % Duration.toMillis(runner.link.every)
      return Effect.annotateLogs(live(runner, now + offset), linkLabels(runner.link))
    },
    { concurrency: "unbounded", discard: true }
  )
  return yield* Effect.never
})

/** What became of a link that was run once; `error`: `null` when the run was complete. */
export interface OnceResult {
  readonly link: WorkerLink
  readonly summary: RunSummary | null
  readonly error: string | null
}

const once = Effect.fnUntraced(function* (runner: Runner) {
  const { link } = runner
  const refused = (error: string): OnceResult => ({ link, summary: null, error })
  const work = Effect.gen(function* () {
    const { paused } = yield* pauseOf(runner)
    if (paused !== null) return refused(`paused: ${paused}. ${hintOf(link)}`)
    const ended = yield* run(runner, 0)
    if (ended._tag === "Complete") return { link, summary: ended.summary, error: null }
    return refused(ended._tag === "Busy" ? ended.error.message : messageOf(ended.error))
  })
  return yield* Effect.catchCause(work, (cause) =>
    Cause.hasInterruptsOnly(cause)
      ? Effect.interrupt
      : Effect.map(errorOf(cause), (error) =>
          refused(error === "internal" || error._tag !== "LinkBusy" ? messageOf(error) : error.message)
        )
  )
})

/** Runs every link once, all at the same time. */
export const runOnce = (options: WorkerOptions) =>
  Effect.forEach(runnersOf(options), (runner) => Effect.annotateLogs(once(runner), linkLabels(runner.link)), {
    concurrency: "unbounded"
  })

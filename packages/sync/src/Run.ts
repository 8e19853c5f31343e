/**
 * One run of a link: pages of the source into the writer, each with its records of who is who, dead letters,
 * checkpoint and journal, while the next page is fetched; at the end of a sweep, what is gone. One run of a link at a
 * time, by its lease.
 */
import {
  type CustomerDestination,
  type CustomerSource,
  type Lease,
  type Link,
  LinkBusy,
  type LinkState,
  type MerchantId,
  noCounts,
  type RunCounts,
  type SyncRun,
  SyncRepository,
  UnitOfWork
} from "@tillbridge/domain"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import { needsPerson, type SyncError } from "./errors.ts"
import { makeSteps, type RunState } from "./Steps.ts"
import type { SyncEvent } from "./SyncEvent.ts"
import { makeStoreWriter } from "./StoreWriter.ts"
import { makeVendorWriter } from "./VendorWriter.ts"
import { isOpposite, type Matching, noMatching } from "./Writer.ts"

export interface RunRequest {
  readonly merchant: MerchantId
  readonly link: Link
  readonly source: CustomerSource["Service"]
  /** A vendor's system, or the merchant's own store. */
  readonly destination: CustomerDestination["Service"] | "store"
  readonly matching?: Matching | undefined
  /** Customers that may be removed without confirmation, in percent of those known; 5 unless told. */
  readonly maxDeletePercent?: number | undefined
  /** From the beginning, taking everything as news. */
  readonly full?: boolean | undefined
  /** Finds out what would be done, and writes nothing anywhere. */
  readonly dryRun?: boolean | undefined
  /** Who runs it, as others who find it busy are told. */
  readonly owner: string
  /** For how long the lease is taken and renewed; a minute unless told. */
  readonly lease?: Duration.Input | undefined
  readonly onEvent?: ((event: SyncEvent) => Effect.Effect<void>) | undefined
}

export interface RunSummary {
  readonly link: Link
  readonly dryRun: boolean
  readonly counts: RunCounts
  /** Known customers that a sweep did not tell: the next complete one removes those that it does not tell either. */
  readonly missing: number
}

/** Where a run begins: what was left, or anew. */
const beginning = (state: LinkState, { full, source }: RunRequest): LinkState => {
  const { feed } = source.capabilities
  const isSweep = feed === "pages" || feed === "snapshot"
  if (full === true) return { ...state, checkpoint: null, sweeping: true, paused: null }
  return { ...state, sweeping: state.sweeping || state.checkpoint === null || isSweep, paused: null }
}

/** Runs looked through for the last complete one. */
const RUNS = 50

/** `runs` are the newest first. */
const removedSinceComplete = (runs: ReadonlyArray<SyncRun>): number => {
  const complete = runs.findIndex(({ outcome }) => outcome === "complete")
  const since = complete === -1 ? runs : runs.slice(0, complete)
  return since.reduce((sum, { counts }) => sum + counts.removed, 0)
}

const makeWriter = ({ destination, matching = noMatching }: RunRequest, leaseUntil: () => number) =>
  destination === "store" ? makeStoreWriter(matching) : makeVendorWriter(destination, matching, leaseUntil)

const outcomeOf = (exit: Exit.Exit<unknown, SyncError>): Pick<SyncRun, "outcome" | "error"> => {
  if (exit._tag === "Success") return { outcome: "complete", error: null }
  if (Cause.hasInterruptsOnly(exit.cause)) return { outcome: "interrupted", error: null }
  const error = Cause.findErrorOption(exit.cause)
  return { outcome: "failed", error: error._tag === "Some" ? error.value.message : "internal error" }
}

/**
 * Runs a link once, to the end of what its source has. Fails with `LinkBusy` while another run of it goes on,
 * or one of the opposite direction. A run
 * that fails or is interrupted has written whole pages only, and the next one goes on there. An interruption waits for
 * the page that is being written.
 */
export const runLink = Effect.fnUntraced(function* (request: RunRequest) {
  const repository = yield* SyncRepository
  const { atomically } = yield* UnitOfWork
  const { dryRun = false, link, merchant, onEvent = () => Effect.void, source } = request
  const ttl = Duration.toMillis(request.lease ?? "1 minute")
  let until = 0

  const work = Effect.fnUntraced(function* (lease: Lease | null, runId: number | null) {
    const left = yield* repository.state(merchant, link)
    const state = beginning(left, request)
    const isResumed = left.sweeping && state.checkpoint !== null
    const writer = yield* makeWriter(request, () => until)
    const links = yield* repository.links(merchant)
    const twoWay = links.some((other) => isOpposite(other.link, link))
    const known = (yield* repository.countRecords(merchant, link, 0)).all
    const removedBefore = removedSinceComplete(yield* repository.runs(merchant, link, RUNS))
    const run: RunState = { state, counts: noCounts, poison: 0, missing: 0, known, removedBefore }
    current = run
    yield* onEvent({ _tag: "Started", link, dryRun, resumed: state.checkpoint !== null, known })
    const steps = yield* makeSteps({
      merchant,
      link,
      lease,
      runId,
      writer,
      source,
      twoWay,
      onEvent,
      maxDeletePercent: request.maxDeletePercent ?? 5,
      full: request.full ?? false,
      began: isResumed ? null : yield* DateTime.now
    })
    let askedAt = yield* Clock.currentTimeMillis
    yield* source.pages(state.checkpoint).pipe(
      Stream.mapEffect((page) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          const asked = { page, askedAt }
          askedAt = now
          return asked
        })
      ),
      Stream.buffer({ capacity: 1 }),
      Stream.runForEach((asked) =>
        Effect.uninterruptible(
          Effect.map(steps.page(asked.page, asked.askedAt, current), (after) => {
            current = after
          })
        )
      )
    )
    current = yield* Effect.uninterruptible(steps.end(current))
    return {
      link,
      dryRun,
      counts: current.counts,
      missing: current.missing
    } satisfies RunSummary as RunSummary
  })
  let current: RunState = {
    state: beginning(yield* repository.state(merchant, link), request),
    counts: noCounts,
    poison: 0,
    missing: 0,
    known: 0,
    removedBefore: 0
  }

  if (dryRun) return yield* work(null, null)

  const owned = (lease: Lease) =>
    Effect.gen(function* () {
      const runId = yield* repository.startRun(merchant, link, yield* DateTime.now)
      const renewing = Effect.gen(function* () {
        yield* Effect.sleep(ttl / 3)
        const now = yield* Clock.currentTimeMillis
        yield* repository.renew(merchant, lease, DateTime.makeUnsafe(now + ttl)).pipe(
          Effect.map(() => {
            until = now + ttl
          }),
          // A store that is busy now may not be before the lease is over.
          Effect.catchTag("StorageError", (error) => (now < until ? Effect.void : Effect.fail(error)))
        )
      })
      return yield* Effect.raceFirst(work(lease, runId), Effect.forever(renewing)).pipe(
        Effect.onExit((exit) => Effect.ignore(ended(lease, runId, exit)))
      )
    })

  /** The journal's last word, and the link's when a person is needed before it can go on. */
  const ended = (lease: Lease, runId: number, exit: Exit.Exit<unknown, SyncError>) =>
    atomically(
      Effect.gen(function* () {
        const result = outcomeOf(exit)
        yield* repository.putRun(merchant, runId, {
          ...result,
          endedAt: yield* DateTime.now,
          counts: current.counts
        })
        const error = exit._tag === "Failure" ? Cause.findErrorOption(exit.cause) : undefined
        if (error?._tag === "Some" && needsPerson(error.value)) {
          const state = yield* repository.state(merchant, link)
          yield* repository.advance(merchant, lease, { ...state, paused: error.value.message })
        }
      })
    )

  const acquire = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    until = now + ttl
    const lease = yield* repository.acquire(merchant, link, {
      owner: request.owner,
      now: DateTime.makeUnsafe(now),
      until: DateTime.makeUnsafe(until)
    })
    // The directions between two systems take turns: what one has written and not yet recorded looks like news to the
    // other.
    const back = (yield* repository.links(merchant)).find((other) => isOpposite(other.link, link))?.lease
    if (back == null || back.until.epochMilliseconds <= now) return lease
    yield* repository.release(merchant, lease)
    return yield* new LinkBusy({ from: link.to, to: link.from, ...back })
  })
  return yield* Effect.acquireUseRelease(acquire, owned, (lease) =>
    Effect.ignore(repository.release(merchant, lease))
  )
})

/** The steps of a run: one page, and the end of a sweep. Each commits whole or not at all. */
import {
  type CustomerSource,
  type DeadLetter,
  type Lease,
  type Link,
  type LinkState,
  type MerchantId,
  type NewDeadLetter,
  type RunCounts,
  type SourcePage,
  type SyncRecord,
  SyncRepository,
  UnitOfWork
} from "@tillbridge/domain"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { withPage, withRemovals } from "./Counts.ts"
import { CursorRepeated, TooManyDeletes, TooManyUnreadable } from "./errors.ts"
import { letterOfUnreadable } from "./Letters.ts"
import { hashData, markOf } from "./Mark.ts"
import { sift, type Sifted } from "./Sift.ts"
import type { SyncEvent } from "./SyncEvent.ts"
import type { Outcome, PageWork, RemovalOutcome, Writer } from "./Writer.ts"

/** How far a run is. */
export interface RunState {
  readonly state: LinkState
  readonly counts: RunCounts
  /** Records that could not be read or were refused. Conflicts are none: they say nothing of the records' form. */
  readonly poison: number
  /** Known customers that the sweep did not tell. */
  readonly missing: number
  /** Customers known when the run began. */
  readonly known: number
  /** Customers removed by the runs since the last complete one: ending a run gives nobody leave to remove more. */
  readonly removedBefore: number
}

export interface StepsOptions {
  readonly merchant: MerchantId
  readonly link: Link
  /** `null`: a dry run. */
  readonly lease: Lease | null
  /** In the journal; `null`: a dry run. */
  readonly runId: number | null
  readonly writer: Writer
  readonly source: CustomerSource["Service"]
  readonly twoWay: boolean
  readonly maxDeletePercent: number
  readonly full: boolean
  /** When the sweep began; `null`: another run began it. */
  readonly began: DateTime.Utc | null
  readonly onEvent: (event: SyncEvent) => Effect.Effect<void>
}

/** Single bad records are set aside whatever their share; more of them stop a run when they are over one percent. */
const SINGLE = 10
const PERCENT = 1
const PAGE_MOST = 100

/** Records looked at and removed in one unit of work. */
const BATCH = 200

/** What a page came to, as it is committed. */
interface Written {
  readonly outcomes: ReadonlyArray<Outcome>
  readonly sifted: Sifted
  readonly letters: ReadonlyArray<NewDeadLetter>
}

const keysOf = (records: ReadonlyArray<SyncRecord>) => records.map(({ fromKey }) => fromKey)

export const makeSteps = Effect.fnUntraced(function* (options: StepsOptions) {
  const { began, full, lease, link, maxDeletePercent, merchant, onEvent, runId, source, twoWay, writer } =
    options
  const repository = yield* SyncRepository
  const { atomically } = yield* UnitOfWork
  const allCards = source.capabilities.carriesAllCards
  const links = yield* repository.links(merchant)
  let hasLetters = links.some(
    (status) => status.link.from === link.from && status.link.to === link.to && status.deadLetters > 0
  )
  let lastPage: { readonly next: string; readonly content: string } | null = null
  /** In a dry run: records that the sweep will find gone unless it tells them still. */
  let doomed: Map<string, SyncRecord> | null = null

  const guardRepeat = (page: SourcePage, marks: ReadonlyArray<string>) =>
    Effect.suspend(() => {
      const content = hashData([marks, (page.unreadable ?? []).map(({ payload }) => payload)])
      const isRepeated = page.hasMore && lastPage?.next === page.next && lastPage.content === content
      lastPage = { next: page.next, content }
      return isRepeated ? Effect.fail(new CursorRepeated({ system: source.system })) : Effect.void
    })

  const guardPoison = (run: RunState, onPage: number, letters: ReadonlyArray<NewDeadLetter>) => {
    const { counts, poison } = run
    if (onPage <= PAGE_MOST && (poison <= SINGLE || poison * 100 <= counts.seen * PERCENT)) return Effect.void
    const reason = letters[0]?.reason ?? "see the dead letters"
    return Effect.fail(
      new TooManyUnreadable({ system: source.system, unreadable: poison, seen: counts.seen, reason })
    )
  }

  /** `removed` went before, and `left` are known still, those who are to go now among them. */
  const guardDeletes = (now: number, left: number, removed: number): Effect.Effect<void, TooManyDeletes> => {
    const [wanted, known] = [now + removed, left + removed]
    return now === 0 || wanted * 100 <= known * maxDeletePercent
      ? Effect.void
      : Effect.fail(
          new TooManyDeletes({ system: source.system, wanted, removed, known, allowed: maxDeletePercent })
        )
  }

  const workOf = (state: LinkState): Omit<PageWork, "changes"> => ({
    merchant,
    link,
    allCards,
    twoWay,
    lease,
    seen: Math.max(1, state.sweeping ? state.sweep : state.sweep - 1)
  })

  const journal = (counts: RunCounts) =>
    runId === null
      ? Effect.void
      : repository.putRun(merchant, runId, { outcome: "running", endedAt: null, error: null, counts })

  const advance = (run: RunState) =>
    lease === null
      ? Effect.void
      : Effect.andThen(repository.advance(merchant, lease, run.state), journal(run.counts))

  const tally = (run: RunState, { outcomes, sifted }: Omit<Written, "letters">, unreadable: number) => {
    const refused = outcomes.filter(({ action }) => action === "refuse").length
    const quiet = sifted.unchanged.length + sifted.echoes.length + sifted.repeated
    const counts = withPage(run.counts, { outcomes, quiet, stale: sifted.stale.length, unreadable })
    return { ...run, counts, poison: run.poison + unreadable + refused }
  }

  /** Who is who, who was seen, and what is set aside or not any more. */
  const keep = Effect.fnUntraced(function* ({ letters, outcomes, sifted }: Written, run: RunState) {
    const records = [...sifted.echoes, ...outcomes.flatMap(({ record }) => record ?? [])]
    const { seen } = workOf(run.state)
    if (records.length > 0)
      yield* repository.putRecords(
        merchant,
        link,
        records.map((record) => ({ ...record, seen: Math.max(record.seen, seen) }))
      )
    if (run.state.sweeping) {
      // Told, though not written: neither may be taken for gone.
      const aside = letters.flatMap(({ key }) => key ?? [])
      const told = [...keysOf(sifted.unchanged), ...keysOf(sifted.stale), ...aside]
      if (told.length > 0) yield* repository.markSeen(merchant, link, told, run.state.sweep)
    }
    if (hasLetters) {
      const settled = [
        ...outcomes.filter(({ letter }) => letter === null).map(({ told }) => told.change.source.key),
        ...keysOf(sifted.unchanged),
        ...keysOf(sifted.echoes)
      ]
      if (settled.length > 0) yield* repository.resolveDeadLetters(merchant, link, settled)
    }
    if (letters.length > 0) {
      hasLetters = true
      yield* repository.putDeadLetters(merchant, link, letters, yield* DateTime.now)
    }
  })

  const tellPlan = (outcomes: ReadonlyArray<Outcome>) =>
    Effect.forEach(
      outcomes.filter(({ action }) => action !== "unchanged"),
      ({ action, differences, told }) =>
        onEvent({ _tag: "Planned", key: told.change.source.key, action, differences }),
      { discard: true }
    )

  /** Removes at the destination, and forgets who is removed. Kept ones and those that cannot be removed stay known. */
  const remove = Effect.fnUntraced(function* (records: ReadonlyArray<SyncRecord>, run: RunState) {
    const outcomes = yield* writer.remove(
      workOf(run.state),
      records,
      Effect.fnUntraced(function* (done: ReadonlyArray<RemovalOutcome>) {
        const gone = done.filter(({ action }) => action === "remove").map(({ record }) => record)
        if (gone.length > 0) yield* repository.removeRecords(merchant, link, keysOf(gone))
        yield* advance({ ...run, counts: withRemovals(run.counts, done) })
      })
    )
    if (lease === null)
      for (const { action, record } of outcomes)
        if (action === "remove")
          yield* onEvent({ _tag: "Planned", key: record.fromKey, action, differences: [] })
    return { ...run, counts: withRemovals(run.counts, outcomes) }
  })

  /** Customers that the page says are gone. */
  const removeTold = Effect.fnUntraced(function* (page: SourcePage, run: RunState) {
    const keys = (page.removed ?? []).map(({ key }) => key)
    if (keys.length === 0) return run
    const records = yield* repository.records(merchant, link, keys)
    if (records.length === 0) return run
    const { created, removed } = run.counts
    if (lease !== null)
      yield* guardDeletes(records.length, run.known + created - removed, run.removedBefore + removed)
    return yield* remove(records, run)
  })

  /** One page; the run as it is after it. */
  const page = Effect.fnUntraced(function* (told: SourcePage, askedAt: number, before: RunState) {
    const marks = told.changes.map(markOf)
    yield* guardRepeat(told, marks)
    const run = yield* removeTold(told, before)
    const known = new Map<string, SyncRecord>()
    const keys = [...new Set(told.changes.map(({ source: { key } }) => key))]
    if (keys.length > 0)
      for (const record of yield* repository.records(merchant, link, keys)) known.set(record.fromKey, record)
    const sifted = sift(told.changes, marks, known, { askedAt, full, allCards, sweep: run.state.sweep })
    const unreadable = (told.unreadable ?? []).map(letterOfUnreadable)
    const after: LinkState = { ...run.state, checkpoint: told.next }
    const settle = (outcomes: ReadonlyArray<Outcome>) => {
      const letters = [...unreadable, ...outcomes.flatMap(({ letter }) => letter ?? [])]
      const next = { ...tally(run, { outcomes, sifted }, unreadable.length), state: after }
      return { letters, next, poison: next.poison - run.poison }
    }
    const outcomes = yield* writer.write(
      { ...workOf(run.state), changes: sifted.changed },
      Effect.fnUntraced(function* (done: ReadonlyArray<Outcome>) {
        const { letters, next, poison } = settle(done)
        yield* guardPoison(next, poison, letters)
        yield* keep({ outcomes: done, sifted, letters }, next)
        yield* advance(next)
      })
    )
    const { letters, next, poison } = settle(outcomes)
    if (lease === null) {
      yield* guardPoison(next, poison, letters)
      yield* tellPlan(outcomes)
      if (next.state.sweeping) {
        doomed ??= yield* unseenRecords(next.state.sweep - 2)
        for (const { key } of [...told.changes.map(({ source: own }) => own), ...letters])
          if (key !== null) doomed.delete(key)
      }
    }
    yield* onEvent({ _tag: "PageWritten", counts: next.counts, hasMore: told.hasMore })
    return next
  })

  /** Records that sweeps have told, but none after this one. What no sweep told yet may be too new for it. */
  const eachUnseen = <E, R>(
    sweep: number,
    use: (records: ReadonlyArray<SyncRecord>) => Effect.Effect<void, E, R>
  ) =>
    Effect.gen(function* () {
      for (let after: string | null = null; ;) {
        const batch: ReadonlyArray<SyncRecord> = yield* repository.unseenSince(merchant, link, sweep, {
          after,
          limit: BATCH
        })
        if (batch.length === 0) return
        yield* use(batch.filter(({ seen }) => seen > 0))
        after = batch.at(-1)!.fromKey
      }
    })

  const unseenRecords = Effect.fnUntraced(function* (sweep: number) {
    const found = new Map<string, SyncRecord>()
    yield* eachUnseen(sweep, (records) =>
      Effect.sync(() => {
        for (const record of records) found.set(record.fromKey, record)
      })
    )
    return found
  })

  const countUnseen = Effect.fnUntraced(function* (sweep: number) {
    let count = 0
    yield* eachUnseen(sweep, (records) => Effect.sync(() => void (count += records.length)))
    return count
  })

  const nameless = Effect.gen(function* () {
    const found: Array<DeadLetter> = []
    if (!hasLetters) return found
    for (let after = 0; ;) {
      const letters = yield* repository.deadLetters(merchant, { link, after, limit: BATCH })
      found.push(...letters.filter(({ key }) => key === null))
      if (letters.length < BATCH) return found
      after = letters.at(-1)!.id
    }
  })

  /**
   * A record without a key may be of anybody: while this sweep told one, nobody is known to be gone. Those that it did
   * not tell again are no more. Of a sweep that another run began it is not known which those are.
   */
  const settleNameless = Effect.gen(function* () {
    const letters = yield* nameless
    const isTold = ({ failedAt }: DeadLetter) =>
      began === null || failedAt.epochMilliseconds >= began.epochMilliseconds
    if (letters.some(isTold)) return false
    if (letters.length > 0)
      yield* atomically(
        repository.resolveDeadLetters(
          merchant,
          link,
          letters.map(({ name }) => name)
        )
      )
    return true
  })

  const removeUnseen = Effect.fnUntraced(function* (sweep: number, before: RunState) {
    let run = before
    yield* eachUnseen(sweep, (records) =>
      Effect.map(remove(records, run), (after) => {
        run = after
      })
    )
    return run
  })

  /**
   * The end of a pass. A complete sweep removes whom neither it nor the one before told; an empty one, or one with
   * records that nobody can be made out from, proves nothing.
   */
  const end = Effect.fnUntraced(function* (run: RunState) {
    const { state } = run
    if (!state.sweeping) return run
    if (lease === null) {
      const gone = doomed === null ? [] : [...doomed.values()]
      return run.counts.seen === 0 || gone.length === 0 ? run : yield* remove(gone, run)
    }
    const over: RunState = { ...run, state: { ...state, sweeping: false } }
    if (run.counts.seen === 0 || !(yield* settleNameless)) {
      yield* atomically(advance(over))
      return over
    }
    const { all } = yield* repository.countRecords(merchant, link, 0)
    const wanted = yield* countUnseen(state.sweep - 2)
    const removed = run.removedBefore + run.counts.removed
    yield* guardDeletes(wanted, all, removed).pipe(Effect.tapError(() => atomically(advance(over))))
    const swept = wanted === 0 ? over : yield* removeUnseen(state.sweep - 2, over)
    const missing = yield* countUnseen(state.sweep - 1)
    const next: RunState = { ...swept, missing, state: { ...over.state, sweep: state.sweep + 1 } }
    yield* atomically(advance(next))
    yield* onEvent({ _tag: "Swept", sweep: state.sweep, missing })
    return next
  })

  return { page, end }
})

/**
 * Port: what synchronising remembers. A link mirrors one system into another; the two directions between the same two
 * systems share the records of who is who, so that each recognises what the other wrote. Names of systems are the
 * caller's; keys are the systems' own.
 *
 * Everything that says so is meant to be called within a unit of work, together with the rows that it speaks of.
 */
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Checkpoint } from "./Checkpoint.ts"
import type { StorageError } from "./errors.ts"
import type { MerchantId } from "./Ids.ts"

/** One direction of mirroring. */
export interface Link {
  readonly from: string
  readonly to: string
}

export interface LinkState {
  /** Where the reader stands; `null`: at the beginning. */
  readonly checkpoint: Checkpoint | null
  /** Number of the sweep that goes on or comes next, from 1. A sweep reads everything that the source has. */
  readonly sweep: number
  /** Whether a sweep goes on of which nothing was left out so far. */
  readonly sweeping: boolean
  /** Why the link waits for a person; `null`: it does not. */
  readonly paused: string | null
}

/** A link that was never run. */
export const newLinkState: LinkState = { checkpoint: null, sweep: 1, sweeping: false, paused: null }

/** The right to write for a link. Each lease has a higher epoch than the one before; only the newest writes. */
export interface Lease {
  readonly link: Link
  readonly epoch: number
}

/** Another worker holds the lease until then, unless it renews or releases it. */
export class LinkBusy extends Schema.TaggedError<LinkBusy>()("LinkBusy", {
  from: Schema.String,
  to: Schema.String,
  owner: Schema.String,
  until: Schema.DateTimeUtc
}) {
  override get message() {
    return `${this.from} to ${this.to} is being synchronised by ${this.owner}`
  }
}

/** The lease ran out and somebody else took it: nothing may be written with it any more. */
export class LeaseLost extends Schema.TaggedError<LeaseLost>()("LeaseLost", {
  from: Schema.String,
  to: Schema.String
}) {
  override get message() {
    return `another worker took over ${this.from} to ${this.to}`
  }
}

/** Who is who, and what both sides said when they last agreed. `from` and `to` are those of the link asked with. */
export interface SyncRecord {
  readonly fromKey: string
  readonly toKey: string
  /** Mark of the content told there; `null`: written there since, and not yet told. */
  readonly fromMark: string | null
  readonly toMark: string | null
  /** What was written to the side that has not told it yet, as text; the engine's own form. */
  readonly sent: string | null
  /** The last sweep of `from` that told it; 0: none. */
  readonly seen: number
}

export type DeadLetterKind = "unreadable" | "refused" | "conflict"

export interface NewDeadLetter {
  /** Names the record within its link: its key at the source, or a mark of the payload where it has none. */
  readonly name: string
  /** Its key at the source, where it is known. */
  readonly key: string | null
  readonly kind: DeadLetterKind
  /** What is wrong: fields and reasons, no values. */
  readonly reason: string
  /** `null`: too large to be kept. Holds a person's data: never for logs. */
  readonly payload: string | null
}

export interface DeadLetter extends NewDeadLetter {
  readonly id: number
  readonly link: Link
  /** When it was first set aside. */
  readonly createdAt: DateTime.Utc
  /** When it last failed. */
  readonly failedAt: DateTime.Utc
  readonly attempts: number
}

/** What became of the records of a run: `seen` is the sum of the five after it. */
export interface RunCounts {
  readonly pages: number
  readonly seen: number
  readonly created: number
  readonly updated: number
  readonly unchanged: number
  /** Left as they are there, because that is newer. */
  readonly kept: number
  readonly deadLettered: number
  readonly removed: number
  /** Gone at the source, but the destination has no way to remove them. */
  readonly notRemovable: number
  /** Cards written or taken away. */
  readonly cards: number
}

/** Of a run that has done nothing yet. */
export const noCounts: RunCounts = {
  pages: 0,
  seen: 0,
  created: 0,
  updated: 0,
  unchanged: 0,
  kept: 0,
  deadLettered: 0,
  removed: 0,
  notRemovable: 0,
  cards: 0
}

export interface SyncRun {
  readonly id: number
  readonly link: Link
  readonly startedAt: DateTime.Utc
  readonly endedAt: DateTime.Utc | null
  /** "running" also of one whose process died. */
  readonly outcome: "running" | "complete" | "interrupted" | "failed"
  /** Why it failed: a message without personal data. */
  readonly error: string | null
  readonly counts: RunCounts
}

/** Runs of one link that are kept: a link that runs every five minutes fills them in three and a half days. */
export const KEPT_RUNS = 1_000

export interface LinkStatus extends LinkState {
  readonly link: Link
  readonly records: number
  readonly deadLetters: number
  readonly lease: { readonly owner: string; readonly until: DateTime.Utc } | null
  readonly lastRun: SyncRun | null
}

export class SyncRepository extends Context.Service<
  SyncRepository,
  {
    /** Every link that was ever run or set, by name. */
    readonly links: (merchant: MerchantId) => Effect.Effect<ReadonlyArray<LinkStatus>, StorageError>
    /** `newLinkState` for one that was never run. */
    readonly state: (merchant: MerchantId, link: Link) => Effect.Effect<LinkState, StorageError>
    /** Takes the lease when nobody holds it at this moment; every grant has a new, higher epoch. A unit of its own. */
    readonly acquire: (
      merchant: MerchantId,
      link: Link,
      request: { readonly owner: string; readonly now: DateTime.Utc; readonly until: DateTime.Utc }
    ) => Effect.Effect<Lease, LinkBusy | StorageError>
    readonly renew: (
      merchant: MerchantId,
      lease: Lease,
      until: DateTime.Utc
    ) => Effect.Effect<void, LeaseLost | StorageError>
    /** Nothing to say when it is lost already. */
    readonly release: (merchant: MerchantId, lease: Lease) => Effect.Effect<void, StorageError>
    /**
     * Within a unit: the link's new state, refused when the lease is not the newest (whatever its time). Called in the
     * same unit as the rows, it makes a worker that was overtaken write nothing.
     */
    readonly advance: (
      merchant: MerchantId,
      lease: Lease,
      state: LinkState
    ) => Effect.Effect<void, LeaseLost | StorageError>
    /** Records by their key at `from`; unknown ones are left out. Any order. */
    readonly records: (
      merchant: MerchantId,
      link: Link,
      fromKeys: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyArray<SyncRecord>, StorageError>
    /** The same by their key at `to`. */
    readonly recordsByTo: (
      merchant: MerchantId,
      link: Link,
      toKeys: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyArray<SyncRecord>, StorageError>
    /**
     * Within a unit: inserts or replaces by `fromKey`. A record whose `toKey` is another record's takes its place.
     * What the opposite link has seen of it stays, as long as it is the same customer there.
     */
    readonly putRecords: (
      merchant: MerchantId,
      link: Link,
      records: ReadonlyArray<SyncRecord>
    ) => Effect.Effect<void, StorageError>
    /** Within a unit: the sweep has told these. */
    readonly markSeen: (
      merchant: MerchantId,
      link: Link,
      fromKeys: ReadonlyArray<string>,
      sweep: number
    ) => Effect.Effect<void, StorageError>
    /** Records last seen in this sweep or an earlier one, ascending by `fromKey` after the given one. */
    readonly unseenSince: (
      merchant: MerchantId,
      link: Link,
      sweep: number,
      window: { readonly after: string | null; readonly limit: number }
    ) => Effect.Effect<ReadonlyArray<SyncRecord>, StorageError>
    /** How many records there are, and how many of them were last seen in this sweep or an earlier one. */
    readonly countRecords: (
      merchant: MerchantId,
      link: Link,
      sweep: number
    ) => Effect.Effect<{ readonly all: number; readonly unseen: number }, StorageError>
    /** Within a unit. */
    readonly removeRecords: (
      merchant: MerchantId,
      link: Link,
      fromKeys: ReadonlyArray<string>
    ) => Effect.Effect<void, StorageError>
    /** Within a unit: adds, or counts one more attempt of one that is there (by `name`), with the newest reason. */
    readonly putDeadLetters: (
      merchant: MerchantId,
      link: Link,
      letters: ReadonlyArray<NewDeadLetter>,
      now: DateTime.Utc
    ) => Effect.Effect<void, StorageError>
    /** Within a unit: their records were written after all. */
    readonly resolveDeadLetters: (
      merchant: MerchantId,
      link: Link,
      names: ReadonlyArray<string>
    ) => Effect.Effect<void, StorageError>
    /** Ascending by id, after the given one; of one link or of all. */
    readonly deadLetters: (
      merchant: MerchantId,
      query: { readonly link: Link | null; readonly after: number; readonly limit: number }
    ) => Effect.Effect<ReadonlyArray<DeadLetter>, StorageError>
    readonly deadLetter: (merchant: MerchantId, id: number) => Effect.Effect<DeadLetter | null, StorageError>
    /** Within a unit. How many there were. */
    readonly dropDeadLetters: (
      merchant: MerchantId,
      ids: ReadonlyArray<number>
    ) => Effect.Effect<number, StorageError>
    /** A run begins; its number. Of each link the newest `KEPT_RUNS` are kept. */
    readonly startRun: (
      merchant: MerchantId,
      link: Link,
      now: DateTime.Utc
    ) => Effect.Effect<number, StorageError>
    /** Within a unit, or alone: how far it is, or how it ended. */
    readonly putRun: (
      merchant: MerchantId,
      id: number,
      run: Pick<SyncRun, "endedAt" | "outcome" | "error" | "counts">
    ) => Effect.Effect<void, StorageError>
    /** The newest first. */
    readonly runs: (
      merchant: MerchantId,
      link: Link,
      limit: number
    ) => Effect.Effect<ReadonlyArray<SyncRun>, StorageError>
    /** Within a unit: forgets the link, with its dead letters, runs, and the records that no opposite link needs. */
    readonly forget: (merchant: MerchantId, link: Link) => Effect.Effect<void, StorageError>
  }
>()("@tillbridge/domain/SyncRepository") {}

/** What the engine asks of the side that is written to. The store and a vendor's destination each are one. */
import type {
  CustomerChange,
  Lease,
  LeaseLost,
  Link,
  MerchantId,
  NewDeadLetter,
  SourceError,
  StorageError,
  SyncRecord
} from "@tillbridge/domain"
import type * as Effect from "effect/Effect"
import type { FieldDifference } from "./Agreement.ts"

/** A changed customer with what is known of it from earlier runs. */
export interface ToldChange {
  readonly change: CustomerChange
  readonly mark: string
  readonly record: SyncRecord | null
  /** When it was last changed at the source, as far as can be told: never later than the moment it was asked for. */
  readonly toldAt: number
}

export type ChangeAction = "create" | "update" | "unchanged" | "keep" | "conflict" | "refuse"

/** What became of one changed customer, or would become of it. */
export interface Outcome {
  readonly told: ToldChange
  readonly action: ChangeAction
  /** Who it is at the destination; `null` where it was not written. */
  readonly record: SyncRecord | null
  readonly letter: NewDeadLetter | null
  /** Cards written or taken away. */
  readonly cards: number
  /** What differs at the destination before the write; only where it was asked for. */
  readonly differences: ReadonlyArray<FieldDifference>
}

/** Whether one mirrors back what the other mirrors. */
export const isOpposite = (a: Link, b: Link): boolean => a.from === b.to && a.to === b.from

export interface PageWork {
  readonly merchant: MerchantId
  readonly link: Link
  readonly changes: ReadonlyArray<ToldChange>
  /** The number that records carry as last seen. */
  readonly seen: number
  /** Whether all cards of a customer were told. */
  readonly allCards: boolean
  /** Whether the other direction is mirrored too: what was changed there must not be written over unseen. */
  readonly twoWay: boolean
  /** `null`: a dry run, which writes nothing. */
  readonly lease: Lease | null
}

export interface RemovalOutcome {
  readonly record: SyncRecord
  /** Kept: changed at the destination since both sides agreed. */
  readonly action: "remove" | "keep" | "cannot"
}

/** What is written in the same unit as the rows: records, dead letters, state and journal. Its failure undoes both. */
export type Commit<A, E> = (result: A) => Effect.Effect<void, E>

export interface Writer {
  readonly system: string
  readonly carriesCards: boolean
  readonly write: <E>(
    work: PageWork,
    commit: Commit<ReadonlyArray<Outcome>, E>
  ) => Effect.Effect<ReadonlyArray<Outcome>, SourceError | LeaseLost | StorageError | E>
  readonly remove: <E>(
    work: Omit<PageWork, "changes">,
    records: ReadonlyArray<SyncRecord>,
    commit: Commit<ReadonlyArray<RemovalOutcome>, E>
  ) => Effect.Effect<ReadonlyArray<RemovalOutcome>, SourceError | LeaseLost | StorageError | E>
}

/** How a customer unknown by any key is matched with one of the destination. */
export interface Matching {
  readonly by: ReadonlyArray<"card" | "phone" | "email">
  /** ISO 3166 code of the country whose phones are written without a country code; `null`: only full ones match. */
  readonly country: string | null
}

export const noMatching: Matching = { by: [], country: null }

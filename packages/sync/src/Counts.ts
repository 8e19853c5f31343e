import type { RunCounts } from "@tillbridge/domain"
import type { Outcome, RemovalOutcome } from "./Writer.ts"

const many = (outcomes: ReadonlyArray<{ readonly action: string }>, ...actions: ReadonlyArray<string>) =>
  outcomes.reduce((count, { action }) => (actions.includes(action) ? count + 1 : count), 0)

export interface PageTally {
  readonly outcomes: ReadonlyArray<Outcome>
  /** Known as they were told: no news, echoes, told twice. */
  readonly quiet: number
  /** Told older than known. */
  readonly stale: number
  readonly unreadable: number
}

/** Counts with one more page: every record of it is counted once. */
export const withPage = (
  counts: RunCounts,
  { outcomes, quiet, stale, unreadable }: PageTally
): RunCounts => ({
  ...counts,
  pages: counts.pages + 1,
  seen: counts.seen + outcomes.length + quiet + stale + unreadable,
  created: counts.created + many(outcomes, "create"),
  updated: counts.updated + many(outcomes, "update"),
  unchanged: counts.unchanged + quiet + many(outcomes, "unchanged"),
  kept: counts.kept + stale + many(outcomes, "keep"),
  deadLettered: counts.deadLettered + unreadable + many(outcomes, "conflict", "refuse"),
  cards: counts.cards + outcomes.reduce((sum, { cards }) => sum + cards, 0)
})

export const withRemovals = (counts: RunCounts, outcomes: ReadonlyArray<RemovalOutcome>): RunCounts => ({
  ...counts,
  removed: counts.removed + many(outcomes, "remove"),
  notRemovable: counts.notRemovable + many(outcomes, "cannot")
})

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

/** Counts with one more page: every record of it is counted once, as set aside where anything of it was. */
export const withPage = (counts: RunCounts, { outcomes, quiet, stale, unreadable }: PageTally): RunCounts => {
  const whole = outcomes.filter(({ letter }) => letter === null)
  return {
    ...counts,
    pages: counts.pages + 1,
    seen: counts.seen + outcomes.length + quiet + stale + unreadable,
    created: counts.created + many(whole, "create"),
    updated: counts.updated + many(whole, "update"),
    unchanged: counts.unchanged + quiet + many(whole, "unchanged"),
    kept: counts.kept + stale + many(whole, "keep"),
    deadLettered: counts.deadLettered + unreadable + outcomes.length - whole.length,
    cards: counts.cards + outcomes.reduce((sum, { cards }) => sum + cards, 0)
  }
}

export const withRemovals = (counts: RunCounts, outcomes: ReadonlyArray<RemovalOutcome>): RunCounts => ({
  ...counts,
  removed: counts.removed + many(outcomes, "remove"),
  notRemovable: counts.notRemovable + many(outcomes, "cannot")
})

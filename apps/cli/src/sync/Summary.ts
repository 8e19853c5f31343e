/** How a run ended: one line for people, one document for programs. */
import type { Link, RunCounts } from "@tillbridge/domain"
import { duration } from "../transfer/Progress.ts"
import { count, people, progressOf } from "./Progress.ts"

export interface Ending {
  readonly how: "done" | "interrupted" | "stopped"
  readonly dryRun: boolean
  readonly counts: RunCounts
  /** Known customers that were not told. */
  readonly missing: number
  /** Whether only what changed since an earlier run was asked for. */
  readonly isNewsOnly: boolean
  readonly look: Parameters<typeof progressOf>[0]
}

export const ending = (link: Link, { dryRun, how, look, missing }: Ending) => {
  const { secondsLeft: _1, total: _2, waiting: _3, ...rest } = progressOf(look)
  return { event: how, ...link, dryRun, ...rest, missing }
}

const words: Record<Ending["how"], string> = { done: "", interrupted: ", interrupted", stopped: ", stopped" }

/** `store → virtpos: 10 customers told: 2 created, … in 1.2 s (8/s)` */
export const summaryLine = ({ from, to }: Link, { how, look }: Ending): string => {
  const now = progressOf(look)
  const parts = [
    `${count(now.created)} created`,
    `${count(now.updated)} updated`,
    `${count(now.unchanged)} unchanged`,
    `${count(now.kept)} kept as newer there`,
    `${count(now.deadLettered)} set aside`,
    `${count(now.removed)} removed`,
    `${count(now.cards)} ${now.cards === 1 ? "card" : "cards"} written`
  ]
  const traffic =
    now.requests === 0
      ? ""
      : `; ${count(now.requests)} requests` +
        (now.retries === 0 ? "" : `, ${count(now.retries)} of them retries`) +
        (now.throttledSeconds < 1 ? "" : `, held back ${duration(now.throttledSeconds)}`)
  return (
    `${from} → ${to}${words[how]}: ${people(now.seen)} told: ${parts.join(", ")} ` +
    `in ${now.seconds.toFixed(1)} s (${count(now.customersPerSecond)}/s${traffic})`
  )
}

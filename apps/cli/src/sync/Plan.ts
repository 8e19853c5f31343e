/** What a dry run found: a table of what would be done, and in what the first customers differ. */
import type { RunCounts } from "@tillbridge/domain"
import type { SyncEvent } from "@tillbridge/sync"
import { visible } from "../Output.ts"
import { table } from "../Table.ts"
import { count } from "./Progress.ts"

type Planned = Extract<SyncEvent, { readonly _tag: "Planned" }>

/** Keeps the first of what is planned, and how often what else is. */
export class Plan {
  readonly shown: Array<Planned> = []
  conflicts = 0
  /** Planned customers in all. */
  found = 0
  readonly #most: number

  constructor(most: number) {
    this.#most = most
  }

  take(event: SyncEvent): void {
    if (event._tag !== "Planned") return
    this.found++
    if (event.action === "conflict") this.conflicts++
    if (this.shown.length < this.#most) this.shown.push(event)
  }
}

export interface PlanFigures {
  readonly create: number
  readonly update: number
  readonly unchanged: number
  readonly keep: number
  readonly remove: number
  readonly conflict: number
  readonly setAside: number
  readonly notRemovable: number
}

export const figuresOf = (counts: RunCounts, plan: Plan): PlanFigures => ({
  create: counts.created,
  update: counts.updated,
  unchanged: counts.unchanged,
  keep: counts.kept,
  remove: counts.removed,
  conflict: plan.conflicts,
  setAside: Math.max(0, counts.deadLettered - plan.conflicts),
  notRemovable: counts.notRemovable
})

const LONGEST = 60

const value = (text: string): string => {
  if (text === "") return "nothing"
  const shown = visible(text)
  return `"${shown.length > LONGEST ? `${shown.slice(0, LONGEST - 1)}…` : shown}"`
}

const verbs: Record<Planned["action"], string> = {
  create: "create",
  update: "update",
  unchanged: "leave",
  keep: "keep",
  remove: "remove",
  conflict: "conflict",
  refuse: "refuse"
}

const signs: Record<Planned["action"], string> = {
  create: "+",
  update: "*",
  unchanged: "=",
  keep: "=",
  remove: "-",
  conflict: "!",
  refuse: "!"
}

const customer = ({ action, differences, key }: Planned): string => {
  const width = Math.max(0, ...differences.map(({ field }) => field.length))
  return [
    `${signs[action]} ${verbs[action]} ${visible(key)}`,
    ...differences.map(({ field, from, to }) => `    ${field.padEnd(width)}  ${value(from)} → ${value(to)}`)
  ]
    .map((line) => `${line}\n`)
    .join("")
}

/** `would create 2, update 1, remove 1 on virtpos (from polaris)` */
export const planLine = ({ create, remove, update }: PlanFigures, from: string, to: string): string =>
  `would create ${count(create)}, update ${count(update)}, remove ${count(remove)} on ${to} (from ${from})`

/** The plan for people. */
export const planText = (figures: PlanFigures, plan: Plan, from: string, to: string): string => {
  const always: ReadonlyArray<readonly [string, number]> = [
    ["create", figures.create],
    ["update", figures.update],
    ["leave, as both say the same", figures.unchanged],
    ["keep, as it is newer there", figures.keep],
    ["remove", figures.remove],
    ["conflict", figures.conflict],
    ["set aside", figures.setAside]
  ]
  const rows =
    figures.notRemovable === 0 ? always : [...always, ["cannot remove", figures.notRemovable] as const]
  const more = plan.found - plan.shown.length
  return [
    table([`${from} → ${to}`, "CUSTOMERS"], rows),
    "\n",
    ...plan.shown.map(customer),
    more === 0 ? "" : `… and ${count(more)} more: --diffs N shows more\n`,
    plan.found === 0 ? "" : "\n",
    `${planLine(figures, from, to)}\n`
  ].join("")
}

/** Where links stand, for people and for programs. */
import { type Link, type LinkStatus, type MerchantId, newLinkState, SyncRepository } from "@tillbridge/domain"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type { Cell } from "../Table.ts"
import { pairs, table } from "../Table.ts"
import { duration } from "../transfer/Progress.ts"
import { count } from "./Progress.ts"

/** Runs looked through for the last one that went to its end. */
const RUNS = 50

export interface Standing {
  readonly status: LinkStatus
  /** Whether it was ever run or set. */
  readonly isKnown: boolean
  /** When the last run began that went to its end: whatever changed before is there. */
  readonly upTo: DateTime.Utc | null
  /** Since then, in seconds. */
  readonly lag: number | null
  /** Whether somebody holds it at this moment. */
  readonly isHeld: boolean
}

const neverRun = (link: Link): LinkStatus => ({
  ...newLinkState,
  link,
  records: 0,
  deadLetters: 0,
  lease: null,
  lastRun: null
})

export const isSameLink = (a: Link, b: Link): boolean => a.from === b.from && a.to === b.to

/** Every link that was ever run or set, and those that are only set in the file. */
export const standings = Effect.fnUntraced(function* (merchant: MerchantId, named: ReadonlyArray<Link>) {
  const repository = yield* SyncRepository
  const known = yield* repository.links(merchant)
  const others = named.filter(
    (link, at) =>
      !known.some((status) => isSameLink(status.link, link)) &&
      named.findIndex((other) => isSameLink(other, link)) === at
  )
  const now = yield* Clock.currentTimeMillis
  const standingOf = (status: LinkStatus, isKnown: boolean) =>
    Effect.gen(function* () {
      const { lastRun, lease } = status
      const runs =
        lastRun?.outcome === "complete" || !isKnown ? [] : yield* repository.runs(merchant, status.link, RUNS)
      const whole = [...(lastRun === null ? [] : [lastRun]), ...runs].find(
        ({ outcome }) => outcome === "complete"
      )
      const upTo = whole?.startedAt ?? null
      return {
        status,
        isKnown,
        upTo,
        lag: upTo === null ? null : Math.max(0, Math.round((now - upTo.epochMilliseconds) / 1000)),
        isHeld: lease !== null && lease.until.epochMilliseconds > now
      } satisfies Standing as Standing
    })
  return yield* Effect.forEach(
    [
      ...known.map((status) => [status, true] as const),
      ...others.map((link) => [neverRun(link), false] as const)
    ],
    ([status, isKnown]) => standingOf(status, isKnown)
  )
})

const iso = (time: DateTime.Utc | null): string | null => (time === null ? null : DateTime.formatIso(time))

export const standingDocument = ({ isHeld, lag, status, upTo }: Standing) => {
  const { checkpoint, deadLetters, lastRun, lease, link, paused, records, sweep, sweeping } = status
  return {
    ...link,
    checkpoint,
    sweep,
    sweeping,
    paused,
    records,
    deadLetters,
    upTo: iso(upTo),
    lagSeconds: lag,
    lease: lease === null || !isHeld ? null : { owner: lease.owner, until: iso(lease.until) },
    lastRun:
      lastRun === null
        ? null
        : {
            id: lastRun.id,
            outcome: lastRun.outcome === "running" && !isHeld ? "died" : lastRun.outcome,
            startedAt: iso(lastRun.startedAt),
            endedAt: iso(lastRun.endedAt),
            error: lastRun.error,
            counts: lastRun.counts
          }
  }
}

const LONGEST_CHECKPOINT = 24

const short = (checkpoint: string | null): string =>
  checkpoint === null
    ? "beginning"
    : checkpoint.length > LONGEST_CHECKPOINT
      ? `${checkpoint.slice(0, LONGEST_CHECKPOINT - 1)}…`
      : checkpoint

/** One word for where it stands. */
const stateOf = ({ isHeld, isKnown, status }: Standing): string => {
  if (!isKnown) return "never run"
  if (status.paused !== null) return "waits for you"
  if (isHeld) return "running"
  if (status.lastRun === null) return "not run"
  return status.lastRun.outcome === "running" ? "died" : status.lastRun.outcome
}

export const standingTable = (all: ReadonlyArray<Standing>): string =>
  table(
    ["LINK", "STATE", "LAG", "KNOWN", "SET ASIDE", "CHECKPOINT"],
    all.map((standing): ReadonlyArray<Cell> => {
      const { lag, status } = standing
      return [
        `${status.link.from} → ${status.link.to}`,
        stateOf(standing),
        lag === null ? "" : duration(lag),
        status.records,
        status.deadLetters,
        short(status.checkpoint)
      ]
    })
  )

const countsText = (standing: Standing): string | null => {
  const counts = standing.status.lastRun?.counts
  if (counts === undefined) return null
  return (
    `${count(counts.seen)} told: ${count(counts.created)} created, ${count(counts.updated)} updated, ` +
    `${count(counts.unchanged)} unchanged, ${count(counts.kept)} kept, ${count(counts.deadLettered)} set aside; ` +
    `${count(counts.removed)} removed, ${count(counts.cards)} cards written`
  )
}

export const standingPage = (standing: Standing): string => {
  const { isHeld, lag, status, upTo } = standing
  const { checkpoint, deadLetters, lastRun, lease, link, paused, records, sweep, sweeping } = status
  return pairs([
    ["link", `${link.from} → ${link.to}`],
    ["state", stateOf(standing)],
    ["waits because", paused],
    ["checkpoint", short(checkpoint)],
    ["sweep", `${sweep}${sweeping ? ", going on" : ""}`],
    ["known customers", count(records)],
    ["set aside", count(deadLetters)],
    ["up to", upTo === null ? "never complete" : `${iso(upTo)} (${duration(lag ?? 0)} ago)`],
    ["last run", lastRun === null ? null : `${iso(lastRun.startedAt)} to ${iso(lastRun.endedAt) ?? "?"}`],
    ["its counts", countsText(standing)],
    ["its error", lastRun?.error],
    ["held by", lease === null || !isHeld ? null : `${lease.owner}, until ${iso(lease.until)}`]
  ])
}

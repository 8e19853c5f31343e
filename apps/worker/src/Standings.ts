/** What the store tells of the links now, asked for at most every few seconds however often it is wanted. */
import { type Link, type LinkStatus, type MerchantId, SyncRepository } from "@tillbridge/domain"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type { WorkerLink } from "./Link.ts"
import type { Standing } from "./Metrics.ts"

const FRESH_MILLIS = 5_000

/** Newest runs among which a complete one is looked for. */
const RUNS = 100

const isSame = (a: Link, b: Link) => a.from === b.from && a.to === b.to

const newStanding: Standing = { completeAt: null, paused: null, deadLetters: 0, records: 0 }

/** By the links' names; `null` when the store does not answer. */
export const makeStandings = Effect.fnUntraced(function* (links: ReadonlyArray<WorkerLink>) {
  const repository = yield* SyncRepository
  const merchants = [...new Set(links.map(({ merchant }) => merchant))]

  const completeAt = (merchant: MerchantId, { lastRun, link }: LinkStatus) => {
    if (lastRun === null) return Effect.succeed(null)
    const runs =
      lastRun.outcome === "complete" ? Effect.succeed([lastRun]) : repository.runs(merchant, link, RUNS)
    return Effect.map(runs, (all) => {
      const end = all.find(({ outcome }) => outcome === "complete")?.endedAt
      return end == null ? null : DateTime.toEpochMillis(end)
    })
  }

  const ask = Effect.gen(function* () {
    const found = new Map<string, Standing>(links.map(({ name }) => [name, newStanding]))
    for (const merchant of merchants) {
      for (const status of yield* repository.links(merchant)) {
        const link = links.find((one) => one.merchant === merchant && isSame(one.link, status.link))
        if (link === undefined) continue
        const { deadLetters, paused, records } = status
        found.set(link.name, {
          completeAt: yield* completeAt(merchant, status),
          paused,
          deadLetters,
          records
        })
      }
    }
    return found as ReadonlyMap<string, Standing>
  }).pipe(
    Effect.catchCause((cause) => Effect.as(Effect.logWarning("the store does not answer", cause), null))
  )

  let last: { readonly at: number; readonly standings: ReadonlyMap<string, Standing> | null } | null = null
  return Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    if (last === null || Math.abs(now - last.at) >= FRESH_MILLIS) last = { at: now, standings: yield* ask }
    return last.standings
  })
})

/** One run of a link from the command line: what it says while it runs, and how it ends. */
import { type Link, type Merchant, SyncRepository } from "@tillbridge/domain"
import { runLink, type SyncEvent } from "@tillbridge/sync"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { type Failure, Stopped } from "../Failure.ts"
import type { Session } from "../GlobalFlags.ts"
import { say, write, writeJson, writeLine } from "../Output.ts"
import { type End, writable } from "./Ends.ts"
import { explainSync } from "./Explain.ts"
import { type ChosenLink, commandLine } from "./LinkChoice.ts"
import { owner } from "./Owner.ts"
import { figuresOf, Plan, planText } from "./Plan.ts"
import { count, people, progressOf, SyncProgress, trafficOf } from "./Progress.ts"
import { ending, type Ending, summaryLine } from "./Summary.ts"

export interface RunFlags {
  readonly dryRun: boolean
  readonly full: boolean
  readonly maxDelete: number | undefined
  readonly match: string | undefined
  readonly country: string | undefined
  readonly merchant: string | undefined
  readonly diffs: number | undefined
}

export interface Running {
  readonly chosen: ChosenLink
  readonly merchant: Merchant
  readonly from: End
  readonly to: End
  readonly flags: RunFlags
  readonly session: Session
  /** Path of the store. */
  readonly database: string
}

/** How many customers the run will tell, where earlier runs show it: those that its sweep has not told yet. */
const totalOf = Effect.fnUntraced(function* ({ chosen: { link }, flags, from, merchant }: Running) {
  const repository = yield* SyncRepository
  const { checkpoint, sweep, sweeping } = yield* repository.state(merchant.id, link)
  const { feed } = from.source.capabilities
  const isSweep = flags.full || sweeping || checkpoint === null || feed === "pages" || feed === "snapshot"
  if (!isSweep) return null
  const { all, unseen } = yield* repository.countRecords(merchant.id, link, sweep - 1)
  return (flags.full ? all : unseen) || null
})

const eventDocument = (event: Exclude<SyncEvent, { readonly _tag: "PageWritten" }>, total: number | null) => {
  switch (event._tag) {
    case "Started": {
      const { dryRun, known, link, resumed } = event
      return { event: "started", ...link, dryRun, resumed, known, total }
    }
    case "Planned":
      return { event: "planned", key: event.key, action: event.action, differences: event.differences }
    case "Swept":
      return { event: "swept", sweep: event.sweep, missing: event.missing }
  }
}

const resumeOf = (pages: number, dryRun: boolean): string => {
  if (dryRun) return "Nothing was written. Try again with"
  if (pages === 0) return "Nothing of this run is written yet. It begins again with"
  return `${count(pages)} ${pages === 1 ? "page is" : "pages are"} saved. It goes on at page ${count(pages + 1)} with`
}

/** What one would want to know or do next, for people. */
const advice = (link: Link, { counts, isNewsOnly, missing }: Ending): ReadonlyArray<string> => [
  ...(counts.seen > 0
    ? []
    : isNewsOnly
      ? [`0 customers told: nothing changed at ${link.from} since the last run.`]
      : [`0 CUSTOMERS TOLD. Has ${link.from} none, or may the credential see none? Nothing was removed.`]),
  ...(counts.deadLettered === 0
    ? []
    : [
        `${people(counts.deadLettered)} set aside. Why: ` +
          `tillbridge dead-letters list --from ${link.from} --to ${link.to}`
      ]),
  ...(counts.notRemovable === 0
    ? []
    : [
        `${people(counts.notRemovable)} gone from ${link.from} stay at ${link.to}, which has no way to remove them.`
      ]),
  ...(missing === 0
    ? []
    : [
        `${people(missing)} known from before ${missing === 1 ? "was" : "were"} not told by ${link.from} this time: ` +
          "the next complete run removes whom it does not tell either."
      ])
]

type Given = Readonly<Record<string, string | number | boolean | undefined>>

/** This very run as a command line, with some flags more. */
const commandOf =
  ({ chosen: { link }, flags, session }: Running) =>
  (more: Given): string => {
    const { country, full, match, maxDelete, merchant } = flags
    const given = { full, match, country, "max-delete": maxDelete, merchant, ...more }
    return commandLine(["sync", "run", link.from, link.to], given, session)
  }

const asked = ({ flags: { diffs, dryRun } }: Running): Given => ({ "dry-run": dryRun, diffs })

/** After a dry run, the command that would do it; with the confirmation that it would ask for. */
const sayHowToApply = Effect.fnUntraced(function* (running: Running, removed: number) {
  const { link, maxDelete } = running.chosen
  const known = (yield* (yield* SyncRepository).countRecords(running.merchant.id, link, 0)).all
  const isOver = removed * 100 > known * maxDelete
  const percent = Math.min(100, Math.ceil((100 * removed) / Math.max(1, known)))
  if (isOver) {
    yield* say(
      `${people(removed)} of ${count(known)} would be removed, and only ${maxDelete} % may be without confirmation.`
    )
  }
  yield* say("Nothing was written. To apply it:")
  yield* say(`  ${commandOf(running)(isOver ? { "max-delete": percent } : {})}`)
})

/** What a run says: events as they come, and its end. */
const makeVoice = Effect.fnUntraced(function* (running: Running, total: number | null) {
  const { chosen, flags, from, session, to } = running
  const { link } = chosen
  const { dryRun } = flags
  const plan = new Plan(flags.diffs ?? 10)
  const name = `${link.from} → ${link.to}`
  const progress = new SyncProgress({ name, json: session.json, total, traffic: trafficOf([from, to]) })
  const gone = yield* Deferred.make<never, Failure | Stopped>()
  let hasStarted = false
  let isNewsOnly = false

  /** Whoever reads the output may go away; the page is finished all the same. */
  const tell = (document: object) =>
    session.json
      ? writeJson(document).pipe(Effect.catch((error) => Effect.asVoid(Deferred.fail(gone, error))))
      : Effect.void

  const onEvent = Effect.fnUntraced(function* (event: SyncEvent) {
    progress.take(event)
    plan.take(event)
    if (event._tag === "PageWritten")
      return yield* tell({ event: "page", ...progressOf(yield* progress.look), hasMore: event.hasMore })
    if (event._tag === "Started") {
      hasStarted = true
      isNewsOnly = event.resumed && total === null && event.known > 0
    }
    yield* tell(eventDocument(event, total))
  })

  const finish = Effect.fnUntraced(function* (how: Ending["how"], missing: number) {
    progress.clear()
    if (!hasStarted) return
    const look = yield* progress.look
    const { counts } = look
    const end: Ending = { how, dryRun, missing, isNewsOnly, counts, look }
    if (session.json) {
      const planned = dryRun ? { plan: figuresOf(counts, plan) } : {}
      return yield* writeJson({ ...ending(link, end), ...planned })
    }
    if (!dryRun) yield* writeLine(summaryLine(link, end))
    if (how !== "done") return
    if (dryRun) yield* write(planText(figuresOf(counts, plan), plan, link.from, link.to))
    for (const line of advice(link, end)) yield* say(line)
    if (dryRun) yield* sayHowToApply(running, counts.removed)
  })

  const hurried = Effect.suspend(() => {
    progress.clear()
    if (dryRun || session.json) return Effect.void
    return say("Finishing the page that is being written. Ctrl-C again stops at once.")
  })

  return { progress, gone: Deferred.await(gone), onEvent, finish, hurried }
})

export const runOnce = Effect.fnUntraced(function* (running: Running) {
  const { chosen, database, flags, from, merchant, to } = running
  const { dryRun } = flags
  const { link } = chosen
  const destination = yield* writable(to)
  const { finish, gone, hurried, onEvent, progress } = yield* makeVoice(running, yield* totalOf(running))
  const command = commandOf(running)
  const again = command(asked(running))
  const resume = () => resumeOf(progress.counts.pages, dryRun)
  let hasEnded = false

  const work = runLink({
    merchant: merchant.id,
    link,
    source: from.source,
    destination,
    matching: chosen.matching,
    maxDeletePercent: chosen.maxDelete,
    full: flags.full,
    dryRun,
    owner: owner("sync run"),
    onEvent
  }).pipe(
    Effect.ensuring(
      Effect.sync(() => {
        hasEnded = true
      })
    )
  )
  const going = progress.going.pipe(Effect.onInterrupt(() => (hasEnded ? Effect.void : hurried)))

  const summary = yield* work.pipe(
    Effect.raceFirst(going),
    Effect.raceFirst(gone),
    Effect.onInterrupt(() =>
      Effect.ignore(
        Effect.andThen(
          finish("interrupted", 0),
          Effect.suspend(() => say(`${resume()}: ${again}`))
        )
      )
    ),
    Effect.tapError(() => Effect.ignore(finish("stopped", 0))),
    Effect.mapError((error) =>
      error._tag === "Failure" || error._tag === "Stopped"
        ? error
        : explainSync(error, {
            link,
            database,
            again,
            allowing: (percent) => command({ "max-delete": percent }),
            resume: resume()
          })
    )
  )
  progress.counts = summary.counts
  yield* finish("done", summary.missing)
  if (summary.counts.deadLettered > 0) return yield* new Stopped({ exitCode: 1 })
})

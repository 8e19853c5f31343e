import type { Merchant } from "@tillbridge/domain"
import { type Checked, type CheckSign, type CheckSummary, check } from "@tillbridge/sync"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { type Failure, Stopped, usage } from "../Failure.ts"
import type { Session } from "../GlobalFlags.ts"
import { keepMemoryFlat } from "../Memory.ts"
import { isTerminal, say, sayExactly, sayNow, visible, write } from "../Output.ts"
import { syncSettings } from "../remotes/SyncSettings.ts"
import { withStore } from "../store/Database.ts"
import { chooseMerchant } from "../store/MerchantChoice.ts"
import { type End, openEnd, refuseUnknownEnds } from "../sync/Ends.ts"
import { explainSync } from "../sync/Explain.ts"
import { chooseLink, commandLine } from "../sync/LinkChoice.ts"
import { count, people } from "../sync/Progress.ts"
import { table } from "../Table.ts"
import { intoFile, type Sink, toOutput } from "../transfer/Export.ts"

interface Check {
  readonly a: string
  readonly b: string
  readonly combined: string | undefined
  readonly all: boolean
  readonly oneWay: boolean
  readonly merchant: string | undefined
}

/** What became of a check; `-` is no difference when only one way was asked for. */
const differs = ({ counts }: CheckSummary, oneWay: boolean): boolean =>
  counts["*"] + counts["+"] + counts["!"] + (oneWay ? 0 : counts["-"]) > 0

const document = (input: Check, summary: CheckSummary) => {
  const { counts } = summary
  return {
    event: "done",
    a: input.a,
    b: input.b,
    agrees: !differs(summary, input.oneWay),
    counts: {
      same: counts["="],
      different: counts["*"],
      onlyA: counts["+"],
      onlyB: counts["-"],
      unreadable: counts["!"]
    },
    fields: summary.fields
  }
}

const words: Record<CheckSign, string> = {
  "=": "same",
  "*": "different",
  "+": "",
  "-": "",
  "!": "unreadable"
}

/** `phone differs in 12 of 10,000; 200 more are spelled differently` */
const fieldLines = ({ fields }: CheckSummary): ReadonlyArray<string> =>
  fields
    .filter(({ different, spelling }) => different + spelling > 0)
    .map(({ compared, different, field, spelling }) => {
      const spelled = `${count(spelling)} ${different === 0 ? "of " + count(compared) : "more"}`
      const verb = spelling === 1 ? "is" : "are"
      const spellings = spelling === 0 ? "" : `${spelled} ${verb} spelled differently`
      if (different === 0) return `${field}: ${spellings}, which is no difference`
      return [
        `${field} differs in ${count(different)} of ${count(compared)}`,
        ...(spellings === "" ? [] : [spellings])
      ].join("; ")
    })

const summaryText = ({ a, b, oneWay }: Check, summary: CheckSummary): string => {
  const { counts } = summary
  const rows: ReadonlyArray<readonly [string, string, number]> = [
    ["=", words["="], counts["="]],
    ["*", words["*"], counts["*"]],
    ["+", `only in ${a}`, counts["+"]],
    ...(oneWay ? [] : [["-", `only in ${b}`, counts["-"]] as const]),
    ["!", words["!"], counts["!"]]
  ]
  const both = counts["="] + counts["*"]
  const nothing =
    both + counts["+"] + counts["-"] + counts["!"] === 0
      ? ["0 CUSTOMERS ON EITHER SIDE: nothing was compared."]
      : []
  const verdict = differs(summary, oneWay) ? `${a} and ${b} differ.` : `${a} and ${b} agree.`
  return [
    table(["", `${a} | ${b}`, "CUSTOMERS"], rows),
    "\n",
    ...fieldLines(summary).map((line) => `${line}\n`),
    ...(nothing.length > 0 ? nothing : [verdict]).map((line) => `${line}\n`)
  ].join("")
}

/** How many were read, while it goes on. */
const reading = (json: boolean) => {
  const onTerminal = isTerminal.talk()
  const pause = onTerminal ? 200 : 10_000
  let said = performance.now()
  let onScreen = false
  return {
    tick: (read: number) =>
      Effect.sync(() => {
        const now = performance.now()
        if (json || now - said < pause) return
        said = now
        const line = `${people(read)} read`
        if (!onTerminal) return sayNow(line)
        onScreen = true
        sayExactly(`\r\u001b[2K${line}`)
      }),
    clear: Effect.sync(() => {
      if (onScreen) sayExactly("\r\u001b[2K")
      onScreen = false
    })
  }
}

interface Comparison {
  readonly input: Check
  readonly session: Session
  readonly merchant: Merchant
  readonly a: End
  readonly b: End
  readonly database: string
}

/** Compares, writing each customer that differs into the sink. */
const compare = Effect.fnUntraced(function* (comparison: Comparison, sink: Sink) {
  const { a, b, database, input, merchant, session } = comparison
  const link = { from: input.a, to: input.b }
  const progress = reading(session.json)
  const gone = yield* Deferred.make<never, Failure | Stopped>()
  const line = ({ fields, key, sign }: Checked): string => {
    if (session.json) return `${JSON.stringify({ event: "checked", sign, key, fields })}\n`
    const why = input.combined !== undefined || fields.length === 0 ? "" : `  ${fields.join(", ")}`
    return `${sign} ${visible(key ?? "?")}${why}\n`
  }
  const onChecked = Effect.fnUntraced(function* (checked: Checked) {
    if (input.oneWay && checked.sign === "-") return
    yield* progress.clear
    yield* sink(line(checked)).pipe(Effect.catch((error) => Effect.asVoid(Deferred.fail(gone, error))))
  })
  return yield* check({
    merchant: merchant.id,
    link,
    first: a.source,
    second: b.source,
    tellsSame: input.all,
    onChecked,
    onRead: progress.tick
  }).pipe(
    Effect.mapError((error) =>
      explainSync(error, {
        link,
        database,
        again: commandLine(["check", input.a, input.b], {}, session),
        allowing: () => "",
        resume: "Nothing was written. Try again with"
      })
    ),
    Effect.raceFirst(Deferred.await(gone)),
    Effect.ensuring(progress.clear)
  )
})

export const compareEnds = Effect.fnUntraced(function* (input: Check, session: Session) {
  keepMemoryFlat()
  if (input.all && input.combined === undefined && !session.json)
    return yield* usage("--all goes with --combined FILE, or with --json")
  const settings = yield* syncSettings(session)
  yield* refuseUnknownEnds(settings, input.a, input.b)
  const chosen = yield* chooseLink(settings, { from: input.a, to: input.b, merchant: input.merchant })
  yield* withStore(session, (store) =>
    Effect.scoped(
      Effect.gen(function* () {
        const merchant = yield* chooseMerchant(chosen.merchant, store)
        const a = yield* openEnd(settings, input.a, merchant.id)
        const b = yield* openEnd(settings, input.b, merchant.id)
        const comparison = { input, session, merchant, a, b, database: store.databasePath }
        const { combined } = input
        const toFile = combined !== undefined && combined !== "-"
        const summary = yield* toFile
          ? intoFile(combined, store.databasePath, (sink) => compare(comparison, sink))
          : compare(comparison, toOutput)
        if (session.json) yield* write(`${JSON.stringify(document(input, summary))}\n`)
        else if (combined === "-")
          for (const line of summaryText(input, summary).trimEnd().split("\n")) yield* say(line)
        else yield* write(summaryText(input, summary))
        if (differs(summary, input.oneWay)) return yield* new Stopped({ exitCode: 1 })
      })
    )
  )
})

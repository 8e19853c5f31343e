/** The import: chunks to rows to batches, each batch one transaction. */
import { type CustomerRecord, Customers, type Merchant } from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import type { Session } from "../GlobalFlags.ts"
import { Stopped } from "../Failure.ts"
import { say, writeJson, writeLine } from "../Output.ts"
import { attempt } from "../settings/Settings.ts"
import { Progress, summaryLine } from "./Progress.ts"
import type { RawRecord } from "./RecordSplitter.ts"
import { openRejects } from "./Rejects.ts"
import type { RowReader } from "./RowReader.ts"
import { openSource } from "./Source.ts"

export interface ImportOptions {
  readonly file: string
  readonly reader: RowReader
  readonly rejects: string | undefined
  /** Path of the store, which rejects must not be written over. */
  readonly database: string
  readonly batch: number
  readonly limitErrors: number | undefined
  readonly keySystem: string | undefined
}

const noKey =
  "has neither an id nor an external id, so that importing it twice would make two customers; " +
  "--key-system SYSTEM gives such rows their line as external id"

export const importFrom = Effect.fnUntraced(function* (
  merchant: Merchant,
  options: ImportOptions,
  session: Session
) {
  const customers = yield* Customers
  const { keySystem, limitErrors, reader } = options
  const source = yield* openSource(options.file)
  const progress = new Progress({ json: session.json, totalBytes: source.size })
  const { totals } = progress
  const rejects = yield* openRejects({
    file: options.rejects,
    source: options.file,
    database: options.database,
    json: session.json,
    progress
  })

  let records: Array<CustomerRecord> = []
  let raws: Array<RawRecord> = []

  /** Writes what is waiting. Once begun it is finished, whoever interrupts. */
  const flush = Effect.uninterruptible(
    Effect.gen(function* () {
      if (records.length === 0) return
      const [batch, origin] = [records, raws]
      records = []
      raws = []
      const outcomes = yield* customers.importBatch(merchant.id, batch, null)
      for (let i = 0; i < outcomes.length; i++) {
        const outcome = outcomes[i]!
        totals.rows++
        if (outcome._tag === "Created") totals.created++
        else if (outcome._tag === "Updated") totals.updated++
        else if (outcome._tag === "Rejected") yield* rejects.add(origin[i]!, outcome.error.message)
        else totals.unchanged++
      }
    })
  )

  const tooMany = () => limitErrors !== undefined && totals.rejected > limitErrors

  const take = Effect.fnUntraced(function* (found: ReadonlyArray<RawRecord>) {
    for (const raw of found) {
      const row = reader.read(raw)
      if (row === null) continue
      const isNameless =
        typeof row === "object" && row.id === undefined && (row.externalIds ?? []).length === 0
      if (typeof row === "string" || (isNameless && keySystem === undefined)) {
        totals.rows++
        yield* rejects.add(raw, typeof row === "string" ? row : noKey)
        if (tooMany()) return
        continue
      }
      records.push(
        isNameless ? { ...row, externalIds: [{ system: keySystem!, key: String(raw.line) }] } : row
      )
      raws.push(raw)
      if (records.length < options.batch) continue
      yield* flush
      if (tooMany()) return
      yield* progress.tick()
    }
  })

  const finish = (event: "done" | "interrupted" | "stopped") =>
    Effect.suspend(() => {
      progress.clear()
      const summary = progress.summary()
      if (session.json) return writeJson({ event, ...summary })
      const what = { done: "Imported", interrupted: "Interrupted", stopped: "Stopped" }[event]
      return writeLine(`${what} ${source.name}: ${summaryLine(summary)}`)
    })

  const work = Effect.gen(function* () {
    while (true) {
      const chunk = yield* source.next
      progress.bytes += chunk?.length ?? 0
      const found = yield* attempt(() => reader.split(chunk))
      yield* take(found)
      if (tooMany() || chunk === null) break
      yield* progress.tick()
    }
    yield* flush
  })

  const resume = "Run the same command again to finish: rows that are in the store already are left alone."
  yield* work.pipe(
    Effect.onInterrupt(() => Effect.ignore(Effect.andThen(finish("interrupted"), say(resume)))),
    Effect.tapError(() => Effect.ignore(Effect.andThen(finish("stopped"), say(resume))))
  )
  yield* finish(tooMany() ? "stopped" : "done")
  if (tooMany()) yield* say(`More than ${limitErrors} rows were refused. What came before is in the store.`)
  if (totals.rejected > 0) {
    if (options.rejects !== undefined) yield* say(`The refused rows are in ${options.rejects}.`)
    return yield* new Stopped({ exitCode: 1 })
  }
}, Effect.scoped)

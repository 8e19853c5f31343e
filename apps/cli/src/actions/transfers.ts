import { extname } from "node:path"
import * as Effect from "effect/Effect"
import { usage } from "../Failure.ts"
import type { Session } from "../GlobalFlags.ts"
import { say, writeJson } from "../Output.ts"
import { keepMemoryFlat } from "../Memory.ts"
import { withStore } from "../store/Database.ts"
import { chooseMerchant } from "../store/MerchantChoice.ts"
import { exportTo, intoFile, toOutput } from "../transfer/Export.ts"
import { importFrom } from "../transfer/Import.ts"
import { csvReader, ndjsonReader } from "../transfer/RowReader.ts"

type Format = "ndjson" | "csv"

interface Shared {
  readonly format: Format | undefined
  readonly raw: boolean
  readonly merchant: string | undefined
}

const formats: Record<string, Format> = {
  ".csv": "csv",
  ".ndjson": "ndjson",
  ".jsonl": "ndjson",
  ".json": "ndjson"
}

const formatOf = Effect.fnUntraced(function* (file: string, { format, raw }: Shared) {
  const found = format ?? formats[extname(file).toLowerCase()] ?? "ndjson"
  if (raw && found !== "csv") return yield* usage("--raw is for CSV: NDJSON is always exact")
  return found
})

interface ImportFile extends Shared {
  readonly file: string
  readonly rejects: string | undefined
  readonly batch: number | undefined
  readonly limitErrors: number | undefined
  readonly keySystem: string | undefined
}

export const importFile = (input: ImportFile, session: Session) =>
  withStore(session, (settings) =>
    Effect.gen(function* () {
      const format = yield* formatOf(input.file, input)
      keepMemoryFlat()
      const batch = input.batch ?? 500
      if (batch > 10_000) return yield* usage("--batch must be at most 10000")
      const merchant = yield* chooseMerchant(input.merchant, settings)
      const reader = format === "csv" ? csvReader(input.raw) : ndjsonReader()
      yield* importFrom(merchant, { ...input, batch, reader, database: settings.databasePath }, session)
    })
  )

interface ExportFile extends Shared {
  readonly file: string | undefined
}

export const exportFile = (input: ExportFile, session: Session) =>
  withStore(session, (settings) =>
    Effect.gen(function* () {
      keepMemoryFlat()
      const file = input.file ?? "-"
      const format = yield* formatOf(file, input)
      const merchant = yield* chooseMerchant(input.merchant, settings)
      const started = performance.now()
      const rows = yield* file === "-"
        ? exportTo(merchant.id, format, input.raw, toOutput)
        : intoFile(file, settings.databasePath, (sink) => exportTo(merchant.id, format, input.raw, sink))
      const seconds = Math.round(performance.now() - started) / 1000
      if (file === "-") return
      yield* session.json
        ? writeJson({ event: "done", file, format, rows, seconds })
        : say(`Exported ${rows.toLocaleString("en-US")} customers to ${file} in ${seconds.toFixed(1)} s`)
    })
  )

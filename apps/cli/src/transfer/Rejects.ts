/** Where refused rows go: a file, events, or the first few onto the terminal. */
import { closeSync, openSync, writeSync } from "node:fs"
import * as Effect from "effect/Effect"
import { Failure, type Stopped, systemReason, usage } from "../Failure.ts"
import { sayNow, writeJson } from "../Output.ts"
import type { Progress } from "./Progress.ts"
import type { RawRecord } from "./RecordSplitter.ts"
import { isSameFile, refuseTarget } from "./Target.ts"

const shownAtMost = 10

export interface Rejects {
  readonly add: (record: RawRecord, reason: string) => Effect.Effect<void, Failure | Stopped>
}

/** `file` is emptied first: after a run it holds that run's rejects and no others. */
export const openRejects = (options: {
  readonly file: string | undefined
  readonly source: string
  readonly database: string
  readonly json: boolean
  readonly progress: Progress
}) =>
  Effect.gen(function* () {
    const { database, file, json, progress, source } = options
    if (file !== undefined) {
      if (isSameFile(file, source)) return yield* usage("--rejects must not name the file that is read")
      const refused = refuseTarget(file, database, `--rejects ${file}`)
      if (refused !== null) return yield* refused
    }
    const handle =
      file === undefined
        ? null
        : yield* Effect.acquireRelease(
            Effect.try({
              try: () => openSync(file, "w", 0o600),
              catch: (cause) => usage(`cannot write --rejects ${file}: ${systemReason(cause)}`)
            }),
            (handle) => Effect.sync(() => closeSync(handle))
          )
    const add: Rejects["add"] = ({ bytes, line }, reason) =>
      Effect.suspend(() => {
        progress.totals.rejected++
        if (handle !== null) {
          try {
            writeSync(handle, `${JSON.stringify({ line, reason, row: bytes.toString("utf8") })}\n`)
          } catch (cause) {
            return Effect.fail(
              new Failure({
                kind: "rejected",
                message: `cannot write --rejects ${file}: ${systemReason(cause)}`,
                cause
              })
            )
          }
        }
        if (json) return writeJson({ event: "rejected", line, reason })
        if (handle !== null || progress.totals.rejected > shownAtMost) return Effect.void
        progress.clear()
        sayNow(`line ${line}: ${reason}`)
        if (progress.totals.rejected === shownAtMost)
          sayNow("More rejected rows are only counted; --rejects FILE keeps them all.")
        return Effect.void
      })
    return { add } satisfies Rejects
  })

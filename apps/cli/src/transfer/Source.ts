/** The file, or standard input, that an import reads. */
import { open } from "node:fs/promises"
import * as Effect from "effect/Effect"
import { Failure, systemReason, usage } from "../Failure.ts"

const chunkSize = 256 * 1024

export interface Source {
  readonly name: string
  /** `null` where nobody knows how much there is. */
  readonly size: number | null
  /** The next piece, or `null` at the end. */
  readonly next: Effect.Effect<Buffer | null, Failure>
}

const unreadable = (file: string) => (cause: unknown) =>
  new Failure({ kind: "usage", message: `cannot read ${file}: ${systemReason(cause)}`, cause })

export const openSource = (file: string) =>
  Effect.gen(function* () {
    if (file === "-") {
      if (process.stdin.isTTY)
        return yield* usage("standard input is the keyboard: name a file or pipe one in")
      const chunks = process.stdin.iterator({ destroyOnReturn: true })
      const next = Effect.tryPromise({
        try: () => chunks.next().then(({ done, value }) => (done ? null : (value as Buffer))),
        catch: unreadable("standard input")
      })
      return { name: "standard input", size: null, next } satisfies Source
    }
    const handle = yield* Effect.acquireRelease(
      Effect.tryPromise({ try: () => open(file, "r"), catch: unreadable(file) }),
      (handle) => Effect.promise(() => handle.close())
    )
    const stat = yield* Effect.tryPromise({ try: () => handle.stat(), catch: unreadable(file) })
    if (stat.isDirectory()) return yield* usage(`cannot read ${file}: it is a folder`)
    const next = Effect.tryPromise({
      try: async () => {
        // A fresh buffer each time: records are slices of it and outlive the next read.
        const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafeSlow(chunkSize), 0, chunkSize, null)
        return bytesRead === 0 ? null : buffer.subarray(0, bytesRead)
      },
      catch: unreadable(file)
    })
    return { name: file, size: stat.isFile() ? stat.size : null, next } satisfies Source
  })

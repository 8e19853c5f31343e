/** What is converted, as a stream of bytes that can be read once or, through a temporary copy, again. */
import { mkdtempSync, rmSync } from "node:fs"
import { type FileHandle, open } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { Failure, systemReason } from "../Failure.ts"
import { openSource, type Source } from "../transfer/Source.ts"

export interface Input {
  /** As messages call it. */
  readonly name: string
  /** `null` where nobody knows how much there is. */
  readonly size: number | null
  readonly bytes: Stream.Stream<Uint8Array, Failure>
}

const streamOf = ({ next }: Pick<Source, "next">): Stream.Stream<Uint8Array, Failure> =>
  Stream.fromPull(
    Effect.succeed(
      Effect.flatMap(next, (chunk) => (chunk === null ? Cause.done() : Effect.succeed([chunk] as const)))
    )
  )

const broken = (cause: unknown) =>
  new Failure({
    kind: "rejected",
    message: `cannot keep a temporary copy in ${tmpdir()}: ${systemReason(cause)}`,
    cause
  })

const trying = <A>(run: () => Promise<A>) => Effect.tryPromise({ try: run, catch: broken })

/** A file that has no name any more where the system allows that, so that nothing is left of it whatever happens. */
const temporary = Effect.acquireRelease(
  trying(async () => {
    const folder = mkdtempSync(join(tmpdir(), "tillbridge-convert-"))
    const handle = await open(join(folder, "answer"), "wx+", 0o600)
    const discard = () => {
      try {
        rmSync(folder, { recursive: true, force: true })
      } catch {
        // A system that does not remove what is open: at the end it can.
      }
    }
    discard()
    return { handle, discard }
  }),
  ({ discard, handle }) => Effect.promise(() => handle.close()).pipe(Effect.andThen(Effect.sync(discard)))
)

const copyOf = Effect.fnUntraced(function* ({ next }: Source) {
  const { handle } = yield* temporary
  let size = 0
  for (let chunk = yield* next; chunk !== null; chunk = yield* next) {
    const piece = chunk
    yield* trying(() => handle.write(piece))
    size += chunk.length
  }
  return { handle, size }
})

const readAgain = (handle: FileHandle): Stream.Stream<Uint8Array, Failure> =>
  Stream.suspend(() => {
    let position = 0
    const next = trying(async () => {
      const { buffer, bytesRead } = await handle.read(
        Buffer.allocUnsafeSlow(256 * 1024),
        0,
        256 * 1024,
        position
      )
      position += bytesRead
      return bytesRead === 0 ? null : buffer.subarray(0, bytesRead)
    })
    return streamOf({ next })
  })

/** With `twice`, `bytes` can be run again: a file is opened again, anything else is copied first. */
export const openInput = Effect.fnUntraced(function* (file: string, twice: boolean) {
  const source = yield* openSource(file)
  const { name, size } = source
  if (!twice) return { name, size, bytes: streamOf(source) } satisfies Input
  if (size !== null) {
    const again = Stream.unwrap(Effect.map(openSource(file), streamOf))
    return { name, size, bytes: again } satisfies Input
  }
  const copy = yield* copyOf(source)
  return { name, size: copy.size, bytes: readAgain(copy.handle) } satisfies Input
})

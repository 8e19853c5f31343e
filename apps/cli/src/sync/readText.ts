import * as Effect from "effect/Effect"
import { usage } from "../Failure.ts"
import { openSource } from "../transfer/Source.ts"

const LARGEST = 1024 * 1024

/** A small file, or standard input (`-`), as text. */
export const readText = Effect.fnUntraced(function* (file: string) {
  const { name, next } = yield* openSource(file)
  const parts: Array<Buffer> = []
  let size = 0
  for (let part = yield* next; part !== null; part = yield* next) {
    parts.push(part)
    size += part.length
    if (size > LARGEST) return yield* usage(`${name} is too large to be what is asked for here`)
  }
  return { name, text: Buffer.concat(parts).toString("utf8") }
}, Effect.scoped)

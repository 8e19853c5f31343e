/** What a split gave, in short, and documents cut into pieces. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as fc from "fast-check"
import type { AnswerPiece } from "../src/index.ts"

export const encoder = new TextEncoder()

/** Everything a split gave, in short: `1=<text>`, `2!<reason>`, `rest=<text>`, and `failed: <reason>` at the end. */
export const told = <E extends { readonly message: string }>(
  stream: Stream.Stream<AnswerPiece, E>
): Effect.Effect<ReadonlyArray<string>> => {
  const lines: Array<string> = []
  return stream.pipe(
    Stream.runForEach((piece) =>
      Effect.sync(() => {
        if (piece._tag === "Record") lines.push(`${piece.number}=${piece.text}`)
        else if (piece._tag === "Unreadable") lines.push(`${piece.number}!${piece.reason}`)
        else lines.push(`rest=${piece.text}`)
      })
    ),
    Effect.catch((error) => Effect.sync(() => lines.push(`failed: ${error.message}`))),
    Effect.as(lines)
  )
}

export const bytesOf = (text: string | Uint8Array) => (typeof text === "string" ? encoder.encode(text) : text)

/** The bytes in pieces of the given lengths, again and again. */
export const cut = (bytes: Uint8Array, lengths: ReadonlyArray<number>): ReadonlyArray<Uint8Array> => {
  const out: Array<Uint8Array> = []
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const length = lengths[i % lengths.length] ?? 1
    out.push(bytes.slice(at, at + length))
    at += length
  }
  return out
}

export const piecesOf = <E>(stream: Stream.Stream<AnswerPiece, E>) =>
  Effect.runSync(Stream.runCollect(stream))

export const textsOf = (pieces: ReadonlyArray<AnswerPiece>) =>
  pieces.flatMap((piece) => (piece._tag === "Record" ? [piece.text] : []))

export const restOf = (pieces: ReadonlyArray<AnswerPiece>) => {
  const rest = pieces.at(-1)
  return rest?._tag === "Rest" ? rest.text : "none"
}

export const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 })

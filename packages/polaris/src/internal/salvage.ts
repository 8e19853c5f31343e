/**
 * A slice in which one record breaks the whole document for a parser: a NUL, a number that no number can hold. It is
 * taken apart without parsing, and each record is read on its own. What is cut or no slice cannot be taken apart.
 */
import { Malformed } from "@tillbridge/domain"
import { type AnswerPiece, MAX_REPLY_BYTES, splitAnswer } from "@tillbridge/wire"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { withoutPasswordText } from "./passwords.ts"
import { numberIn, type UnreadableClient } from "./records.ts"
import { openReply, type OpenSlice, openSlice, type ReplyContext } from "./reply.ts"
import { parseDocument } from "./wireTree.ts"

const sliceOf = (pieces: ReadonlyArray<AnswerPiece>, context: ReplyContext) => {
  const { names } = context
  const records: Array<unknown> = []
  const unreadable: Array<UnreadableClient> = []
  for (const piece of pieces) {
    if (piece._tag === "Record") {
      const { text } = piece
      const parsed = parseDocument(text, { maxBytes: MAX_REPLY_BYTES })
      if (Result.isSuccess(parsed)) records.push(parsed.success.value)
      else {
        const payload = withoutPasswordText(text)
        unreadable.push({ idClient: numberIn(text, names), reason: parsed.failure, payload })
      }
    } else if (piece._tag === "Rest" && piece.hasList) {
      return openReply(new TextEncoder().encode(piece.text), context).pipe(
        Result.flatMap((document) => openSlice(document, names)),
        Result.map((slice): OpenSlice => ({ ...slice, records, unreadable }))
      )
    } else break
  }
  return Result.fail(new Malformed({ detail: "the answer cannot be taken apart" }))
}

/** The slice in bytes that no parser takes as a whole. */
export const salvageSlice = (bytes: Uint8Array, context: ReplyContext) => {
  const { fragment, roots } = context.names
  return splitAnswer(Stream.make(bytes), {
    json: { lists: [fragment.clients, "Clients"] },
    xml: { items: [roots.client], lists: [fragment.clients, "Clients"] },
    maxBytes: MAX_REPLY_BYTES
  }).pipe(
    Stream.runCollect,
    Effect.flatMap((pieces) => Effect.fromResult(sliceOf(pieces, context)))
  )
}

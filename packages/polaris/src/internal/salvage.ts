/**
 * A slice in which one record breaks the whole document for a parser: a NUL, a number that no number can hold. It is
 * taken apart without parsing, and each record is read on its own. What is cut or no slice cannot be taken apart.
 */
import { Malformed } from "@tillbridge/domain"
import { type AnswerPiece, MAX_REPLY_BYTES, splitAnswer } from "@tillbridge/wire"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type { PolarisNames } from "../PolarisNames.ts"
import type { InfoClient } from "../PolarisSchema.ts"
import { withoutPasswordText } from "./passwords.ts"
import { numberIn, readRecord, type UnreadableClient, unreadableClient } from "./records.ts"
import { type ClientSlice, openReply, readSlice, type ReplyContext } from "./reply.ts"
import { parseDocument } from "./wireTree.ts"

const readOne = (text: string, names: PolarisNames): Result.Result<InfoClient, UnreadableClient> => {
  const parsed = parseDocument(text, { maxBytes: MAX_REPLY_BYTES })
  if (Result.isFailure(parsed)) {
    const payload = withoutPasswordText(text)
    return Result.fail({ idClient: numberIn(text, names), reason: parsed.failure, payload })
  }
  const { value } = parsed.success
  return Result.mapError(readRecord(value, names), (reason) => unreadableClient(value, reason, names))
}

const sliceOf = (pieces: ReadonlyArray<AnswerPiece>, context: ReplyContext) => {
  const clients: Array<InfoClient> = []
  const unreadable: Array<UnreadableClient> = []
  for (const piece of pieces) {
    if (piece._tag === "Record") {
      const read = readOne(piece.text, context.names)
      if (Result.isSuccess(read)) clients.push(read.success)
      else unreadable.push(read.failure)
    } else if (piece._tag === "Rest" && piece.hasList) {
      return openReply(new TextEncoder().encode(piece.text), context).pipe(
        Result.flatMap((document) => readSlice(document, context.names)),
        Result.map((slice): ClientSlice => ({ ...slice, clients, unreadable }))
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

/**
 * Saved answers and calls of this dialect, without a site at the other end. A slice of changed clients is read and
 * written while it comes, in the INFERRED forms; an answer about one client is read as a list of one.
 * Source: Client.GetClientsModified, Client.PutClient.
 */
import {
  type CodecContext,
  type CustomerChange,
  type CustomerRecord,
  type CustomerWithCards,
  type DialectCodec,
  externalKey,
  InvalidField,
  Malformed,
  Refused
} from "@tillbridge/domain"
import {
  type AnswerPiece,
  MalformedJson,
  MalformedXml,
  MAX_RECORD_BYTES,
  Parameters,
  splitAnswer
} from "@tillbridge/wire"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { sliceFrame } from "./internal/answers.ts"
import { readPutClient } from "./internal/arguments.ts"
import { readRecord } from "./internal/records.ts"
import { openReply, readSlice } from "./internal/reply.ts"
import { isPlain, parseDocument, sameName } from "./internal/wireTree.ts"
import {
  customerChange,
  type DecodeContext,
  DIALECT,
  encodeClient,
  type EncodeContext,
  type Format,
  lastChange,
  outgoingClient
} from "./PolarisCodec.ts"
import { writeClient } from "./internal/outgoing.ts"
import { defaultNames } from "./PolarisNames.ts"

type Read = Result.Result<CustomerChange, Malformed>

const names = defaultNames

const malformed = (detail: string) => Result.fail(new Malformed({ detail }))

const changeOf = (value: unknown, context: DecodeContext): Read => {
  const wire = readRecord(value, names)
  return Result.isSuccess(wire)
    ? Result.succeed(customerChange(wire.success, context))
    : malformed(wire.failure)
}

const readOne = (text: string, context: DecodeContext): Read => {
  const document = parseDocument(text, { maxBytes: MAX_RECORD_BYTES })
  return Result.isFailure(document) ? malformed(document.failure) : changeOf(document.success.value, context)
}

/** What stands around the list, or the whole answer where there is none. */
const readRest = (
  { hasList, text }: Extract<AnswerPiece, { _tag: "Rest" }>,
  context: DecodeContext
): Result.Result<ReadonlyArray<Read>, Malformed | Refused> => {
  const opened = openReply(new TextEncoder().encode(text), { names, secrets: [] })
  if (Result.isFailure(opened)) {
    const { failure } = opened
    return Result.fail(
      failure._tag === "Malformed"
        ? failure
        : new Refused({ detail: "detail" in failure ? failure.detail : "" })
    )
  }
  const { root, value } = opened.success
  const isOne =
    root === null
      ? isPlain(value) && Object.keys(value).some((name) => sameName(name, names.client.IDClient))
      : sameName(root, names.roots.client)
  if (isOne && !isSliceList(hasList, value)) return Result.succeed([changeOf(value, context)])
  if (value === null) return Result.succeed([])
  // An array alone is a list that somebody cut out of an answer.
  if (hasList && Array.isArray(value)) return Result.succeed([])
  const slice = readSlice(opened.success, names)
  if (Result.isFailure(slice)) return Result.fail(slice.failure)
  const { clients, unreadable } = slice.success
  return Result.succeed([
    ...clients.map((wire): Read => Result.succeed(customerChange(wire, context))),
    ...unreadable.map(({ reason }): Read => malformed(reason))
  ])
}

/** Whether the list that was taken out was the slice's: a client alone has no such member. */
const isSliceList = (hasList: boolean, value: unknown): boolean =>
  hasList && isPlain(value) && Object.keys(value).some((name) => sameName(name, names.fragment.clients))

const readAnswer = <E>(bytes: Stream.Stream<Uint8Array, E>, given: CodecContext) => {
  const context: DecodeContext = {
    timeZone: given.timeZone,
    system: DIALECT,
    externalSystem: given.externalSystem,
    names
  }
  const read = (
    pieces: ReadonlyArray<AnswerPiece>
  ): Effect.Effect<ReadonlyArray<Read>, Malformed | Refused> => {
    const out: Array<Read> = []
    for (const piece of pieces) {
      if (piece._tag === "Record") out.push(readOne(piece.text, context))
      else if (piece._tag === "Unreadable") out.push(malformed(piece.reason))
      // It comes last and alone.
      else return Effect.fromResult(readRest(piece, context))
    }
    return Effect.succeed(out)
  }
  const { clients } = names.fragment
  return splitAnswer(bytes, {
    json: { lists: [clients, "Clients"] },
    xml: { items: [names.roots.client], lists: [clients, "Clients"] }
  }).pipe(
    Stream.mapError((error) =>
      error instanceof MalformedJson || error instanceof MalformedXml
        ? new Malformed({ detail: `the answer cannot be read: ${error.reason}` })
        : error
    ),
    Stream.chunks,
    Stream.mapEffect(read),
    Stream.flattenIterable
  )
}

const encoder = new TextEncoder()

const writeAnswer = <E>(
  customers: Stream.Stream<CustomerWithCards, E>,
  format: Format,
  { externalSystem, timeZone }: CodecContext
): Stream.Stream<Uint8Array, E> => {
  const context: EncodeContext = { timeZone, names, externalSystem }
  const textOf = ({ cards, customer }: CustomerWithCards) =>
    encodeClient(format, customer, cards, lastChange(customer, cards), context)
  const [head, tail] = sliceFrame(format, names, false, null)
  const separator = format === "json" ? "," : ""
  return Stream.suspend(() => {
    let begun = false
    const some = Stream.mapArray(customers, (members) => {
      const text = `${begun ? separator : head}${members.map(textOf).join(separator)}`
      begun = true
      return [encoder.encode(text)] as const
    })
    const last = Stream.suspend(() => Stream.make(encoder.encode(begun ? tail : head + tail)))
    return Stream.concat(some, last)
  })
}

/** The form of a `Client.PutClient`; its shop is the first that the context has. */
const writeCall = (record: CustomerRecord, context: CodecContext): string => {
  const { externalSystem, stores, timeZone } = context
  const key = externalKey(record.externalIds ?? [], externalSystem)
  const members = outgoingClient(record, { names, timeZone, withStore: true })
  return new URLSearchParams({
    InfoClient: writeClient(key === null ? members : { Cle: key, ...members }, "xml", names),
    CodeMagasin: String(stores[0]?.id ?? 1),
    ...(key === null ? {} : { prefixCle: externalSystem })
  }).toString()
}

const readCall = (text: string, context: CodecContext): Result.Result<CustomerRecord, InvalidField> => {
  const parsed = Parameters.parse(text)
  if (Result.isFailure(parsed)) {
    return Result.fail(new InvalidField({ field: "parameters", reason: parsed.failure.reason }))
  }
  const read = readPutClient(
    { get: (name) => parsed.success.getIgnoreCase(name) },
    { timeZone: context.timeZone, externalKeyPrefix: context.externalSystem },
    names
  )
  if (Result.isFailure(read)) {
    const { failure } = read
    return Result.fail(
      failure._tag === "InvalidField"
        ? failure
        : new InvalidField({ field: "parameters", reason: failure.info })
    )
  }
  const { id, patch } = read.success
  return Result.succeed(id === null || id === "unknown" ? patch : { ...patch, id })
}

/** Answers and calls of Polaris as text. */
export const polarisCodec: DialectCodec = {
  dialect: DIALECT,
  formats: ["xml", "json"],
  readAnswer,
  writeAnswer,
  writeCall,
  readCall
}

/**
 * Saved answers and calls of this dialect, without a site at the other end. A list is read and written while it comes,
 * in the XML form of the vendor's page or in the INFERRED JSON one, always with cards (as `cards=true` asks for).
 * Source: VirtualPOS API :: Customer.
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
  Refused,
  type SourceFailure,
  toLocal
} from "@tillbridge/domain"
import { type AnswerPiece, MalformedJson, MalformedXml, Parameters, splitAnswer } from "@tillbridge/wire"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { firstBytes, type Format, listBytes, listTails, nextBytes } from "./internal/answers.ts"
import { readListed, readMember } from "./internal/records.ts"
import { type ListMember, listNames, openEnvelope, openList, recordValue } from "./internal/reply.ts"
import {
  cardFields,
  customerFields,
  customerParameters,
  type DecodeContext,
  DIALECT,
  encodeCustomerJson,
  encodeCustomerXml,
  patchFromParameters
} from "./VirtposCodec.ts"

type Read = Result.Result<CustomerChange, Malformed>

const malformed = (detail: string) => Result.fail(new Malformed({ detail }))

const readRecord = (text: string, context: DecodeContext): Read =>
  recordValue(text).pipe(
    Result.flatMap((member) => readMember(member, context)),
    Result.mapError((detail) => new Malformed({ detail }))
  )

const noKey = Redacted.make("")

/** What stands around the list: whether the vendor says that it is an answer, and a list of another form than usual. */
const readRest = (
  { hasList, text }: Extract<AnswerPiece, { _tag: "Rest" }>,
  context: DecodeContext
): Result.Result<ReadonlyArray<Read>, Malformed | Refused> => {
  const bytes = new TextEncoder().encode(text)
  const members: Result.Result<ReadonlyArray<ListMember>, SourceFailure> = hasList
    ? Result.map(openEnvelope(bytes, noKey), () => [])
    : Result.map(openList(bytes, noKey), (page) => page.members)
  return Result.mapBoth(members, {
    onSuccess: (all) =>
      all.map((member): Read =>
        Result.mapError(readListed(member, context), ({ reason }) => new Malformed({ detail: reason }))
      ),
    onFailure: (failure) =>
      failure._tag === "Malformed"
        ? failure
        : new Refused({ detail: "detail" in failure ? failure.detail : "" })
  })
}

const readAnswer = <E>(bytes: Stream.Stream<Uint8Array, E>, given: CodecContext) => {
  const context: DecodeContext = {
    timeZone: given.timeZone,
    system: DIALECT,
    externalSystem: given.externalSystem
  }
  const read = (
    pieces: ReadonlyArray<AnswerPiece>
  ): Effect.Effect<ReadonlyArray<Read>, Malformed | Refused> => {
    const out: Array<Read> = []
    for (const piece of pieces) {
      if (piece._tag === "Record") out.push(readRecord(piece.text, context))
      else if (piece._tag === "Unreadable") out.push(malformed(piece.reason))
      // It comes last and alone.
      else return Effect.fromResult(readRest(piece, context))
    }
    return Effect.succeed(out)
  }
  return splitAnswer(bytes, listNames).pipe(
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
  given: CodecContext
): Stream.Stream<Uint8Array, E> => {
  const context = { ...given, today: toLocal(given.timeZone, given.now) }
  const encode = format === "xml" ? encodeCustomerXml : encodeCustomerJson
  const bytesOf = ({ cards, customer }: CustomerWithCards) =>
    encoder.encode(
      encode(customerFields(customer, context), { cards: cards.map((card) => cardFields(card, context)) })
    )
  return Stream.suspend(() => {
    let begun = false
    const some = Stream.mapArray(customers, (members) => {
      const records = members.map(bytesOf)
      const bytes = begun ? nextBytes(format, records, true) : firstBytes(format, given.count, records)
      begun = true
      return [bytes] as const
    })
    const last = Stream.suspend(() => Stream.make(begun ? listTails[format] : listBytes(format, [])))
    return Stream.concat(some, last)
  })
}

/** The parameters of an update, as a query or a form body has them. */
const writeCall = (record: CustomerRecord, { externalSystem, timeZone }: CodecContext): string => {
  const key = externalKey(record.externalIds ?? [], externalSystem)
  const parameters = customerParameters(record, timeZone)
  return new URLSearchParams(key === null ? parameters : { external_id: key, ...parameters }).toString()
}

const readCall = (text: string, context: CodecContext): Result.Result<CustomerRecord, InvalidField> =>
  Parameters.parse(text).pipe(
    Result.mapError(({ reason }) => new InvalidField({ field: "parameters", reason })),
    Result.flatMap((parameters) => patchFromParameters(parameters, context)),
    Result.map(({ accumulatedSales, group, patch }) => ({
      ...patch,
      ...(accumulatedSales === undefined ? {} : { accumulatedSales }),
      ...(group === undefined ? {} : { group })
    }))
  )

/** Answers and calls of VirtualPOS as text. */
export const virtposCodec: DialectCodec = {
  dialect: DIALECT,
  formats: ["xml", "json"],
  readAnswer,
  writeAnswer,
  writeCall,
  readCall
}

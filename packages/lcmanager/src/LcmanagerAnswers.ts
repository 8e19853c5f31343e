/**
 * Saved answers of this dialect, without a site at the other end. A list is read and written while it comes: a customer
 * for each row, because the rows of one need not stand together. The vendor takes no customers, so there are no calls.
 */
import {
  type CodecContext,
  type CustomerChange,
  type CustomerWithCards,
  type DialectCodec,
  Malformed,
  type Refused
} from "@tillbridge/domain"
import {
  type AnswerPiece,
  MalformedJson,
  MalformedXml,
  MAX_RECORD_BYTES,
  parseJson,
  parseXml,
  splitAnswer
} from "@tillbridge/wire"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { listParts, listText } from "./internal/answers.ts"
import { formatInstant } from "./internal/dates.ts"
import { openEnvelope, parseReply, plainRow, readRow } from "./internal/reply.ts"
import {
  cardOf,
  type DecodeContext,
  defaultStatusNames,
  DIALECT,
  type EncodeContext,
  encodeRowJson,
  encodeRowXml,
  type Row,
  rowOf
} from "./LcmanagerCodec.ts"
import { ITEM_ELEMENT } from "./LcmanagerSchema.ts"

type Format = "xml" | "json"
type Read = Result.Result<CustomerChange, Malformed>

const malformed = (detail: string) => Result.fail(new Malformed({ detail }))

/** A member of the list as plain values. */
const parsed = (form: Format, text: string): Result.Result<unknown, Malformed> => {
  const fail = ({ reason }: MalformedJson | MalformedXml) => new Malformed({ detail: reason })
  return form === "json"
    ? Result.mapError(parseJson(text), fail)
    : Result.mapBoth(parseXml(text, { maxBytes: MAX_RECORD_BYTES }), { onSuccess: plainRow, onFailure: fail })
}

const readRecord = (form: Format, text: string, context: DecodeContext): Read =>
  parsed(form, text).pipe(
    Result.flatMap(readRow),
    Result.flatMap((row): Read => {
      if (row.Client == null) return malformed("a card without a client")
      const card = cardOf(row, context)
      return Result.succeed({
        customer: {},
        cards: card === undefined ? [] : [card],
        source: { system: context.system, key: row.Client }
      })
    })
  )

/** What stands around the list: whether the vendor says that it is an answer. */
const readRest = ({
  hasList,
  text
}: Extract<AnswerPiece, { _tag: "Rest" }>): Result.Result<ReadonlyArray<Read>, Malformed | Refused> =>
  parseReply(new TextEncoder().encode(text)).pipe(
    Result.flatMap((value) => openEnvelope(value, [])),
    // Without a list of its own, the answer says `null` or nil.
    Result.flatMap((rows) =>
      hasList || rows.length === 0 ? Result.succeed([]) : malformed("the list stands in another place")
    )
  )

const namesOf = ({ stores }: CodecContext): ReadonlyMap<number, string> =>
  new Map(stores.map(({ id, name }) => [id, name]))

const readAnswer = <E>(bytes: Stream.Stream<Uint8Array, E>, given: CodecContext) => {
  const context: DecodeContext = {
    timeZone: given.timeZone,
    system: DIALECT,
    externalSystem: given.externalSystem,
    statusNames: defaultStatusNames,
    storeNames: namesOf(given)
  }
  const read = (
    pieces: ReadonlyArray<AnswerPiece>
  ): Effect.Effect<ReadonlyArray<Read>, Malformed | Refused> => {
    const out: Array<Read> = []
    for (const piece of pieces) {
      if (piece._tag === "Record") out.push(readRecord(piece.form, piece.text, context))
      else if (piece._tag === "Unreadable") out.push(malformed(piece.reason))
      // It comes last and alone.
      else return Effect.fromResult(readRest(piece))
    }
    return Effect.succeed(out)
  }
  return splitAnswer(bytes, {
    json: { lists: ["Clients"] },
    xml: { items: [ITEM_ELEMENT], lists: ["Clients"] }
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

/** A row for each card; one of the customer alone where there is none, so that nobody is lost. */
const rowsOf = ({ cards, customer }: CustomerWithCards, context: EncodeContext): ReadonlyArray<Row> => {
  if (cards.length > 0) return cards.map((card) => rowOf(card, context))
  const { id, registeredAt, registeredIn } = customer
  return [
    {
      Client: String(id),
      Card: null,
      OutNumber: null,
      Virtual: null,
      Card_Type: null,
      Card_Status: null,
      RegPos: registeredIn === null ? null : String(registeredIn),
      RegPosName: registeredIn === null ? null : (context.storeNames.get(registeredIn) ?? null),
      RegDate: registeredAt === null ? null : formatInstant(registeredAt, context.timeZone)
    }
  ]
}

const encoder = new TextEncoder()

const writeAnswer = <E>(
  customers: Stream.Stream<CustomerWithCards, E>,
  format: Format,
  given: CodecContext
): Stream.Stream<Uint8Array, E> => {
  const { externalSystem, timeZone } = given
  const context: EncodeContext = {
    timeZone,
    externalSystem,
    statusNames: defaultStatusNames,
    storeNames: namesOf(given)
  }
  const encode = format === "xml" ? encodeRowXml : encodeRowJson
  const { head, separator, tail } = listParts[format]
  return Stream.suspend(() => {
    let begun = false
    const some = Stream.mapArray(customers, (members) => {
      const rows = members.flatMap((member) => rowsOf(member, context)).map(encode)
      const text = (begun ? separator : head) + rows.join(separator)
      begun = true
      return [encoder.encode(text)] as const
    })
    const last = Stream.suspend(() => Stream.make(encoder.encode(begun ? tail : listText(format, []))))
    return Stream.concat(some, last)
  })
}

/** Answers of LCManager as text. */
export const lcmanagerCodec: DialectCodec = {
  dialect: DIALECT,
  formats: ["json", "xml"],
  readAnswer,
  writeAnswer,
  writeCall: null,
  readCall: null
}

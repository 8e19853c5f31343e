/**
 * An answer's bytes into what it says. Most failures come with HTTP 200, and "false" is text: an answer is good only
 * when it says so. Passwords are dropped before anything is decoded, record by record.
 */
import {
  type CustomerChange,
  Malformed,
  Refused,
  type SourceFailure,
  type UnreadableRecord
} from "@tillbridge/domain"
import { type AnswerPiece, MalformedJson, parseJson, splitJson } from "@tillbridge/wire"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as Stream from "effect/Stream"
import { customerChange, type DecodeContext } from "../MegawinCodec.ts"
import { AddEnvelope, CustomerRecord, Envelope, saysSuccess, scalarText } from "../MegawinSchema.ts"
import { dropPasswords, droppedPasswords, withoutPasswords } from "./passwords.ts"

const malformed = (detail: string) => new Malformed({ detail })

interface Parsed {
  readonly value: unknown
  readonly passwords: number
}

const parse = (text: string): Result.Result<Parsed, Malformed> => {
  const parsed = parseJson(text)
  if (Result.isFailure(parsed))
    return Result.fail(malformed(`the answer is no JSON: ${parsed.failure.reason}`))
  const passwords = dropPasswords(parsed.success)
  return Result.succeed({ value: parsed.success, passwords })
}

const counted = (passwords: number): Effect.Effect<void> =>
  passwords === 0 ? Effect.void : Metric.update(droppedPasswords, passwords)

const decodeEnvelope = Schema.decodeUnknownResult(Envelope)

/** What an answer says of itself: nothing when it is good, else why not. */
const judge = (body: unknown): Refused | Malformed | undefined => {
  const envelope = decodeEnvelope(body)
  if (Result.isFailure(envelope)) return malformed("the answer has no success field")
  const { message, success } = envelope.success
  return saysSuccess(success) ? undefined : new Refused({ detail: message ?? "" })
}

const utf8 = new TextDecoder("utf-8", { fatal: true })

const textOf = (bytes: Uint8Array): Result.Result<string, Malformed> => {
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    return Result.fail(malformed("the answer is not UTF-8"))
  }
  const start = text.trimStart()
  if (start === "") return Result.fail(malformed("the answer is empty"))
  return start.startsWith("<") ? Result.fail(malformed("the answer is an HTML page")) : Result.succeed(text)
}

/** The body of a whole answer that says that it went well. */
export const openEnvelope = (bytes: Uint8Array): Effect.Effect<unknown, SourceFailure> =>
  Effect.suspend((): Effect.Effect<unknown, SourceFailure> => {
    const parsed = Result.flatMap(textOf(bytes), parse)
    if (Result.isFailure(parsed)) return Effect.fail(parsed.failure)
    const { passwords, value } = parsed.success
    const wrong = judge(value)
    return Effect.andThen(
      counted(passwords),
      wrong === undefined ? Effect.succeed(value) : Effect.fail(wrong)
    )
  })

const decodeAdd = Schema.decodeUnknownResult(AddEnvelope)

/** The login that an add made; `null` where the answer has none. */
export const readAdded = (body: unknown): Result.Result<string | null, Malformed> => {
  const read = decodeAdd(body)
  return Result.isFailure(read)
    ? Result.fail(malformed("the answer to an add has no customer"))
    : Result.succeed(read.success.result.customer[0]?.login ?? null)
}

const decodeCustomer = Schema.decodeUnknownResult(CustomerRecord)
const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

/** A member of a list that cannot be read: field and reason, and its text without passwords. */
export interface UnreadableMember {
  /** Its place in the list, from 1. */
  readonly number: number
  readonly key: string | null
  readonly reason: string
  readonly payload: string
}

export type ListedMember = Result.Result<CustomerRecord, UnreadableMember>

const isKey = (key: string): boolean =>
  key !== "" && key.length <= 255 && !key.includes("\0") && key.isWellFormed()

/** The key in a member of which nothing else need be readable. */
const keyIn = (member: unknown): string | null => {
  if (typeof member !== "object" || member === null || !("clcleunik" in member)) return null
  const key = (scalarText(member.clcleunik) ?? "").trim()
  return isKey(key) ? key : null
}

/** The first key in text that is no JSON, or was cut off. */
const keyInText = (text: string): string | null => {
  const [, quoted, number] =
    /"clcleunik"\s*:\s*(?:"([^"\\\0-\x1f]{1,255})"|([0-9]{1,30})[\s,}])/.exec(text) ?? []
  return keyIn({ clcleunik: quoted ?? number ?? null })
}

/** A record as JSON; integers that no number holds are told as text, which reads the same. */
const jsonOf = (value: unknown): string =>
  JSON.stringify(value, (_, member: unknown) => (typeof member === "bigint" ? member.toString() : member))

const whyNot = (value: unknown): Result.Result<CustomerRecord, string> => {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return Result.fail("is no customer")
  if (keyIn(value) === null) return Result.fail("clcleunik: must be a key of at most 255 characters")
  // The message of an issue is one of the schema's own, the issue itself would quote the record.
  return Result.mapError(decodeCustomer(value), ({ issue }) => {
    const [first] = issuesOf(issue).issues
    const [field] = first?.path ?? []
    return field === undefined ? "is no customer" : `${String(field)}: must be a single value`
  })
}

interface Read {
  readonly read: ListedMember
  readonly passwords: number
}

const readMember = (number: number, text: string): Read => {
  const parsed = parse(text)
  if (Result.isFailure(parsed)) {
    return { read: Result.fail(unreadableText(number, "is no JSON", text)), passwords: 0 }
  }
  const { passwords, value } = parsed.success
  const read = Result.mapError(whyNot(value), (reason): UnreadableMember => ({
    number,
    key: keyIn(value),
    reason,
    payload: jsonOf(value)
  }))
  return { read, passwords }
}

const unreadableText = (number: number, reason: string, text: string): UnreadableMember => ({
  number,
  key: keyInText(text),
  reason,
  payload: withoutPasswords(text)
})

/** A member as an unreadable record of a system. */
export const unreadableRecord = (
  { key, payload, reason }: UnreadableMember,
  system: string
): UnreadableRecord => ({ source: key === null ? null : { system, key }, reason, payload })

/** Reads the payload of an unreadable record once more. */
export const reread = (
  payload: string,
  context: DecodeContext
): Result.Result<CustomerChange, UnreadableRecord> =>
  Result.mapBoth(readMember(1, payload).read, {
    onSuccess: (record) => customerChange(record, context),
    onFailure: (member) => unreadableRecord(member, context.system)
  })

/** What the end of a list answer says: only now is it known whether the whole of it was meant. */
const readRest = (text: string, hasList: boolean): Effect.Effect<void, Refused | Malformed> => {
  const parsed = parse(text)
  if (Result.isFailure(parsed)) return Effect.fail(parsed.failure)
  const wrong = judge(parsed.success.value)
  const judged = wrong ?? (hasList ? undefined : malformed("the answer has no list of customers"))
  return Effect.andThen(
    counted(parsed.success.passwords),
    judged === undefined ? Effect.void : Effect.fail(judged)
  )
}

/** What a run of pieces has: records that came, passwords that were dropped, and the end of the answer. */
const readPieces = (pieces: ReadonlyArray<AnswerPiece>) => {
  const records: Array<ListedMember> = []
  let passwords = 0
  let end: Effect.Effect<void, Refused | Malformed> = Effect.void
  for (const piece of pieces) {
    if (piece._tag === "Record") {
      const { passwords: dropped, read } = readMember(piece.number, piece.text)
      passwords += dropped
      records.push(read)
    } else if (piece._tag === "Unreadable") {
      records.push(Result.fail(unreadableText(piece.number, piece.reason, piece.text)))
    } else {
      end = readRest(piece.text, piece.hasList)
    }
  }
  return Stream.fromEffectDrain(counted(passwords)).pipe(
    Stream.concat(Stream.fromArray(records)),
    Stream.concat(Stream.fromEffectDrain(end))
  )
}

/**
 * The customers of a list answer, while it is read. One that cannot be read is a failure in its place; an answer that
 * is no good fails at its end, where alone the whole of its envelope is known.
 */
export const readCustomers = <E>(
  bytes: Stream.Stream<Uint8Array, E>
): Stream.Stream<ListedMember, Malformed | Refused | E> =>
  splitJson(bytes, { lists: ["customer"] }).pipe(
    Stream.mapError((error): Malformed | E =>
      error instanceof MalformedJson ? malformed(`the answer is no JSON: ${error.reason}`) : error
    ),
    Stream.chunks,
    Stream.flatMap(readPieces)
  )

/** A list of which nothing may be left out: a member that cannot be read fails it. */
export const asFailure = ({ number, reason }: UnreadableMember): Malformed =>
  malformed(`customer ${number} of the list cannot be read: ${reason}`)

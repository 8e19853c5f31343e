/**
 * Rows one by one: what cannot be read of one is told of that one, by member and reason and never by a value, and the
 * others stand. A payload is the row as JSON or XML text.
 */
import {
  type CustomerChange,
  type ExternalId,
  Malformed,
  type Refused,
  type UnreadableRecord
} from "@tillbridge/domain"
import { type AnswerPiece, MAX_REPLY_BYTES, parseJson, parseXml, splitAnswer } from "@tillbridge/wire"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { changesOf, type DecodeContext } from "../LcmanagerCodec.ts"
import { type ClientInfoPeriodClient, digitsOf, ITEM_ELEMENT } from "../LcmanagerSchema.ts"
import { decodeReply, openEnvelope, parseReply, plainRow, readRow } from "./reply.ts"

/** A row of an answer that cannot be read. */
export interface UnreadableRow {
  /** Its place among the rows, from 1. */
  readonly number: number
  /** Id of its client, where that could be made out. */
  readonly client: string | null
  readonly reason: string
  readonly payload: string
}

export interface Registrations {
  readonly rows: ReadonlyArray<ClientInfoPeriodClient>
  readonly unreadable: ReadonlyArray<UnreadableRow>
}

const isInt64 = (digits: string): boolean => BigInt.asIntN(64, BigInt(digits)) === BigInt(digits)

/** Whether a text can be kept at all: no store carries NUL or a lone surrogate. */
const whyNotText = (text: string | null | undefined, most: number): string | undefined => {
  if (text == null) return undefined
  if (text.includes("\u0000") || !text.isWellFormed()) return "must not contain NUL or a lone surrogate"
  return text.length > most ? `must be at most ${most} characters long` : undefined
}

/** What of a row that the vendor's contract allows the domain cannot carry, also not beside its own fields. */
const whyNotCarried = (row: ClientInfoPeriodClient): string | undefined => {
  const { Card, Client, OutNumber, RegPos } = row
  if (Client != null && !isInt64(Client)) return "Client: must be a whole number of 64 bits"
  if (Card != null && Card.length > 64) return "Card: must be at most 64 digits long"
  if (OutNumber != null && OutNumber.length > 255) return "OutNumber: must be at most 255 digits long"
  if (RegPos != null && RegPos.length > 255) return "RegPos: must be at most 255 digits long"
  for (const name of ["Card_Type", "Card_Status", "RegPosName", "RegDate"] as const) {
    const reason = whyNotText(row[name], 1_000)
    if (reason !== undefined) return `${name}: ${reason}`
  }
  return undefined
}

const readWhole = (value: unknown): Result.Result<ClientInfoPeriodClient, string> => {
  const row = readRow(value)
  if (Result.isFailure(row)) return Result.fail(row.failure.detail)
  const reason = whyNotCarried(row.success)
  return reason === undefined ? Result.succeed(row.success) : Result.fail(reason)
}

/** The row's client, where it is a number that somebody can have. */
const clientOf = (value: unknown): string | null => {
  const id = typeof value === "object" && value !== null && "Client" in value ? value.Client : null
  const digits =
    typeof id === "string" || typeof id === "number" || typeof id === "bigint"
      ? digitsOf(String(id))
      : undefined
  return digits === undefined || digits.length > 255 ? null : digits
}

/** JSON text with whole numbers of any length as their digits. */
const jsonText = (value: unknown): string => {
  if (typeof value === "bigint") return String(value)
  if (Array.isArray(value)) return `[${value.map(jsonText).join(",")}]`
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null)
  return `{${Object.entries(value)
    .map(([name, member]) => `${JSON.stringify(name)}:${jsonText(member)}`)
    .join(",")}}`
}

/** Every row of a list. */
export const readRows = (values: ReadonlyArray<unknown>): Registrations => {
  const rows: Array<ClientInfoPeriodClient> = []
  const unreadable: Array<UnreadableRow> = []
  values.forEach((value, index) => {
    const row = readWhole(value)
    if (Result.isSuccess(row)) rows.push(row.success)
    else
      unreadable.push({
        number: index + 1,
        client: clientOf(value),
        reason: row.failure,
        payload: jsonText(value)
      })
  })
  return { rows, unreadable }
}

/** The value of a row's text; its failure says why there is none. */
const valueOf = (text: string): Result.Result<unknown, string> =>
  text.trimStart().startsWith("<")
    ? Result.mapBoth(parseXml(text.trim(), { maxBytes: MAX_REPLY_BYTES }), {
        onSuccess: plainRow,
        onFailure: ({ reason }) => reason
      })
    : Result.mapError(parseJson(text), ({ reason }) => reason)

const idIn = (text: string): string | null =>
  /(?:<(?:\w+:)?Client>\s*|"Client"\s*:\s*"?)(-?[0-9]{1,19})(?![0-9.eE])/.exec(text)?.[1] ?? null

const rowsOf = (
  pieces: ReadonlyArray<AnswerPiece>,
  secrets: ReadonlyArray<Redacted.Redacted>
): Result.Result<Registrations, Malformed | Refused> => {
  const rows: Array<ClientInfoPeriodClient> = []
  const unreadable: Array<UnreadableRow> = []
  for (const piece of pieces) {
    if (piece._tag === "Record") {
      const { number, text } = piece
      const value = valueOf(text)
      const row = Result.flatMap(value, readWhole)
      if (Result.isSuccess(row)) rows.push(row.success)
      else {
        const client = Result.isSuccess(value) ? clientOf(value.success) : idIn(text)
        unreadable.push({ number, client, reason: row.failure, payload: text })
      }
    } else if (piece._tag === "Rest" && piece.hasList) {
      return parseReply(new TextEncoder().encode(piece.text)).pipe(
        Result.flatMap((value) => openEnvelope(value, secrets)),
        Result.map(() => ({ rows, unreadable }))
      )
    } else break
  }
  return Result.fail(new Malformed({ detail: "the answer cannot be taken apart" }))
}

/** The rows in bytes that no parser takes as a whole, as where one row has a NUL. */
export const salvageRows = (
  bytes: Uint8Array,
  contentType: string | undefined,
  secrets: ReadonlyArray<Redacted.Redacted>
) => {
  const text = decodeReply(bytes, contentType)
  return splitAnswer(Stream.make(new TextEncoder().encode(text ?? "")), {
    json: { lists: ["Clients"] },
    xml: { items: [ITEM_ELEMENT], lists: ["Clients"] },
    maxBytes: MAX_REPLY_BYTES
  }).pipe(
    Stream.runCollect,
    Effect.flatMap((pieces) => Effect.fromResult(rowsOf(pieces, secrets)))
  )
}

const sourceOf = (client: string | null, system: string): ExternalId | null =>
  client === null ? null : { system, key: client }

/** What rows and the unreadable among them tell of customers. */
export const recordsOf = (
  { rows, unreadable }: Registrations,
  context: DecodeContext
): {
  readonly changes: ReadonlyArray<CustomerChange>
  readonly unreadable: ReadonlyArray<UnreadableRecord>
} => ({
  changes: changesOf(rows, context),
  unreadable: unreadable.map(({ client, payload, reason }) => ({
    source: sourceOf(client, context.system),
    reason,
    payload
  }))
})

/** Reads the payload of an unreadable row once more. */
export const reread = (
  payload: string,
  context: DecodeContext
): Result.Result<CustomerChange, UnreadableRecord> => {
  const value = valueOf(payload)
  const row = Result.flatMap(value, readWhole)
  const [change] = Result.isSuccess(row) ? changesOf([row.success], context) : []
  if (change !== undefined) return Result.succeed(change)
  const client = Result.isSuccess(value) ? clientOf(value.success) : idIn(payload)
  const reason = Result.isFailure(row) ? row.failure : "Client: must not be empty"
  return Result.fail({ source: sourceOf(client, context.system), reason, payload })
}

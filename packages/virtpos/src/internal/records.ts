/**
 * Records of a list one by one: what cannot be read of one is told of that one, without its values, and the others
 * stand. A payload is the record as text, JSON or XML.
 */
import { type CustomerChange, orNull, type UnreadableRecord } from "@tillbridge/domain"
import {
  type MalformedJson,
  type MalformedXml,
  MAX_RECORD_BYTES,
  parseJson,
  parseXml
} from "@tillbridge/wire"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { customerChange, type DecodeContext } from "../VirtposCodec.ts"
import * as Wire from "../VirtposSchema.ts"
import { plain } from "./reply.ts"

const decodeCustomer = Schema.decodeUnknownResult(Wire.CustomerRecord)
const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

/** A member of a list as plain values; its failure says why there are none. */
export const recordValue = (text: string): Result.Result<unknown, string> => {
  const isXml = text.trimStart().startsWith("<")
  const read: Result.Result<unknown, MalformedJson | MalformedXml> = isXml
    ? Result.map(parseXml(text.trim(), { maxBytes: MAX_RECORD_BYTES }), plain)
    : parseJson(text)
  return Result.mapError(read, ({ reason }) => reason)
}

/** A member of a list that was parsed; its failure names the field and what is wrong with it. */
export const readMember = (
  member: unknown,
  context: DecodeContext
): Result.Result<CustomerChange, string> => {
  const wire = decodeCustomer(member)
  if (Result.isSuccess(wire)) return Result.succeed(customerChange(wire.success, context))
  const issue = issuesOf(wire.failure.issue).issues[0]
  const field = (issue?.path ?? [])
    .map((part) => String(typeof part === "object" ? part.key : part))
    .join(".")
  return Result.fail(field === "" ? "is no customer" : `${field}: ${issue?.message ?? "is not valid"}`)
}

/** The id in a member of which nothing else need be readable. */
const keyOf = (member: unknown): string | null => {
  const id = typeof member === "object" && member !== null && "id" in member ? member.id : undefined
  const key = orNull(Wire.scalarText(id))?.trim() ?? ""
  return /^[0-9]{1,19}$/.test(key) ? key : null
}

/** Reads the payload of an unreadable record once more. */
export const reread = (
  payload: string,
  context: DecodeContext
): Result.Result<CustomerChange, UnreadableRecord> => {
  const value = recordValue(payload)
  const read = Result.flatMap(value, (member) => readMember(member, context))
  return Result.mapError(read, (reason): UnreadableRecord => {
    const key = Result.isSuccess(value) ? keyOf(value.success) : null
    return { source: key === null ? null : { system: context.system, key }, reason, payload }
  })
}

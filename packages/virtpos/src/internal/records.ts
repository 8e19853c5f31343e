/**
 * Records of a list one by one: what cannot be read of one is told of that one, without its values, and the others
 * stand. A payload is the record as text, JSON or XML.
 */
import type { CustomerChange, UnreadableRecord } from "@tillbridge/domain"
import { MAX_RECORD_BYTES } from "@tillbridge/wire"
import * as Result from "effect/Result"
import { listOf, scalarText } from "../VirtposSchema.ts"
import { type DecodeContext, readMembers } from "./incoming.ts"
import { type ListMember, recordValue } from "./reply.ts"

const idForm = /^[0-9]{1,19}$/

/** The id in a member of which nothing else need be readable. */
const keyIn = (member: unknown): string | null => {
  if (typeof member !== "object" || member === null || !("id" in member)) return null
  const key = (scalarText(member.id) ?? "").trim()
  return idForm.test(key) ? key : null
}

/** The first id in text that is no JSON or XML, or was cut off. */
const keyInText = (text: string): string | null => {
  const [, json, xml] = /"id"\s*:\s*"?\s*([0-9]{1,19})[\s",}]|<id>\s*([0-9]{1,19})\s*<\/id>/.exec(text) ?? []
  return json ?? xml ?? null
}

/** A member's own id, where it can be made out. */
export const keyOf = (member: ListMember): string | null =>
  member._tag === "Parsed" ? keyIn(member.value) : keyInText(member.text)

/** A member that was parsed, as a customer; its failure names the field and what is wrong with it. */
export const readMember = (
  member: unknown,
  context: DecodeContext & { readonly cards?: boolean }
): Result.Result<CustomerChange, string> => {
  if (typeof member !== "object" || member === null || Array.isArray(member)) {
    return Result.fail("is no customer")
  }
  if (keyIn(member) === null) return Result.fail("id: must be a whole number")
  const members = member as Readonly<Record<string, unknown>>
  // Taken for no cards, they would be taken away elsewhere.
  if (context.cards === true && listOf(members["cards"], "card") === undefined) {
    return Result.fail("cards: must be a list")
  }
  const read = readMembers(members, context)
  return typeof read === "string" ? Result.fail(read) : Result.succeed(read)
}

/** A record as JSON; integers that no number holds are told as text, which reads the same. */
const textOf = (value: unknown): string =>
  JSON.stringify(value, (_, member: unknown) =>
    typeof member === "bigint" ? member.toString() : member
  ).slice(0, MAX_RECORD_BYTES)

const unreadable = (
  key: string | null,
  reason: string,
  payload: string,
  { system }: DecodeContext
): UnreadableRecord => ({ source: key === null ? null : { system, key }, reason, payload })

/** A member of a list as a customer, or why it is none. */
export const readListed = (
  member: ListMember,
  context: DecodeContext & { readonly cards?: boolean }
): Result.Result<CustomerChange, UnreadableRecord> => {
  if (member._tag === "Unreadable") {
    return Result.fail(unreadable(keyOf(member), member.reason, member.text, context))
  }
  const { value } = member
  return Result.mapError(readMember(value, context), (reason) =>
    unreadable(keyIn(value), reason, textOf(value), context)
  )
}

/** Reads the payload of an unreadable record once more. */
export const reread = (
  payload: string,
  context: DecodeContext & { readonly cards?: boolean }
): Result.Result<CustomerChange, UnreadableRecord> => {
  const value = recordValue(payload)
  if (Result.isFailure(value)) {
    return Result.fail(unreadable(keyInText(payload), value.failure, payload, context))
  }
  return Result.mapError(readMember(value.success, context), (reason) =>
    unreadable(keyIn(value.success), reason, payload, context)
  )
}

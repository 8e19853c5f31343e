/**
 * An answer's bytes into its envelope, before anything in it is believed: most failures come with HTTP 200. Which
 * form it has is told by its first character and not by the format asked for, since how an error of the site's web
 * server looks is unknown (INFERRED: as the format).
 */
import { Malformed, type SourceFailure } from "@tillbridge/domain"
import {
  type MalformedJson,
  type MalformedXml,
  MAX_RECORD_BYTES,
  MAX_REPLY_BYTES,
  MAX_REPLY_XML_ELEMENTS,
  parseJson,
  parseXmlValues,
  splitBytes
} from "@tillbridge/wire"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { Envelope, listOf, CustomerRecord, ListEnvelope, UpdateEnvelope } from "../VirtposSchema.ts"
import { refusal } from "./clientErrors.ts"

const malformed = (detail: string) => Result.fail(new Malformed({ detail }))

const utf8 = new TextDecoder("utf-8", { fatal: true })

/** The body as plain values. */
export const parseReply = (bytes: Uint8Array): Result.Result<unknown, Malformed> => {
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    return malformed("the answer is not UTF-8")
  }
  const start = text.trimStart()
  if (start === "") return malformed("the answer is empty")
  if (/^<(!doctype\s+html|html)/i.test(start)) return malformed("the answer is an HTML page")
  if (!start.startsWith("<")) {
    const json = parseJson(text)
    return Result.isSuccess(json)
      ? Result.succeed(json.success)
      : malformed(`the answer is no JSON: ${json.failure.reason}`)
  }
  const xml = parseXmlValues(start, { maxBytes: MAX_REPLY_BYTES, maxElements: MAX_REPLY_XML_ELEMENTS })
  return Result.isSuccess(xml)
    ? Result.succeed(xml.success)
    : malformed(`the answer is no XML: ${xml.failure.reason}`)
}

const decodeEnvelope = Schema.decodeUnknownResult(Envelope)

const opened = (
  parsed: Result.Result<unknown, Malformed>,
  apiKey: Redacted.Redacted
): Result.Result<unknown, SourceFailure> => {
  if (Result.isFailure(parsed)) return parsed
  const envelope = decodeEnvelope(parsed.success)
  if (Result.isFailure(envelope)) return malformed("the answer has no success field")
  const { info, success } = envelope.success
  return /^\s*(1|true)\s*$/i.test(success ?? "") ? parsed : Result.fail(refusal(info ?? null, apiKey))
}

/** The body of an answer that says `success`; anything else as the reason of the failure. */
export const openEnvelope = (
  bytes: Uint8Array,
  apiKey: Redacted.Redacted
): Result.Result<unknown, SourceFailure> => opened(parseReply(bytes), apiKey)

/** One page of customers as the vendor sent it. */
export interface CustomerPage {
  readonly customers: ReadonlyArray<CustomerRecord>
  /** What the vendor says of it; its meaning is uncertain, so nothing may depend on it. */
  readonly count: string | null
}

const decodeList = Schema.decodeUnknownResult(ListEnvelope)
const decodeCustomer = Schema.decodeUnknownResult(CustomerRecord)

/** The customers of a page. One that cannot be read spoils it: its id is what everything needs. */
export const readList = ({ count, members }: MemberPage): Result.Result<CustomerPage, Malformed> => {
  const customers: Array<CustomerRecord> = []
  for (const member of members) {
    const customer = member._tag === "Parsed" ? decodeCustomer(member.value) : undefined
    if (customer === undefined || Result.isFailure(customer)) {
      return malformed(`customer ${customers.length + 1} of the page cannot be read`)
    }
    customers.push(customer.success)
  }
  return Result.succeed({ customers, count })
}

/** A member of a list: what it was parsed into, or why it was not, and as much of its text as there is. */
export type ListMember =
  | { readonly _tag: "Parsed"; readonly value: unknown }
  | { readonly _tag: "Unreadable"; readonly reason: string; readonly text: string }

/** One page of customers, whose members may be anything. */
export interface MemberPage {
  readonly members: ReadonlyArray<ListMember>
  /** As in `CustomerPage`. */
  readonly count: string | null
}

/** The members of an opened list answer. */
const membersOf = (body: unknown): Result.Result<MemberPage, Malformed> => {
  const envelope = decodeList(body)
  if (Result.isFailure(envelope)) return malformed("the list's envelope does not hold")
  const { count, customers } = envelope.success
  // A cut answer may lack the list; without a zero beside it, nothing says that there is nobody.
  if (customers === undefined && count !== "0") return malformed("the answer has no customers")
  const members = listOf(customers, "customer")
  if (members === undefined) return malformed("the customers are no list")
  return Result.succeed({
    members: members.map((value): ListMember => ({ _tag: "Parsed", value })),
    count: count ?? null
  })
}

/** A member of a list as plain values; its failure says why there are none. */
export const recordValue = (text: string): Result.Result<unknown, string> => {
  const isXml = text.trimStart().startsWith("<")
  const read: Result.Result<unknown, MalformedJson | MalformedXml> = isXml
    ? parseXmlValues(text.trim(), { maxBytes: MAX_RECORD_BYTES })
    : parseJson(text)
  return Result.mapError(read, ({ reason }) => reason)
}

const memberOf = (text: string): ListMember =>
  Result.match(recordValue(text), {
    onSuccess: (value): ListMember => ({ _tag: "Parsed", value }),
    onFailure: (reason): ListMember => ({ _tag: "Unreadable", reason, text })
  })

/** Names of the list and its members, in both forms. */
export const listNames = {
  json: { lists: ["customers", "customer"] },
  xml: { items: ["customer"], lists: ["customers"] }
} as const

/** The members of an answer that cannot be parsed as a whole, where that is the fault of some of them alone. */
const takenApart = (
  bytes: Uint8Array,
  apiKey: Redacted.Redacted
): Result.Result<MemberPage, SourceFailure> | undefined => {
  const pieces = splitBytes(bytes, listNames)
  if (Result.isFailure(pieces)) return undefined
  const members: Array<ListMember> = []
  for (const piece of pieces.success) {
    if (piece._tag === "Record") members.push(memberOf(piece.text))
    else if (piece._tag === "Unreadable") {
      members.push({ _tag: "Unreadable", reason: piece.reason, text: piece.text })
    } else {
      const rest = openEnvelope(new TextEncoder().encode(piece.text), apiKey)
      if (Result.isFailure(rest)) return Result.fail(rest.failure)
      if (members.length > 0) return Result.map(membersOf(rest.success), ({ count }) => ({ members, count }))
    }
  }
  return undefined
}

/** The members of a list answer that says `success`; anything else as the reason of the failure. */
export const openList = (
  bytes: Uint8Array,
  apiKey: Redacted.Redacted
): Result.Result<MemberPage, SourceFailure> => {
  const parsed = parseReply(bytes)
  const apart = Result.isFailure(parsed) ? takenApart(bytes, apiKey) : undefined
  return apart ?? Result.flatMap(opened(parsed, apiKey), membersOf)
}

/** What a write did. */
export interface WriteReply {
  /** The record's id at the vendor; `null` where a card's answer has none. */
  readonly id: string | null
  /** Whether it was created; `null` where a card's answer does not say. */
  readonly isNew: boolean | null
}

const decodeUpdate = Schema.decodeUnknownResult(UpdateEnvelope)

export const readWrite = (body: unknown): Result.Result<WriteReply, Malformed> => {
  const envelope = decodeUpdate(body)
  if (Result.isFailure(envelope)) return malformed("the answer's envelope does not hold")
  const { id, isnew } = envelope.success
  const flag = isnew?.trim().toLowerCase()
  return Result.succeed({
    id: id?.trim() ?? null,
    isNew: flag === undefined ? null : flag === "1" || flag === "true"
  })
}

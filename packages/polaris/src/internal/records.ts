/**
 * Client records one by one: what cannot be read of one is told of that one, by member and reason and never by a value,
 * and the others stand. They are read by hand, not by the schema that describes them: a sync reads a hundred thousand.
 */
import type { CustomerChange, ExternalId, UnreadableRecord } from "@tillbridge/domain"
import { MAX_REPLY_BYTES } from "@tillbridge/wire"
import * as Result from "effect/Result"
import type { PolarisNames } from "../PolarisNames.ts"
import { type InfoCarte, type InfoClient, isScalar, scalarText } from "../PolarisSchema.ts"
import { isStorable } from "./fields.ts"
import { type DecodeContext, wholeChange } from "./incoming.ts"
import { isPasswordName } from "./passwords.ts"
import {
  indexesOf,
  isPlain,
  listOf,
  type NameIndexes,
  parseDocument,
  type Plain,
  renamed,
  sameName
} from "./wireTree.ts"

/** A record of a slice that cannot be read. */
export interface UnreadableClient {
  /** Its number, where that could be made out. */
  readonly idClient: string | null
  readonly reason: string
  /** The record as JSON or XML text, without passwords. */
  readonly payload: string
}

const biggest = "9223372036854775807"

/** Whether digits are a whole number of 64 bits (DOCUMENTED as Int64). */
export const isInt64 = (text: string): boolean => {
  const match = /^\s*(-?)0*([0-9]{1,19})\s*$/.exec(text)
  if (match === null) return false
  const [, sign, digits = ""] = match
  return digits.length < 19 || digits <= biggest || (sign === "-" && digits === "9223372036854775808")
}

/** Turns every member but the lists into text; the failure names one that is no single value. */
const intoText = (
  record: Record<string, unknown>,
  known: ReadonlySet<string>,
  list: string | null
): string | undefined => {
  for (const name in record) {
    if (name === list || !known.has(name)) continue
    const value = record[name]
    if (typeof value === "string") {
      if (value === "") record[name] = null
    } else if (isScalar(value)) record[name] = scalarText(value)
    else return `${name}: must be a single value`
  }
  return undefined
}

const knownOf = ({ card, client }: NameIndexes) => ({
  client: new Set(client.member.values()),
  card: new Set(card.member.values())
})

const known = new WeakMap<NameIndexes, ReturnType<typeof knownOf>>()

const membersOf = (indexes: NameIndexes) => {
  let made = known.get(indexes)
  if (made === undefined) known.set(indexes, (made = knownOf(indexes)))
  return made
}

const readCards = (value: unknown, indexes: NameIndexes): ReadonlyArray<InfoCarte> | string => {
  const list = listOf(value)
  if (list === undefined) return "Cartes: must be a list"
  const { card: members } = membersOf(indexes)
  const cards: Array<InfoCarte> = []
  for (const card of list) {
    const at = `Cartes: card ${cards.length + 1}`
    if (!isPlain(card)) return `${at} is no card`
    const own = renamed(card, indexes.card)
    if (Result.isFailure(own)) return `${at}: ${own.failure} comes twice`
    const wrong = intoText(own.success, members, null)
    if (wrong !== undefined) return `${at}: ${wrong}`
    if (typeof own.success["Numero"] !== "string") return `${at}: Numero must not be empty`
    cards.push(own.success as InfoCarte)
  }
  return cards
}

/** A client record by this package's names, its cards too; the failure says why there is none. */
export const readRecord = (value: unknown, names: PolarisNames): Result.Result<InfoClient, string> => {
  const indexes = indexesOf(names)
  if (!isPlain(value)) return Result.fail("is no client")
  const members = renamed(value, indexes.client)
  if (Result.isFailure(members)) return Result.fail(`${members.failure}: comes twice`)
  const record = members.success
  const wrong = intoText(record, membersOf(indexes).client, "Cartes")
  if (wrong !== undefined) return Result.fail(wrong)
  const id = record["IDClient"]
  if (typeof id !== "string" || !isInt64(id))
    return Result.fail("IDClient: must be a whole number of 64 bits")
  if ("Cartes" in record) {
    const cards = readCards(record["Cartes"], indexes)
    if (typeof cards === "string") return Result.fail(cards)
    record["Cartes"] = cards
  }
  return Result.succeed(record as InfoClient)
}

/** JSON text with whole numbers of any length as their digits, and without passwords. */
const jsonText = (value: unknown): string => {
  if (typeof value === "bigint") return String(value)
  if (Array.isArray(value)) return `[${value.map(jsonText).join(",")}]`
  if (!isPlain(value)) return JSON.stringify(value ?? null)
  const members = Object.entries(value).flatMap(([name, member]) =>
    isPasswordName(name) ? [] : [`${JSON.stringify(name)}:${jsonText(member)}`]
  )
  return `{${members.join(",")}}`
}

const keyIn = (value: unknown, names: PolarisNames): string | null => {
  const found = isPlain(value)
    ? Object.keys(value).filter((name) => sameName(name, names.client.IDClient))
    : []
  const id = found.length === 1 ? (scalarText((value as Plain)[found[0]!])?.trim() ?? "") : ""
  return id !== "" && id.length <= 255 && isStorable(id) ? id : null
}

/** The number in the text of a record that cannot be parsed. */
export const numberIn = (text: string, names: PolarisNames): string | null => {
  const name = names.client.IDClient
  const found = new RegExp(`(?:<${name}>\\s*|"${name}"\\s*:\\s*"?)(-?[0-9]{1,19})(?![0-9.eE])`, "i").exec(
    text
  )
  return found?.[1] ?? null
}

/** What is told of a record that cannot be read. */
export const unreadableClient = (value: unknown, reason: string, names: PolarisNames): UnreadableClient => ({
  idClient: keyIn(value, names),
  reason,
  payload: jsonText(value)
})

const idOf = (key: string | null, system: string): ExternalId | null =>
  key === null ? null : { system, key }

/** A number that is no client's is of nobody: records of several would be taken for one by it. */
export const unreadableRecord = (
  { idClient, payload, reason }: UnreadableClient,
  system: string
): UnreadableRecord => ({
  source: idOf(idClient !== null && isInt64(idClient) ? idClient : null, system),
  reason,
  payload
})

/** A wire client as the domain tells it; one of which something would be lost is unreadable. */
export const readChange = (
  wire: InfoClient,
  context: DecodeContext,
  siteMembers: ReadonlySet<string>
): Result.Result<CustomerChange, UnreadableRecord> => {
  const change = wholeChange(wire, context, siteMembers)
  return Result.isSuccess(change)
    ? Result.succeed(change.success)
    : Result.fail({
        source: idOf(wire.IDClient?.trim() ?? null, context.system),
        reason: change.failure,
        payload: jsonText(wire)
      })
}

/** Reads the payload of an unreadable record once more. */
export const reread = (
  payload: string,
  context: DecodeContext,
  siteMembers: ReadonlySet<string>
): Result.Result<CustomerChange, UnreadableRecord> => {
  const parsed = parseDocument(payload, { maxBytes: MAX_REPLY_BYTES })
  if (Result.isFailure(parsed)) {
    const source = idOf(numberIn(payload, context.names), context.system)
    return Result.fail({ source, reason: parsed.failure, payload })
  }
  const { value } = parsed.success
  const wire = readRecord(value, context.names)
  if (Result.isSuccess(wire))
    return Result.mapError(readChange(wire.success, context, siteMembers), (failed) => ({
      ...failed,
      payload
    }))
  return Result.fail({
    ...unreadableRecord(unreadableClient(value, wire.failure, context.names), context.system),
    payload
  })
}

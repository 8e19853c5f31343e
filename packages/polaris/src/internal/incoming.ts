/** From wire records to the domain: leniently for what a site tells, strictly for what a caller of the server sends. */
import {
  type CardRecord,
  CustomerId,
  type CustomerChange,
  type CustomerPatch,
  type CustomerRecord,
  type Extensions,
  InvalidField,
  mergeExtensions,
  orNull,
  textOf
} from "@tillbridge/domain"
import type * as DateTime from "effect/DateTime"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { ClientMember } from "../PolarisNames.ts"
import { type InfoCarte, type InfoClient, scalarText } from "../PolarisSchema.ts"
import { readTime } from "./dates.ts"
import { DIALECT } from "./dialect.ts"
import { MAX_KEPT_DEPTH } from "./encode.ts"
import {
  addPart,
  clientColumns,
  type Column,
  isStorable,
  isWrong,
  type ReadContext,
  readYes,
  whyNotKept
} from "./fields.ts"
import { isPasswordName, withoutPasswords } from "./passwords.ts"
import { asJson, type Plain } from "./wireTree.ts"

/** How a client reads: the name of the remote's own numbers beside what every reader needs. */
export interface DecodeContext extends ReadContext {
  readonly system: string
}

type Kept = Record<string, Schema.Json>

const isKey = Schema.is(textOf(255))

const columnOf = (name: string): Column | undefined =>
  Object.hasOwn(clientColumns, name) ? clientColumns[name as ClientMember] : undefined

/** Not read as fields: what the vendor counts, stamps or lists itself, and the key, which is an external id. */
const elsewhere = new Set<string>([
  "IDClient",
  "Cle",
  "DateModification",
  "Cartes"
] satisfies Array<ClientMember>)

/** The time of a record's last change, where it has one that can be read. */
export const modifiedAt = (wire: InfoClient, context: Pick<ReadContext, "timeZone">): DateTime.Utc | null => {
  const text = orNull(wire.DateModification)
  return text === null ? null : (readTime(text, context.timeZone)?.instant ?? null)
}

/** What keeps a value from being kept: text that no store can carry, or depth that no reader would take. */
const whyNotKeepable = (value: Schema.Json, depth = 0): string | undefined => {
  if (typeof value === "string")
    return isStorable(value) ? undefined : "must not contain NUL or a lone surrogate"
  if (typeof value !== "object" || value === null) return undefined
  if (depth >= MAX_KEPT_DEPTH) return "must not be nested so deeply"
  for (const [name, part] of Object.entries(value)) {
    const reason = whyNotKeepable(name) ?? whyNotKeepable(part as Schema.Json, depth + 1)
    if (reason !== undefined) return reason
  }
  return undefined
}

/** As it is kept; `undefined` for what says nothing, cannot be kept or may not be. */
const keepable = (name: string, value: unknown): Schema.Json | undefined => {
  if (isPasswordName(name) || whyNotKeepable(name) !== undefined) return undefined
  const json = asJson(value)
  return json === null || json === "" || whyNotKeepable(json) !== undefined
    ? undefined
    : withoutPasswords(json)
}

const nothingKnown: ReadonlySet<string> = new Set()

/** Members of a record whose absence in another record of the same site says that they are empty there. */
export const membersOf = (wire: InfoClient): ReadonlyArray<string> =>
  Object.keys(wire).filter((name) => columnOf(name) !== undefined && !elsewhere.has(name))

/**
 * A wire client as the domain tells it. An empty member clears, and so does one that is absent although the site is
 * known to have it (`siteMembers`), because .NET leaves out what is null; any other absent member is not touched. What
 * the domain cannot hold, also a value out of its range, is kept in `extensions.polaris`.
 */
export const customerChange = (
  told: InfoClient,
  context: DecodeContext,
  siteMembers: ReadonlySet<string> = nothingKnown
): CustomerChange => {
  const kept: Kept = {}
  let patch: CustomerPatch = {}
  const wire: Record<string, unknown> & InfoClient = { ...told }
  for (const name of siteMembers) {
    const column = columnOf(name)
    if (column === undefined || elsewhere.has(name) || name in wire) continue
    if (column.read === undefined) kept[name] = null
    else wire[name] = null
  }
  for (const name in wire) {
    if (elsewhere.has(name)) continue
    const part = columnOf(name)?.read?.(name, scalarText(wire[name]), context)
    if (part !== undefined && !isWrong(part)) {
      patch = addPart(patch, part)
      continue
    }
    const json = keepable(name, wire[name])
    if (json !== undefined) kept[name] = json
  }
  const key = orNull(wire.Cle)
  const fits = key !== null && isKey(key)
  if (key !== null && !fits && isStorable(key)) kept["Cle"] = key
  const customer: CustomerRecord = {
    ...patch,
    ...(fits ? { externalIds: [{ system: context.externalSystem, key }] } : {}),
    ...(Object.keys(kept).length === 0 ? {} : { extensions: { [DIALECT]: kept } })
  }
  return {
    customer,
    cards: (wire.Cartes ?? []).map(cardRecord),
    source: { system: context.system, key: (wire.IDClient ?? "").trim() }
  }
}

/** A wire card as the domain tells it: valid is active, not valid is blocked, as the shop that was asked sees it. */
const cardRecord = (wire: InfoCarte): CardRecord => {
  const kept: Kept = {}
  for (const name in wire) {
    if (name === "Numero" || name === "TypeCarte") continue
    if (name === "EstValide" && readYes(wire.EstValide ?? "") !== undefined) continue
    const json = keepable(name, wire[name])
    if (json !== undefined) kept[name] = json
  }
  const valid = readYes(wire.EstValide ?? "")
  return {
    number: wire.Numero ?? "",
    patch: {
      ...(valid === undefined ? {} : { status: valid ? "active" : "blocked" }),
      ...(Object.keys(kept).length === 0 ? {} : { extensions: { [DIALECT]: kept } })
    },
    typeName: orNull(wire.TypeCarte)
  }
}

/** What may be kept of one client beside the domain's fields, as JSON text; many small calls are not to exceed it either. */
const MAX_KEPT_CHARACTERS = 65_536

/** Whether a client that has these members would have too much with those; less than before is never too much. */
export const keepsTooMuch = (before: Extensions, added: Extensions | undefined): boolean => {
  if (added?.[DIALECT] === undefined) return false
  const size = (extensions: Extensions) => JSON.stringify(extensions[DIALECT] ?? {}).length
  const after = size(mergeExtensions(before, added))
  return after > MAX_KEPT_CHARACTERS && after > size(before)
}

/** What a caller of `Client.PutClient` says about a client. */
export interface ClientCall {
  /** `null`: none is named, and 0 is how .NET writes none (INFERRED). */
  readonly id: CustomerId | "unknown" | null
  readonly key: string | null
  readonly patch: CustomerPatch
}

/** A customer's number as it is asked for; numbers that nobody can have are "unknown". */
export const readId = (name: string, value: string): CustomerId | "unknown" | InvalidField => {
  const given = value.trim()
  const number = /^[+-]?[0-9]{1,20}$/.test(given) ? BigInt(given) : undefined
  if (number === undefined || number > 9_223_372_036_854_775_807n || number < -9_223_372_036_854_775_808n) {
    return new InvalidField({ field: name, reason: "must be a whole number of 64 bits" })
  }
  return number >= 1n && number <= BigInt(Number.MAX_SAFE_INTEGER)
    ? CustomerId.make(Number(number))
    : "unknown"
}

const wrong = (field: string, reason: string) => Result.fail(new InvalidField({ field, reason }))

/** What a member that is only kept says; `null` when it is empty, and then it is not given back any more. */
const strictlyKept = (name: string, value: unknown, context: ReadContext): Schema.Json | InvalidField => {
  const column = columnOf(name)
  if (column !== undefined) {
    const text = orNull(scalarText(value))
    if (text === null) return null
    const reason = whyNotKept(column.kind, text, context.timeZone)
    return reason === undefined ? text : new InvalidField({ field: name, reason })
  }
  const json = asJson(value)
  const reason = whyNotKeepable(name) ?? whyNotKeepable(json)
  if (reason !== undefined) return new InvalidField({ field: "InfoClient", reason })
  return json === "" ? null : withoutPasswords(json)
}

/**
 * The members that a caller sends, already by this package's names. A value of no use is an error; cards and the time
 * of the last change are not looked at; members that are not known are kept, but for passwords.
 */
export const readClientCall = (
  record: Plain,
  context: ReadContext
): Result.Result<ClientCall, InvalidField> => {
  const kept: Kept = {}
  let patch: CustomerPatch = {}
  for (const name in record) {
    if (elsewhere.has(name) || isPasswordName(name)) continue
    const value = record[name]
    const column = columnOf(name)
    const isList = typeof value === "object" && value !== null && Object.keys(value).length > 0
    if (column !== undefined && isList) return wrong(name, "must be a single value")
    if (column?.read !== undefined) {
      const part = column.read(name, scalarText(value), context)
      if (isWrong(part)) return Result.fail(part)
      patch = addPart(patch, part)
      continue
    }
    const json = strictlyKept(name, value, context)
    if (isWrong(json)) return Result.fail(json)
    kept[name] = json
  }
  const identity = identityOf(record)
  if (Result.isFailure(identity)) return Result.fail(identity.failure)
  const extensions = Object.keys(kept).length === 0 ? {} : { extensions: { [DIALECT]: kept } }
  return Result.succeed({ ...identity.success, patch: { ...patch, ...extensions } })
}

const identityOf = (record: Plain): Result.Result<Pick<ClientCall, "id" | "key">, InvalidField> => {
  for (const name of ["IDClient", "Cle"] as const) {
    const value = record[name]
    if (typeof value === "object" && value !== null) return wrong(name, "must be a single value")
  }
  const given = orNull(scalarText(record["IDClient"]))
  const id = given === null || /^\s*0+\s*$/.test(given) ? null : readId("IDClient", given)
  if (isWrong(id)) return Result.fail(id)
  const key = orNull(scalarText(record["Cle"]))
  if (key !== null && !isKey(key)) return wrong("Cle", "must be at most 255 characters long")
  return Result.succeed({ id, key })
}

/** From wire records to the domain: leniently for what a site tells, strictly for what a caller of the server sends. */
import {
  type CardRecord,
  type CustomerChange,
  CustomerId,
  type CustomerPatch,
  type Extensions,
  InvalidField,
  mergeExtensions,
  orNull
} from "@tillbridge/domain"
import type * as DateTime from "effect/DateTime"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import type { ClientMember } from "../PolarisNames.ts"
import { type InfoCarte, type InfoClient, scalarText } from "../PolarisSchema.ts"
import { readInstant } from "./dates.ts"
import { DIALECT } from "./dialect.ts"
import { MAX_KEPT_DEPTH } from "./encode.ts"
import {
  clientColumns,
  type Column,
  isStorable,
  isWrong,
  type PatchInto,
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

/** What is kept beside the domain's fields, by member. */
export type Kept = Record<string, Schema.Json>

export const isKey = (key: string): boolean => key.length <= 255 && isStorable(key)

const columns: ReadonlyMap<string, Column> = new Map(Object.entries(clientColumns))

const columnOf = (name: string): Column | undefined => columns.get(name)

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
  return text === null ? null : (readInstant(text, context.timeZone) ?? null)
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

/** What became of a record's values: the first that had to be left out, and why. */
export interface Lost {
  reason: string | undefined
}

/** Keeps a value, or says why it is lost; what says nothing and what may not be kept is neither. */
export const keep = (
  kept: Kept,
  { isPassword, member: name }: { readonly member: string; readonly isPassword: boolean },
  value: unknown,
  lost: Lost
): void => {
  if (value === null || value === "" || isPassword) return
  const json = typeof value === "string" ? value : asJson(value)
  if (json === null) return
  const reason = whyNotKeepable(name) ?? whyNotKeepable(json)
  if (reason === undefined) kept[name] = withoutPasswords(json)
  // A name that cannot be kept can hardly be shown.
  else lost.reason ??= `${columns.has(name) ? name : "a member"}: ${reason}`
}

const named = (member: string) => ({ member, isPassword: isPasswordName(member) })

const nothingKnown: ReadonlySet<string> = new Set()

/** Whether the absence of a member in one record says that it is empty, where another record of the site has it. */
export const isSiteMember = (name: string): boolean => columns.has(name) && !elsewhere.has(name)

/** Reads every member; an empty one clears, and so does an absent one that the site is known to have. */
const readMembers = (
  wire: InfoClient,
  context: DecodeContext,
  siteMembers: ReadonlySet<string>,
  lost: Lost
): readonly [patch: PatchInto, kept: Kept] => {
  const kept: Kept = {}
  const patch: PatchInto = {}
  for (const name in wire) {
    if (elsewhere.has(name)) continue
    const read = columns.get(name)?.read
    if (read !== undefined && read(patch, name, scalarText(wire[name]), context) === undefined) continue
    keep(kept, named(name), wire[name], lost)
  }
  for (const name of siteMembers) {
    if (name in wire) continue
    const column = columns.get(name)
    if (column === undefined || elsewhere.has(name)) continue
    if (column.read === undefined) kept[name] = null
    else column.read(patch, name, null, context)
  }
  return [patch, kept]
}

export const isEmpty = (kept: Kept): boolean => {
  for (const _ in kept) return false
  return true
}

const changeOf = (
  wire: InfoClient,
  context: DecodeContext,
  siteMembers: ReadonlySet<string>,
  lost: Lost
): CustomerChange => {
  const [patch, kept] = readMembers(wire, context, siteMembers, lost)
  const key = orNull(wire.Cle)
  if (key !== null && isKey(key)) patch.externalIds = [{ system: context.externalSystem, key }]
  else if (key !== null) keep(kept, named("Cle"), key, lost)
  if (!isEmpty(kept)) patch.extensions = { [DIALECT]: kept }
  const cards: Array<CardRecord> = []
  if (wire.Cartes !== undefined) for (const card of wire.Cartes) cards.push(cardRecord(card, lost))
  const source = { system: context.system, key: (wire.IDClient ?? "").trim() }
  const at = modifiedAt(wire, context)
  return at === null ? { customer: patch, cards, source } : { customer: patch, cards, source, modifiedAt: at }
}

/**
 * A wire client as the domain tells it. An empty member clears, and so does one that is absent although the site is
 * known to have it (`siteMembers`), because .NET leaves out what is null; any other absent member is not touched. What
 * the domain cannot hold, also a value out of its range, is kept in `extensions.polaris`; what no store can carry is
 * left out.
 */
export const customerChange = (
  told: InfoClient,
  context: DecodeContext,
  siteMembers: ReadonlySet<string> = nothingKnown
): CustomerChange => changeOf(told, context, siteMembers, { reason: undefined })

/** As `customerChange`, but nothing is left out: the failure names what would have been, and never a value. */
export const wholeChange = (
  told: InfoClient,
  context: DecodeContext,
  siteMembers: ReadonlySet<string>
): Result.Result<CustomerChange, string> => {
  const lost: Lost = { reason: undefined }
  const change = changeOf(told, context, siteMembers, lost)
  for (const { extensions } of [change.customer, ...change.cards.map(({ patch }) => patch)])
    if (extensions?.[DIALECT] !== undefined) lost.reason ??= whyTooMuch(extensions[DIALECT])
  return lost.reason === undefined ? Result.succeed(change) : Result.fail(lost.reason)
}

export const whyTooMuch = (kept: Readonly<Kept>): string | undefined =>
  sizeOf(kept) > MAX_KEPT_CHARACTERS ? "has more than can be kept" : undefined

/** About how many characters a value has as JSON. */
const sizeOf = (value: Schema.Json | undefined): number => {
  if (typeof value === "string") return value.length + 2
  if (typeof value !== "object" || value === null) return 8
  let size = 2
  for (const name in value) size += name.length + 4 + sizeOf((value as Kept)[name])
  return size
}

/** A wire card as the domain tells it: valid is active, not valid is blocked, as the shop that was asked sees it. */
const cardRecord = (wire: InfoCarte, lost: Lost): CardRecord => {
  const kept: Kept = {}
  const valid = readYes(wire.EstValide ?? "")
  for (const name in wire) {
    if (name === "Numero" || name === "TypeCarte" || (name === "EstValide" && valid !== undefined)) continue
    keep(kept, named(name), wire[name], lost)
  }
  const number = wire.Numero ?? ""
  const typeName = orNull(wire.TypeCarte)
  if (!isStorable(number) || (typeName !== null && !isStorable(typeName)))
    lost.reason ??= "Cartes: must not contain NUL or a lone surrogate"
  const patch: { status?: "active" | "blocked"; extensions?: Extensions } = {}
  if (valid !== undefined) patch.status = valid ? "active" : "blocked"
  if (!isEmpty(kept)) patch.extensions = { [DIALECT]: kept }
  return { number, patch, typeName }
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
  const patch: PatchInto = {}
  for (const name in record) {
    if (elsewhere.has(name) || isPasswordName(name)) continue
    const value = record[name]
    const column = columnOf(name)
    const isList = typeof value === "object" && value !== null && Object.keys(value).length > 0
    if (column !== undefined && isList) return wrong(name, "must be a single value")
    if (column?.read !== undefined) {
      const reason = column.read(patch, name, scalarText(value), context)
      if (reason !== undefined) return Result.fail(reason)
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

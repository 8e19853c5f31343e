/**
 * Records of a slice straight into changes: what `readRecord` and `wholeChange` do in two steps for a typed client is
 * one step here, without a record in between, because a sync reads a hundred thousand of them.
 */
import {
  type CardRecord,
  type CustomerChange,
  type ExternalId,
  type Extensions,
  orNull,
  type UnreadableRecord
} from "@tillbridge/domain"
import type * as DateTime from "effect/DateTime"
import type * as Schema from "effect/Schema"
import { isScalar, scalarText } from "../PolarisSchema.ts"
import { readInstant } from "./dates.ts"
import { DIALECT } from "./dialect.ts"
import { isStorable, type PatchInto, readYes } from "./fields.ts"
import {
  type DecodeContext,
  isEmpty,
  isKey,
  isSiteMember,
  keep,
  type Kept,
  type Lost,
  whyTooMuch
} from "./incoming.ts"
import { type Part, partOf, type Parts, partsOf } from "./parts.ts"
import { isInt64, unreadableClient, unreadableRecord } from "./records.ts"
import { isPlain, listOf, membersIn, plainOf, XmlNode } from "./wireTree.ts"

/** Parts by the place of a name, as the record before had it: records of a site are nearly all alike. */
interface Places {
  readonly names: Array<string>
  readonly parts: Array<Part>
}

const partAt = (places: Places, parts: Parts, at: number, name: string): Part => {
  if (places.names[at] === name) return places.parts[at]!
  const part = partOf(parts, name)
  places.names[at] = part.spelling
  places.parts[at] = part
  return part
}

/** A single value as text; what is none is the reason. */
const notScalar = Symbol("must be a single value")

const textIn = (value: unknown): string | null | typeof notScalar => {
  if (typeof value === "string") return value === "" ? null : value
  return isScalar(value) ? scalarText(value) : notScalar
}

/** The members of a record, in its order. */
interface Members {
  readonly names: ReadonlyArray<string>
  readonly values: ReadonlyArray<unknown>
}

const membersOf = (record: unknown): Members | null => {
  const told = record instanceof XmlNode ? membersIn(record.element) : undefined
  if (told !== undefined) return told
  const value = plainOf(record)
  return isPlain(value) ? { names: Object.keys(value), values: Object.values(value) } : null
}

/** Reads records of one site. */
export class RecordDecoder {
  readonly #context: DecodeContext
  readonly #parts: { readonly client: Parts; readonly card: Parts }
  readonly #clientPlaces: Places = { names: [], parts: [] }
  readonly #cardPlaces: Places = { names: [], parts: [] }
  readonly #siteMembers: Set<string>
  #siteBits = 0
  #siteCount = 0

  /** `siteMembers` are the members that records of the site have had; it grows while records are read. */
  constructor(context: DecodeContext, siteMembers: Set<string>) {
    this.#context = context
    this.#parts = partsOf(context.names)
    this.#siteMembers = siteMembers
  }

  /** Every record of a list, each on its own. */
  readAll(
    values: ReadonlyArray<unknown>,
    changes: Array<CustomerChange>,
    unreadable: Array<UnreadableRecord>
  ): void {
    const records = values.map(membersOf)
    for (const record of records) if (record !== null) this.#note(record.names)
    this.#takeSiteMembers()
    for (let at = 0; at < values.length; at++) {
      const record = records[at]
      const read = record == null ? "is no client" : this.#read(record)
      if (typeof read !== "string") changes.push(read)
      else {
        const told = unreadableClient(plainOf(values[at]), read, this.#context.names)
        unreadable.push(unreadableRecord(told, this.#context.system))
      }
    }
  }

  #note(names: ReadonlyArray<string>): void {
    for (let at = 0; at < names.length; at++) {
      const { bit, member } = partAt(this.#clientPlaces, this.#parts.client, at, names[at]!)
      if (bit !== 0 && (this.#siteBits & bit) === 0 && isSiteMember(member)) {
        this.#siteBits |= bit
        this.#siteMembers.add(member)
      }
    }
  }

  /** Members that a checkpoint or another call has told of. */
  #takeSiteMembers(): void {
    if (this.#siteCount === this.#siteMembers.size) return
    for (const member of this.#siteMembers) {
      const part = this.#parts.client.byMember.get(member)
      if (part !== undefined && isSiteMember(member)) this.#siteBits |= part.bit
    }
    this.#siteCount = this.#siteMembers.size
  }

  #read({ names, values }: Members): CustomerChange | string {
    const context = this.#context
    const patch: PatchInto = {}
    const kept: Kept = {}
    const lost: Lost = { reason: undefined }
    let cards: ReadonlyArray<CardRecord> = []
    let seen = 0
    let id: string | null = null
    let key: string | null = null
    let at: DateTime.Utc | undefined
    let wrong: string | undefined
    const take = (part: Part, value: unknown): void => {
      seen |= part.bit
      const { member } = part
      if (member === "Cartes") {
        const read = this.#cards(value, lost)
        if (typeof read === "string") wrong = read
        else cards = read
        return
      }
      const text = textIn(value)
      if (text === notScalar) wrong = `${member}: must be a single value`
      else if (member === "IDClient") id = text
      else if (member === "Cle") key = orNull(text)
      else if (member === "DateModification") {
        if (text !== null) at = readInstant(text, context.timeZone)
      } else if (part.read === undefined || part.read(patch, member, text, context) !== undefined) {
        if (text !== null) keep(kept, part, text, lost)
      }
    }
    let others: Array<number> | undefined
    for (let index = 0; index < names.length; index++) {
      const part = partAt(this.#clientPlaces, this.#parts.client, index, names[index]!)
      if (!part.isMember) (others ??= []).push(index)
      else if ((seen & part.bit) !== 0) return `${part.member}: comes twice`
      else take(part, values[index])
      if (wrong !== undefined) return wrong
    }
    if (others !== undefined) {
      for (const index of others) {
        const part = partAt(this.#clientPlaces, this.#parts.client, index, names[index]!)
        if (part.bit === 0) keep(kept, part, plainOf(values[index]), lost)
        else if ((seen & part.bit) === 0) take(part, values[index])
        if (wrong !== undefined) return wrong
      }
    }
    if (id === null || !isInt64(id)) return "IDClient: must be a whole number of 64 bits"
    this.#clearAbsent(seen, patch, kept)
    if (key !== null) {
      if (isKey(key)) patch.externalIds = [{ system: context.externalSystem, key }]
      else keep(kept, this.#parts.client.byMember.get("Cle")!, key, lost)
    }
    if (!isEmpty(kept)) {
      patch.extensions = { [DIALECT]: kept }
      lost.reason ??= whyTooMuch(kept)
    }
    if (lost.reason !== undefined) return lost.reason
    const source: ExternalId = { system: context.system, key: (id as string).trim() }
    return at === undefined
      ? { customer: patch, cards, source }
      : { customer: patch, cards, source, modifiedAt: at }
  }

  /** What records of the site have and this one lacks is empty in it. */
  #clearAbsent(seen: number, patch: PatchInto, kept: Record<string, Schema.Json>): void {
    const absent = this.#siteBits & ~seen
    if (absent === 0) return
    for (const part of this.#parts.client.members) {
      if ((absent & part.bit) === 0) continue
      if (part.read === undefined) kept[part.member] = null
      else part.read(patch, part.member, null, this.#context)
    }
  }

  #cards(value: unknown, lost: Lost): ReadonlyArray<CardRecord> | string {
    const list = listOf(value)
    if (list === undefined) return "Cartes: must be a list"
    const cards: Array<CardRecord> = []
    for (const card of list) {
      const record = membersOf(card)
      const read = record === null ? " is no card" : this.#card(record, lost)
      if (typeof read === "string") return `Cartes: card ${cards.length + 1}${read}`
      cards.push(read)
    }
    return cards
  }

  #card({ names, values }: Members, lost: Lost): CardRecord | string {
    const kept: Kept = {}
    let seen = 0
    let number: string | null = null
    let typeName: string | null = null
    let valid: boolean | undefined
    for (let index = 0; index < names.length; index++) {
      const part = partAt(this.#cardPlaces, this.#parts.card, index, names[index]!)
      const { bit, member } = part
      if (bit === 0) {
        keep(kept, part, plainOf(values[index]), lost)
        continue
      }
      if ((seen & bit) !== 0) return `: ${member} comes twice`
      seen |= bit
      const text = textIn(values[index])
      if (text === notScalar) return `: ${member}: must be a single value`
      if (member === "Numero") number = text
      else if (member === "TypeCarte") typeName = orNull(text)
      else if (member === "EstValide" && (valid = readYes(text ?? "")) !== undefined) continue
      else if (text !== null) keep(kept, part, text, lost)
    }
    if (number === null) return ": Numero must not be empty"
    if (!isStorable(number) || (typeName !== null && !isStorable(typeName)))
      lost.reason ??= "Cartes: must not contain NUL or a lone surrogate"
    const patch: { status?: "active" | "blocked"; extensions?: Extensions } = {}
    if (valid !== undefined) patch.status = valid ? "active" : "blocked"
    if (!isEmpty(kept)) {
      patch.extensions = { [DIALECT]: kept }
      lost.reason ??= whyTooMuch(kept)
    }
    return { number, patch, typeName }
  }
}

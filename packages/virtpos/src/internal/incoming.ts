/** A wire customer, as a list tells it, as the domain tells it. */
import {
  type CardRecord,
  type CustomerChange,
  type CustomerRecord,
  InvalidField,
  orNull
} from "@tillbridge/domain"
import type * as DateTime from "effect/DateTime"
import type * as Schema from "effect/Schema"
import type * as Wire from "../VirtposSchema.ts"
import { isScalar, listOf, scalarText } from "../VirtposSchema.ts"
import {
  cardReaders,
  customerReaders,
  type Draft,
  type ReadContext,
  type Reader,
  readSales,
  readTime
} from "./fields.ts"
import { DIALECT } from "./names.ts"

/** How a client reads: zone, names of the remote's own ids and of the `external_id` in it. */
export interface DecodeContext extends ReadContext {
  readonly system: string
}

type Members = Readonly<Record<string, unknown>>
type Kept = Record<string, Schema.Json>

/** What a customer's members say; `modifiedAt` is the vendor's own stamp. */
interface Told {
  customer: Draft<CustomerRecord>
  modifiedAt: DateTime.Utc | null
}

const asJson = (value: unknown): Schema.Json => {
  if (Array.isArray(value)) return value.map(asJson)
  if (typeof value !== "object" || value === null || Object.keys(value).length === 0) return scalarText(value)
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, asJson(member)]))
}

const keep = (kept: Kept | undefined, name: string, value: unknown): Kept | undefined => {
  const json = asJson(value)
  if (json === null) return kept
  const into = kept ?? {}
  into[name] = json
  return into
}

const wrong = (field: string) => new InvalidField({ field, reason: "is not valid" })

/** Members that are no part of an update: the group's name, money, and the vendor's stamps. */
const ownReaders: Readonly<Record<string, Reader<Told>>> = {
  group_name: ({ customer }, name, value) => {
    const group = orNull(value)
    if (group !== null && (group.length > 255 || group.includes("\0"))) return wrong(name)
    customer.group = group === null ? null : { name: group }
    return undefined
  },
  accumulated_sales: ({ customer }, name, value, context) => readSales(customer, name, value, context),
  created_date: ({ customer }, name, value, { timeZone }) => {
    const at = readTime(name, value, timeZone)
    if (at instanceof InvalidField) return at
    if (at !== null) customer.createdAt = at
    return undefined
  },
  created_by: ({ customer }, name, value) => {
    const by = value?.trim() ?? null
    if (by !== null && !/^-?[0-9]{1,15}$/.test(by)) return wrong(name)
    customer.createdBy = by === null ? null : Number(by)
    return undefined
  }
}

const readers: Readonly<Record<string, Reader<Told>>> = (() => {
  const all: Record<string, Reader<Told>> = Object.create(null)
  for (const name in customerReaders) {
    const reader = customerReaders[name]!
    all[name] = ({ customer }, field, value, context) => reader(customer, field, value, context)
  }
  return Object.assign(all, ownReaders)
})()

/** Members that need a single value though the domain has no word for them. */
const scalars: ReadonlySet<string> = new Set(["group_id", "last_update_date", "last_update_by"])

/**
 * A wire customer as the domain tells it, or the name of a member that is not the single value that it must be. A
 * member that is absent is not touched, an empty one clears. Everything the domain cannot hold, also a value out of its
 * range, is kept in `extensions.virtpos`; `age` is dropped because it is derived; the group goes by name, because its
 * id means something in that system only. Times are local to `context.timeZone`. Source: VirtualPOS API :: Customer.
 */
export const readMembers = (wire: Members, context: DecodeContext): CustomerChange | string => {
  const told: Told = { customer: {}, modifiedAt: null }
  let kept: Kept | undefined
  let cards: ReadonlyArray<CardRecord> = []
  for (const name in wire) {
    const value = wire[name]
    if (name === "cards") {
      const read = readCards(value, context)
      cards = read.cards
      if (read.others !== undefined) kept = keep(kept, name, read.others)
      continue
    }
    const reader = readers[name]
    if (reader === undefined) {
      if (name === "id") continue
      if ((name === "age" || scalars.has(name)) && !isScalar(value)) return name
      if (name !== "age") kept = keep(kept, name, value)
      continue
    }
    if (typeof value !== "string" && !isScalar(value)) return name
    if (reader(told, name, scalarText(value), context) !== undefined) kept = keep(kept, name, value)
  }
  const modified = readTime("", scalarText(wire["last_update_date"]), context.timeZone)
  const { customer } = told
  if (kept !== undefined) customer.extensions = { [DIALECT]: kept }
  const source = { system: context.system, key: (scalarText(wire["id"]) ?? "").trim() }
  return modified === null || modified instanceof InvalidField
    ? { customer, cards, source }
    : { customer, cards, source, modifiedAt: modified }
}

/** As `readMembers`, of a record whose members are single values already. */
export const customerChange = (wire: Wire.CustomerRecord, context: DecodeContext): CustomerChange => {
  const read = readMembers(wire, context)
  // Not reached: the type of a record has nothing else in those members.
  return typeof read === "string"
    ? { customer: {}, cards: [], source: { system: context.system, key: wire.id ?? "" } }
    : read
}

interface ReadCards {
  readonly cards: ReadonlyArray<CardRecord>
  /** What is no card of the INFERRED form: it has no number, so that nobody can know it by one. */
  readonly others: unknown
}

const noCards: ReadCards = { cards: [], others: undefined }

const readCards = (value: unknown, context: ReadContext): ReadCards => {
  const members = listOf(value, "card")
  if (members === undefined) return { cards: [], others: value }
  if (members.length === 0) return noCards
  const cards: Array<CardRecord> = []
  const others: Array<unknown> = []
  for (const member of members) {
    const card = cardRecord(member, context)
    if (card === undefined) others.push(member)
    else cards.push(card)
  }
  return { cards, others: others.length === 0 ? undefined : others }
}

/** A wire card as the domain tells it; owner and number stand outside the patch. `undefined`: it is none. */
const cardRecord = (member: unknown, context: ReadContext): CardRecord | undefined => {
  if (typeof member !== "object" || member === null) return undefined
  const wire = member as Members
  const number = scalarText(wire["uid"])
  if (number === null) return undefined
  const patch: Draft<CardRecord["patch"]> = {}
  let kept: Kept | undefined
  for (const name in wire) {
    if (name === "uid" || name === "type_name" || name === "customer_id") continue
    const value = wire[name]
    const reader = cardReaders[name]
    if (reader !== undefined && !isScalar(value)) return undefined
    if (reader === undefined || reader(patch, name, scalarText(value), context) !== undefined) {
      kept = keep(kept, name, value)
    }
  }
  if (kept !== undefined) patch.extensions = { [DIALECT]: kept }
  return { number, patch, typeName: orNull(scalarText(wire["type_name"])) }
}

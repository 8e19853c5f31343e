/** A wire customer, as a list tells it, as the domain tells it. */
import {
  type CardRecord,
  type CustomerChange,
  type CustomerRecord,
  InvalidField,
  orNull
} from "@tillbridge/domain"
import { MAX_RECORD_BYTES } from "@tillbridge/wire"
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

/** Units of text in a value. */
const unitsIn = (value: unknown): number => {
  if (typeof value === "string") return value.length
  if (typeof value !== "object" || value === null) return 0
  let units = 0
  if (Array.isArray(value)) {
    for (const item of value) units += unitsIn(item)
    return units
  }
  const members = value as Members
  for (const name in members) {
    const member = members[name]
    if (typeof member === "string") units += member.length
    else if (member !== null) units += unitsIn(member)
  }
  return units
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
const ownReaders: Readonly<Record<string, Reader<Draft<CustomerRecord>>>> = {
  group_name: (customer, name, value) => {
    const group = orNull(value)
    if (group !== null && (group.length > 255 || group.includes("\0"))) return wrong(name)
    customer.group = group === null ? null : { name: group }
    return undefined
  },
  accumulated_sales: readSales,
  created_date: (customer, name, value, { timeZone }) => {
    const at = readTime(name, value, timeZone)
    if (at instanceof InvalidField) return at
    if (at !== null) customer.createdAt = at
    return undefined
  },
  created_by: (customer, name, value) => {
    const by = value?.trim() ?? null
    if (by !== null && !/^-?[0-9]{1,15}$/.test(by)) return wrong(name)
    customer.createdBy = by === null ? null : Number(by)
    return undefined
  }
}

const readers: Readonly<Record<string, Reader<Draft<CustomerRecord>>>> = Object.assign(
  Object.create(null) as Record<string, Reader<Draft<CustomerRecord>>>,
  customerReaders,
  ownReaders
)

/** Members that need a single value though the domain has no word for them. */
const scalars: ReadonlySet<string> = new Set(["age", "group_id", "last_update_date", "last_update_by"])

const noSingleValue = (name: string): string => `${name}: must be a single value`

/**
 * A wire customer as the domain tells it, or what is wrong with it: a record that is too long, a member that is not the
 * single value that it must be. A member that is absent is not touched, an empty one clears. Everything the domain
 * cannot hold, also a value out of its range, is kept in `extensions.virtpos`; `age` is dropped because it is derived;
 * the group goes by name, because its id means something in that system only. Times are local to `context.timeZone`.
 * Source: VirtualPOS API :: Customer.
 */
export const readMembers = (wire: Members, context: DecodeContext): CustomerChange | string => {
  const customer: Draft<CustomerRecord> = {}
  let cards: ReadonlyArray<CardRecord> = []
  let kept: Kept | undefined
  let units = 0
  for (const name in wire) {
    const value = wire[name]
    if (typeof value === "string") units += value.length
    else if (value !== null) units += unitsIn(value)
    if (units > MAX_RECORD_BYTES) return `is longer than ${MAX_RECORD_BYTES} characters`
    const reader = readers[name]
    if (reader !== undefined) {
      if (typeof value !== "string" && !isScalar(value)) return noSingleValue(name)
      if (reader(customer, name, scalarText(value), context) !== undefined) kept = keep(kept, name, value)
    } else if (name === "cards") {
      const read = readCards(value, context)
      cards = read.cards
      if (read.others !== undefined) kept = keep(kept, name, read.others)
    } else if (name !== "id") {
      if (scalars.has(name) && !isScalar(value)) return noSingleValue(name)
      if (name !== "age") kept = keep(kept, name, value)
    }
  }
  if (kept !== undefined) customer.extensions = { [DIALECT]: kept }
  const source = { system: context.system, key: (scalarText(wire["id"]) ?? "").trim() }
  const modified = readTime("", scalarText(wire["last_update_date"]), context.timeZone)
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
    const isRead =
      reader !== undefined &&
      (typeof value === "string" || isScalar(value)) &&
      reader(patch, name, scalarText(value), context) === undefined
    if (!isRead) kept = keep(kept, name, value)
  }
  if (kept !== undefined) patch.extensions = { [DIALECT]: kept }
  return { number, patch, typeName: orNull(scalarText(wire["type_name"])) }
}

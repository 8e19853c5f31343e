/**
 * Between the vendor's wire records and the domain: with `internal/fields.ts` and `internal/parameters.ts`, the only
 * place that knows both. Money is exact; local times are in the zone given, in whole seconds.
 * A customer's `title`, address, company, language, discount and registering store are not carried by this API.
 */
import {
  ageOn,
  type CardRecord,
  type Customer,
  type CustomerChange,
  type CustomerPatch,
  type CustomerRecord,
  externalKey,
  formatLocal,
  InvalidField,
  type LocalDate,
  type LoyaltyCard,
  moneyToText,
  orNull,
  type TimeZone,
  toLocal
} from "@tillbridge/domain"
import { element, escapeText } from "@tillbridge/wire"
import type * as DateTime from "effect/DateTime"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import {
  addPart,
  cardReaders,
  customerReaders,
  type ReadContext,
  readMoney,
  readTime
} from "./internal/fields.ts"
import * as Wire from "./VirtposSchema.ts"

export type { ReadContext } from "./internal/fields.ts"
export { readBoolean } from "./internal/fields.ts"
export * from "./internal/parameters.ts"
export { cardParameters, customerParameters } from "./internal/outgoing.ts"

/** Id of this dialect, and the key of its extensions. */
export const DIALECT = "virtpos"

/**
 * Name under which the vendor's `external_id` is kept when nothing else is configured. It must differ from the
 * system that holds the vendor's own customer ids: one is the customer's key elsewhere, the other its key there.
 */
export const DEFAULT_EXTERNAL_SYSTEM = "virtpos.external"

/** A wire field: name, and text, number or nothing. */
export type Field = readonly [name: string, value: string | number | null]

export interface EncodeContext {
  readonly timeZone: TimeZone
  /** The merchant's local day, from which `age` follows: something cached is right only until midnight. */
  readonly today: LocalDate
  /** System whose key is written as `external_id`. */
  readonly externalSystem: string
}

const localText = (zone: TimeZone, instant: DateTime.Utc | null): string | null =>
  instant === null ? null : formatLocal(toLocal(zone, instant))

const bit = (yes: boolean) => (yes ? 1 : 0)

/**
 * A customer's fields in the DOCUMENTED order, empties `null`. `external_id` comes last because writing it is
 * INFERRED; before it stand members of a vendor's record that the domain has no word for. `phone` is the mobile one
 * when there is no other, so that it agrees with the `with_phone` filter. Source: VirtualPOS API :: Customer.
 */
export const customerFields = (customer: Customer, context: EncodeContext): ReadonlyArray<Field> => {
  const { birthDate, consents, group } = customer
  const zone = context.timeZone
  const fields: Array<Field> = [
    ["id", customer.id],
    ["fname", customer.firstName],
    ["lname", customer.lastName],
    ["mname", customer.middleName],
    ["age", ageOn(birthDate, context.today)],
    ["email", customer.email],
    ["phone", customer.phone ?? customer.mobilePhone],
    ["gender", customer.gender === null ? null : customer.gender === "female" ? "F" : "M"],
    ["custom_information", customer.notes],
    ["birth_day", birthDate.day],
    ["birth_month", birthDate.month],
    ["birth_year", birthDate.year],
    ["register_date", localText(zone, customer.registeredAt)],
    ["accumulated_sales", moneyToText(customer.accumulatedSales)],
    ["send_push", bit(consents.push)],
    ["send_email", bit(consents.email)],
    ["send_sms", bit(consents.sms)],
    ["group_id", group === null ? null : group.id],
    ["group_name", group === null ? null : group.name],
    ["created_date", localText(zone, customer.createdAt)],
    ["created_by", customer.createdBy],
    ["last_update_date", localText(zone, customer.updatedAt)],
    ["last_update_by", customer.updatedBy]
  ]
  const kept = customer.extensions[DIALECT]
  if (kept !== undefined) for (const name in kept) addKept(fields, name, kept[name])
  fields.push(["external_id", externalKey(customer.externalIds, context.externalSystem)])
  return fields
}

const isMemberName = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/

/** Gives back a member the domain only keeps; what it derives itself and what is not a single value is left out. */
const addKept = (fields: Array<Field>, name: string, value: Schema.Json | undefined) => {
  if (name in Wire.CustomerRecord.schema.fields || !isMemberName.test(name)) return
  if (value === null || typeof value === "string" || typeof value === "number") fields.push([name, value])
}

/** A card's fields under the DOCUMENTED parameter names. INFERRED: no page shows a card in a reply. */
export const cardFields = (
  card: LoyaltyCard,
  context: Omit<EncodeContext, "today">
): ReadonlyArray<Field> => [
  ["card_id", card.id],
  ["uid", card.number],
  ["external_id", externalKey(card.externalIds, context.externalSystem)],
  ["uid_ean13", card.ean13],
  ["barcode", card.barcode],
  [
    "medium",
    card.medium === null ? null : { plastic: "PLASTIC", magnetic: "MAGNET", app: "APP" }[card.medium]
  ],
  ["status", card.status.toUpperCase()],
  ["block_date", localText(context.timeZone, card.blockedAt)],
  ["activate_date", localText(context.timeZone, card.activatedAt)],
  ["type_id", card.type === null ? null : card.type.id],
  ["type_name", card.type === null ? null : card.type.name],
  ["customer_id", card.customerId]
]

/** What `cards=true` and `bonuses=true` add to a customer. INFERRED: the content of both is unknown. */
export interface Loyalty {
  readonly cards?: ReadonlyArray<ReadonlyArray<Field>>
  /** The domain keeps no bonuses: the list is always empty. */
  readonly bonuses?: boolean
}

const xmlOf = (fields: ReadonlyArray<Field>): string => {
  let out = ""
  for (const [name, value] of fields) {
    // Same as wire's `element`, inlined: this runs 24 times for each of a page's 200 customers.
    if (value === null || value === "") out += `<${name}/>`
    else out += `<${name}>${typeof value === "string" ? escapeText(value) : value}</${name}>`
  }
  return out
}

/** `<customer><id>1</id>…<email/>…</customer>`, no white space between elements. */
export const encodeCustomerXml = (fields: ReadonlyArray<Field>, loyalty?: Loyalty): string => {
  let out = `<customer>${xmlOf(fields)}`
  if (loyalty?.cards !== undefined) {
    const cards = loyalty.cards.map((card) => `<card>${xmlOf(card)}</card>`).join("")
    out += cards === "" ? element("cards", null) : `<cards>${cards}</cards>`
  }
  if (loyalty?.bonuses === true) out += element("bonuses", null)
  return `${out}</customer>`
}

const JSON_SPECIAL = /["\\\0-\x1f\ud800-\udfff]/

// INFERRED: numbers are written as text, as PHP does with a database row; only an empty value is null.
const jsonOf = (fields: ReadonlyArray<Field>): string => {
  let out = ""
  for (const [name, value] of fields) {
    const separator = out === "" ? "" : ","
    if (value === null || value === "") out += `${separator}"${name}":null`
    else if (typeof value === "number" || !JSON_SPECIAL.test(value)) out += `${separator}"${name}":"${value}"`
    else out += `${separator}"${name}":${JSON.stringify(value)}`
  }
  return out
}

/** `{"id":"1",…,"email":null,…}`. INFERRED: no page documents the JSON form. */
export const encodeCustomerJson = (fields: ReadonlyArray<Field>, loyalty?: Loyalty): string => {
  let out = `{${jsonOf(fields)}`
  if (loyalty?.cards !== undefined) {
    out += `,"cards":[${loyalty.cards.map((card) => `{${jsonOf(card)}}`).join(",")}]`
  }
  if (loyalty?.bonuses === true) out += `,"bonuses":[]`
  return `${out}}`
}

/** How a client reads: zone, names of the remote's own ids and of the `external_id` in it. */
export interface DecodeContext extends ReadContext {
  readonly system: string
}

const asJson = (value: unknown): Schema.Json => {
  if (Array.isArray(value)) return value.map(asJson)
  if (typeof value !== "object" || value === null || Object.keys(value).length === 0)
    return Wire.scalarText(value)
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, asJson(member)]))
}

const elsewhere = new Set([
  "id",
  "age",
  "group_name",
  "created_date",
  "created_by",
  "accumulated_sales",
  "cards"
])

/**
 * A wire customer as the domain tells it. A member that is absent is not touched, an empty one clears. Everything
 * the domain cannot hold, also a value out of its range, is kept in `extensions.virtpos`; `age` is dropped because
 * it is derived; the group goes by name, because its id means something in that system only.
 * Times are local to `context.timeZone`. Source: VirtualPOS API :: Customer.
 */
export const customerChange = (wire: Wire.CustomerRecord, context: DecodeContext): CustomerChange => {
  const kept: Record<string, Schema.Json> = {}
  let patch: CustomerPatch = {}
  for (const name in wire) {
    if (elsewhere.has(name)) continue
    const reader = Object.hasOwn(customerReaders, name) ? customerReaders[name] : undefined
    const value = wire[name]
    const part = reader?.(name, Wire.scalarText(value), context)
    if (part !== undefined && !(part instanceof InvalidField)) patch = addPart(patch, part)
    else if (asJson(value) !== null) kept[name] = asJson(value)
  }
  const own = ownFields(wire, context, kept)
  const listed = cardRecords(wire, context)
  if (listed === undefined) kept["cards"] = asJson(wire.cards)
  const customer: CustomerRecord = {
    ...patch,
    ...own,
    ...(Object.keys(kept).length === 0 ? {} : { extensions: { [DIALECT]: kept } })
  }
  return { customer, cards: listed ?? [], source: { system: context.system, key: (wire.id ?? "").trim() } }
}

/** Money, group and the stamps of creation, which are no part of a patch. */
const ownFields = (
  wire: Wire.CustomerRecord,
  context: ReadContext,
  kept: Record<string, Schema.Json>
): CustomerRecord => {
  let own: CustomerRecord = {}
  if (wire.group_name !== undefined) {
    const name = orNull(wire.group_name)
    if (name === null || name.length <= 255) own = { group: name === null ? null : { name } }
    else kept["group_name"] = name
  }
  if (wire.accumulated_sales !== undefined) {
    const money = readMoney("accumulated_sales", wire.accumulated_sales, context)
    if (money instanceof InvalidField) kept["accumulated_sales"] = wire.accumulated_sales
    else own = { ...own, ...money }
  }
  if (wire.created_date !== undefined) {
    const createdAt = readTime("created_date", wire.created_date, context.timeZone)
    if (createdAt instanceof InvalidField) kept["created_date"] = wire.created_date
    else if (createdAt !== null) own = { ...own, createdAt }
  }
  if (wire.created_by !== undefined) {
    const by = wire.created_by?.trim() ?? null
    if (by === null || /^-?[0-9]{1,15}$/.test(by))
      own = { ...own, createdBy: by === null ? null : Number(by) }
    else kept["created_by"] = by
  }
  return own
}

const decodeCard = Schema.decodeUnknownResult(Wire.CardRecord)

/** The cards of a customer; `undefined` when their form is not the INFERRED one. */
const cardRecords = (
  wire: Wire.CustomerRecord,
  context: ReadContext
): ReadonlyArray<CardRecord> | undefined => {
  const cards: Array<CardRecord> = []
  const members = Wire.listOf(wire.cards, "card")
  if (members === undefined) return undefined
  for (const member of members) {
    const decoded = decodeCard(member)
    if (Result.isFailure(decoded)) return undefined
    cards.push(cardRecord(decoded.success, context))
  }
  return cards
}

/** A wire card as the domain tells it; owner and number stand outside the patch. */
const cardRecord = (wire: Wire.CardRecord, context: ReadContext): CardRecord => {
  const kept: Record<string, Schema.Json> = {}
  const patch: CardRecord["patch"] = {}
  for (const name in wire) {
    if (name === "uid" || name === "type_name" || name === "customer_id") continue
    const reader = Object.hasOwn(cardReaders, name) ? cardReaders[name] : undefined
    const value = wire[name]
    const part = reader?.(name, Wire.scalarText(value), context)
    if (part !== undefined && !(part instanceof InvalidField)) Object.assign(patch, part)
    else if (asJson(value) !== null) kept[name] = asJson(value)
  }
  if (Object.keys(kept).length > 0) Object.assign(patch, { extensions: { [DIALECT]: kept } })
  return { number: wire.uid ?? "", patch, typeName: orNull(wire.type_name) }
}

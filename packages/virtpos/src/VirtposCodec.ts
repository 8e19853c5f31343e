/**
 * Between the vendor's wire records and the domain: with `internal/incoming.ts`, `internal/fields.ts`,
 * `internal/parameters.ts` and `internal/outgoing.ts`, the only place that knows both. Money is exact; local times are in the zone given, in whole seconds.
 * A customer's `title`, address, company, language, discount and registering store are not carried by this API.
 */
import {
  ageOn,
  type Customer,
  externalKey,
  formatLocal,
  type LocalDate,
  type LoyaltyCard,
  moneyToText,
  type TimeZone,
  toLocal
} from "@tillbridge/domain"
import { element, escapeText } from "@tillbridge/wire"
import type * as DateTime from "effect/DateTime"
import type * as Schema from "effect/Schema"
import { DIALECT } from "./internal/names.ts"
import * as Wire from "./VirtposSchema.ts"

export type { ReadContext } from "./internal/fields.ts"
export { readBoolean } from "./internal/fields.ts"
export * from "./internal/parameters.ts"
export { cardParameters, customerParameters } from "./internal/outgoing.ts"

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

export { DIALECT } from "./internal/names.ts"
export { customerChange, type DecodeContext } from "./internal/incoming.ts"

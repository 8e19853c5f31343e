/**
 * Between the vendor's wire records and the domain: with `internal/fields.ts`, `internal/parameters.ts` and
 * `internal/outgoing.ts`, the only place that knows both. Local times are in the zone given, in whole seconds.
 * Not carried by this API: cards, title, middle name, gender, birth date, consents, notes, accumulated sales, the
 * registering store, other systems' external ids, and the second and third line of an address as lines of their own.
 */
import {
  type Customer,
  type CustomerChange,
  type CustomerPatch,
  type CustomerRecord,
  formatLocal,
  fromLocal,
  InvalidField,
  moneyToText,
  orNull,
  parseLocal,
  type TimeZone,
  toLocal
} from "@tillbridge/domain"
import type * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import type * as Schema from "effect/Schema"
import { addPart, customerReaders, DEFAULT_GROUP, readGroup } from "./internal/fields.ts"
import { isPasswordName } from "./internal/passwords.ts"
import { kinds, scalarFlag, scalarText } from "./MegawinSchema.ts"
import type * as Wire from "./MegawinSchema.ts"

export { addParameters, type OutgoingParameters, updateParameters } from "./internal/outgoing.ts"

/** Id of this dialect, the key of its extensions, and the system whose keys stand in `clcleunik`. */
export const DIALECT = "megawin"

export interface EncodeContext {
  readonly timeZone: TimeZone
  /** Told as `password`; never one that anybody has chosen. */
  readonly locked: string
}

type Kept = Readonly<Record<string, Schema.Json>>

const nothingKept: Kept = {}

const keptText = (kept: Kept, name: string): string => scalarText(kept[name]) ?? ""

/** The vendor has one line of address where the domain has three. */
const streetOf = ({ address }: Customer): string =>
  [address.line1, address.line2, address.line3].filter((line) => line !== null).join(", ")

/** An update without the address when it is the one that the vendor tells: three lines are not made one by that. */
export const withoutEcho = (patch: CustomerPatch, before: Customer): CustomerPatch => {
  // What is told comes back without the blanks around it.
  if (patch.address === undefined || patch.address.line1 !== streetOf(before).trim()) return patch
  const { line1: _1, line2: _2, line3: _3, ...address } = patch.address
  return { ...patch, address }
}

const JSON_SPECIAL = /["\\\0-\x1f\ud800-\udfff]/

const jsonText = (value: string): string => (JSON_SPECIAL.test(value) ? JSON.stringify(value) : `"${value}"`)

/** `{"clcleunik":"1"`: a record's beginning. What follows depends on the customer alone, the key on its merchant. */
export const encodeKey = (key: string): string => `{"clcleunik":${jsonText(key)}`

/**
 * The rest of a record: `,"customerNumber":…}`, in the DOCUMENTED order. After it stand members of a vendor's record
 * that the domain has no word for. Source: API Documentation - Customer List.
 */
export const encodeRest = (customer: Customer, { locked, timeZone }: EncodeContext): string => {
  const { address, company } = customer
  const kept = customer.extensions[DIALECT] ?? nothingKept
  const added = formatLocal(toLocal(timeZone, customer.registeredAt ?? customer.createdAt))
  const notified = scalarFlag(kept["notification_accepted"])
  const text = (name: Wire.MemberName, value: string | null) => `,"${name}":${jsonText(value ?? "")}`
  let out =
    text("customerNumber", keptText(kept, "customerNumber")) +
    text("groupePrice", customer.group?.name ?? DEFAULT_GROUP) +
    text("login", keptText(kept, "login")) +
    text("password", locked) +
    text("lastName", customer.lastName) +
    text("firstName", customer.firstName) +
    text("address", streetOf(customer)) +
    text("zipcode", address.postalCode) +
    text("city", address.city) +
    text("country", address.country) +
    text("phone", customer.phone) +
    text("cellphone", customer.mobilePhone) +
    text("email", customer.email) +
    text("denomination", company.name) +
    text("tvaNumber", company.vatNumber) +
    text("addedDate", added.slice(0, 10)) +
    text("addHour", added.slice(11)) +
    text("language", customer.language) +
    `,"showPrice":${scalarFlag(kept["showPrice"]) ?? true}` +
    `,"webRemise":${customer.discountPercent === null ? "0" : moneyToText(customer.discountPercent)}` +
    text("megawinapp_login", keptText(kept, "megawinapp_login"))
  if (notified !== null) out += text("notification_accepted", notified ? "1" : "0")
  for (const name in kept) {
    if (!Object.hasOwn(kinds, name) && !isPasswordName(name))
      out += `,${jsonText(name)}:${JSON.stringify(kept[name])}`
  }
  return `${out}}`
}

/** How a client reads: zone, and name of the vendor's own keys. */
export interface DecodeContext {
  readonly timeZone: TimeZone
  readonly system: string
}

const asJson = (value: unknown): Schema.Json => {
  if (Array.isArray(value)) return value.map(asJson)
  if (typeof value === "bigint") return value.toString()
  if (typeof value !== "object" || value === null) return (value ?? null) as Schema.Json
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, asJson(member)]))
}

/** Members the domain has no word for and this file reads by name; `null` takes back what was told before. */
const keptMembers: ReadonlySet<string> = new Set([
  "customerNumber",
  "login",
  "showPrice",
  "megawinapp_login",
  "notification_accepted"
])

const readElsewhere: ReadonlySet<string> = new Set(["clcleunik", "groupePrice", "addedDate", "addHour"])

/**
 * A wire customer as the domain tells it. A member that is absent is not touched, an empty one clears. What the domain
 * cannot hold, also a value out of its range, is kept in `extensions.megawin`; a password never is. The group goes by
 * its name, and "01" is none. Source: API Documentation - Customer List.
 */
export const customerChange = (wire: Wire.CustomerRecord, context: DecodeContext): CustomerChange => {
  const kept: Record<string, Schema.Json> = {}
  let patch: CustomerPatch = {}
  for (const name in wire) {
    if (readElsewhere.has(name) || isPasswordName(name)) continue
    const value = wire[name]
    const reader = Object.hasOwn(customerReaders, name) ? customerReaders[name] : undefined
    const part = reader?.(name, scalarText(value))
    if (part !== undefined && !(part instanceof InvalidField)) patch = addPart(patch, part)
    else if (keptMembers.has(name) || asJson(value) !== null) kept[name] = asJson(value)
  }
  const customer: CustomerRecord = {
    ...patch,
    ...groupOf(wire, kept),
    ...registeredOf(wire, context.timeZone, kept),
    ...(Object.keys(kept).length === 0 ? {} : { extensions: { [DIALECT]: kept } })
  }
  return { customer, cards: [], source: { system: context.system, key: wire.clcleunik } }
}

const groupOf = (wire: Wire.CustomerRecord, kept: Record<string, Schema.Json>): CustomerRecord => {
  if (wire.groupePrice === undefined) return {}
  const group = readGroup("groupePrice", wire.groupePrice)
  if (!(group instanceof InvalidField)) return { group }
  kept["groupePrice"] = wire.groupePrice
  return {}
}

/** Day and hour of registration; a day of zeros is none (INFERRED, as a database without nulls writes it). */
const registeredOf = (
  wire: Wire.CustomerRecord,
  timeZone: TimeZone,
  kept: Record<string, Schema.Json>
): CustomerRecord => {
  const day = orNull(wire.addedDate)?.trim()
  if (day === undefined || day.startsWith("0000-00-00")) return {}
  const time = orNull(wire.addHour)?.trim() ?? "00:00:00"
  const local = parseLocal(day.length > 10 ? day : `${day} ${time}`)
  if (Option.isSome(local)) {
    const registeredAt: DateTime.Utc = fromLocal(timeZone, local.value)
    return { registeredAt }
  }
  kept["addedDate"] = day
  if (wire.addHour !== undefined) kept["addHour"] = wire.addHour
  return {}
}

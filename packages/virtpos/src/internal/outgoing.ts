/** What a client sends when it writes: the domain's records as the vendor's parameters. */
import {
  type CardRecord,
  type CustomerRecord,
  type ExternalId,
  externalKey,
  formatLocal,
  moneyToText,
  type TimeZone,
  toLocal
} from "@tillbridge/domain"
import type * as DateTime from "effect/DateTime"

/** Parameters by the vendor's names; an empty text clears (INFERRED). */
export type OutgoingParameters = Readonly<Record<string, string>>

/**
 * The key by which another system's customer or card goes into `external_id`: its plain key in the system that the
 * site calls "external", else `system:key`, so that equal keys of two systems never meet.
 */
export const outgoingKey = (
  source: ExternalId,
  others: ReadonlyArray<ExternalId>,
  externalSystem: string
): string => externalKey([source, ...others], externalSystem) ?? `${source.system}:${source.key}`

const put = (out: Record<string, string>, name: string, value: string | number | null | undefined) => {
  if (value !== undefined) out[name] = value === null ? "" : String(value)
}

const time = (zone: TimeZone, at: DateTime.Utc | null | undefined) =>
  at == null ? at : formatLocal(toLocal(zone, at))

const flag = (yes: boolean | undefined) => (yes === undefined ? undefined : yes ? 1 : 0)

/**
 * A customer's fields for an update: only those that the record has, `null` as empty text. Never `age`, which the
 * vendor computes, nor the stamps it owns. Source: VirtualPOS API :: Customer.
 */
export const customerParameters = (record: CustomerRecord, timeZone: TimeZone): OutgoingParameters => {
  const out: Record<string, string> = {}
  put(out, "fname", record.firstName)
  put(out, "lname", record.lastName)
  put(out, "mname", record.middleName)
  put(out, "email", record.email)
  put(out, "phone", record.phone ?? record.mobilePhone ?? record.phone)
  put(out, "gender", record.gender == null ? record.gender : record.gender === "female" ? "F" : "M")
  put(out, "custom_information", record.notes)
  put(out, "birth_day", record.birthDate?.day)
  put(out, "birth_month", record.birthDate?.month)
  put(out, "birth_year", record.birthDate?.year)
  put(out, "register_date", time(timeZone, record.registeredAt))
  put(out, "accumulated_sales", record.accumulatedSales && moneyToText(record.accumulatedSales))
  put(out, "send_push", flag(record.consents?.push))
  put(out, "send_email", flag(record.consents?.email))
  put(out, "send_sms", flag(record.consents?.sms))
  // A group's id means something in its own system only; the vendor makes a group whose name is new.
  if (record.group === null) put(out, "group_id", null)
  if (record.group !== undefined) put(out, "group_name", record.group === null ? null : record.group.name)
  return out
}

const media = { plastic: "PLASTIC", magnetic: "MAGNET", app: "APP" } as const

/** A card's fields for updateCard, without the names it is searched by. Source: VirtualPOS API :: Customer. */
export const cardParameters = (card: CardRecord, timeZone: TimeZone): OutgoingParameters => {
  const { patch } = card
  const out: Record<string, string> = {}
  put(out, "uid_ean13", patch.ean13 ?? undefined)
  put(out, "barcode", patch.barcode ?? undefined)
  put(out, "medium", patch.medium == null ? patch.medium : media[patch.medium])
  put(out, "status", patch.status?.toUpperCase())
  put(out, "block_date", time(timeZone, patch.blockedAt))
  put(out, "activate_date", time(timeZone, patch.activatedAt))
  if (card.typeName !== null) put(out, "type_name", card.typeName)
  return out
}

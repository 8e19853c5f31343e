/** A customer as a row of `customers`, and back. Rows are trusted: what went in was a valid customer. */
import type { ChangePosition, CustomerId, GroupId, StoreId } from "@tillbridge/domain"
import {
  type Address,
  type Customer,
  emailKey,
  type ExternalId,
  type Extensions,
  type MerchantId,
  moneyToText,
  phoneKey
} from "@tillbridge/domain"
import * as BigDecimal from "effect/BigDecimal"
import * as DateTime from "effect/DateTime"

/** Column order of the statement that writes. `touched` is the newest change of the customer or of one of its cards. */
export const customerColumns = [
  "merchant_id",
  "id",
  "version",
  "touched",
  "touched_at",
  "phone_key",
  "mobile_phone_key",
  "email_key",
  "external_ids",
  "title",
  "first_name",
  "middle_name",
  "last_name",
  "gender",
  "birth_day",
  "birth_month",
  "birth_year",
  "email",
  "phone",
  "mobile_phone",
  "address",
  "company_name",
  "vat_number",
  "language",
  "consents",
  "notes",
  "discount_percent",
  "accumulated_sales",
  "registered_at",
  "registered_in",
  "extensions",
  "group_id",
  "group_name",
  "created_at",
  "created_by",
  "updated_at",
  "updated_by"
] as const

export type CustomerRow = { readonly [column in (typeof customerColumns)[number]]: unknown }

const addressLines = ["line1", "line2", "line3", "postalCode", "city", "country"] as const

export const externalIdsToText = (ids: ReadonlyArray<ExternalId>): string =>
  ids.length === 0 ? "[]" : JSON.stringify(ids.map(({ key, system }) => [system, key]))

export const externalIdsFromText = (text: string): ReadonlyArray<ExternalId> =>
  text === "[]" ? [] : (JSON.parse(text) as Array<[string, string]>).map(([system, key]) => ({ system, key }))

const addressToText = (address: Address): string | null =>
  addressLines.some((line) => address[line] !== null)
    ? JSON.stringify(addressLines.map((line) => address[line]))
    : null

const noAddress: Address = {
  line1: null,
  line2: null,
  line3: null,
  postalCode: null,
  city: null,
  country: null
}

const addressFromText = (text: string | null): Address => {
  if (text === null) return noAddress
  const [line1, line2, line3, postalCode, city, country] = JSON.parse(text) as [
    string | null,
    string | null,
    string | null,
    string | null,
    string | null,
    string | null
  ]
  return { line1, line2, line3, postalCode, city, country }
}

const noExtensions: Extensions = {}

export const extensionsToText = (extensions: Extensions): string | null => {
  for (const _ in extensions) return JSON.stringify(extensions)
  return null
}

export const extensionsFromText = (text: string | null): Extensions =>
  text === null ? noExtensions : (JSON.parse(text) as Extensions)

/** Values in the order of `customerColumns`, pushed onto `out`. */
export const pushCustomerValues = (out: Array<unknown>, merchant: MerchantId, customer: Customer): void => {
  const { birthDate, consents } = customer
  out.push(
    merchant,
    customer.id,
    customer.version,
    customer.version,
    customer.updatedAt.epochMilliseconds,
    phoneKey(customer.phone),
    phoneKey(customer.mobilePhone),
    emailKey(customer.email),
    externalIdsToText(customer.externalIds),
    customer.title,
    customer.firstName,
    customer.middleName,
    customer.lastName,
    customer.gender,
    birthDate.day,
    birthDate.month,
    birthDate.year,
    customer.email,
    customer.phone,
    customer.mobilePhone,
    addressToText(customer.address),
    customer.company.name,
    customer.company.vatNumber,
    customer.language,
    (consents.push ? 1 : 0) + (consents.email ? 2 : 0) + (consents.sms ? 4 : 0),
    customer.notes,
    customer.discountPercent === null ? null : moneyToText(customer.discountPercent),
    moneyToText(customer.accumulatedSales),
    customer.registeredAt === null ? null : customer.registeredAt.epochMilliseconds,
    customer.registeredIn,
    extensionsToText(customer.extensions),
    customer.group === null ? null : customer.group.id,
    customer.group === null ? null : customer.group.name,
    customer.createdAt.epochMilliseconds,
    customer.createdBy,
    customer.updatedAt.epochMilliseconds,
    customer.updatedBy
  )
}

/** What a card may have set since the state before was written. */
const alsoOfCards = new Set<string>(["touched", "touched_at"] satisfies ReadonlyArray<keyof CustomerRow>)

/** The columns in which two states of a customer differ, with their new values. */
export const changedColumns = (
  merchant: MerchantId,
  before: Customer,
  after: Customer
): Record<string, unknown> => {
  const [old, now]: [Array<unknown>, Array<unknown>] = [[], []]
  pushCustomerValues(old, merchant, before)
  pushCustomerValues(now, merchant, after)
  const changed: Record<string, unknown> = {}
  customerColumns.forEach((column, index) => {
    if (old[index] !== now[index] || alsoOfCards.has(column)) changed[column] = now[index]
  })
  return changed
}

export const instantOrNull = (millis: unknown): DateTime.Utc | null =>
  millis === null ? null : DateTime.makeUnsafe(millis as number)

export const customerFromRow = (row: CustomerRow): Customer => {
  const text = (column: keyof CustomerRow) => row[column] as string | null
  const integer = (column: keyof CustomerRow) => row[column] as number | null
  const consents = row.consents as number
  return {
    id: row.id as CustomerId,
    version: row.version as ChangePosition,
    externalIds: externalIdsFromText(row.external_ids as string),
    title: text("title"),
    firstName: text("first_name"),
    middleName: text("middle_name"),
    lastName: text("last_name"),
    gender: row.gender as Customer["gender"],
    birthDate: { day: integer("birth_day"), month: integer("birth_month"), year: integer("birth_year") },
    email: text("email"),
    phone: text("phone"),
    mobilePhone: text("mobile_phone"),
    address: addressFromText(text("address")),
    company: { name: text("company_name"), vatNumber: text("vat_number") },
    language: text("language"),
    consents: { push: (consents & 1) !== 0, email: (consents & 2) !== 0, sms: (consents & 4) !== 0 },
    notes: text("notes"),
    discountPercent:
      row.discount_percent === null ? null : BigDecimal.fromStringUnsafe(row.discount_percent as string),
    accumulatedSales: BigDecimal.fromStringUnsafe(row.accumulated_sales as string),
    registeredAt: instantOrNull(row.registered_at),
    registeredIn: row.registered_in as StoreId | null,
    extensions: extensionsFromText(text("extensions")),
    group: row.group_id === null ? null : { id: row.group_id as GroupId, name: row.group_name as string },
    createdAt: DateTime.makeUnsafe(row.created_at as number),
    createdBy: integer("created_by"),
    updatedAt: DateTime.makeUnsafe(row.updated_at as number),
    updatedBy: integer("updated_by")
  }
}

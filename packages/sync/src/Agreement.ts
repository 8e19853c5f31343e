/**
 * Whether two systems say the same of a customer. Only what both tell is compared, and in a form that every till's
 * spelling comes to: a phone by its digits, an address as one line, a time to the second. Names of fields are the
 * domain's.
 */
import { type CustomerChange, emailKey, moneyToText, phoneKey } from "@tillbridge/domain"
import * as DateTime from "effect/DateTime"

type Teller = (change: CustomerChange) => string | null | undefined

/** One thing that both may tell: as it is written, and in the form that is compared. */
interface Field {
  readonly name: string
  /** `undefined`: not told. `null` and "": told that there is nothing. */
  readonly exact: Teller
  readonly normal?: (text: string) => string | null
}

const squeezed = (text: string): string => text.trim().replace(/\s+/g, " ")

const text = (name: string, exact: Teller, normal: (text: string) => string | null = squeezed): Field => ({
  name,
  exact,
  normal
})

const joined = (parts: ReadonlyArray<string | null | undefined>): string | undefined =>
  parts.every((part) => part === undefined) ? undefined : parts.filter((part) => part != null).join(" ")

const told = <A extends object | number>(
  value: A | null | undefined,
  say: (value: A) => string
): string | null | undefined => (value === undefined ? undefined : value === null ? null : say(value))

const bit = (value: boolean | undefined) => (value === undefined ? undefined : value ? "yes" : "no")

const seconds = (text: string): string => text.slice(0, 19)

/** Whole fields by name; the order is that of reports. */
const fields: ReadonlyArray<Field> = [
  text("title", ({ customer }) => customer.title),
  text("firstName", ({ customer }) => customer.firstName),
  text("middleName", ({ customer }) => customer.middleName),
  text("lastName", ({ customer }) => customer.lastName),
  text("gender", ({ customer }) => customer.gender),
  text("birthDate.day", ({ customer }) => told(customer.birthDate?.day, String)),
  text("birthDate.month", ({ customer }) => told(customer.birthDate?.month, String)),
  text("birthDate.year", ({ customer }) => told(customer.birthDate?.year, String)),
  text("email", ({ customer }) => customer.email, emailKey),
  // Tills with one phone tell the mobile one when there is no other.
  text("phone", ({ customer }) => customer.phone ?? customer.mobilePhone ?? customer.phone, phoneKey),
  text(
    "mobilePhone",
    ({ customer }) => (customer.phone == null ? undefined : customer.mobilePhone),
    phoneKey
  ),
  text("address", ({ customer: { address } }) => joined([address?.line1, address?.line2, address?.line3])),
  text("address.postalCode", ({ customer }) => customer.address?.postalCode),
  text("address.city", ({ customer }) => customer.address?.city),
  text("address.country", ({ customer }) => customer.address?.country),
  text("company.name", ({ customer }) => customer.company?.name),
  text("company.vatNumber", ({ customer }) => customer.company?.vatNumber),
  text("language", ({ customer }) => customer.language),
  text("consents.push", ({ customer }) => bit(customer.consents?.push)),
  text("consents.email", ({ customer }) => bit(customer.consents?.email)),
  text("consents.sms", ({ customer }) => bit(customer.consents?.sms)),
  text("notes", ({ customer }) => customer.notes),
  text("discountPercent", ({ customer }) => told(customer.discountPercent, moneyToText)),
  text("accumulatedSales", ({ customer }) => told(customer.accumulatedSales, moneyToText)),
  text("registeredAt", ({ customer }) => told(customer.registeredAt, DateTime.formatIso), seconds),
  text("group", ({ customer }) => (customer.group === undefined ? undefined : (customer.group?.name ?? null)))
]

const cards: Field = text("cards", (change) =>
  change.cards
    .map(({ number, patch }) => `${number.trim()}${patch.status === "blocked" ? " (blocked)" : ""}`)
    .sort()
    .join(", ")
)

export interface Comparing {
  /** Whether both tell cards at all. */
  readonly cards: boolean
}

export const fieldNames = (comparing: Comparing): ReadonlyArray<string> =>
  [...fields, ...(comparing.cards ? [cards] : [])].map(({ name }) => name)

/** A field of a change as it is written and as it is compared; `undefined`: it is not told. */
export interface ToldField {
  readonly exact: string
  readonly normal: string
}

/** What a change tells, in the order of `fieldNames`. */
export const toldFields = (
  change: CustomerChange,
  comparing: Comparing
): ReadonlyArray<ToldField | undefined> =>
  [...fields, ...(comparing.cards ? [cards] : [])].map(({ exact, normal = squeezed }) => {
    const value = exact(change)
    if (value === undefined) return undefined
    // What has no such form, as a phone without digits, is compared as it is written.
    return { exact: value ?? "", normal: value === null ? "" : (normal(value) ?? squeezed(value)) }
  })

export interface FieldDifference {
  readonly field: string
  readonly from: string
  readonly to: string
}

/** In what two tellings of one customer differ, by what both tell. Spelling alone is no difference. */
export const differences = (
  from: CustomerChange,
  to: CustomerChange,
  comparing: Comparing
): ReadonlyArray<FieldDifference> => {
  const names = fieldNames(comparing)
  const [here, there] = [toldFields(from, comparing), toldFields(to, comparing)]
  return names.flatMap((field, at) => {
    const [a, b] = [here[at], there[at]]
    return a === undefined || b === undefined || a.normal === b.normal
      ? []
      : [{ field, from: a.exact, to: b.exact }]
  })
}

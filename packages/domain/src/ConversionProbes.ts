/**
 * A customer and a card with every field filled, by which it is tried what a dialect carries. Values are such as show a
 * loss: a time with milliseconds, money with a fraction, a number with leading zeros.
 */
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import { type Customer, newCustomer } from "./Customer.ts"
import type { CustomerWithCards } from "./DialectCodec.ts"
import { CardId, CardTypeId, CustomerId, GroupId, StoreId } from "./Ids.ts"
import { type LoyaltyCard, newCard } from "./LoyaltyCard.ts"
import { moneyFromText } from "./Money.ts"
import type { Store } from "./Merchant.ts"

/** System whose keys the dialect is told to write as its external key. */
export const PROBE_SYSTEM = "shop"

export const probeStores: ReadonlyArray<Store> = [
  { id: StoreId.make(1), name: "North" },
  { id: StoreId.make(2), name: "South" }
]

export const probeNow: DateTime.Utc = DateTime.makeUnsafe("2026-03-31T10:20:30.456Z")
const registered = DateTime.makeUnsafe("2024-02-29T12:34:56.789Z")
const created = DateTime.makeUnsafe("2023-11-05T06:07:08.912Z")
const money = (text: string) => Option.getOrThrow(moneyFromText(text))

/** Values by field, as `lossOf` names them. */
export const customerProbes: Readonly<Record<string, Partial<Customer>>> = {
  externalIds: { externalIds: [{ system: PROBE_SYSTEM, key: "A-0017" }] },
  title: { title: "Dr" },
  firstName: { firstName: "Zoë" },
  middleName: { middleName: "Иванова" },
  lastName: { lastName: "O'Neil & Sons" },
  gender: { gender: "female" },
  "birthDate.day": { birthDate: { day: 29, month: null, year: null } },
  "birthDate.month": { birthDate: { day: null, month: 2, year: null } },
  "birthDate.year": { birthDate: { day: null, month: null, year: 1988 } },
  email: { email: "zoe@example.test" },
  phone: { phone: "+74950000001" },
  mobilePhone: { mobilePhone: "+79990000002" },
  "address.line1": { address: address({ line1: "1 Main Street" }) },
  "address.line2": { address: address({ line2: "Building 2" }) },
  "address.line3": { address: address({ line3: "Flat 3" }) },
  "address.postalCode": { address: address({ postalCode: "01234" }) },
  "address.city": { address: address({ city: "Gent" }) },
  "address.country": { address: address({ country: "BE" }) },
  "company.name": { company: { name: "ACME", vatNumber: null } },
  "company.vatNumber": { company: { name: null, vatNumber: "BE0123456789" } },
  language: { language: "fr" },
  "consents.push": { consents: { push: true, email: false, sms: false } },
  "consents.email": { consents: { push: false, email: true, sms: false } },
  "consents.sms": { consents: { push: false, email: false, sms: true } },
  notes: { notes: "prefers mornings" },
  discountPercent: { discountPercent: money("7.25") },
  accumulatedSales: { accumulatedSales: money("15200.5") },
  registeredAt: { registeredAt: registered },
  registeredIn: { registeredIn: StoreId.make(2) },
  group: { group: { id: GroupId.make(3), name: "Gold" } },
  createdAt: { createdAt: created },
  createdBy: { createdBy: 42 }
}

/** Values of a card by field; what a state needs stands with it. */
export const cardProbes: Readonly<Record<string, Partial<LoyaltyCard>>> = {
  externalIds: { externalIds: [{ system: PROBE_SYSTEM, key: "K-9" }] },
  barcode: { barcode: "2000000000017" },
  ean13: { ean13: "2000000000024" },
  medium: { medium: "app" },
  status: { status: "blocked" },
  activatedAt: { activatedAt: created },
  blockedAt: { blockedAt: registered },
  registeredAt: { registeredAt: registered },
  registeredIn: { registeredIn: StoreId.make(2) },
  type: { type: { id: CardTypeId.make(4), name: "Silver" } }
}

function address(part: Partial<Customer["address"]>): Customer["address"] {
  return { line1: null, line2: null, line3: null, postalCode: null, city: null, country: null, ...part }
}

const blankCustomer: Customer = {
  ...newCustomer(CustomerId.make(1001), probeNow, null),
  registeredAt: null
}

const blankCard: LoyaltyCard = {
  ...newCard(CardId.make(501), "0079001", probeNow, null),
  registeredAt: null,
  customerId: blankCustomer.id
}

const isPlain = (value: unknown): value is object =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype

/** Fields filled with what both have to say. */
const joined = <A extends object>(one: A, other: Partial<A>): A => {
  const out: A = { ...one }
  for (const name in other) {
    const [before, after] = [one[name], other[name] as A[typeof name]]
    out[name] =
      isPlain(before) && isPlain(after)
        ? {
            ...before,
            ...(Object.fromEntries(
              Object.entries(after).filter(([, value]) => value !== null && value !== false)
            ) as A[typeof name])
          }
        : after
  }
  return out
}

/** Keys and numbers that are whole numbers, for dialects that have no others. */
const wholeNumbers: Readonly<Record<string, object>> = {
  externalIds: { externalIds: [{ system: PROBE_SYSTEM, key: "17" }] },
  "cards.externalIds": { externalIds: [{ system: PROBE_SYSTEM, key: "9" }] }
}

/** Other words of the fields that have a choice of them. */
export const otherWords: Readonly<Record<string, object>> = {
  gender: { gender: "male" },
  "cards.medium": { medium: "magnetic" },
  "cards.status": { status: "active" }
}

/** `plain`: keys and the card's number are whole numbers. `other`: that, and another word where there is a choice. */
export type ProbeVariant = "first" | "plain" | "other"

/** A customer with these fields of the probes filled; `cards.…` fields give it a card. `cards` alone: a bare card. */
export const probeCustomer = (
  fields: Iterable<string>,
  variant: ProbeVariant = "first"
): CustomerWithCards => {
  let customer = blankCustomer
  let card: LoyaltyCard | undefined
  const bare = variant === "first" ? blankCard : { ...blankCard, number: "79001" }
  for (const field of fields) {
    const isOfCard = field.startsWith("cards.")
    const value: object =
      (variant === "other" ? otherWords[field] : undefined) ??
      (variant === "first" ? undefined : wholeNumbers[field]) ??
      (isOfCard ? cardProbes[field.slice("cards.".length)] : customerProbes[field]) ??
      {}
    if (field === "cards") card ??= bare
    else if (isOfCard) card = joined(card ?? bare, value)
    else customer = joined(customer, value)
  }
  return { customer, cards: card === undefined ? [] : [card] }
}

/** Every field there is a probe for. */
export const probeFields: ReadonlyArray<string> = [
  ...Object.keys(customerProbes),
  "cards",
  ...Object.keys(cardProbes).map((field) => `cards.${field}`)
]

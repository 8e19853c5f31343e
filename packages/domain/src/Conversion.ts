/**
 * From one system's customers to another's without a store between: a whole customer made of what a vendor told, and
 * what of a customer did not survive a dialect.
 */
import type * as DateTime from "effect/DateTime"
import { applyPatch, type Customer, type CustomerRecord, type Extensions, newCustomer } from "./Customer.ts"
import type { CardRecord, CustomerChange } from "./CustomerChange.ts"
import type { CustomerWithCards } from "./DialectCodec.ts"
import { ean13Of } from "./Ean13.ts"
import { type ExternalId, externalKey, withExternalIds } from "./ExternalId.ts"
import { CardId, CardTypeId, CustomerId, GroupId } from "./Ids.ts"
import { applyCardPatch, type LoyaltyCard, newCard } from "./LoyaltyCard.ts"
import { sameValue } from "./sameValue.ts"

/** Ids of customers whose key is no id begin above this, where no vendor's number is. */
const OWN_IDS = 2 ** 52

const isId = (key: string): boolean => /^[1-9][0-9]{0,15}$/.test(key) && Number(key) <= OWN_IDS

/** Numbers names in the order in which they first come. */
const makeNumbers = () => {
  const numbers = new Map<string, number>()
  return (name: string): number => {
    let number = numbers.get(name)
    if (number === undefined) numbers.set(name, (number = numbers.size + 1))
    return number
  }
}

/**
 * Makes whole customers of what a vendor tells, one after the other. The id is the vendor's key where that is a whole
 * number; else the key becomes an external id, and the id is a number of its own. Groups and card types are told
 * apart by name, cards are counted. What the vendor did not tell is empty, and times of the record itself are `now`.
 */
export const makeConversion = (now: DateTime.Utc): ((change: CustomerChange) => CustomerWithCards) => {
  const groupNumber = makeNumbers()
  const typeNumber = makeNumbers()
  let customers = 0
  let cards = 0

  const customerOf = ({ customer: record, source }: CustomerChange): Customer => {
    customers++
    const { createdAt, createdBy, group, id: _, ...patch } = record
    const isKnown = isId(source.key)
    const id = CustomerId.make(isKnown ? Number(source.key) : OWN_IDS + customers)
    const told = applyPatch({ ...newCustomer(id, now, null), registeredAt: null }, patch)
    return {
      ...told,
      externalIds:
        isKnown || source.key === "" ? told.externalIds : withExternalIds(told.externalIds, [source]),
      group:
        group?.name === undefined ? null : { id: GroupId.make(groupNumber(group.name)), name: group.name },
      createdAt: createdAt ?? now,
      createdBy: createdBy ?? null
    }
  }

  const cardOf = ({ number, patch, typeName }: CardRecord, owner: Customer): LoyaltyCard => {
    cards++
    const blank = { ...newCard(CardId.make(cards), number, now, null), registeredAt: null }
    return {
      ...applyCardPatch(blank, patch, now),
      customerId: owner.id,
      // A day on which the card became active or blocked is not made up.
      activatedAt: patch.activatedAt ?? null,
      blockedAt: patch.blockedAt ?? null,
      type: typeName === null ? null : { id: CardTypeId.make(typeNumber(typeName)), name: typeName }
    }
  }

  return (change) => {
    const customer = customerOf(change)
    return { customer, cards: change.cards.map((card) => cardOf(card, customer)) }
  }
}

/** A field that did not come through as it was, in the domain's own words: `address.city`, `cards.status`. */
export interface Loss {
  readonly field: string
  /** Lost: nothing came. Changed: something else came. */
  readonly how: "lost" | "changed"
}

/** Fields of a customer that a record can hold, save those with rules of their own. */
const customerFields = [
  "title",
  "firstName",
  "middleName",
  "lastName",
  "gender",
  "birthDate.day",
  "birthDate.month",
  "birthDate.year",
  "email",
  "phone",
  "mobilePhone",
  "address.line1",
  "address.line2",
  "address.line3",
  "address.postalCode",
  "address.city",
  "address.country",
  "company.name",
  "company.vatNumber",
  "language",
  "consents.push",
  "consents.email",
  "consents.sms",
  "notes",
  "discountPercent",
  "accumulatedSales",
  "registeredAt",
  "registeredIn",
  "group.name",
  "createdBy"
] as const

const cardFields = [
  "barcode",
  "ean13",
  "medium",
  "status",
  "activatedAt",
  "blockedAt",
  "registeredAt",
  "registeredIn"
] as const

/** The value at a path; `undefined` where a part of it is missing. */
export const fieldAt = (record: object, path: string): unknown => {
  let value: unknown = record
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null) return undefined
    value = (value as Readonly<Record<string, unknown>>)[name]
  }
  return value
}

/** Whether a value says no more than a field that is missing. */
const saysNothing = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === false ||
  value === "" ||
  (typeof value === "object" && "scale" in value && "value" in value && value.value === 0n)

const lossOfValue = (before: unknown, after: unknown): Loss["how"] | undefined => {
  if (saysNothing(before) || sameValue(before, after)) return undefined
  return saysNothing(after) ? "lost" : "changed"
}

const lossOfExternalIds = (
  before: ReadonlyArray<ExternalId>,
  after: ReadonlyArray<ExternalId>
): Loss["how"] | undefined => {
  let how: Loss["how"] | undefined
  for (const { key, system } of before) {
    const found = externalKey(after, system)
    if (found === null) how = "lost"
    else if (found !== key) how ??= "changed"
  }
  return how
}

const lossesOfExtensions = (
  before: Extensions,
  after: Extensions | undefined,
  add: (field: string, how: Loss["how"] | undefined) => void
) => {
  for (const dialect in before) {
    for (const name in before[dialect]) {
      const [kept, told] = [before[dialect][name], after?.[dialect]?.[name] ?? null]
      // No is an answer here: nobody knows what the field means when it is missing.
      if (!sameValue(kept ?? null, told)) add(`extensions.${dialect}`, told === null ? "lost" : "changed")
    }
  }
}

/** Whether a card has this without being told: both codes follow the number, and a card is new. */
const isImplied = (card: LoyaltyCard, field: (typeof cardFields)[number]): boolean =>
  field === "status"
    ? card.status === "new"
    : (field === "barcode" || field === "ean13") && card[field] === ean13Of(card.number)

const lossesOfCard = (
  before: LoyaltyCard,
  after: CardRecord,
  add: (field: string, how: Loss["how"] | undefined) => void
) => {
  for (const field of cardFields) {
    const told = after.patch[field]
    if (!saysNothing(told) || !isImplied(before, field))
      add(`cards.${field}`, lossOfValue(before[field], told))
  }
  add("cards.type", lossOfValue(before.type?.name, after.typeName))
  add("cards.externalIds", lossOfExternalIds(before.externalIds, after.patch.externalIds ?? []))
  lossesOfExtensions(before.extensions, after.patch.extensions, (field, how) => add(`cards.${field}`, how))
}

/**
 * What of a customer and its cards a vendor's telling lacks or has otherwise, each field once, in the domain's order.
 * Cards are matched by number, groups and types by name. Versions and stamps of the last update are nobody's to tell.
 */
export const lossOf = (before: CustomerWithCards, after: CustomerChange): ReadonlyArray<Loss> => {
  const found = new Map<string, Loss["how"]>()
  const add = (field: string, how: Loss["how"] | undefined) => {
    if (how !== undefined && found.get(field) !== "lost") found.set(field, how)
  }
  const { customer } = before
  const { source } = after
  // A customer who came from there goes by its own key there.
  const isKnown = externalKey(customer.externalIds, source.system) === source.key
  if (!isKnown) add("id", lossOfValue(String(customer.id), source.key))
  const told = [...(after.customer.externalIds ?? []), ...(isKnown ? [source] : [])]
  add("externalIds", lossOfExternalIds(customer.externalIds, told))
  for (const field of customerFields)
    add(
      field.replace(/^group\.name$/, "group"),
      lossOfValue(fieldAt(customer, field), fieldAt(after.customer, field))
    )
  // A record that is as old as its last update was made by whoever has it: nobody told when.
  if (!sameValue(customer.createdAt, customer.updatedAt))
    add("createdAt", lossOfValue(customer.createdAt, after.customer.createdAt))
  lossesOfExtensions(customer.extensions, after.customer.extensions, add)
  const byNumber = new Map(after.cards.map((card) => [card.number, card]))
  for (const card of before.cards) {
    const told = byNumber.get(card.number)
    if (told === undefined) add("cards", "lost")
    else lossesOfCard(card, told, add)
  }
  return [...found].map(([field, how]) => ({ field, how }))
}

/**
 * `lossOf` for each of some customers that were written in one answer, by what was read back from it. A dialect may
 * tell a customer several times (once for each card) or not at all, which is `customer` lost.
 */
export const lossesOf = (
  before: ReadonlyArray<CustomerWithCards>,
  after: ReadonlyArray<CustomerChange>
): ReadonlyArray<ReadonlyArray<Loss>> => {
  const told = new Map<string, CustomerChange>()
  for (const change of after) {
    const earlier = told.get(change.source.key)
    told.set(
      change.source.key,
      earlier === undefined ? change : { ...change, cards: [...earlier.cards, ...change.cards] }
    )
  }
  const system = after[0]?.source.system ?? ""
  return before.map((one) => {
    const { externalIds, id } = one.customer
    const found = told.get(externalKey(externalIds, system) ?? String(id)) ?? told.get(String(id))
    return found === undefined ? [{ field: "customer", how: "lost" }] : lossOf(one, found)
  })
}

/** What a vendor would be told of a whole customer: everything that a record can hold, the group by its name. */
export const recordOfCustomer = (customer: Customer): CustomerRecord => {
  const { group, id: _id, updatedAt: _at, updatedBy: _by, version: _version, ...record } = customer
  return { ...record, group: group === null ? null : { name: group.name } }
}

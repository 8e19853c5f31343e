/**
 * A customer of one merchant. Every text field is `null` when nothing is known; "" does not occur. What a dialect
 * carries and the domain has no word for is kept under `extensions[dialect]` and given back unchanged.
 */
import type * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { patchInto } from "./customerPatching.ts"
import { ExternalId } from "./ExternalId.ts"
import { ChangePosition, CustomerId, GroupId, StoreId } from "./Ids.ts"
import { Instant } from "./Instant.ts"
import { Money, zero } from "./Money.ts"
import { PartialDate, unknownDate } from "./PartialDate.ts"
import { sameValue } from "./sameValue.ts"
import { LongText, Text } from "./Text.ts"

export { mergeExtensions } from "./customerPatching.ts"

const MaybeText = Schema.NullOr(Text)

/** A named group of customers (a price group, a club). Found or made by name through the dialects. */
export const CustomerGroup = Schema.Struct({ id: GroupId, name: Text })
export type CustomerGroup = typeof CustomerGroup.Type

export const Address = Schema.Struct({
  line1: MaybeText,
  line2: MaybeText,
  line3: MaybeText,
  postalCode: MaybeText,
  city: MaybeText,
  country: MaybeText
})
export type Address = typeof Address.Type

export const Company = Schema.Struct({ name: MaybeText, vatNumber: MaybeText })
export type Company = typeof Company.Type

/** What the customer agreed to be contacted by. */
export const Consents = Schema.Struct({ push: Schema.Boolean, email: Schema.Boolean, sms: Schema.Boolean })
export type Consents = typeof Consents.Type

/** By dialect id, then by the vendor's own field name. */
export const Extensions = Schema.Record(Schema.String, Schema.Record(Schema.String, Schema.Json))
export type Extensions = typeof Extensions.Type

/** What callers may set. */
const writable = {
  externalIds: Schema.Array(ExternalId),
  title: MaybeText,
  firstName: MaybeText,
  middleName: MaybeText,
  lastName: MaybeText,
  gender: Schema.NullOr(Schema.Literals(["female", "male"])),
  birthDate: PartialDate,
  email: MaybeText,
  phone: MaybeText,
  mobilePhone: MaybeText,
  address: Address,
  company: Company,
  language: MaybeText,
  consents: Consents,
  notes: Schema.NullOr(LongText),
  /** Discount in percent. */
  discountPercent: Schema.NullOr(Money),
  /** Sum of purchases so far. */
  accumulatedSales: Money,
  registeredAt: Schema.NullOr(Instant),
  /** The store that registered the customer. */
  registeredIn: Schema.NullOr(StoreId),
  extensions: Extensions
}

export const Customer = Schema.Struct({
  id: CustomerId,
  /** Position of the customer's newest change in the merchant's feed: another version, another content. */
  version: ChangePosition,
  ...writable,
  group: Schema.NullOr(CustomerGroup),
  createdAt: Instant,
  /** Number of the user or credential that made the record; a vendor's own number for what came from there. */
  createdBy: Schema.NullOr(Schema.Int),
  updatedAt: Instant,
  updatedBy: Schema.NullOr(Schema.Int)
})
export type Customer = typeof Customer.Type

const partialOf = Struct.map(Schema.optionalKey)

/** A change to a customer: absent fields stay as they are, `null` clears one. External ids are added by system. */
export const CustomerPatch = Schema.Struct({
  ...writable,
  birthDate: PartialDate.mapFields(partialOf),
  address: Address.mapFields(partialOf),
  company: Company.mapFields(partialOf),
  consents: Consents.mapFields(partialOf)
}).mapFields(partialOf)
export type CustomerPatch = typeof CustomerPatch.Type

/** How a group or a card type is named by a caller: the id wins, an unknown name makes a new one. */
export const Named = Schema.Struct({ id: Schema.optionalKey(Schema.Int), name: Schema.optionalKey(Text) })
export type Named = typeof Named.Type

/**
 * One customer of an import or of a foreign system, in the same shape as an exported `Customer`: what is absent is
 * not touched. `id` is honoured only where no external id matches.
 */
export const CustomerRecord = Schema.Struct({
  ...CustomerPatch.fields,
  id: Schema.optionalKey(CustomerId),
  group: Schema.optionalKey(Schema.NullOr(Named)),
  createdAt: Schema.optionalKey(Instant),
  createdBy: Schema.optionalKey(Schema.NullOr(Schema.Int))
})
export type CustomerRecord = typeof CustomerRecord.Type

const emptyAddress: Address = {
  line1: null,
  line2: null,
  line3: null,
  postalCode: null,
  city: null,
  country: null
}

/** A customer about whom nothing is known yet. */
export const newCustomer = (id: CustomerId, now: DateTime.Utc, actor: number | null): Customer => ({
  id,
  version: ChangePosition.make(0),
  externalIds: [],
  title: null,
  firstName: null,
  middleName: null,
  lastName: null,
  gender: null,
  birthDate: unknownDate,
  email: null,
  phone: null,
  mobilePhone: null,
  address: emptyAddress,
  company: { name: null, vatNumber: null },
  language: null,
  consents: { push: false, email: false, sms: false },
  notes: null,
  discountPercent: null,
  accumulatedSales: zero,
  registeredAt: now,
  registeredIn: null,
  extensions: {},
  group: null,
  createdAt: now,
  createdBy: actor,
  updatedAt: now,
  updatedBy: actor
})

/** The customer with the patch applied. Blank text becomes `null`; extensions and external ids are added to. */
export const applyPatch = (customer: Customer, patch: CustomerPatch): Customer => {
  const next = { ...customer }
  patchInto(next, patch)
  return next
}

const stamps = new Set<string>(["version", "updatedAt", "updatedBy"] satisfies ReadonlyArray<keyof Customer>)

/** Whether two states of a customer say the same, leaving out version and last-update stamps. */
export const sameContent = (a: Customer, b: Customer): boolean => {
  for (const field in a) {
    const key = field as keyof Customer
    if (!stamps.has(field) && !sameValue(a[key], b[key])) return false
  }
  return true
}

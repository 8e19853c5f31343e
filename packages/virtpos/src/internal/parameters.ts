/**
 * The parameters of a request to the drop-in server, read into what the domain's services take. Unknown names are
 * ignored: old clients send harmless extras. An `InvalidField` names the parameter as the vendor spells it.
 */
import {
  CardId,
  CardNumber,
  type CardPatch,
  type CardReference,
  type Customer,
  CustomerId,
  type CustomerPatch,
  type CustomerReference,
  InvalidField,
  type LoyaltyCard,
  type Money,
  type Named,
  orNull
} from "@tillbridge/domain"
import type * as DateTime from "effect/DateTime"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { cardReaders, customerReaders, type Draft, type ReadContext, readSales } from "./fields.ts"

/** Values by name: a Map, or the parameters of a query or a form. */
export interface ParameterLookup {
  readonly get: (name: string) => string | undefined
}

/** What an update says about a customer. */
export interface CustomerUpdate {
  readonly patch: CustomerPatch
  /** Absent: leave it. `null`: clear it. */
  readonly group?: Named | null
  /** Apart from `patch`, because setting it needs the right `balance`. */
  readonly accumulatedSales?: Money
}

/** What a card call says about a card. */
export interface CardUpdate {
  readonly patch: CardPatch
  readonly type?: Named | null
  readonly owner?: CustomerReference | null
}

/** Names that count only in the query string (DOCUMENTED as "get only"). */
export const customerGetOnly: ReadonlySet<string> = new Set(["format", "id", "create_if_not_exist"])
export const cardGetOnly: ReadonlySet<string> = new Set([
  "format",
  "card_id",
  "external_id",
  "uid",
  "card_barcode",
  "create_if_not_exist"
])

/** One lookup over query and body: "get only" names from the query alone, the body first for others (INFERRED). */
export const parametersOf = (
  getOnly: ReadonlySet<string>,
  query: ParameterLookup,
  body: ParameterLookup
): ParameterLookup => ({
  get: (name) => (getOnly.has(name) ? query.get(name) : (body.get(name) ?? query.get(name)))
})

const fail = (field: string, reason: string) => Result.fail(new InvalidField({ field, reason }))

/** A whole number from 1; `undefined` when absent or empty. */
const readId = (params: ParameterLookup, name: string): number | undefined | InvalidField => {
  const given = orNull(params.get(name))?.trim()
  if (given === undefined) return undefined
  const id = /^[0-9]{1,16}$/.test(given) ? Number(given) : 0
  return id >= 1 && Number.isSafeInteger(id)
    ? id
    : new InvalidField({ field: name, reason: "must be a whole number from 1" })
}

/** Id before name, as DOCUMENTED; `null` when either is given and both are empty (INFERRED), `undefined` when absent. */
const readNamed = (
  params: ParameterLookup,
  idName: string,
  name: string
): Named | null | undefined | InvalidField => {
  const id = readId(params, idName)
  if (id instanceof InvalidField) return id
  if (id !== undefined) return { id }
  const given = params.get(name)
  const text = orNull(given)
  if (text === null) return given === undefined && params.get(idName) === undefined ? undefined : null
  return text.length <= 255
    ? { name: text }
    : new InvalidField({ field: name, reason: "must be at most 255 characters long" })
}

/**
 * The fields of a customer update. `age` is refused by name, server-owned stamps are ignored, an empty value clears
 * its field, `group_name` is not looked at when `group_id` has a value. Local times are in `context.timeZone`.
 * Source: VirtualPOS API :: Customer.
 */
export const patchFromParameters = (
  params: ParameterLookup,
  context: ReadContext
): Result.Result<CustomerUpdate, InvalidField> => {
  if (params.get("age") !== undefined) return fail("age", "is computed from the birth date and cannot be set")
  let patch: Draft<CustomerPatch> = {}
  for (const name in customerReaders) {
    const value = params.get(name)
    if (value === undefined) continue
    const wrong = customerReaders[name]!(patch, name, value, context)
    if (wrong !== undefined) return Result.fail(wrong)
  }
  // A mobile phone is shown as `phone` when there is no other, so clearing `phone` clears both.
  if (patch.phone === null) patch = { ...patch, mobilePhone: null }
  const group = readNamed(params, "group_id", "group_name")
  if (group instanceof InvalidField) return Result.fail(group)
  const sales = params.get("accumulated_sales")
  const money: { accumulatedSales?: Money } = {}
  const wrong = sales === undefined ? undefined : readSales(money, "accumulated_sales", sales, context)
  if (wrong !== undefined) return Result.fail(wrong)
  return Result.succeed({ patch, ...(group === undefined ? {} : { group }), ...money })
}

/** Whether both are known and agree to the second, which is all that this API tells. */
const isSameSecond = (one: DateTime.Utc | null | undefined, other: DateTime.Utc | null): boolean =>
  one != null &&
  other !== null &&
  Math.floor(one.epochMilliseconds / 1_000) === Math.floor(other.epochMilliseconds / 1_000)

/**
 * An update without what it says back as this API tells it and the domain knows better: the mobile phone in place of
 * another one, and a time to the second.
 */
export const withoutEcho = (patch: CustomerPatch, before: Customer): CustomerPatch => {
  const { phone, registeredAt, ...rest } = patch
  const isMobile = phone != null && before.phone === null && phone === before.mobilePhone
  return {
    ...rest,
    ...(phone === undefined || isMobile ? {} : { phone }),
    ...(registeredAt === undefined || isSameSecond(registeredAt, before.registeredAt) ? {} : { registeredAt })
  }
}

/** As `withoutEcho`, for a card. */
export const withoutCardEcho = (patch: CardPatch, before: LoyaltyCard): CardPatch => {
  const { activatedAt, blockedAt, ...rest } = patch
  return {
    ...rest,
    ...(activatedAt === undefined || isSameSecond(activatedAt, before.activatedAt) ? {} : { activatedAt }),
    ...(blockedAt === undefined || isSameSecond(blockedAt, before.blockedAt) ? {} : { blockedAt })
  }
}

/**
 * The fields of updateCard and insertCard. `uid` and `external_id` are set as well as searched by (INFERRED from
 * create_if_not_exist). Source: VirtualPOS API :: Customer.
 */
export const cardPatchFromParameters = (
  params: ParameterLookup,
  context: ReadContext
): Result.Result<CardUpdate, InvalidField> => {
  const patch: Draft<CardPatch> = {}
  const uid = orNull(params.get("uid"))
  if (uid !== null) {
    if (!Schema.is(CardNumber)(uid)) return fail("uid", "must be at most 64 characters long")
    patch.number = uid
  }
  for (const name in cardReaders) {
    const value = params.get(name)
    if (value === undefined) continue
    const wrong = cardReaders[name]!(patch, name, value, context)
    if (wrong !== undefined) return Result.fail(wrong)
  }
  const type = readNamed(params, "type_id", "type_name")
  if (type instanceof InvalidField) return Result.fail(type)
  const owner = readOwner(params, context)
  if (owner instanceof InvalidField) return Result.fail(owner)
  return Result.succeed({
    patch,
    ...(type === undefined ? {} : { type }),
    ...(owner === undefined ? {} : { owner })
  })
}

const readOwner = (
  params: ParameterLookup,
  { externalSystem }: ReadContext
): CustomerReference | null | undefined | InvalidField => {
  const id = readId(params, "customer_id")
  if (id instanceof InvalidField) return id
  if (id !== undefined) return { by: "id", id: CustomerId.make(id) }
  const key = orNull(params.get("customer_external_id"))
  if (key !== null) return { by: "externalId", externalId: { system: externalSystem, key } }
  const given = params.get("customer_id") ?? params.get("customer_external_id")
  return given === undefined ? undefined : null
}

/** How a call names a customer: `id`, then `external_id` (on update INFERRED). Empty values do not count. */
export const customerReferencesFromParameters = (
  params: ParameterLookup,
  context: Pick<ReadContext, "externalSystem">
): Result.Result<ReadonlyArray<CustomerReference>, InvalidField> => {
  const id = readId(params, "id")
  if (id instanceof InvalidField) return Result.fail(id)
  const key = orNull(params.get("external_id"))
  return Result.succeed([
    ...(id === undefined ? [] : [{ by: "id", id: CustomerId.make(id) } as const]),
    ...(key === null
      ? []
      : [{ by: "externalId", externalId: { system: context.externalSystem, key } } as const])
  ])
}

/** How a card call names a card, in the DOCUMENTED order: card_id, uid, external_id, card_barcode. */
export const cardSearchFromParameters = (
  params: ParameterLookup,
  context: Pick<ReadContext, "externalSystem">
): Result.Result<ReadonlyArray<CardReference>, InvalidField> => {
  const id = readId(params, "card_id")
  if (id instanceof InvalidField) return Result.fail(id)
  const number = orNull(params.get("uid"))
  const key = orNull(params.get("external_id"))
  const barcode = orNull(params.get("card_barcode"))
  return Result.succeed([
    ...(id === undefined ? [] : [{ by: "id", id: CardId.make(id) } as const]),
    ...(number === null ? [] : [{ by: "number", number } as const]),
    ...(key === null
      ? []
      : [{ by: "externalId", externalId: { system: context.externalSystem, key } } as const]),
    ...(barcode === null ? [] : [{ by: "barcode", barcode } as const])
  ])
}

const parameterNames: Readonly<Record<string, string>> = {
  firstName: "fname",
  lastName: "lname",
  middleName: "mname",
  notes: "custom_information",
  birthDate: "birth_day",
  registeredAt: "register_date",
  accumulatedSales: "accumulated_sales",
  group: "group_name",
  "card type": "type_name",
  number: "uid",
  ean13: "uid_ean13",
  blockedAt: "block_date",
  activatedAt: "activate_date"
}

/** The vendor's parameter for a field that the domain itself refused; a name it does not know stays. */
export const parameterNameOf = (field: string): string => parameterNames[field] ?? field

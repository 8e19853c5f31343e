/**
 * Between the vendor's wire records and the domain: with `internal/fields.ts` and `internal/incoming.ts`, the only
 * place that knows both. A customer's middle name, company, language, notes, group, discount, sales, push and SMS
 * consents and a birthday without day or month are not carried by this API; nor is a card's barcode, medium or dates.
 */
import { type Customer, externalKey, type LoyaltyCard, type TimeZone } from "@tillbridge/domain"
import type * as DateTime from "effect/DateTime"
import type * as Schema from "effect/Schema"
import { formatTime } from "./internal/dates.ts"
import { type Field, isBare, isMemberName, jsonOf, xmlOf } from "./internal/encode.ts"
import { cardColumns, clientColumns } from "./internal/fields.ts"
import { isPasswordName } from "./internal/passwords.ts"
import { indexesOf } from "./internal/wireTree.ts"
import { cardMembers, clientMembers, type PolarisNames } from "./PolarisNames.ts"
import { scalarText } from "./PolarisSchema.ts"

export { readTime, type ReadTime } from "./internal/dates.ts"
export { DEFAULT_EXTERNAL_SYSTEM, DIALECT } from "./internal/dialect.ts"
export type { ReadContext } from "./internal/fields.ts"
export { customerChange, type DecodeContext, modifiedAt, wholeChange } from "./internal/incoming.ts"
export { outgoingClient, type OutgoingClient, outgoingKey } from "./internal/outgoing.ts"
import { DIALECT } from "./internal/dialect.ts"

export interface EncodeContext {
  readonly timeZone: TimeZone
  readonly names: PolarisNames
  /** System whose key is written as `Cle`; `null` where no prefix was given, and then there is no `Cle`. */
  readonly externalSystem: string | null
}

const none: Readonly<Record<string, Schema.Json>> = {}

/** Adds the members that the domain only keeps and this package does not know. */
const addUnknown = (
  fields: Array<Field>,
  kept: Readonly<Record<string, Schema.Json>>,
  known: ReadonlyMap<string, string>
) => {
  for (const name in kept) {
    const value = kept[name]
    if (value === null || value === undefined || value === "") continue
    if (known.has(name.toLowerCase()) || !isMemberName(name) || isPasswordName(name)) continue
    fields.push([name, value])
  }
}

/** When the customer or one of the cards it has now was changed last. */
export const lastChange = (customer: Customer, cards: ReadonlyArray<LoyaltyCard>): DateTime.Utc => {
  let last = customer.updatedAt
  for (const { updatedAt } of cards)
    if (updatedAt.epochMilliseconds > last.epochMilliseconds) last = updatedAt
  return last
}

/** A customer's members in the table's order, without those that are empty, as .NET leaves out what is null. */
const clientFields = (customer: Customer, changedAt: DateTime.Utc, context: EncodeContext): Array<Field> => {
  const { externalSystem, names, timeZone } = context
  const kept = customer.extensions[DIALECT] ?? none
  const fields: Array<Field> = []
  for (const member of clientMembers) {
    const column = clientColumns[member]
    let value: string | null
    if (column.write !== undefined) value = column.write(customer, context)
    else if (member === "Cle")
      value = externalSystem === null ? null : externalKey(customer.externalIds, externalSystem)
    else if (member === "DateModification") value = formatTime(changedAt, timeZone, names.dates.style)
    else value = column.kind === "list" ? null : scalarText(kept[member])
    if (value !== null && value !== "") fields.push([names.client[member], value, isBare(column.kind, value)])
  }
  addUnknown(fields, kept, indexesOf(names).client.member)
  return fields
}

const cardFields = (card: LoyaltyCard, names: PolarisNames): Array<Field> => {
  const kept = card.extensions[DIALECT] ?? none
  const fields: Array<Field> = []
  for (const member of cardMembers) {
    const { kind } = cardColumns[member]
    const value =
      member === "Numero"
        ? card.number
        : member === "TypeCarte"
          ? (card.type?.name ?? null)
          : member === "EstValide"
            ? String(card.status !== "blocked")
            : scalarText(kept[member])
    if (value !== null && value !== "") fields.push([names.card[member], value, isBare(kind, value)])
  }
  addUnknown(fields, kept, indexesOf(names).card.member)
  return fields
}

export type Format = "xml" | "json"

/**
 * A customer with its cards as one record: `<InfoClient>…</InfoClient>` without a declaration, or `{…}`. `changedAt` is
 * written as `DateModification`. Source: Client.GetClient; the members are INFERRED.
 */
export const encodeClient = (
  format: Format,
  customer: Customer,
  cards: ReadonlyArray<LoyaltyCard>,
  changedAt: DateTime.Utc,
  context: EncodeContext
): string => {
  const { names } = context
  const fields = clientFields(customer, changedAt, context)
  const list = names.client.Cartes
  if (format === "json") {
    const own = cards.map((card) => `{${jsonOf(cardFields(card, names))}}`).join(",")
    return `{${jsonOf(fields)},"${list}":[${own}]}`
  }
  const { card: item, client: root } = names.roots
  let own = ""
  for (const card of cards) own += `<${item}>${xmlOf(cardFields(card, names))}</${item}>`
  const listed = own === "" ? `<${list}/>` : `<${list}>${own}</${list}>`
  return `<${root}>${xmlOf(fields)}${listed}</${root}>`
}

/**
 * Between the vendor's rows and the domain: a row is a registered card with its client. Of a client the vendor tells
 * the id alone. What of a row the domain has no word for (a status of another name, the name of a point of sale, digits
 * of a second beyond the third, a card that is not virtual) is kept in the card's `extensions.lcmanager` and given back
 * unchanged, as long as what the domain knows has not changed since.
 *
 * The vendor's numbers are whole ones. A card number that is none, or that begins with needless zeros, cannot be told
 * as it is and is left out (`Card` null): never told as another. So it is with `OutNumber`.
 */
import {
  type CardRecord,
  type CustomerChange,
  externalKey,
  type LoyaltyCard,
  StoreId,
  type TimeZone
} from "@tillbridge/domain"
import { element, escapeText } from "@tillbridge/wire"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { formatInstant, formatWireDate, readWireDate } from "./internal/dates.ts"
import { type ClientInfoPeriodClient, ITEM_ELEMENT } from "./LcmanagerSchema.ts"

/** Id of this dialect, and the key of its extensions. */
export const DIALECT = "lcmanager"

/** System whose keys stand in `OutNumber` when nothing else is configured. */
export const DEFAULT_EXTERNAL_SYSTEM = "lcmanager.out"

type Status = LoyaltyCard["status"]

/** The vendor's display names of the three statuses. The words are INFERRED: its page shows none. */
export type StatusNames = Readonly<Record<Status, string>>

export const defaultStatusNames: StatusNames = { active: "Active", blocked: "Blocked", new: "New" }

export interface EncodeContext {
  readonly timeZone: TimeZone
  readonly externalSystem: string
  readonly statusNames: StatusNames
  /** Names of the stores by id. */
  readonly storeNames: ReadonlyMap<number, string>
}

/** A row in the order of the vendor's page, every member written. */
export type Row = Required<ClientInfoPeriodClient>

/** A whole number that its digits tell exactly. */
const canonical = /^(?:0|-?[1-9][0-9]*)$/

const exactly = (text: string | null): string | null => (text !== null && canonical.test(text) ? text : null)

type Kept = Readonly<Record<string, Schema.Json>>

const keptText = (kept: Kept | undefined, name: string): string | null => {
  const value = kept?.[name]
  return typeof value === "string" ? value : null
}

/** The vendor's own word, while it means what the card is; else ours. A word without meaning stands for "new". */
const statusOf = (card: LoyaltyCard, kept: Kept | undefined, names: StatusNames): string => {
  const word = keptText(kept, "Card_Status")
  return word !== null && (readStatus(word, names) ?? "new") === card.status ? word : names[card.status]
}

const virtualOf = (card: LoyaltyCard, kept: Kept | undefined): boolean | null =>
  card.medium === null ? (kept?.["Virtual"] === false ? false : null) : card.medium === "app"

/** The store's number; one that cannot be a store of ours comes from where it was kept. */
const posOf = (card: LoyaltyCard, kept: Kept | undefined): string | null => {
  if (card.registeredIn !== null) return String(card.registeredIn)
  // Stands in JSON as it is: whatever came into the extension by an import is looked at here.
  const other = exactly(keptText(kept, "RegPos"))
  return other === null || Option.isSome(storeOf(other)) ? null : other
}

const posNameOf = (card: LoyaltyCard, kept: Kept | undefined, names: EncodeContext["storeNames"]) => {
  const name = keptText(kept, "RegPosName")
  if (name !== null && keptText(kept, "RegPos") === posOf(card, kept)) return name
  return card.registeredIn === null ? null : (names.get(card.registeredIn) ?? null)
}

const dateOf = (card: LoyaltyCard, kept: Kept | undefined, zone: TimeZone): string | null => {
  const text = keptText(kept, "RegDate")
  if (text !== null) {
    const date = readWireDate(text, zone)
    if (date === undefined) {
      if (card.registeredAt === null) return text
    } else if (sameInstant(card, date.instant)) return formatWireDate(date.local, date.fraction)
  }
  return card.registeredAt === null ? null : formatInstant(card.registeredAt, zone)
}

const sameInstant = ({ registeredAt }: LoyaltyCard, other: { readonly epochMilliseconds: number }) =>
  registeredAt?.epochMilliseconds === other.epochMilliseconds

/** A card as the vendor's row. */
export const rowOf = (card: LoyaltyCard, context: EncodeContext): Row => {
  const kept = card.extensions[DIALECT]
  return {
    Client: card.customerId === null ? null : String(card.customerId),
    Card: exactly(card.number),
    OutNumber: exactly(externalKey(card.externalIds, context.externalSystem)),
    Virtual: virtualOf(card, kept),
    Card_Type: card.type === null ? null : card.type.name,
    Card_Status: statusOf(card, kept, context.statusNames),
    RegPos: posOf(card, kept),
    RegPosName: posNameOf(card, kept, context.storeNames),
    RegDate: dateOf(card, kept, context.timeZone)
  }
}

const JSON_SPECIAL = /["\\\0-\x1f\u2028\u2029\ud800-\udfff]/

const jsonText = (text: string | null): string =>
  text === null ? "null" : JSON_SPECIAL.test(text) ? JSON.stringify(text) : `"${text}"`

/** `{"Client":1,"Card":1,…}` (order DOCUMENTED; that nothing is written as `null` is INFERRED). */
export const encodeRowJson = (row: Row): string =>
  `{"Client":${row.Client},"Card":${row.Card},"OutNumber":${row.OutNumber},"Virtual":${row.Virtual}` +
  `,"Card_Type":${jsonText(row.Card_Type)},"Card_Status":${jsonText(row.Card_Status)}` +
  `,"RegPos":${row.RegPos},"RegPosName":${jsonText(row.RegPosName)},"RegDate":${jsonText(row.RegDate)}}`

const xmlMember = (name: string, value: string | boolean | null): string =>
  value === null
    ? `<${name} i:nil="true"/>`
    : typeof value === "boolean" || value !== ""
      ? `<${name}>${typeof value === "string" ? escapeText(value) : value}</${name}>`
      : element(name, null)

/** The element of a row: members in the order of their names (DOCUMENTED), nothing as `i:nil` (INFERRED). */
export const encodeRowXml = (row: Row): string =>
  `<${ITEM_ELEMENT}>${xmlMember("Card", row.Card)}${xmlMember("Card_Status", row.Card_Status)}` +
  `${xmlMember("Card_Type", row.Card_Type)}${xmlMember("Client", row.Client)}` +
  `${xmlMember("OutNumber", row.OutNumber)}${xmlMember("RegDate", row.RegDate)}` +
  `${xmlMember("RegPos", row.RegPos)}${xmlMember("RegPosName", row.RegPosName)}` +
  `${xmlMember("Virtual", row.Virtual)}</${ITEM_ELEMENT}>`

/** How a client reads: zone, names of the vendor's own ids and of `OutNumber`, and its words for the statuses. */
export interface DecodeContext {
  readonly timeZone: TimeZone
  readonly system: string
  readonly externalSystem: string
  readonly statusNames: StatusNames
  /** Stores whose names the domain knows, which therefore need not be kept. */
  readonly storeNames?: ReadonlyMap<number, string>
}

const decodeStore = Schema.decodeUnknownOption(StoreId)

const storeOf = (digits: string) => decodeStore(Number(digits))

/** What a site's word means: one of `names`, or what a site may call it in English or Russian (INFERRED). */
const readStatus = (text: string, names: StatusNames): Status | undefined => {
  const word = text.trim().toLowerCase()
  for (const status of ["active", "blocked", "new"] as const) {
    if (names[status].toLowerCase() === word) return status
  }
  if (/^(?:active|activated|активна|активная|активирована)$/.test(word)) return "active"
  if (/^(?:blocked|заблокирована|заблокированная|блокирована)$/.test(word)) return "blocked"
  return /^(?:new|новая)$/.test(word) ? "new" : undefined
}

type Patch = { -readonly [K in keyof CardRecord["patch"]]: CardRecord["patch"][K] }

const readRegDate = (
  text: string | null,
  zone: TimeZone,
  patch: Patch,
  kept: Record<string, Schema.Json>
) => {
  if (text === null) return void (patch.registeredAt = null)
  const date = readWireDate(text, zone, true)
  patch.registeredAt = date?.instant ?? null
  const local = date === undefined ? text : formatWireDate(date.local, date.fraction)
  if (date === undefined || !date.fraction.endsWith("0000")) kept["RegDate"] = local
}

const readPos = (
  row: ClientInfoPeriodClient,
  context: DecodeContext,
  patch: Patch,
  kept: Record<string, Schema.Json>
) => {
  const { RegPos: pos, RegPosName: name } = row
  if (pos === undefined && name === undefined) return
  const store = pos == null ? Option.none() : storeOf(pos)
  patch.registeredIn = Option.getOrNull(store)
  if (Option.isSome(store) && (name == null || context.storeNames?.get(store.value) === name)) return
  if (pos != null) kept["RegPos"] = pos
  if (name != null) kept["RegPosName"] = name
}

/** The card of a row; nothing when the row has no number of one. */
export const cardOf = (row: ClientInfoPeriodClient, context: DecodeContext): CardRecord | undefined => {
  const { Card, Card_Status, Card_Type, OutNumber, RegDate, Virtual } = row
  if (Card == null || Card.length > 64) return undefined
  const kept: Record<string, Schema.Json> = {}
  const patch: Patch = {}
  if (OutNumber != null) patch.externalIds = [{ system: context.externalSystem, key: OutNumber }]
  if (Virtual === true) patch.medium = "app"
  // Plastic or magnetic: which of them is not said, and what is known of it stays.
  else if (Virtual === false) kept["Virtual"] = false
  if (Card_Status != null) {
    const status = readStatus(Card_Status, context.statusNames) ?? "new"
    patch.status = status
    if (Card_Status !== context.statusNames[status]) kept["Card_Status"] = Card_Status
    // A word without meaning that was kept before is no more true.
    else if (status === "new") kept["Card_Status"] = null
  }
  readPos(row, context, patch, kept)
  if (RegDate !== undefined) readRegDate(RegDate, context.timeZone, patch, kept)
  if (Object.keys(kept).length > 0) patch.extensions = { [DIALECT]: kept }
  return { number: Card, patch, typeName: Card_Type ?? null }
}

/**
 * The clients of rows with their cards, each once, in the order in which they first come. A card of nobody is nobody's
 * change: such rows are left out.
 */
export const changesOf = (
  rows: ReadonlyArray<ClientInfoPeriodClient>,
  context: DecodeContext
): ReadonlyArray<CustomerChange> => {
  const cards = new Map<string, Array<CardRecord>>()
  for (const row of rows) {
    if (row.Client == null) continue
    const own = cards.get(row.Client) ?? []
    cards.set(row.Client, own)
    const card = cardOf(row, context)
    if (card !== undefined) own.push(card)
  }
  return Array.from(cards, ([key, own]): CustomerChange => ({
    customer: {},
    cards: own,
    source: { system: context.system, key }
  }))
}

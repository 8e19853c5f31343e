/** Polaris's records and slices, from rows of customers and of their cards: as JSON, by the builder, by a template. */
import { XMLBuilder } from "fast-xml-parser"
import type { CustomerRow } from "./CustomerQueries.ts"
import { declaration, escapeXml } from "./XmlTemplate.ts"

export interface CardRow {
  readonly customer_id: number
  readonly number: number
  readonly type: string
  readonly status: string
}

export interface Slice {
  readonly rows: ReadonlyArray<CustomerRow>
  readonly cards: ReadonlyMap<number, ReadonlyArray<CardRow>>
  readonly hasMore: boolean
  readonly checkPoint: string
}

/** How a list of cards stands in a record: bare in JSON, under the name of its elements in XML. */
type Nest = (cards: ReadonlyArray<object>) => unknown

const bare: Nest = (cards) => cards
const named: Nest = (cards) => (cards.length === 0 ? "" : { InfoCarte: cards })

const two = (value: unknown): string => String(value).padStart(2, "0")

const birthday = (row: CustomerRow): string | undefined =>
  row["birth_year"] === null
    ? undefined
    : `${String(row["birth_year"])}-${two(row["birth_month"])}-${two(row["birth_day"])}T00:00:00`

const isValid = (card: CardRow): boolean => card.status !== "Blocked"

/** What is `undefined` is not written. */
const clientOf = (r: CustomerRow, cards: ReadonlyArray<CardRow> = [], nest: Nest): object => ({
  IDClient: r["id"],
  Cle: r["external_id"] ?? undefined,
  Nom: r["lname"] ?? undefined,
  Prenom: r["fname"] ?? undefined,
  Sexe: r["gender"] ?? undefined,
  Telephone: r["phone"] ?? undefined,
  Email: r["email"] ?? undefined,
  DateAnniversaire: birthday(r),
  Mailing: r["send_email"] === 1,
  DateModification: (r["last_update_date"] as string).replace(" ", "T"),
  Cartes: nest(
    cards.map((card) => ({ Numero: String(card.number), TypeCarte: card.type, EstValide: isValid(card) }))
  )
})

const clientsOf = ({ cards, rows }: Slice, nest: Nest): ReadonlyArray<object> =>
  rows.map((row) => clientOf(row, cards.get(row["id"] as number), nest))

export interface PolarisEncoding {
  readonly contentType: string
  readonly slice: (slice: Slice) => string
  readonly one: (row: CustomerRow, cards: ReadonlyArray<CardRow>) => string
}

export const polarisJson: PolarisEncoding = {
  contentType: "application/json; charset=utf-8",
  slice: (slice) =>
    JSON.stringify({
      hasMoreResults: slice.hasMore,
      checkPoint: slice.checkPoint,
      clients: clientsOf(slice, bare)
    }),
  one: (row, cards) => JSON.stringify(clientOf(row, cards, bare))
}

const contentType = "text/xml; charset=utf-8"
const builder = new XMLBuilder({ suppressEmptyNode: true })

export const polarisBuilt: PolarisEncoding = {
  contentType,
  slice: (slice) => {
    const clients = { InfoClient: clientsOf(slice, named) }
    const { checkPoint, hasMore: hasMoreResults } = slice
    return declaration + builder.build({ FragmentedInfoClient: { hasMoreResults, checkPoint, clients } })
  },
  one: (row, cards) => declaration + builder.build({ InfoClient: clientOf(row, cards, named) })
}

const text = (name: string, value: unknown): string =>
  value === null || value === "" ? "" : `<${name}>${escapeXml(value as string)}</${name}>`

const cardXml = (card: CardRow): string => `<InfoCarte>\
<Numero>${card.number}</Numero>\
${text("TypeCarte", card.type)}\
<EstValide>${isValid(card)}</EstValide>\
</InfoCarte>`

const clientXml = (r: CustomerRow, cards: ReadonlyArray<CardRow> = []): string => `<InfoClient>\
<IDClient>${r["id"]}</IDClient>\
${text("Cle", r["external_id"])}\
${text("Nom", r["lname"])}\
${text("Prenom", r["fname"])}\
${text("Sexe", r["gender"])}\
${text("Telephone", r["phone"])}\
${text("Email", r["email"])}\
${text("DateAnniversaire", birthday(r) ?? null)}\
<Mailing>${r["send_email"] === 1}</Mailing>\
<DateModification>${(r["last_update_date"] as string).replace(" ", "T")}</DateModification>\
${cards.length === 0 ? "<Cartes/>" : `<Cartes>${cards.map(cardXml).join("")}</Cartes>`}\
</InfoClient>`

export const polarisTemplate: PolarisEncoding = {
  contentType,
  slice: ({ cards, checkPoint, hasMore, rows }) =>
    `${declaration}<FragmentedInfoClient><hasMoreResults>${hasMore}</hasMoreResults>\
<checkPoint>${checkPoint}</checkPoint><clients>\
${rows.map((row) => clientXml(row, cards.get(row["id"] as number))).join("")}\
</clients></FragmentedInfoClient>`,
  one: (row, cards) => declaration + clientXml(row, cards)
}

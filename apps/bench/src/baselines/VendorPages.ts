/**
 * The pages of a vendor as rows of the tables: fetched over one kept connection, parsed as JSON, and no member looked at
 * twice. Times are taken as UTC, values as they come.
 */
import { merchantId } from "./CustomersTable.ts"
import type { Row } from "./SyncTables.ts"

export interface Page {
  readonly customers: ReadonlyArray<Row>
  readonly cards: ReadonlyArray<Row>
}

type Wire = Readonly<Record<string, string | number | boolean | null | undefined>>

let version = 0

const millis = (value: Wire[string]): number | null =>
  typeof value === "string" ? Date.parse(`${value.replace(" ", "T")}Z`) : null

const number = (value: Wire[string]): number | null => (value == null ? null : Number(value))

const text = (value: Wire[string]): string | null => (value == null ? null : String(value))

const digits = (value: Wire[string]): string | null =>
  typeof value === "string" ? value.replace(/\D/g, "") : null

const lower = (value: Wire[string]): string | null => (typeof value === "string" ? value.toLowerCase() : null)

const yes = (value: Wire[string]): boolean => value === true || value === "1"

/** Of every row: whose it is, and when it came. */
const common = (id: number, at: number): Row => ({
  merchant_id: merchantId,
  id,
  version: ++version,
  created_at: at,
  updated_at: at
})

const virtposCustomer = (wire: Wire, at: number): Row => ({
  ...common(Number(wire["id"]), at),
  phone_key: digits(wire["phone"]),
  email_key: lower(wire["email"]),
  external_ids: JSON.stringify([{ system: "site", key: wire["id"] }]),
  first_name: text(wire["fname"]),
  middle_name: text(wire["mname"]),
  last_name: text(wire["lname"]),
  gender: wire["gender"] === "F" ? "female" : wire["gender"] === "M" ? "male" : null,
  birth_day: number(wire["birth_day"]),
  birth_month: number(wire["birth_month"]),
  birth_year: number(wire["birth_year"]),
  email: text(wire["email"]),
  phone: text(wire["phone"]),
  consents:
    (yes(wire["send_push"]) ? 1 : 0) + (yes(wire["send_email"]) ? 2 : 0) + (yes(wire["send_sms"]) ? 4 : 0),
  notes: text(wire["custom_information"]),
  accumulated_sales: text(wire["accumulated_sales"]) ?? "0",
  registered_at: millis(wire["register_date"]),
  group_id: number(wire["group_id"]),
  group_name: text(wire["group_name"]),
  created_by: number(wire["created_by"]),
  updated_by: number(wire["last_update_by"]),
  touched: version,
  touched_at: at
})

const virtposCard = (wire: Wire, at: number): Row => ({
  ...common(Number(wire["card_id"]), at),
  external_ids: "[]",
  number: text(wire["uid"]),
  ean13: text(wire["uid_ean13"]),
  barcode: text(wire["barcode"]),
  medium: lower(wire["medium"]),
  status: lower(wire["status"]),
  activated_at: millis(wire["activate_date"]),
  blocked_at: millis(wire["block_date"]),
  customer_id: number(wire["customer_id"]),
  type_id: number(wire["type_id"]),
  type_name: text(wire["type_name"])
})

interface WithCards {
  readonly cards?: ReadonlyArray<Wire>
  readonly Cartes?: ReadonlyArray<Wire>
}

/** Every page of the list; the first one that is not full is the last. */
export async function* virtposPages(url: string, key: string, pageSize: number): AsyncGenerator<Page> {
  for (let page = 1; ; page++) {
    const query = `apikey=${key}&format=json&page=${page}&page_size=${pageSize}&cards=1`
    const answer = await fetch(`${url}/api/customer?${query}`)
    const { customers } = (await answer.json()) as { readonly customers: ReadonlyArray<Wire & WithCards> }
    const at = Date.now()
    yield {
      customers: customers.map((wire) => virtposCustomer(wire, at)),
      cards: customers.flatMap(({ cards = [] }) => cards.map((wire) => virtposCard(wire, at)))
    }
    if (customers.length < pageSize) return
  }
}

const polarisCustomer = (wire: Wire, at: number): Row => {
  const born = text(wire["DateAnniversaire"])
  const year = born === null ? null : Number(born.slice(0, 4))
  return {
    ...common(Number(wire["IDClient"]), at),
    phone_key: digits(wire["Telephone"]),
    mobile_phone_key: digits(wire["Mobile"]),
    email_key: lower(wire["Email"]),
    external_ids: JSON.stringify([{ system: "site", key: String(wire["IDClient"]) }]),
    title: text(wire["Civilite"]),
    first_name: text(wire["Prenom"]),
    last_name: text(wire["Nom"]),
    gender: wire["Sexe"] === "F" ? "female" : wire["Sexe"] === "M" ? "male" : null,
    birth_day: born === null ? null : Number(born.slice(8, 10)),
    birth_month: born === null ? null : Number(born.slice(5, 7)),
    birth_year: year === 4 ? null : year,
    email: text(wire["Email"]),
    phone: text(wire["Telephone"]),
    mobile_phone: text(wire["Mobile"]),
    address: JSON.stringify([wire["Adresse1"], wire["CodePostal"], wire["Ville"], wire["Pays"]]),
    company_name: text(wire["Societe"]),
    consents: yes(wire["Mailing"]) ? 2 : 0,
    accumulated_sales: "0",
    registered_in: number(wire["CodeMagasin"]),
    touched: version,
    touched_at: at
  }
}

const polarisCard = (owner: Wire[string], wire: Wire, at: number): Row => ({
  ...common(Number(wire["Numero"]), at),
  external_ids: "[]",
  number: text(wire["Numero"]),
  status: yes(wire["EstValide"]) ? "active" : "blocked",
  customer_id: number(owner),
  type_name: text(wire["TypeCarte"])
})

interface Slice {
  readonly hasMoreResults: boolean
  readonly checkPoint: string | null
  readonly clients: ReadonlyArray<Wire & WithCards>
}

/** Every slice from the beginning, by the checkpoint of the one before. */
export async function* polarisPages(url: string, key: string, pageSize: number): AsyncGenerator<Page> {
  const login = await fetch(`${url}/core/api/ACL.Login`, {
    method: "POST",
    body: new URLSearchParams({ user: key, password: key })
  })
  const headers = { Cookie: login.headers.getSetCookie()[0]?.split(";")[0] ?? "" }
  const first = `${url}/core/api/Client.GetClientsModified?lastChanged=2000-01-01T00:00:00&codeMagasin=1&prefixCle=SHOP&limit=${pageSize}&output=json`
  let checkPoint: string | null = null
  for (;;) {
    const more: string = checkPoint === null ? "" : `&checkPoint=${encodeURIComponent(checkPoint)}`
    const answer = await fetch(first + more, { headers })
    const slice = (await answer.json()) as Slice
    const at = Date.now()
    yield {
      customers: slice.clients.map((wire) => polarisCustomer(wire, at)),
      cards: slice.clients.flatMap(({ Cartes = [], ...client }) =>
        Cartes.map((wire) => polarisCard(client["IDClient"], wire, at))
      )
    }
    if (!slice.hasMoreResults) return
    checkPoint = slice.checkPoint
  }
}

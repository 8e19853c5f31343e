/** A customer and a card with everything that they can have. */
import { type CardRecord, type CustomerRecord, moneyFromText, StoreId, TimeZone } from "@tillbridge/domain"
import { DateTime, Option } from "effect"

export const moscow = TimeZone.make("Europe/Moscow")
export const prefix = "SHOP"
export const utc = (text: string) => DateTime.makeUnsafe(text)
const money = (text: string) => Option.getOrThrow(moneyFromText(text))

/** Everything that a customer can have. Times are whole seconds, since no vendor writes more. */
export const record: CustomerRecord = {
  externalIds: [{ system: prefix, key: "A-0017" }],
  title: "Dr",
  firstName: "Zoë",
  middleName: "Ивановна",
  lastName: "O'Neil & Sons",
  gender: "female",
  birthDate: { day: 29, month: 2, year: 1988 },
  email: "zoe@example.test",
  phone: "+74950000001",
  mobilePhone: "+79990000002",
  address: { line1: "1 Main Street", postalCode: "01234", city: "Gent", country: "BE" },
  company: { name: "ACME", vatNumber: "BE0123456789" },
  language: "fr",
  consents: { push: true, email: true, sms: true },
  notes: "prefers mornings\nand tea",
  discountPercent: money("7.25"),
  accumulatedSales: money("15200.5"),
  registeredAt: utc("2024-02-29T12:34:56Z"),
  registeredIn: StoreId.make(2),
  group: { name: "Gold" },
  createdAt: utc("2023-11-05T06:07:08Z"),
  createdBy: 42,
  extensions: {
    virtpos: { club: "blue" },
    megawin: { customerNumber: "C-9", showPrice: false, megawinapp_login: "zoe" }
  }
}

export const card: CardRecord = {
  // Whole numbers, since one of the vendors has no others.
  number: "79001",
  patch: {
    externalIds: [{ system: prefix, key: "9" }],
    barcode: "2000000000017",
    medium: "app",
    status: "blocked",
    activatedAt: utc("2023-11-05T06:07:08Z"),
    blockedAt: utc("2024-02-29T12:34:56Z"),
    registeredAt: utc("2023-11-05T06:07:08Z"),
    registeredIn: StoreId.make(2)
  },
  typeName: "Silver"
}

/** Known in more detail than some dialects can tell. */
export const finer: CustomerRecord = {
  ...record,
  phone: null,
  birthDate: { day: null, month: null, year: 1988 },
  address: { ...record.address, line2: "Building 2", line3: "Flat 3" },
  registeredAt: utc("2024-02-29T12:34:56.789Z")
}

export const finerCard: CardRecord = {
  ...card,
  patch: {
    ...card.patch,
    activatedAt: utc("2023-11-05T06:07:08.912Z"),
    blockedAt: utc("2024-02-29T12:34:56.789Z")
  }
}

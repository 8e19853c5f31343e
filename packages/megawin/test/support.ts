/** The customer of the vendor's page as the domain keeps it, and customers for property tests. */
import {
  type Customer,
  type CustomerRecord,
  CustomerId,
  fromLocal,
  GroupId,
  moneyFromText,
  newCustomer
} from "@tillbridge/domain"
import { DateTime, Option } from "effect"
import fc from "fast-check"
import { brussels } from "./server.ts"

const money = (text: string) => Option.getOrThrow(moneyFromText(text))

export const johnDoe: CustomerRecord = {
  externalIds: [{ system: "megawin", key: "1" }],
  group: { name: "Group A" },
  lastName: "Doe",
  firstName: "John",
  address: {
    line1: "123 Main St",
    line2: null,
    line3: null,
    postalCode: "12345",
    city: "Anytown",
    country: "USA"
  },
  phone: "555-1234",
  mobilePhone: "555-5678",
  email: "jdoe@example.com",
  company: { name: "John Doe Inc.", vatNumber: "TVA123456" },
  registeredAt: fromLocal(brussels, {
    year: 2024,
    month: 1,
    day: 1,
    hour: 12,
    minute: 34,
    second: 56,
    millisecond: 0
  }),
  language: "EN",
  discountPercent: money("10"),
  extensions: {
    megawin: { customerNumber: "C123", login: "jdoe", showPrice: true, megawinapp_login: "jdoe_mwa" }
  }
}

/** Whole seconds, away from clock changes: the wire has neither fractions nor offsets. */
const instant = fc
  .integer({ min: Date.UTC(2015, 5, 1) / 1000, max: Date.UTC(2015, 8, 1) / 1000 })
  .map((seconds) => DateTime.makeUnsafe(seconds * 1000))

const tricky = fc.constantFrom(
  "0079001",
  "1234567890123456789",
  "+32470000001",
  '"},{"clcleunik":"9',
  "<b>&amp;</b>",
  "👩‍👩‍👧",
  "Ça coûte 1 €",
  `"quoted" \\ back`,
  "a\nb\tc",
  "\u2028",
  "true",
  "null",
  "1e5"
)

const filled = fc
  .oneof(tricky, fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }))
  .filter((text) => text.trim() !== "" && text.isWellFormed() && !text.includes("\0"))

export const customers: fc.Arbitrary<Customer> = fc
  .record({
    firstName: fc.option(filled),
    lastName: fc.option(filled),
    email: fc.option(filled),
    phone: fc.option(filled),
    mobilePhone: fc.option(filled),
    language: fc.option(filled),
    address: fc.record({
      line1: fc.option(filled),
      line2: fc.constant(null),
      line3: fc.constant(null),
      postalCode: fc.option(filled),
      city: fc.option(filled),
      country: fc.option(filled)
    }),
    company: fc.record({ name: fc.option(filled), vatNumber: fc.option(filled) }),
    discountPercent: fc.option(
      fc
        .tuple(fc.integer({ min: 0, max: 99 }), fc.integer({ min: 1, max: 999_999 }))
        .map(([whole, part]) => money(`${whole}.${String(part).padStart(6, "0")}`))
    ),
    registeredAt: instant,
    group: fc.option(filled.filter((name) => name !== "01").map((name) => ({ id: GroupId.make(3), name }))),
    externalIds: fc.constant([{ system: "megawin", key: "K-7" }])
  })
  .map((fields) => ({ ...newCustomer(CustomerId.make(7), fields.registeredAt, null), ...fields }))

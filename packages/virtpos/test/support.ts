/** Customers for property tests: everything that this dialect carries, and only values that it can give back. */
import { type Customer, CustomerId, GroupId, moneyFromText, newCustomer, TimeZone } from "@tillbridge/domain"
import { DateTime, Option } from "effect"
import fc from "fast-check"

export const moscow = TimeZone.make("Europe/Moscow")

/** Whole seconds: the wire has no more. Moscow has had no clock change since 2014. */
const instant = fc
  .integer({ min: Date.UTC(2015, 0, 1) / 1000, max: Date.UTC(2040, 0, 1) / 1000 })
  .map((seconds) => DateTime.makeUnsafe(seconds * 1000))

const tricky = fc.constantFrom(
  "0079001",
  "1234567890123456789",
  "+79990000001",
  "]]>",
  "<b>&amp;</b>",
  "👩‍👩‍👧",
  "Ёлка №1",
  `"quoted" \\ back`,
  " lead",
  "trail ",
  "a\nb\tc",
  "true",
  "null",
  "1e5",
  "&#65;",
  "'",
  "\u00a0x"
)

/** XML cannot carry most control characters; JSON can, and `anyText` has them. */
const visible = fc.oneof(
  tricky,
  fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 40 })
    .filter((text) => !/[\0-\x08\x0b-\x1f\ufffe\uffff]/.test(text))
)
const filled = visible.filter((text) => text.trim() !== "" && text.isWellFormed())

const birthDate = fc.record({
  day: fc.option(fc.integer({ min: 1, max: 28 })),
  month: fc.option(fc.integer({ min: 1, max: 12 })),
  year: fc.option(fc.integer({ min: 1900, max: 2026 }))
})

const money = fc
  .tuple(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), fc.integer({ min: 0, max: 999_999 }))
  .map(([whole, part]) => Option.getOrThrow(moneyFromText(`${whole}.${String(part).padStart(6, "0")}`)))

export const customers: fc.Arbitrary<Customer> = fc
  .record({
    firstName: fc.option(filled),
    lastName: fc.option(filled),
    middleName: fc.option(filled),
    email: fc.option(filled),
    phone: fc.option(filled),
    notes: fc.option(filled),
    gender: fc.constantFrom("female" as const, "male" as const, null),
    birthDate,
    accumulatedSales: money,
    registeredAt: fc.option(instant),
    createdAt: instant,
    createdBy: fc.option(fc.integer({ min: 1, max: 1_000_000 })),
    consents: fc.record({ push: fc.boolean(), email: fc.boolean(), sms: fc.boolean() }),
    group: fc.option(filled.map((name) => ({ id: GroupId.make(3), name }))),
    externalIds: fc.option(filled).map((key) => (key === null ? [] : [{ system: "shop", key }]))
  })
  .map((fields) => ({ ...newCustomer(CustomerId.make(7), fields.createdAt, null), ...fields }))

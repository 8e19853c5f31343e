/** Arbitrary records for properties of stores: everything the domain's schemas let in, and nothing else. */
import { type Customer, CustomerId, type LoyaltyCard, StoreId } from "@tillbridge/domain"
import * as BigDecimal from "effect/BigDecimal"
import * as DateTime from "effect/DateTime"
import * as fc from "fast-check"

/** Text that changes as soon as someone trims, parses, folds, escapes or re-encodes it. */
export const awkwardTexts: ReadonlyArray<string> = [
  "000123",
  "+79161234567",
  "1234567890123456789",
  "9007199254740993",
  "1e5",
  "0x10",
  "007.50",
  "1,5",
  "-0",
  "true",
  "null",
  "NaN",
  "2023-02-29",
  "  padded  ",
  "tab\tline\nreturn\r\nend",
  "\u0001\u0008\u001b\u007f",
  "]]>",
  '<a href="x">&amp;&#65;</a>',
  "\"'`\\\\' OR '1'='1",
  "%_*?[x]",
  '{"a":1}',
  "😀👨‍👩‍👧‍👦🇫🇷",
  "é",
  "e\u0301",
  "Straße STRASSE ſ İı",
  "\ufeffmark",
  "\u00a0hard space\u00a0",
  "right\u202eleft",
  "\u{10ffff}\uffff\ufffe",
  "Ёжик в тумане 漢字",
  "x".repeat(1_000)
]

/** Well-formed text without NUL that says something: up to `max` UTF-16 units. */
export const text = (max = 60): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom(...awkwardTexts.filter((awkward) => awkward.length <= max)) },
    {
      weight: 3,
      arbitrary: fc
        .string({ unit: "binary", minLength: 1, maxLength: Math.floor(max / 2) })
        .map((some) => some.replaceAll("\u0000", "0"))
        .map((some) => (some.trim() === "" ? `.${some}`.slice(0, max).toWellFormed() : some))
    }
  )

const maybe = <A>(some: fc.Arbitrary<A>) => fc.option(some, { nil: null })

/** Exact decimals: up to 24 digits before the point and 6 after it. */
export const money: fc.Arbitrary<BigDecimal.BigDecimal> = fc
  .tuple(fc.bigInt({ min: -(10n ** 30n) + 1n, max: 10n ** 30n - 1n }), fc.constantFrom(6, 6, 2, 0))
  .map(([digits, scale]) => BigDecimal.make(scale === 6 ? digits : digits / 10n ** 6n, scale))

/** Instants with milliseconds, from the year 1 to the year 9999. */
export const instant: fc.Arbitrary<DateTime.Utc> = fc
  .integer({ min: Date.parse("0001-01-01T00:00:00Z"), max: Date.parse("9999-12-31T00:00:00Z") })
  .map((millis) => DateTime.makeUnsafe(millis))

/** JSON that survives `JSON.parse(JSON.stringify(…))`: without minus zero and without keys that are not data. */
const json = fc
  .jsonValue({ maxDepth: 3 })
  .map((value): Customer["extensions"][string][string] =>
    JSON.parse(JSON.stringify(value).replaceAll("__proto__", "proto"))
  )

const extensions: fc.Arbitrary<Customer["extensions"]> = fc
  .array(fc.tuple(text(20), fc.array(fc.tuple(text(20), json), { maxLength: 3 })), { maxLength: 2 })
  .map((dialects) => Object.fromEntries(dialects.map(([id, fields]) => [id, Object.fromEntries(fields)])))

/** External ids, at most one for a system; `unique` is in every key so that no two records share one. */
const externalIds = (unique: string) =>
  fc
    .uniqueArray(fc.tuple(text(20), text(40)), { maxLength: 3, selector: ([system]) => system })
    .map((ids) => ids.map(([system, key]) => ({ system, key: `${key}${unique}` })))
    .map((ids) => ids.sort((a, b) => (a.system < b.system ? -1 : 1)))

const integer = fc.oneof(
  fc.integer({ min: 0, max: 1_000 }),
  fc.constantFrom(0, 2 ** 31, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER)
)
const storeId = fc.constantFrom(1, 2, 3).map((id) => StoreId.make(id))

/** What a customer may hold, except id, version and group. */
export const customerFields = (unique: string) =>
  fc.record({
    externalIds: externalIds(unique),
    title: maybe(text()),
    firstName: maybe(text()),
    middleName: maybe(text()),
    lastName: maybe(text()),
    gender: maybe(fc.constantFrom("female" as const, "male" as const)),
    birthDate: fc.record({
      day: maybe(fc.integer({ min: 1, max: 28 })),
      month: maybe(fc.integer({ min: 1, max: 12 })),
      year: maybe(fc.integer({ min: 1850, max: 2999 }))
    }),
    email: maybe(text()),
    phone: maybe(text()),
    mobilePhone: maybe(text()),
    address: fc.record({
      line1: maybe(text()),
      line2: maybe(text()),
      line3: maybe(text()),
      postalCode: maybe(text()),
      city: maybe(text()),
      country: maybe(text())
    }),
    company: fc.record({ name: maybe(text()), vatNumber: maybe(text()) }),
    language: maybe(text()),
    consents: fc.record({ push: fc.boolean(), email: fc.boolean(), sms: fc.boolean() }),
    notes: maybe(text(400)),
    discountPercent: maybe(money),
    accumulatedSales: money,
    registeredAt: maybe(instant),
    registeredIn: maybe(storeId),
    extensions,
    createdAt: instant,
    createdBy: maybe(integer),
    updatedAt: instant,
    updatedBy: maybe(integer)
  }) satisfies fc.Arbitrary<Partial<Customer>>

/** What a card may hold, except id, version, type and owner. */
export const cardFields = (unique: string) =>
  fc.record({
    externalIds: externalIds(unique),
    number: text(40).map((number) => `${number.slice(0, 20).toWellFormed()}${unique}`),
    ean13: maybe(text(20)),
    barcode: maybe(text()),
    medium: maybe(fc.constantFrom("plastic" as const, "magnetic" as const, "app" as const)),
    status: fc.constantFrom("new" as const, "active" as const, "blocked" as const),
    activatedAt: maybe(instant),
    blockedAt: maybe(instant),
    registeredAt: maybe(instant),
    registeredIn: maybe(storeId),
    extensions,
    createdAt: instant,
    createdBy: maybe(integer),
    updatedAt: instant,
    updatedBy: maybe(integer)
  }) satisfies fc.Arbitrary<Partial<LoyaltyCard>>

/** The largest id that a record can bring. */
export const largestId = CustomerId.make(Number.MAX_SAFE_INTEGER)

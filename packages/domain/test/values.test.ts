import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Option, Schema } from "effect"
import * as fc from "fast-check"
import {
  ageOn,
  CustomerRecord,
  ean13Of,
  emailKey,
  ExternalId,
  externalKey,
  invalidDate,
  isEan13,
  LongText,
  Money,
  moneyFromText,
  moneyToText,
  orNull,
  phoneKey,
  Text,
  unknownDate,
  withExternalIds
} from "../src/index.ts"

const accepts = (schema: Schema.Codec<unknown, unknown>, value: unknown) =>
  Option.isSome(Schema.decodeUnknownOption(schema)(value))

const on = (text: string) => {
  const [year, month, day] = text.split("-").map(Number) as [number, number, number]
  return { year, month, day }
}

describe("an age", () => {
  it.each([
    ["2000-05-10", "2024-05-09", 23],
    ["2000-05-10", "2024-05-10", 24],
    ["2000-05-10", "2000-05-10", 0],
    ["2000-02-29", "2001-02-28", 0],
    ["2000-02-29", "2001-03-01", 1],
    ["2000-02-29", "2004-02-28", 3],
    ["2000-02-29", "2004-02-29", 4],
    ["2000-12-31", "2001-01-01", 0]
  ])("of somebody born on %s is on %s %d", (birth, today, age) => {
    assert.strictEqual(ageOn(on(birth), on(today)), age)
  })

  it("is unknown while a part of the birth date is, or while it is in the future", () => {
    const birth = on("2000-05-10")
    const today = on("2024-05-10")
    for (const part of ["day", "month", "year"] as const)
      assert.isNull(ageOn({ ...birth, [part]: null }, today))
    assert.isNull(ageOn(unknownDate, today))
    assert.isNull(ageOn(on("2024-05-11"), today))
  })
})

describe("a birth date", () => {
  const isGood = (day: number | null, month: number | null, year: number | null) =>
    Option.isNone(invalidDate({ day, month, year }))

  it("may lack any part", () => {
    for (const [day, month, year] of [
      [null, null, null],
      [31, null, null],
      [null, 2, 2023],
      [29, 2, null],
      [31, null, 2023]
    ] as const) {
      assert.isTrue(isGood(day, month, year))
    }
  })

  it("must be a date of the calendar as far as it is known", () => {
    assert.deepStrictEqual(
      [
        isGood(29, 2, 2024),
        isGood(29, 2, 2000),
        isGood(29, 2, 2023),
        isGood(29, 2, 1900),
        isGood(30, 2, null),
        isGood(31, 4, null),
        isGood(31, 12, null)
      ],
      [true, true, false, false, false, false, true]
    )
  })
})

describe("an EAN-13", () => {
  it.each(["4006381333931", "5901234123457", "9780306406157", "0012345678905", "4012345678901"])(
    "has the check digit that GS1 publishes: %s",
    (published) => {
      assert.strictEqual(ean13Of(published.slice(0, 12)), published)
      assert.isTrue(isEan13(published))
      for (let digit = 0; digit < 10; digit++) {
        assert.strictEqual(isEan13(`${published.slice(0, 12)}${digit}`), digit === Number(published[12]))
      }
    }
  )

  it("is made of a shorter number with zeros in front", () => {
    assert.strictEqual(ean13Of("12345"), "0000000123457")
    assert.strictEqual(ean13Of("0"), "0000000000000")
  })

  it("is not made of 13 or more digits, of nothing, or of anything but digits", () => {
    for (const number of [
      "4006381333931",
      "1234567890123456789",
      "",
      "12 3",
      "12a",
      "+12",
      "-1",
      "1.5",
      "１２"
    ]) {
      assert.isNull(ean13Of(number), number)
    }
    for (const text of ["400638133393", "40063813339310", "", "400638133393x"])
      assert.isFalse(isEan13(text), text)
  })
})

describe("money", () => {
  it.each([
    ["15200", "15200"],
    ["0.10", "0.1"],
    ["-4545.00", "-4545"],
    ["+7.5", "7.5"],
    ["007.50", "7.5"],
    ["-0", "0"],
    ["-0.000001", "-0.000001"],
    ["1000000000000000000000", "1000000000000000000000"],
    [`${"9".repeat(24)}.999999`, `${"9".repeat(24)}.999999`]
  ])("%s is exactly %s", (text, shown) => {
    const money = Option.getOrThrow(moneyFromText(text))
    assert.strictEqual(moneyToText(money), shown)
    assert.isTrue(BigDecimal.equals(money, BigDecimal.fromStringUnsafe(text)))
  })

  it("adds up without binary fractions", () => {
    const cents = Array.from({ length: 10 }, () => Option.getOrThrow(moneyFromText("0.10")))
    assert.strictEqual(moneyToText(cents.reduce((a, b) => BigDecimal.sum(a, b))), "1")
  })

  it.each([
    "",
    " 1",
    "1 ",
    "1e5",
    "1,5",
    "1.",
    ".5",
    "--1",
    "0x10",
    "1_000",
    "Infinity",
    "NaN",
    "1.1234567",
    "9".repeat(25),
    "١"
  ])("is not %j", (text) => assert.isTrue(Option.isNone(moneyFromText(text))))

  it("of any size comes back from its text", () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 24n - 1n }),
        fc.nat({ max: 999_999 }),
        fc.boolean(),
        (whole, part, minus) => {
          const fraction = String(part).padStart(6, "0").replace(/0+$/, "")
          const isZero = whole === 0n && fraction === ""
          const text = `${minus && !isZero ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`
          assert.strictEqual(moneyToText(Option.getOrThrow(moneyFromText(text))), text)
        }
      )
    )
  })

  it("in a record is refused when it is larger or finer than any sum, so that nobody can blow it up", () => {
    for (const text of ["1e999999999", "-1e25", "1e-7", "9".repeat(25), "x", ""])
      assert.isFalse(accepts(Money, text), text)
    for (const text of ["0", "15200", "-4545.00", "0.000001", "9".repeat(24)])
      assert.isTrue(accepts(Money, text), text)
    assert.isFalse(accepts(CustomerRecord, { accumulatedSales: "1e999999999" }))
  })

  it("in a record is written so that it can be read again", () => {
    for (const text of ["1000000000000000000000", "0.000001", `-${"9".repeat(24)}.999999`]) {
      const money = Option.getOrThrow(moneyFromText(text))
      const back = Schema.decodeUnknownSync(Money)(Schema.encodeSync(Money)(money))
      assert.isTrue(BigDecimal.equals(back, money), text)
    }
  })
})

describe("a phone is searched", () => {
  it("by its last ten digits, however it is written", () => {
    for (const phone of ["8 (999) 000-00-01", "+7 999 000-00-01", "9990000001", "tel. 007-999-000-00-01"]) {
      assert.strictEqual(phoneKey(phone), "9990000001", phone)
    }
  })

  it("by all digits when it is shorter, and by nothing without digits", () => {
    assert.strictEqual(phoneKey("12-34"), "1234")
    assert.strictEqual(phoneKey("000-00-01"), "0000001")
    for (const phone of [null, "", "none"]) assert.isNull(phoneKey(phone))
  })
})

describe("an e-mail address is searched", () => {
  it("without letter case and surrounding space", () => {
    assert.strictEqual(emailKey("  Anna@Example.COM\t"), "anna@example.com")
    assert.strictEqual(emailKey("ÄRLA@example.com"), "ärla@example.com")
    for (const email of [null, "", "  "]) assert.isNull(emailKey(email))
  })
})

describe("external ids", () => {
  const a1 = { system: "a", key: "1" }
  const b1 = { system: "b", key: "1" }
  const c1 = { system: "c", key: "1" }

  it("hold one key for a system: a new one takes the place of the old", () => {
    assert.deepStrictEqual(withExternalIds([a1, c1], [b1, { system: "a", key: "2" }]), [
      { system: "a", key: "2" },
      b1,
      c1
    ])
    assert.deepStrictEqual(withExternalIds([a1], []), [a1])
  })

  it("are read by system, exactly", () => {
    assert.strictEqual(externalKey([a1, b1], "b"), "1")
    assert.isNull(externalKey([a1], "A"))
  })

  it("have 1 to 255 characters in each part", () => {
    for (const key of ["", "x".repeat(256), "a\u0000b", "\ud800"])
      assert.isFalse(accepts(ExternalId, { system: "a", key }))
    for (const key of [" ", "0", "x".repeat(255)]) assert.isTrue(accepts(ExternalId, { system: "a", key }))
  })
})

describe("text", () => {
  it("is refused with NUL or half a surrogate pair, and nothing else", () => {
    for (const text of ["\u0000", "a\u0000b", "\ud83d", "\ude00", "\ude00\ud83d"]) {
      assert.isFalse(accepts(Text, text))
      assert.isFalse(accepts(LongText, text))
    }
    for (const text of ["", " ", "000123", "\u0001", "😀", "]]>", "\ufeff", "\uffff"])
      assert.isTrue(accepts(Text, text))
    for (const value of [1, null, undefined, {}]) assert.isFalse(accepts(Text, value))
  })

  it("has at most 1,000 characters, notes 20,000", () => {
    assert.deepStrictEqual(
      [1_000, 1_001].map((length) => accepts(Text, "x".repeat(length))),
      [true, false]
    )
    assert.deepStrictEqual(
      [20_000, 20_001].map((length) => accepts(LongText, "x".repeat(length))),
      [true, false]
    )
  })

  it("that says nothing is unknown; other text is kept as it is, spaces and all", () => {
    for (const blank of [undefined, null, "", "  ", "\t\n", "\u00a0"]) assert.isNull(orNull(blank))
    for (const text of [" x ", "0", "null"]) assert.strictEqual(orNull(text), text)
  })
})

import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, DateTime, Option, Schema } from "effect"
import {
  applyPatch,
  type Customer,
  CustomerId,
  CustomerPatch,
  CustomerRecord,
  Customer as CustomerSchema,
  newCustomer,
  sameContent
} from "../src/index.ts"

const now = DateTime.makeUnsafe("2024-02-29T12:00:00Z")

const full: Customer = {
  ...newCustomer(CustomerId.make(1), now, 7),
  externalIds: [{ system: "shop", key: "1" }],
  title: "Dr",
  firstName: "Anna",
  lastName: "Öberg",
  gender: "female",
  birthDate: { day: 1, month: 2, year: 2000 },
  email: "anna@example.com",
  phone: "+7 999",
  address: { line1: "a", line2: "b", line3: "c", postalCode: "012", city: "Paris", country: "FR" },
  company: { name: "Öberg & Co", vatNumber: "0079001" },
  consents: { push: true, email: false, sms: true },
  notes: "n",
  discountPercent: BigDecimal.fromBigInt(5n),
  extensions: { one: { a: 1, b: [1, { c: null }] }, two: { a: "x" } }
}

describe("a change to a customer", () => {
  it("leaves alone what it does not name", () => {
    assert.deepStrictEqual(applyPatch(full, {}), full)
    assert.deepStrictEqual(
      applyPatch(full, {
        address: {},
        company: {},
        consents: {},
        birthDate: {},
        extensions: {},
        externalIds: []
      }),
      full
    )
  })

  it("clears what it sets to null", () => {
    const cleared = applyPatch(full, {
      title: null,
      gender: null,
      discountPercent: null,
      birthDate: { year: null },
      registeredAt: null
    })
    assert.deepStrictEqual(cleared, {
      ...full,
      title: null,
      gender: null,
      discountPercent: null,
      birthDate: { day: 1, month: 2, year: null },
      registeredAt: null
    })
  })

  it("takes blank text for unknown, in every text field", () => {
    const blank = " \t"
    const changed = applyPatch(full, {
      title: "",
      firstName: blank,
      middleName: blank,
      lastName: blank,
      email: blank,
      phone: blank,
      mobilePhone: blank,
      language: blank,
      notes: blank,
      address: { line1: blank, line2: blank, line3: blank, postalCode: blank, city: blank, country: blank },
      company: { name: blank, vatNumber: blank }
    })
    const texts = [
      changed.title,
      changed.firstName,
      changed.middleName,
      changed.lastName,
      changed.email,
      changed.phone,
      changed.mobilePhone,
      changed.language,
      changed.notes,
      ...Object.values(changed.address),
      ...Object.values(changed.company)
    ]
    assert.lengthOf(texts, 17)
    for (const text of texts) assert.isNull(text)
  })

  it("keeps other text exactly, spaces and leading zeros included", () => {
    const changed = applyPatch(full, { firstName: " Anna ", phone: "000123", company: { vatNumber: "007" } })
    assert.deepStrictEqual(
      [changed.firstName, changed.phone, changed.company],
      [" Anna ", "000123", { name: "Öberg & Co", vatNumber: "007" }]
    )
  })

  it("changes one part of address, birth date and consents and keeps the others", () => {
    const changed = applyPatch(full, {
      address: { city: "Lyon" },
      birthDate: { day: 9 },
      consents: { email: true }
    })
    assert.deepStrictEqual(changed.address, { ...full.address, city: "Lyon" })
    assert.deepStrictEqual(changed.birthDate, { day: 9, month: 2, year: 2000 })
    assert.deepStrictEqual(changed.consents, { push: true, email: true, sms: true })
  })

  it("keeps the extensions of other dialects, and other fields of the same one", () => {
    const changed = applyPatch(full, { extensions: { two: { b: 2 }, three: { c: true } } })
    assert.deepStrictEqual(changed.extensions, {
      one: { a: 1, b: [1, { c: null }] },
      two: { a: "x", b: 2 },
      three: { c: true }
    })
    assert.deepStrictEqual(applyPatch(full, { extensions: { one: { b: null } } }).extensions["one"], {
      a: 1,
      b: null
    })
  })

  it("adds external ids of other systems and replaces the key of the same one", () => {
    const changed = applyPatch(full, {
      externalIds: [
        { system: "till", key: "9" },
        { system: "shop", key: "2" }
      ]
    })
    assert.deepStrictEqual(changed.externalIds, [
      { system: "shop", key: "2" },
      { system: "till", key: "9" }
    ])
  })

  it("does not touch the customer it starts from", () => {
    const before = structuredClone(full.extensions)
    applyPatch(full, { extensions: { one: { a: 2 } }, address: { city: "x" } })
    assert.deepStrictEqual(full.extensions, before)
    assert.strictEqual(full.address.city, "Paris")
  })
})

describe("two states of a customer", () => {
  it("say the same when only version and last update differ", () => {
    const later = {
      ...full,
      version: 9 as Customer["version"],
      updatedAt: DateTime.makeUnsafe(0),
      updatedBy: 3
    }
    assert.isTrue(sameContent(full, later))
    assert.isTrue(
      sameContent(full, { ...full, discountPercent: BigDecimal.fromStringUnsafe("5.00") }),
      "5.00 is 5"
    )
  })

  it("differ in any other field", () => {
    const others: ReadonlyArray<Partial<Customer>> = [
      { firstName: "anna" },
      { extensions: {} },
      { externalIds: [] },
      { discountPercent: BigDecimal.fromStringUnsafe("5.01") },
      { birthDate: { day: 1, month: 2, year: 2001 } },
      { registeredAt: null },
      { group: { id: 1 as never, name: "x" } }
    ]
    for (const other of others)
      assert.isFalse(sameContent(full, { ...full, ...other }), JSON.stringify(Object.keys(other)))
  })
})

describe("what callers may send", () => {
  const refused = (schema: Schema.Codec<unknown, unknown>, value: unknown) =>
    Option.isNone(Schema.decodeUnknownOption(schema)(value))

  it("is refused with NUL, half a surrogate pair, or a value out of range", () => {
    const bad: ReadonlyArray<unknown> = [
      { firstName: "a\u0000" },
      { notes: "\ud800" },
      { firstName: 1 },
      { gender: "x" },
      { birthDate: { day: 0 } },
      { birthDate: { month: 13 } },
      { birthDate: { year: 1849 } },
      { birthDate: { day: 1.5 } },
      { externalIds: [{ system: "", key: "1" }] },
      { address: { city: "\u0000" } },
      { accumulatedSales: "1e5" },
      { registeredIn: 0 },
      { consents: { push: "true" } }
    ]
    for (const value of bad) assert.isTrue(refused(CustomerPatch, value), JSON.stringify(value))
  })

  it("is an exported customer as it is: what is exported can be imported", () => {
    const json = JSON.parse(JSON.stringify(Schema.encodeSync(CustomerSchema)(full)))
    const record = Schema.decodeUnknownSync(CustomerRecord)(json)
    assert.strictEqual(record.firstName, "Anna")
    assert.strictEqual(record.createdBy, 7)
    assert.deepStrictEqual(record.extensions, full.extensions)
  })
})

import {
  CardId,
  CardTypeId,
  type Customer,
  type CustomerChange,
  CustomerId,
  moneyToText,
  newCard,
  newCustomer
} from "@tillbridge/domain"
import { XML_DECLARATION } from "@tillbridge/wire"
import { DateTime, Equal, Redacted, Result } from "effect"
import fc from "fast-check"
import { assert, describe, it } from "vitest"
import { openEnvelope, readList } from "../src/internal/reply.ts"
import {
  cardFields, cardGetOnly, cardPatchFromParameters, cardSearchFromParameters, customerChange, customerFields,
  customerGetOnly, customerReferencesFromParameters, encodeCustomerJson, encodeCustomerXml, type Loyalty,
  parameterNameOf, parametersOf, patchFromParameters
} from "../src/VirtposCodec.ts"
import { answers, bytesOf, textOf } from "./fixtures/index.ts"
import { customers, moscow } from "./support.ts"

const today = { year: 2026, month: 11, day: 22 }
const encode = { timeZone: moscow, today, externalSystem: "shop" }
const decode = { timeZone: moscow, system: "virtpos", externalSystem: "shop" }
const utc = (text: string) => DateTime.makeUnsafe(text)

const formats = {
  xml: (customer: Customer, loyalty?: Loyalty) =>
    `${XML_DECLARATION}<root><success>1</success><type>customer</type><count>1</count><customers>` +
    `${encodeCustomerXml(customerFields(customer, encode), loyalty)}</customers></root>`,
  json: (customer: Customer, loyalty?: Loyalty) =>
    `{"success":1,"type":"customer","count":1,"customers":[${encodeCustomerJson(customerFields(customer, encode), loyalty)}]}`
}

const read = (text: string | Uint8Array): CustomerChange => {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text
  const page = Result.getOrThrow(Result.flatMap(openEnvelope(bytes, Redacted.make("K1")), readList))
  return customerChange(page.customers[0]!, decode)
}

/** What of a customer this dialect carries, as a client tells it. */
const carried = (customer: Customer): CustomerChange["customer"] => ({
  firstName: customer.firstName,
  lastName: customer.lastName,
  middleName: customer.middleName,
  email: customer.email,
  phone: customer.phone,
  gender: customer.gender,
  notes: customer.notes,
  birthDate: customer.birthDate,
  registeredAt: customer.registeredAt,
  accumulatedSales: customer.accumulatedSales,
  consents: customer.consents,
  group: customer.group === null ? null : { name: customer.group.name },
  createdAt: customer.createdAt,
  createdBy: customer.createdBy,
  ...(customer.externalIds.length > 0 ? { externalIds: customer.externalIds } : {})
})

const withoutExtensions = ({ extensions: _, ...customer }: CustomerChange["customer"]) => customer

describe.each(["xml", "json"] as const)("a customer as %s and back", (format) => {
  it("says the same, as far as the dialect carries it", () => {
    fc.assert(
      fc.property(customers, (customer) => {
        const back = read(formats[format](customer))
        assert.deepStrictEqual(back.source, { system: "virtpos", key: "7" })
        const said = withoutExtensions(back.customer)
        assert.isTrue(Equal.equals(said, carried(customer)), JSON.stringify([said, carried(customer)]))
      }),
      { numRuns: 300 }
    )
  })

  it("keeps a character that XML cannot carry, or replaces it by U+FFFD", () => {
    const customer = { ...newCustomer(CustomerId.make(1), utc("2026-01-01T00:00:00Z"), null), firstName: "a\u0001b" }
    assert.strictEqual(read(formats[format](customer)).customer.firstName, format === "xml" ? "a\ufffdb" : "a\u0001b")
  })

  it("gives back what the domain only keeps", () => {
    const base = newCustomer(CustomerId.make(1), utc("2026-01-01T00:00:00Z"), null)
    const customer = { ...base, extensions: { virtpos: { level: "gold", empty: null, group_id: "9", "no name": "x" }, other: { a: "1" } } }
    const kept = read(formats[format](customer)).customer.extensions?.["virtpos"]
    assert.strictEqual(kept?.["level"], "gold")
    assert.strictEqual(kept?.["no name"], undefined)
    assert.strictEqual(kept?.["group_id"], undefined)
  })

  it("carries cards under the documented names", () => {
    const now = utc("2026-01-01T00:00:00Z")
    const card = {
      ...newCard(CardId.make(5), "0012345678901234567", now, null),
      status: "blocked" as const,
      medium: "magnetic" as const,
      blockedAt: now,
      barcode: "123",
      type: { id: CardTypeId.make(2), name: "Gold" },
      externalIds: [{ system: "shop", key: "c-1" }]
    }
    const customer = newCustomer(CustomerId.make(1), now, null)
    const change = read(formats[format](customer, { cards: [cardFields(card, encode)], bonuses: true }))
    assert.deepStrictEqual(change.cards, [
      {
        number: "0012345678901234567",
        typeName: "Gold",
        patch: {
          externalIds: [{ system: "shop", key: "c-1" }],
          ean13: null,
          barcode: "123",
          medium: "magnetic",
          status: "blocked",
          blockedAt: now,
          activatedAt: null,
          extensions: { virtpos: { card_id: "5", type_id: "2" } }
        }
      }
    ])
    assert.lengthOf(read(formats[format](customer, { cards: [], bonuses: true })).cards, 0)
  })
})

describe("encoding", () => {
  const seed: Customer = {
    ...newCustomer(CustomerId.make(1), utc("2016-07-18T10:54:37Z"), 2),
    firstName: "Сергей",
    lastName: "Иванов",
    middleName: "Степанович",
    gender: "female",
    notes: "очень требовательный",
    birthDate: { day: 24, month: 10, year: 1992 },
    consents: { push: true, email: true, sms: true },
    accumulatedSales: read(bytesOf(answers.seedList)).customer.accumulatedSales!
  }

  it("MUST write the seed's customer as the seed has it, external_id apart", () => {
    const fields = customerFields(seed, { ...encode, today: { year: 2017, month: 1, day: 1 } })
    const expected = textOf(answers.seedList).replace(/>\s+</g, "><")
    const [customer] = /<customer>.*<\/customer>/s.exec(expected)!
    assert.strictEqual(encodeCustomerXml(fields).replace("<external_id/>", ""), customer)
  })

  it("the mobile phone stands in for a missing phone", () => {
    assert.deepInclude(customerFields({ ...seed, mobilePhone: "5" }, encode), ["phone", "5"])
    assert.deepInclude(customerFields({ ...seed, phone: "4", mobilePhone: "5" }, encode), ["phone", "4"])
  })

  it("JSON has text or null for every member", () => {
    const record = JSON.parse(encodeCustomerJson(customerFields(seed, encode))) as Record<string, unknown>
    assert.deepInclude(record, { id: "1", email: null, send_push: "1", accumulated_sales: "15200", age: "34" })
  })

  it("empty lists of cards and bonuses", () => {
    assert.match(encodeCustomerXml([["id", 1]], { cards: [], bonuses: true }), /^<customer><id>1<\/id><cards\/><bonuses\/><\/customer>$/)
    assert.strictEqual(encodeCustomerJson([["id", 1]], { cards: [], bonuses: true }), `{"id":"1","cards":[],"bonuses":[]}`)
  })
})

describe("reading the seed", () => {
  it("in the site's time zone", () => {
    const { customer } = read(bytesOf(answers.seedList))
    assert.strictEqual(DateTime.formatIso(customer.createdAt!), "2016-07-18T10:54:37.000Z")
    assert.strictEqual(moneyToText(customer.accumulatedSales!), "15200")
    assert.deepStrictEqual(customer.birthDate, { day: 24, month: 10, year: 1992 })
    assert.strictEqual(customer.group, null)
    assert.deepStrictEqual(customer.extensions, {
      virtpos: { last_update_date: "2016-07-18 13:54:37", last_update_by: "2" }
    })
  })

  it("what is absent is not touched, what is empty clears", () => {
    assert.deepStrictEqual(read(bytesOf(answers.json)).customer, { firstName: "Anna", email: null })
  })

  it("values the domain cannot hold are kept, not lost", () => {
    const { cards, customer } = read(
      `{"success":1,"customers":[{"id":1,"gender":"X","birth_day":"40","birth_month":0,"register_date":"yesterday",` +
        `"accumulated_sales":"a lot","level":{"name":"gold","n":12345678901234567890},"cards":[{"no":1}],"send_sms":"maybe"}]}`
    )
    assert.lengthOf(cards, 0)
    assert.deepStrictEqual(customer, {
      birthDate: { month: null },
      extensions: {
        virtpos: {
          gender: "X",
          birth_day: "40",
          register_date: "yesterday",
          accumulated_sales: "a lot",
          level: { name: "gold", n: "12345678901234567890" },
          cards: [{ no: "1" }],
          send_sms: "maybe"
        }
      }
    })
  })

  it("dates without a time, zero dates and decimals", () => {
    const { customer } = read(
      `{"success":1,"customers":[{"id":1,"register_date":"2024-01-02","created_date":"0000-00-00 00:00:00","accumulated_sales":"4545.00"}]}`
    )
    assert.strictEqual(DateTime.formatIso(customer.registeredAt!), "2024-01-01T21:00:00.000Z")
    assert.notProperty(customer, "createdAt")
    assert.strictEqual(moneyToText(customer.accumulatedSales!), "4545")
  })
})

const patchOf = (entries: Record<string, string>) =>
  patchFromParameters(new Map(Object.entries(entries)), { timeZone: moscow, externalSystem: "shop" })
const cardOf = (entries: Record<string, string>) =>
  cardPatchFromParameters(new Map(Object.entries(entries)), { timeZone: moscow, externalSystem: "shop" })

describe("parameters of a customer update", () => {
  it("every field", () => {
    const update = Result.getOrThrow(
      patchOf({
        fname: "Пётр", lname: "0", mname: "", email: "a@b", phone: "007", gender: "m", custom_information: "x",
        birth_day: "05", birth_month: "", birth_year: "1994", register_date: "2024-01-02 03:04:05", send_push: "true",
        send_email: "0", send_sms: "", group_name: "VIP", external_id: "e1", accumulated_sales: "12.50",
        created_date: "x", last_update_by: "y", unknown: "z"
      })
    )
    assert.deepStrictEqual(update.patch, {
      firstName: "Пётр", lastName: "0", middleName: null, email: "a@b", phone: "007", gender: "male", notes: "x",
      birthDate: { day: 5, month: null, year: 1994 },
      registeredAt: utc("2024-01-02T00:04:05Z"),
      consents: { push: true, email: false, sms: false },
      externalIds: [{ system: "shop", key: "e1" }]
    })
    assert.deepStrictEqual(update.group, { name: "VIP" })
    assert.strictEqual(moneyToText(update.accumulatedSales!), "12.5")
  })

  it("nothing given says nothing", () => {
    assert.deepStrictEqual(Result.getOrThrow(patchOf({})), { patch: {} })
  })

  it("group_id goes before group_name; both empty clear", () => {
    assert.deepStrictEqual(Result.getOrThrow(patchOf({ group_id: "3", group_name: "Other" })).group, { id: 3 })
    assert.deepStrictEqual(Result.getOrThrow(patchOf({ group_id: "", group_name: "Other" })).group, { name: "Other" })
    assert.strictEqual(Result.getOrThrow(patchOf({ group_id: "" })).group, null)
    assert.strictEqual(Result.getOrThrow(patchOf({ group_name: " " })).group, null)
  })

  it.each([
    [{ age: "30" }, "age is computed from the birth date and cannot be set"],
    [{ gender: "X" }, "gender must be one of F, M"],
    [{ birth_day: "32" }, "birth_day must be a whole number from 1 to 31"],
    [{ birth_month: "1.5" }, "birth_month must be a whole number from 1 to 12"],
    [{ birth_year: "94" }, "birth_year must be a whole number from 1850 to 2999"],
    [{ register_date: "02.01.2024" }, "register_date must be YYYY-MM-DD HH:MM:SS"],
    [{ register_date: "2023-02-29" }, "register_date must be YYYY-MM-DD HH:MM:SS"],
    [{ send_sms: "yes" }, "send_sms must be 1 or 0"],
    [{ group_id: "x" }, "group_id must be a whole number from 1"],
    [{ group_id: "0" }, "group_id must be a whole number from 1"],
    [{ group_name: "x".repeat(256) }, "group_name must be at most 255 characters long"],
    [{ external_id: "x".repeat(256) }, "external_id must be at most 255 characters long"],
    [{ fname: "x".repeat(1001) }, "fname must be at most 1000 characters long, without NUL"],
    [{ accumulated_sales: "1e5" }, "accumulated_sales must be a decimal number such as 4545.00"]
  ])("%j is refused", (entries, message) => {
    const result = patchOf(entries as Record<string, string>)
    assert.strictEqual(Result.isFailure(result) ? result.failure.message : "", message)
  })

  it("no word of Object's own is a field", () => {
    assert.deepStrictEqual(Result.getOrThrow(patchOf({ constructor: "x", toString: "y" })), { patch: {} })
  })

  it("get-only names count in the query alone", () => {
    const query = new Map([["id", "1"], ["fname", "query"]])
    const body = new Map([["id", "2"], ["fname", "body"], ["uid", "9"]])
    assert.strictEqual(parametersOf(customerGetOnly, query, body).get("id"), "1")
    assert.strictEqual(parametersOf(customerGetOnly, query, body).get("fname"), "body")
    assert.strictEqual(parametersOf(cardGetOnly, query, body).get("uid"), undefined)
  })

  it("names a customer by id, then external_id", () => {
    const references = (entries: Record<string, string>) =>
      customerReferencesFromParameters(new Map(Object.entries(entries)), { externalSystem: "shop" })
    assert.deepStrictEqual(Result.getOrThrow(references({ external_id: "e", id: " 7 " })), [
      { by: "id", id: CustomerId.make(7) },
      { by: "externalId", externalId: { system: "shop", key: "e" } }
    ])
    assert.deepStrictEqual(Result.getOrThrow(references({ id: "", external_id: "" })), [])
    assert.isTrue(Result.isFailure(references({ id: "99999999999999999999" })))
  })

  it("the domain's own field names have the vendor's", () => {
    assert.strictEqual(parameterNameOf("birthDate"), "birth_day")
    assert.strictEqual(parameterNameOf("phone"), "phone")
  })
})

describe("parameters of a card", () => {
  it("every field", () => {
    const update = Result.getOrThrow(
      cardOf({
        uid: "0012345678901234567", external_id: "c1", uid_ean13: "0000000123457", barcode: "", medium: "app",
        status: "ACTIVE", block_date: "", activate_date: "2024-01-02", type_name: "Gold", customer_external_id: "ext-9"
      })
    )
    assert.deepStrictEqual(update, {
      patch: {
        number: "0012345678901234567",
        externalIds: [{ system: "shop", key: "c1" }],
        ean13: "0000000123457",
        barcode: null,
        medium: "app",
        status: "active",
        blockedAt: null,
        activatedAt: utc("2024-01-01T21:00:00Z")
      },
      type: { name: "Gold" },
      owner: { by: "externalId", externalId: { system: "shop", key: "ext-9" } }
    })
  })

  it("customer_id goes before customer_external_id; both empty take the owner away", () => {
    assert.deepStrictEqual(Result.getOrThrow(cardOf({ customer_id: "3", customer_external_id: "x" })).owner, {
      by: "id",
      id: CustomerId.make(3)
    })
    assert.strictEqual(Result.getOrThrow(cardOf({ customer_id: "" })).owner, null)
    assert.notProperty(Result.getOrThrow(cardOf({})), "owner")
  })

  it.each([
    [{ status: "" }, "status must be one of NEW, ACTIVE, BLOCKED"],
    [{ medium: "GOLD" }, "medium must be one of PLASTIC, MAGNET, APP"],
    [{ block_date: "soon" }, "block_date must be YYYY-MM-DD HH:MM:SS"],
    [{ type_id: "-1" }, "type_id must be a whole number from 1"],
    [{ customer_id: "x" }, "customer_id must be a whole number from 1"],
    [{ uid: "9".repeat(65) }, "uid must be at most 64 characters long"]
  ])("%j is refused", (entries, message) => {
    const result = cardOf(entries as Record<string, string>)
    assert.strictEqual(Result.isFailure(result) ? result.failure.message : "", message)
  })

  it("is looked for in the documented order", () => {
    const search = new Map([["card_barcode", "b"], ["external_id", "e"], ["uid", "u"], ["card_id", "1"]])
    assert.deepStrictEqual(
      Result.getOrThrow(cardSearchFromParameters(search, { externalSystem: "shop" })).map(({ by }) => by),
      ["id", "number", "externalId", "barcode"]
    )
  })

})

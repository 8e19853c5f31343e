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
import { openList, readList } from "../src/internal/reply.ts"
import {
  cardFields,
  customerChange,
  customerFields,
  encodeCustomerJson,
  encodeCustomerXml,
  type Loyalty
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
  const page = Result.getOrThrow(Result.flatMap(openList(bytes, Redacted.make("K1")), readList))
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
    const customer = {
      ...newCustomer(CustomerId.make(1), utc("2026-01-01T00:00:00Z"), null),
      firstName: "a\u0001b"
    }
    assert.strictEqual(
      read(formats[format](customer)).customer.firstName,
      format === "xml" ? "a\ufffdb" : "a\u0001b"
    )
  })

  it("gives back what the domain only keeps", () => {
    const base = newCustomer(CustomerId.make(1), utc("2026-01-01T00:00:00Z"), null)
    const customer = {
      ...base,
      extensions: {
        virtpos: { level: "gold", empty: null, group_id: "9", "no name": "x" },
        other: { a: "1" }
      }
    }
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
    assert.deepInclude(record, {
      id: "1",
      email: null,
      send_push: "1",
      accumulated_sales: "15200",
      age: "34"
    })
  })

  it("empty lists of cards and bonuses", () => {
    assert.match(
      encodeCustomerXml([["id", 1]], { cards: [], bonuses: true }),
      /^<customer><id>1<\/id><cards\/><bonuses\/><\/customer>$/
    )
    assert.strictEqual(
      encodeCustomerJson([["id", 1]], { cards: [], bonuses: true }),
      `{"id":"1","cards":[],"bonuses":[]}`
    )
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

import { CustomerId, moneyToText } from "@tillbridge/domain"
import { DateTime, Result } from "effect"
import { assert, describe, it } from "vitest"
import {
  cardGetOnly,
  cardPatchFromParameters,
  cardSearchFromParameters,
  customerGetOnly,
  customerReferencesFromParameters,
  parameterNameOf,
  parametersOf,
  patchFromParameters
} from "../src/VirtposCodec.ts"
import { moscow } from "./support.ts"

const utc = (text: string) => DateTime.makeUnsafe(text)

const patchOf = (entries: Record<string, string>) =>
  patchFromParameters(new Map(Object.entries(entries)), { timeZone: moscow, externalSystem: "shop" })
const cardOf = (entries: Record<string, string>) =>
  cardPatchFromParameters(new Map(Object.entries(entries)), { timeZone: moscow, externalSystem: "shop" })

describe("parameters of a customer update", () => {
  it("every field", () => {
    const update = Result.getOrThrow(
      patchOf({
        fname: "Пётр",
        lname: "0",
        mname: "",
        email: "a@b",
        phone: "007",
        gender: "m",
        custom_information: "x",
        birth_day: "05",
        birth_month: "",
        birth_year: "1994",
        register_date: "2024-01-02 03:04:05",
        send_push: "true",
        send_email: "0",
        send_sms: "",
        group_name: "VIP",
        external_id: "e1",
        accumulated_sales: "12.50",
        created_date: "x",
        last_update_by: "y",
        unknown: "z"
      })
    )
    assert.deepStrictEqual(update.patch, {
      firstName: "Пётр",
      lastName: "0",
      middleName: null,
      email: "a@b",
      phone: "007",
      gender: "male",
      notes: "x",
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
    assert.deepStrictEqual(Result.getOrThrow(patchOf({ group_id: "3", group_name: "Other" })).group, {
      id: 3
    })
    assert.deepStrictEqual(Result.getOrThrow(patchOf({ group_id: "", group_name: "Other" })).group, {
      name: "Other"
    })
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
    const query = new Map([
      ["id", "1"],
      ["fname", "query"]
    ])
    const body = new Map([
      ["id", "2"],
      ["fname", "body"],
      ["uid", "9"]
    ])
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
        uid: "0012345678901234567",
        external_id: "c1",
        uid_ean13: "0000000123457",
        barcode: "",
        medium: "app",
        status: "ACTIVE",
        block_date: "",
        activate_date: "2024-01-02",
        type_name: "Gold",
        customer_external_id: "ext-9"
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
    const search = new Map([
      ["card_barcode", "b"],
      ["external_id", "e"],
      ["uid", "u"],
      ["card_id", "1"]
    ])
    assert.deepStrictEqual(
      Result.getOrThrow(cardSearchFromParameters(search, { externalSystem: "shop" })).map(({ by }) => by),
      ["id", "number", "externalId", "barcode"]
    )
  })
})

/** The wire schemas against the vendor's own examples, and against what they might send instead. */
import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import { MegawinSchema } from "../src/index.ts"
import { dropPasswords } from "../src/internal/passwords.ts"
import { answers, textOf } from "./fixtures/index.ts"
import type { Told } from "./server.ts"

const { CustomerRecord, kinds, saysSuccess } = MegawinSchema

const decode = Schema.decodeUnknownResult(CustomerRecord)
const encode = Schema.encodeUnknownResult(CustomerRecord)

const customerOf = (text: string): Told => {
  const body = JSON.parse(text) as { readonly result: { readonly customer: ReadonlyArray<Told> } }
  const customer = body.result.customer[0]!
  dropPasswords(customer)
  return customer
}

describe("the customer of", () => {
  it("the vendor's page reads, and is written as the page has it, with its key as text", () => {
    const page = customerOf(textOf(answers.seedList))
    const read = Result.getOrThrow(decode(page))
    assert.deepStrictEqual(read, {
      clcleunik: "1",
      customerNumber: "C123",
      groupePrice: "Group A",
      login: "jdoe",
      lastName: "Doe",
      firstName: "John",
      address: "123 Main St",
      zipcode: "12345",
      city: "Anytown",
      country: "USA",
      phone: "555-1234",
      cellphone: "555-5678",
      email: "jdoe@example.com",
      denomination: "John Doe Inc.",
      tvaNumber: "TVA123456",
      addedDate: "2024-01-01",
      addHour: "12:34:56",
      language: "EN",
      showPrice: true,
      webRemise: "10",
      megawinapp_login: "jdoe_mwa"
    })
    assert.deepStrictEqual(Result.getOrThrow(encode(read)), { ...page, clcleunik: "1" })
  })

  it("an answer of nothing but text reads alike", () => {
    const read = Result.getOrThrow(decode(customerOf(textOf(answers.oneCustomer))))
    assert.deepStrictEqual(
      [read.clcleunik, read.showPrice, read.webRemise, read.phone, read.notification_accepted],
      ["1", true, "0", null, "1"]
    )
  })

  it("an answer of numbers and booleans reads as the same in text", () => {
    const mixed = Result.getOrThrow(decode(customerOf(textOf(answers.mixedTypes))))
    const text = Result.getOrThrow(decode({ clcleunik: "1", showPrice: "1", webRemise: "10" }))
    assert.deepStrictEqual(mixed, text)
    assert.deepStrictEqual(mixed, { clcleunik: "1", showPrice: true, webRemise: "10" })
  })

  it("no answer is one without a key, with an empty one, or with a record for a value", () => {
    for (const wrong of [
      {},
      { clcleunik: "" },
      { clcleunik: " " },
      { clcleunik: null },
      { clcleunik: [] },
      { clcleunik: 1, city: {} },
      { clcleunik: 1, showPrice: [1] },
      [],
      "1",
      null
    ]) {
      assert.isTrue(Result.isFailure(decode(wrong)), JSON.stringify(wrong))
    }
  })

  it("may lack members and have more, null or empty", () => {
    const read = Result.getOrThrow(
      decode({
        clcleunik: " 7 ",
        lastName: null,
        city: "",
        webRemise: "",
        showPrice: null,
        extra: { a: [1] }
      })
    )
    assert.deepStrictEqual(read, {
      clcleunik: "7",
      lastName: null,
      city: null,
      webRemise: null,
      showPrice: null,
      extra: { a: [1] }
    })
  })

  it("a Belgian discount has a comma", () => {
    assert.strictEqual(Result.getOrThrow(decode({ clcleunik: 1, webRemise: "12,50" })).webRemise, "12.50")
  })
})

describe("the table of types", () => {
  it("has the members of the page in its order, and one type for each", () => {
    const page = JSON.parse(textOf(answers.seedList)) as { result: { customer: [Record<string, unknown>] } }
    const example = page.result.customer[0]
    assert.deepStrictEqual(Object.keys(kinds), [...Object.keys(example), "notification_accepted"])
    const types = { text: "string", flag: "boolean", decimal: "number" }
    for (const [name, value] of Object.entries(example)) {
      const kind = kinds[name as keyof typeof kinds]
      assert.strictEqual(name === "clcleunik" ? "string" : typeof value, types[kind], name)
    }
  })
})

describe("success", () => {
  it('is "true", true or 1, and nothing else', () => {
    for (const yes of ["true", true, 1, "TRUE", "True", " true ", "1"])
      assert.isTrue(saysSuccess(yes), String(yes))
    for (const no of [
      "false",
      false,
      0,
      "0",
      "",
      null,
      undefined,
      "yes",
      2,
      {},
      [],
      ["true"],
      "truetrue",
      NaN
    ]) {
      assert.isFalse(saysSuccess(no), String(no))
    }
  })
})

describe("passwords", () => {
  it("are dropped at every depth and by every name, and nothing else is", () => {
    const value = {
      password: "x",
      Password2: "x",
      passwd: "x",
      pwd: "x",
      mot_de_passe: "x",
      motDePasse: "x",
      mdp: "x",
      list: [{ password: "x", a: [{ userPassword: 1 }] }],
      passport: "kept",
      compass: "kept",
      city: "kept"
    }
    assert.strictEqual(dropPasswords(value), 9)
    assert.deepStrictEqual(value as unknown, {
      list: [{ a: [{}] }],
      passport: "kept",
      compass: "kept",
      city: "kept"
    })
    assert.strictEqual(dropPasswords("password"), 0)
    assert.strictEqual(dropPasswords(null), 0)
  })
})

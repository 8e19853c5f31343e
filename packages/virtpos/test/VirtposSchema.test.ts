import { Redacted, Result, Schema } from "effect"
import { assert, describe, it } from "vitest"
import { openEnvelope, openList, parseReply, readList, readWrite } from "../src/internal/reply.ts"
import { CustomerRecord, listOf, WireText } from "../src/VirtposSchema.ts"
import { answers, bytesOf, exchanges } from "./fixtures/index.ts"

const key = Redacted.make("K1")
const bytes = (text: string) => new TextEncoder().encode(text)
const opened = (body: Uint8Array) => Result.getOrThrow(openEnvelope(body, key))
const list = (body: Uint8Array) => Result.getOrThrow(Result.flatMap(openList(body, key), readList))
const why = (text: string) => {
  const result = Result.flatMap(openList(bytes(text), key), readList)
  assert.isTrue(Result.isFailure(result), text)
  return Result.isFailure(result) ? result.failure : assert.fail()
}

describe("a scalar", () => {
  it.each([
    ["0079001", "0079001"],
    [15200, "15200"],

    [true, "1"],
    [false, "0"],
    ["", null],
    [null, null],
    [{}, null],
    [[], null]
  ])("%j is read as %j", (wire, expected) => {
    assert.strictEqual(Schema.decodeUnknownSync(WireText)(wire), expected)
  })

  it("keeps 19 digits of a JSON integer", () => {
    assert.strictEqual(Schema.decodeUnknownSync(WireText)(1234567890123456789n), "1234567890123456789")
  })

  it("MUST NOT be a record or a list with content", () => {
    assert.throws(() => Schema.decodeUnknownSync(WireText)({ a: 1 }))
    assert.throws(() => Schema.decodeUnknownSync(WireText)([1]))
  })
})

describe("the documented answers", () => {
  it("the seed's list: one customer, every field, whatever count says", () => {
    const { count, customers } = list(bytesOf(answers.seedList))
    assert.strictEqual(count, "2")
    assert.lengthOf(customers, 1)
    const [customer] = customers
    assert.deepStrictEqual(
      Object.keys(customer!),
      Object.keys(CustomerRecord.schema.fields).filter(
        (name) => !["external_id", "cards", "bonuses"].includes(name)
      )
    )
    assert.strictEqual(customer!.fname, "Сергей")
    assert.strictEqual(customer!.email, null)
    assert.strictEqual(customer!.accumulated_sales, "15200")
  })

  it("the seed's update", () => {
    assert.deepStrictEqual(Result.getOrThrow(readWrite(opened(bytesOf(answers.seedUpdate)))), {
      id: "11",
      isNew: true
    })
  })

  it("a list of one is a list", () => {
    assert.deepStrictEqual(
      list(bytesOf(answers.oneCustomer)).customers.map(({ id }) => id),
      ["7"]
    )
  })

  it("an empty list", () => {
    assert.deepStrictEqual(list(bytesOf(answers.nobody)), { customers: [], count: "0" })
  })

  it("JSON, members missing", () => {
    assert.deepStrictEqual(list(bytesOf(answers.json)).customers, [{ id: "7", fname: "Anna", email: null }])
  })

  it("a refusal, in both forms", () => {
    for (const answer of [answers.refusedXml, answers.refusedJson]) {
      const result = openEnvelope(bytesOf(answer), key)
      assert.strictEqual(Result.isFailure(result) && result.failure._tag, "Refused")
    }
  })

  it("every example of the notes has its provenance", () => {
    assert.deepStrictEqual(
      exchanges.map(({ example }) => example),
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    )
  })
})

describe("lenient reading", () => {
  const customer = `{"id":7,"x":{"y":[1]}}`
  it.each([
    `{"success":1,"customers":[${customer}]}`,
    `{"success":"1","customers":{"customer":[${customer}]}}`,
    `{"success":true,"customers":{"customer":${customer}}}`,
    `\ufeff {"success":1,"customers":[${customer}],"pages":{"last":1}}`
  ])("%s", (text) => {
    assert.deepStrictEqual(list(bytes(text)).customers, [{ id: "7", x: { y: [1] } }])
  })

  it.each(["[]", "{}", "null", `""`, `{"customer":[]}`, `{"customer":null}`])(
    "customers %s are nobody",
    (none) => {
      assert.lengthOf(list(bytes(`{"success":1,"customers":${none}}`)).customers, 0)
    }
  )

  it("a list in no known form is not a list", () => {
    assert.strictEqual(listOf("text", "customer"), undefined)
    assert.strictEqual(listOf({ other: 1 }, "customer"), undefined)
    assert.strictEqual(listOf(5, "customer"), undefined)
  })
})

describe("an answer that is not the vendor's", () => {
  it.each([
    ["", "the answer is empty"],
    ["  \n", "the answer is empty"],
    ["<!DOCTYPE html><html><body>Hi</body></html>", "the answer is an HTML page"],
    ["<html><success>1</success></html>", "the answer is an HTML page"],
    ["{}", "the answer has no success field"],
    ["[]", "the answer has no success field"],
    ["null", "the answer has no success field"],
    [`{"success":2}`, "the answer has no success field"],
    ["<root/>", "the answer has no success field"],
    [`{"success":1}`, "the answer has no customers"],
    [`{"success":1,"customers":"x"}`, "the customers are no list"],
    [`{"success":1,"customers":[{"id":1},{"fname":"A"}]}`, "customer 2 of the page cannot be read"],
    [`{"success":1,"customers":[{"id":1},{"id":"x"}]}`, "customer 2 of the page cannot be read"],
    ["<root><success>1</success><customers><customer><id>1</id>", "the answer is no XML: unclosed element"],
    [
      `<!DOCTYPE x [<!ENTITY e "x">]><root>&e;</root>`,
      "the answer is no XML: DOCTYPE and ENTITY are not accepted"
    ],
    [`{"success":1,"customers":[{"id":1}`, "the answer is no JSON: not JSON"],
    ["Fatal error: Allowed memory size", "the answer is no JSON: not JSON"]
  ])("%j", (text, detail) => {
    const failure = why(text)
    assert.strictEqual(failure._tag, "Malformed")
    assert.strictEqual("detail" in failure && failure.detail, detail)
  })

  it("invalid UTF-8 is refused, not replaced", () => {
    assert.isTrue(Result.isFailure(parseReply(new Uint8Array([0x7b, 0xff, 0x7d]))))
  })
})

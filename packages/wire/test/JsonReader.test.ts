import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as fc from "fast-check"
import { parseJson } from "../src/index.ts"

const read = (text: string) => Result.getOrThrow(parseJson(text))

const reasonOf = (text: string, options = {}): string =>
  Result.match(parseJson(text, options), {
    onFailure: (error) => error.reason,
    onSuccess: () => "accepted"
  })

describe("numbers", () => {
  it("keeps the digits of large integers", () => {
    assert.deepStrictEqual(read(`{"Card":12345678901234567890,"n":[-9223372036854775808]}`), {
      Card: 12345678901234567890n,
      n: [-9223372036854775808n]
    })
  })

  it("changes to bigint right after the largest safe integer", () => {
    assert.strictEqual(read("9007199254740991"), 9007199254740991)
    assert.strictEqual(read("9007199254740992"), 9007199254740992n)
    assert.strictEqual(read("-9007199254740993"), -9007199254740993n)
  })

  it("leaves fractions and exponents numbers", () => {
    assert.deepStrictEqual(read("[1.5,1e5,0.1234567890123456,1e20]"), [1.5, 100000, 0.1234567890123456, 1e20])
  })

  it("refuses what no number holds", () => {
    assert.strictEqual(reasonOf("[1e400]"), "a number out of range")
    assert.strictEqual(reasonOf(`[${"9".repeat(400)}.5]`), "a number out of range")
    assert.strictEqual(reasonOf("9".repeat(1001)), "an integer of more than 1000 digits")
  })

  it("any integer comes back exact", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }), (integer) => {
        const value = read(`{"a":${integer}}`) as { readonly a: number | bigint }
        assert.strictEqual(String(value.a), String(integer))
      })
    )
  })
})

describe("keys", () => {
  it("finds repeated keys at one level when asked", () => {
    const strict = { refuseDuplicateKeys: true }
    assert.strictEqual(reasonOf(`{"a":1,"a":1}`, strict), "a key is repeated")
    assert.strictEqual(reasonOf(`{"x":[{"a":1, "b":{"a":2} , "\\u0061":3}]}`, strict), "a key is repeated")
    assert.strictEqual(reasonOf(`{"a":{"a":"a"},"b":["a","a",{"a":1}],"A":"\\"a\\":"}`, strict), "accepted")
    assert.strictEqual(reasonOf(`{"__proto__":1,"__proto__":2}`, strict), "a key is repeated")
    assert.deepStrictEqual(read(`{"a":1,"a":2}`), { a: 2 })
  })

  it("drops __proto__ however it is spelled", () => {
    for (const key of ["__proto__", "\\u005f_proto__"]) {
      const value = read(`{"${key}":{"admin":true},"b":{"${key}":1,"c":2}}`) as object
      assert.deepStrictEqual(Object.keys(value), ["b"])
      assert.strictEqual(Object.assign({} as { admin?: boolean }, value).admin, undefined)
    }
    assert.strictEqual(({} as { admin?: boolean }).admin, undefined)
  })
})

describe("text", () => {
  it.each(["", "{", `{"a":1,}`, "undefined", "NaN", "01", "[1] x", `"\u0001"`])("refuses %j", (text) => {
    assert.strictEqual(reasonOf(text), "not JSON")
  })

  it("never quotes the text in its reason", () => {
    assert.notInclude(reasonOf(`{"password": MySecret}`), "MySecret")
  })

  it("accepts a byte order mark", () => {
    assert.deepStrictEqual(read(`\ufeff{"a":null}`), { a: null })
  })

  it("limits nesting exactly", () => {
    const deep = (n: number) => "[".repeat(n) + "]".repeat(n)
    assert.strictEqual(reasonOf(deep(64)), "accepted")
    assert.strictEqual(reasonOf(deep(65)), "nested deeper than 64")
    assert.strictEqual(reasonOf(`["${"[".repeat(100)}",${"{},".repeat(100)}0]`), "accepted")
    assert.notStrictEqual(reasonOf(deep(30_000).replace("[]", "[1e999]")), "accepted")
  })

  it("reads what JSON.stringify wrote", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const text = JSON.stringify(value)
        fc.pre(!text.includes("__proto__") && !/\d{16}(?![\d.eE])/.test(text))
        assert.deepStrictEqual(read(text), JSON.parse(text))
      })
    )
  })
})

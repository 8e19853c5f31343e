import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as fc from "fast-check"
import { MAX_PARAMETERS, Parameters } from "../src/index.ts"

const parsed = (raw: string): Parameters => Result.getOrThrow(Parameters.parse(raw))

const reasonOf = (raw: string): string =>
  Result.match(Parameters.parse(raw), {
    onFailure: (error) => error.reason,
    onSuccess: () => "accepted"
  })

describe("Parameters.parse", () => {
  it("keeps order, repeats and empty values", () => {
    assert.deepStrictEqual(parsed("b=2&a=1&b=&flag&=x").entries(), [
      ["b", "2"],
      ["a", "1"],
      ["b", ""],
      ["flag", ""],
      ["", "x"]
    ])
  })

  it("skips empty pieces and takes only the first = as the separator", () => {
    assert.deepStrictEqual(parsed("&&a=1=2&").entries(), [["a", "1=2"]])
    assert.strictEqual(parsed("").size, 0)
  })

  it("decodes + and escapes in names and values, once", () => {
    assert.deepStrictEqual(parsed("first+name=Anna+%D0%96%2B&x%3Dy=%2541").entries(), [
      ["first name", "Anna Ж+"],
      ["x=y", "%41"]
    ])
  })

  it("keeps a plus sign that is escaped and identifiers as text", () => {
    const parameters = parsed("phone=%2B79161234567&uid=000123&big=1234567890123456789&e=1e5")
    assert.strictEqual(parameters.get("phone"), "+79161234567")
    assert.strictEqual(parameters.get("uid"), "000123")
    assert.strictEqual(parameters.get("big"), "1234567890123456789")
    assert.strictEqual(parameters.get("e"), "1e5")
  })

  it.each([
    ["a=%zz", "parameter 1 (a): bad percent escape"],
    ["a=1&b=%a", "parameter 2 (b): bad percent escape"],
    ["a=%", "parameter 1 (a): bad percent escape"],
    ["a=%FF", "parameter 1 (a): invalid UTF-8"],
    ["a=%C0%AF", "parameter 1 (a): invalid UTF-8"],
    ["a=%E0%80%AF", "parameter 1 (a): invalid UTF-8"],
    ["a=%ED%A0%80", "parameter 1 (a): invalid UTF-8"],
    ["a=%F4%90%80%80", "parameter 1 (a): invalid UTF-8"],
    ["a=%D0", "parameter 1 (a): invalid UTF-8"],
    ["a=%00", "parameter 1 (a): NUL character"],
    ["a=\0", "parameter 1 (a): NUL character"],
    ["%00=a", "parameter 1: NUL character"],
    ["%zz=secret", "parameter 1: bad percent escape"],
    ["secret%zz", "parameter 1: bad percent escape"],
    ["secret%00", "parameter 1: NUL character"],
    ["se cret!=%zz", "parameter 1: bad percent escape"],
    ["a=\ud800", "lone surrogate"]
  ])("refuses %j", (raw, reason) => {
    assert.strictEqual(reasonOf(raw), reason)
  })

  it("never shows a value", () => {
    assert.notInclude(reasonOf("apikey=MySecret%zz"), "MySecret")
  })

  it("takes as many parameters as the limit and not one more", () => {
    assert.strictEqual(parsed(Array.from({ length: MAX_PARAMETERS }, () => "a=1").join("&")).size, 500)
    assert.strictEqual(
      reasonOf(Array.from({ length: MAX_PARAMETERS + 1 }, () => "a=1").join("&")),
      "more than 500 parameters"
    )
  })

  const text = fc.string({ unit: "grapheme", maxLength: 20 }).filter((s) => !s.includes("\0"))

  it("gives back what encodeURIComponent wrote", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { maxLength: 8 }), (pairs) => {
        const raw = pairs.map(([n, v]) => `${encodeURIComponent(n)}=${encodeURIComponent(v)}`).join("&")
        assert.deepStrictEqual(parsed(raw).entries(), pairs)
      })
    )
  })

  it("gives back what URLSearchParams wrote", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { maxLength: 8 }), (pairs) => {
        assert.deepStrictEqual(parsed(new URLSearchParams(pairs).toString()).entries(), pairs)
      })
    )
  })

  it("answers any string without throwing", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (raw) => {
        assert.isTrue(Result.isResult(Parameters.parse(raw)))
      })
    )
  })
})

describe("lookup", () => {
  const parameters = Parameters.fromEntries([
    ["id", "1"],
    ["ApiKey", "x"],
    ["id", "1"],
    ["apikey", "y"]
  ])

  it("finds first, all, none", () => {
    assert.strictEqual(parameters.get("id"), "1")
    assert.deepStrictEqual(parameters.getAll("id"), ["1", "1"])
    assert.strictEqual(parameters.get("missing"), undefined)
    assert.isTrue(parameters.has("apikey"))
    assert.isFalse(parameters.has("APIKEY"))
    assert.deepStrictEqual(parameters.names(), ["id", "ApiKey", "apikey"])
  })

  it("ignores the case of ASCII letters only, when asked", () => {
    assert.strictEqual(parameters.getIgnoreCase("APIKEY"), "x")
    // U+212A KELVIN SIGN lower-cases to k in Unicode; [ and { differ by the same bit as A and a.
    assert.strictEqual(Parameters.fromEntries([["api\u212aey", "1"]]).getIgnoreCase("apikey"), undefined)
    assert.strictEqual(Parameters.fromEntries([["a[", "1"]]).getIgnoreCase("a{"), undefined)
  })

  it("names what is repeated, also with equal values", () => {
    assert.strictEqual(parameters.repeated(["apikey", "id"]), "id")
    assert.strictEqual(parameters.repeated(["apikey", "ApiKey"]), undefined)
    assert.strictEqual(parameters.repeatedIgnoreCase(["apikey"]), "apikey")
    assert.strictEqual(parameters.repeatedIgnoreCase(["missing"]), undefined)
  })
})

import { assert, describe, it } from "@effect/vitest"
import {
  acceptedCharsets,
  acceptedTypes,
  decodeText,
  encodeText,
  isReadable,
  parseMediaType
} from "../src/index.ts"

const values = (header: string | undefined) => acceptedTypes(header).map(({ value }) => value)

describe("parseMediaType", () => {
  it("reads type and parameters, in any case and with quotes", () => {
    const read = parseMediaType(`Application/JSON ; Charset="UTF-16"; x=a.b`)
    assert.strictEqual(read?.type, "application/json")
    assert.deepStrictEqual(
      [...(read?.parameters ?? [])],
      [
        ["charset", "UTF-16"],
        ["x", "a.b"]
      ]
    )
    assert.strictEqual(parseMediaType(`a/b; x="a;b\\"c"`)?.parameters.get("x"), `a;b"c`)
    assert.deepStrictEqual([...(parseMediaType("text/xml;")?.parameters ?? [])], [])
  })

  it("has nothing for what is no media type", () => {
    for (const text of [
      undefined,
      "",
      " ",
      "json",
      "a/b/c",
      "a /b",
      "a/b; charset",
      `a/b; x="y`,
      `a/${"b".repeat(5_000)}`
    ])
      assert.isUndefined(parseMediaType(text), String(text).slice(0, 20))
  })
})

describe("acceptedTypes", () => {
  it("puts the most wanted first, and of equals the most specific", () => {
    assert.deepStrictEqual(values("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"), [
      "text/html",
      "application/xhtml+xml",
      "application/xml",
      "*/*"
    ])
    assert.deepStrictEqual(values("*/*, text/*, text/xml"), ["text/xml", "text/*", "*/*"])
    assert.deepStrictEqual(values("a/b;q=0.1, c/d;q=1.0, e/f;q=.5"), ["c/d", "e/f", "a/b"])
    assert.deepStrictEqual(values("a/b, c/d"), ["a/b", "c/d"])
  })

  it("keeps the quality, and takes a broken one for 1", () => {
    assert.deepStrictEqual(acceptedTypes("a/b;q=0, c/d;q=x, e/f;q=7;level=1"), [
      { value: "c/d", quality: 1 },
      { value: "e/f", quality: 1 },
      { value: "a/b", quality: 0 }
    ])
  })

  it("passes over what is broken", () => {
    assert.deepStrictEqual(values(`, ;q=1, foo, a/b;=, "x,y", text/xml`), ["text/xml"])
    assert.deepStrictEqual(values(undefined), [])
    assert.deepStrictEqual(values(`a/b,${" ".repeat(5_000)}`), [])
  })
})

describe("acceptedCharsets", () => {
  it("is by quality", () => {
    assert.deepStrictEqual(
      acceptedCharsets("utf-8;q=0.5, UTF-16, *;q=0").map(({ value }) => value),
      ["utf-16", "utf-8", "*"]
    )
  })
})

describe("text of bytes", () => {
  it("reads each encoding by name or by mark", () => {
    const text = "Ёлка 🎄"
    assert.strictEqual(decodeText(new TextEncoder().encode(text)), text)
    const marked = encodeText(text, "utf-16")
    assert.deepStrictEqual(Array.from(marked.slice(0, 4)), [0xff, 0xfe, 0x01, 0x04])
    assert.strictEqual(decodeText(marked, "utf-8"), text)
    assert.strictEqual(decodeText(encodeText(text, "utf-16", false), "UTF-16"), text)
    assert.strictEqual(decodeText(Uint8Array.of(0xfe, 0xff, 0x04, 0x01), "utf-16"), "Ё")
    assert.strictEqual(decodeText(Uint8Array.of(0xef, 0xbb, 0xbf, 0x41), "utf-16"), "A")
  })

  it("refuses what is not of the encoding, and encodings that are not read", () => {
    assert.isUndefined(decodeText(Uint8Array.of(0x61, 0xff)))
    assert.isUndefined(decodeText(Uint8Array.of(0x00, 0xd8, 0x41, 0x00), "utf-16"), "a lone surrogate")
    assert.isUndefined(decodeText(Uint8Array.of(0x41), "utf-16"), "half a unit")
    assert.isUndefined(decodeText(Uint8Array.of(0x41), "windows-1251"))
    assert.isFalse(isReadable("windows-1251"))
    assert.isTrue(isReadable("Utf-8"))
  })
})

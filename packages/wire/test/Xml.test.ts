import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as fc from "fast-check"
import {
  element,
  escapeAttribute,
  escapeText,
  parseXml,
  XML_DECLARATION,
  xmlChild,
  xmlChildren,
  xmlChildText
} from "../src/index.ts"

const read = (text: string, limits = {}) => Result.getOrThrow(parseXml(text, limits))

const reasonOf = (text: string, limits = {}): string =>
  Result.match(parseXml(text, limits), {
    onFailure: (error) => error.reason,
    onSuccess: () => "accepted"
  })

/** What XML cannot carry, character by character, written without the code under test. */
const mapped = (text: string): string =>
  Array.from(text, (character) => {
    const code = character.codePointAt(0) ?? 0
    const illegal =
      (code < 0x20 && code !== 9 && code !== 10 && code !== 13) ||
      (code >= 0xd800 && code <= 0xdfff) ||
      code === 0xfffe ||
      code === 0xffff
    return illegal ? "\ufffd" : character
  }).join("")

const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 30 }),
  fc
    .array(
      fc.constantFrom("\0", "\x01", "\r", "\n", "\t", " ", "<", ">", "&", '"', "'", "]]>", "&amp;", "\ud800"),
      {
        maxLength: 12
      }
    )
    .map((parts) => parts.join(""))
)

describe("writing", () => {
  it.each([
    ["plain ж 😀", "plain ж 😀"],
    ["a<b>&c", "a&lt;b&gt;&amp;c"],
    ["]]>", "]]&gt;"],
    ["a\r\nb", "a&#13;\nb"],
    ["x\u0001\u0000y", "x\ufffd\ufffdy"],
    ["\ud83d|\ude00|\ud83d\ude00", "\ufffd|\ufffd|\ud83d\ude00"],
    ["\ufffe\uffff", "\ufffd\ufffd"],
    [`"'`, `"'`]
  ])("escapes text %j", (text, expected) => {
    assert.strictEqual(escapeText(text), expected)
  })

  it("escapes attributes", () => {
    assert.strictEqual(escapeAttribute(`a"<&>\t\n\r'\u0002`), "a&quot;&lt;&amp;&gt;&#9;&#10;&#13;'\ufffd")
  })

  it("writes elements", () => {
    assert.strictEqual(element("a", "x"), "<a>x</a>")
    assert.strictEqual(element("a", " "), "<a> </a>")
    assert.strictEqual(element("a", 0), "<a>0</a>")
    assert.strictEqual(element("a", false), "<a>false</a>")
    for (const nothing of ["", null, undefined]) assert.strictEqual(element("a", nothing), "<a/>")
  })
})

describe("round trip", () => {
  it("any text comes back, with illegal characters as U+FFFD", () => {
    fc.assert(
      fc.property(anyText, anyText, (text, attribute) => {
        const xml = `${XML_DECLARATION}<r a="${escapeAttribute(attribute)}">${element("v", text)}</r>`
        const root = read(xml)
        assert.strictEqual(xmlChildText(root, "v"), mapped(text))
        assert.strictEqual(root.attributes["a"], mapped(attribute))
      }),
      { numRuns: 1000 }
    )
  })

  it.each(["000123", "+7916", "1e5", "1234567890123456789", "0x10", "true", " 😀 ", "  two  ", " ", "\n"])(
    "%j survives",
    (value) => {
      assert.strictEqual(xmlChildText(read(`<r><v>${value}</v></r>`), "v"), value)
      assert.strictEqual(read(`<r>${value}</r>`).text, value)
    }
  )
})

describe("reading", () => {
  it("builds the tree", () => {
    const root = read(`<?xml version="1.0" encoding="UTF-8"?>
<!-- note --><root xmlns:i='urn:x'>
  <item n="1">a</item><item n="2"><![CDATA[<b> & ]]></item>
  <empty/><empty2></empty2>
</root>
<!-- end -->`)
    assert.strictEqual(root.name, "root")
    assert.strictEqual(root.text, "")
    assert.deepStrictEqual({ ...root.attributes }, { "xmlns:i": "urn:x" })
    assert.deepStrictEqual(
      root.children.map((child) => [child.name, child.text]),
      [
        ["item", "a"],
        ["item", "<b> & "],
        ["empty", ""],
        ["empty2", ""]
      ]
    )
    assert.deepStrictEqual(
      xmlChildren(root, "item").map((item) => item.attributes["n"]),
      ["1", "2"]
    )
    assert.strictEqual(xmlChild(root, "missing"), undefined)
    assert.strictEqual(xmlChildText(root, "missing"), undefined)
    assert.strictEqual(Object.getPrototypeOf(root.attributes), null)
  })

  it("joins text around comments, instructions and CDATA, and leaves out only the white space between", () => {
    assert.strictEqual(read("<a> x<!-- c -->y<?pi d?><![CDATA[ &amp; ]]>z </a>").text, " xy &amp; z ")
    assert.strictEqual(read("<a> <b/> x <b/> </a>").text, " x ")
  })

  it("decodes references exactly once", () => {
    assert.strictEqual(read("<a>&#65;&#x41;&#x1F600;&lt;&gt;&amp;&quot;&apos;&#13;</a>").text, `AA😀<>&"'\r`)
    assert.strictEqual(read("<a>&amp;lt;&#38;amp;&amp;#65;</a>").text, "&lt;&amp;&#65;")
    assert.strictEqual(read(`<a b="&amp;quot;&#9;\t'"/>`).attributes["b"], "&quot;\t '")
  })

  it("accepts a byte order mark and line ends of any kind", () => {
    assert.strictEqual(read("\ufeff<?xml version='1.0'?>\r\n<a>1\r\n2\r3</a>\r\n").text, "1\n2\n3")
  })

  it("keeps names that objects have", () => {
    const root = read(`<r toString="1"><toString>x</toString><hasOwnProperty>y</hasOwnProperty></r>`)
    assert.strictEqual(root.attributes["toString"], "1")
    assert.strictEqual(xmlChildText(root, "toString"), "x")
    assert.strictEqual(xmlChildText(root, "hasOwnProperty"), "y")
  })

  it.each([
    ["", "no root element"],
    ["  ", "no root element"],
    ["text", "text outside the root element"],
    ["<!-- only -->", "no root element"],
    ["<a></b>", "not well-formed"],
    ["<a><b></a></b>", "not well-formed"],
    ["<a>", "unclosed element"],
    ["</a>", "malformed closing tag"],
    ["<a></a></a>", "malformed closing tag"],
    ["<a/><b/>", "more than one root element"],
    ["<a></a><a></a>", "more than one root element"],
    ["<a/>x", "text outside the root element"],
    ["<a/>&amp;", "text outside the root element"],
    ["<!DOCTYPE a><a/>", "DOCTYPE and ENTITY are not accepted"],
    ["<!doctype a><a/>", "DOCTYPE and ENTITY are not accepted"],
    [`<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`, "DOCTYPE and ENTITY are not accepted"],
    ["<a><![CDATA[<!ENTITY x>]]></a>", "DOCTYPE and ENTITY are not accepted"],
    ["<a><!ELEMENT x></a>", "unexpected <!"],
    ["<![CDATA[x]]><a/>", "unexpected <!"],
    ["<a><![CDATA[x</a>", "malformed CDATA section"],
    ["<a><!-- x</a>", "malformed comment"],
    ["<a><!-- x -- y --></a>", "malformed comment"],
    ["<a>]]></a>", "]]> in text"],
    ["<a>&b;</a>", "unknown or illegal reference"],
    ["<a>&nbsp;</a>", "unknown or illegal reference"],
    ["<a>a & b</a>", "unknown or illegal reference"],
    ["<a>&#0;</a>", "unknown or illegal reference"],
    ["<a>&#1;</a>", "unknown or illegal reference"],
    ["<a>&#xD800;</a>", "unknown or illegal reference"],
    ["<a>&#xFFFE;</a>", "unknown or illegal reference"],
    ["<a>&#x110000;</a>", "unknown or illegal reference"],
    ["<a>&#X41;</a>", "unknown or illegal reference"],
    [`<a b="&c;"/>`, "unknown or illegal reference"],
    [`<a b="<"/>`, "malformed tag"],
    ["<a b=1/>", "malformed tag"],
    ["<a b/>", "malformed tag"],
    [`<a b="1"c="2"/>`, "malformed tag"],
    [`<a b="1" b="2"/>`, "not well-formed"],
    ["<1a/>", "not well-formed"],
    ["< a/>", "malformed tag"],
    ["<a\0/>", "illegal character"],
    ["<a>\u0001</a>", "illegal character"],
    ["<a>\ud800</a>", "illegal character"],
    ["<a>\uffff</a>", "illegal character"],
    [" <?xml version='1.0'?><a/>", "malformed processing instruction"],
    [`<a><?pi "?></a>`, "malformed processing instruction"],
    ["<constructor/>", "not accepted by the parser"],
    ["<a __proto__='1'/>", "not accepted by the parser"]
  ])("refuses %j", (text, reason) => {
    assert.strictEqual(reasonOf(text), reason)
  })

  it("limits elements, depth and bytes exactly", () => {
    const wide = (n: number) => `<r>${"<a/>".repeat(n - 1)}</r>`
    const deep = (n: number) => "<a>".repeat(n) + "</a>".repeat(n)
    assert.strictEqual(reasonOf(wide(2000)), "accepted")
    assert.strictEqual(reasonOf(wide(2001)), "more than 2000 elements")
    assert.strictEqual(reasonOf(deep(32)), "accepted")
    assert.strictEqual(reasonOf(deep(33)), "nested deeper than 32")
    assert.strictEqual(reasonOf(deep(200), { maxDepth: 200 }), "accepted")
    // "<a>жж</a>" is 11 bytes.
    assert.strictEqual(reasonOf("<a>жж</a>", { maxBytes: 11 }), "accepted")
    assert.strictEqual(reasonOf("<a>жж</a>", { maxBytes: 10 }), "longer than 10 bytes")
    assert.strictEqual(reasonOf(`<a>${"x".repeat(70_000)}</a>`), "longer than 65536 bytes")
  })

  it("answers any string without throwing, quickly even at the limit", () => {
    const piece = fc.constantFrom(
      "<a>",
      "</a>",
      "<a ",
      "b='1'",
      "/>",
      ">",
      "<",
      "&",
      "&amp;",
      "<!--",
      "-->",
      "<![CDATA[",
      "]]>",
      "<?",
      "?>",
      '"',
      "'",
      " ",
      "x"
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 25 }), (pieces) => {
        assert.isTrue(Result.isResult(parseXml(pieces.join(""))))
      }),
      { numRuns: 2000 }
    )
    for (const hostile of [
      "<a " + " ".repeat(60_000),
      "<a>" + "&".repeat(60_000),
      "<a " + "b".repeat(60_000),
      "<?p " + "a".repeat(60_000),
      "<!".repeat(30_000),
      `<a ${"b='".repeat(20_000)}`,
      "<a>" + "&#65;".repeat(13_000) + "</a>"
    ]) {
      const started = performance.now()
      parseXml(hostile)
      assert.isBelow(performance.now() - started, 250, hostile.slice(0, 10))
    }
  })
})

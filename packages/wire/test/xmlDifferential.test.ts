/** The package's XML reader beside a general parser: the same texts accepted, as the same trees. */
import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as fc from "fast-check"
import { parseXml, parseXmlValues, type XmlElement, type XmlLimits } from "../src/index.ts"
import { parseByParser } from "./xmlByParser.ts"

const tokens = [
  "<a>",
  "</a>",
  "<b>",
  "</b>",
  "<a/>",
  "<b />",
  "<customers>",
  "</customers>",
  "</a >",
  "<x:y z='1' w=\"2>\">",
  "</x:y>",
  '<a b="&amp;" c=\'\t"\'>',
  '<a b="1" b="2"/>',
  '<a b="1"c="2"/>',
  "<a b=1>",
  "<a b>",
  "<1a>",
  "<-/>",
  "<é>",
  "</é>",
  "<a\n/>",
  "<a/ >",
  "<toString/>",
  "<constructor>",
  "</constructor>",
  "<a __proto__='1'/>",
  "<",
  ">",
  "/",
  "&",
  "&amp;",
  "&lt;",
  "&#65;",
  "&#x1F600;",
  "&#0;",
  "&#xD800;",
  "&nbsp;",
  "&amp",
  "]]>",
  "]]",
  "<![CDATA[",
  "<![CDATA[x & <y>]]>",
  "<![CDATA[]]>",
  "<!-- c -->",
  "<!--",
  "-->",
  "<!-- -- -->",
  "<!DOCTYPE a>",
  "<!ENTITY x 'y'>",
  "<?xml version='1.0'?>",
  "<?pi a='b'?>",
  "<?pi?>",
  "<?xml ?>",
  "<? ?>",
  " ",
  "\n",
  "\r\n",
  "\r",
  "\t",
  "x",
  "Anna",
  "Пётр",
  "\u00a0",
  "'",
  '"',
  "\0",
  "\u0001",
  "\ufffe",
  "\ud800",
  "\u{1f600}",
  "\ufeff"
]

/** White space that is none in XML; a general parser's patterns take it for some within tags. */
const isForeignBlank = /<[^>]*[\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff\v\f]/

/** The tree in the shape of JSON, as slowly as it may be. */
const valuesOf = ({ children, text }: XmlElement): unknown => {
  if (children.length === 0) return text
  const byName = Object.groupBy(
    children.map((child) => [child.name, valuesOf(child)] as const),
    ([name]) => name
  )
  return Object.fromEntries(
    Object.entries(byName).map(([name, all]) => [
      name,
      all!.length === 1 ? all![0]![1] : all!.map(([, value]) => value)
    ])
  )
}

const assertAlike = (text: string, limits: XmlLimits = {}) => {
  const ours = parseXml(text, limits)
  const theirs = parseByParser(text, limits)
  if (isForeignBlank.test(text)) {
    if (Result.isFailure(theirs)) assert.isTrue(Result.isFailure(ours), JSON.stringify(text))
    return
  }
  assert.strictEqual(
    Result.isSuccess(ours) ? "accepted" : "refused",
    Result.isSuccess(theirs) ? "accepted" : "refused",
    JSON.stringify(text)
  )
  const values = parseXmlValues(text, limits)
  assert.strictEqual(Result.isSuccess(values), Result.isSuccess(ours), JSON.stringify(text))
  if (Result.isSuccess(ours) && Result.isSuccess(theirs)) {
    assert.deepStrictEqual(Result.getOrThrow(values), valuesOf(ours.success), JSON.stringify(text))
    assert.deepStrictEqual(ours.success, theirs.success, JSON.stringify(text))
  }
}

const soup = fc.array(fc.constantFrom(...tokens), { maxLength: 12 }).map((parts) => parts.join(""))

/** Well-formed more often than not. */
const { node } = fc.letrec<{ node: string; inner: string }>((tie) => ({
  inner: fc
    .array(
      fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        fc.constantFrom("", " ", "\r\n", "x", "&lt;", "<!-- c -->", "<![CDATA[<]]>", "<?pi?>", "é", "]]"),
        tie("node")
      ),
      { maxLength: 5 }
    )
    .map((parts) => parts.join("")),
  node: fc
    .tuple(
      fc.constantFrom("a", "customer", "x:y", "_1", "toString"),
      fc.constantFrom("", " ", ' b="1"', "\n c='&#10;\n'"),
      tie("inner")
    )
    .map(([name, rest, inner]) => (inner === "" ? `<${name}${rest}/>` : `<${name}${rest}>${inner}</${name}>`))
}))

describe("XML", () => {
  it("made of odd pieces is read as a general parser reads it", () => {
    fc.assert(
      fc.property(soup, (text) => assertAlike(text)),
      { numRuns: 4_000 }
    )
    fc.assert(
      fc.property(soup, (text) => assertAlike(`<a>${text}</a>`)),
      { numRuns: 4_000 }
    )
  })

  it("that is well-formed is read as a general parser reads it, also one character short or long", () => {
    fc.assert(
      fc.property(node, fc.nat(), fc.constantFrom("", "<", ">", "&", "/", " ", "x", '"'), (text, at, odd) => {
        assertAlike(text)
        const cut = at % (text.length + 1)
        assertAlike(text.slice(0, cut) + odd + text.slice(cut + 1))
        assertAlike(text.slice(0, cut) + odd + text.slice(cut))
      }),
      { numRuns: 1_500 }
    )
  })

  it("stops at the same limits", () => {
    fc.assert(
      fc.property(
        node,
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 8 }),
        (text, depth, count) => assertAlike(text, { maxDepth: depth, maxElements: count, maxBytes: 200 })
      ),
      { numRuns: 1_000 }
    )
  })
})

import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as fc from "fast-check"
import { MAX_XML_DEPTH, parseXml, splitXml, type XmlElement } from "../src/index.ts"
import { bytesOf, cut, encoder, lengths, piecesOf, restOf, textsOf, told } from "./splitting.ts"

const xml = (
  text: string | Uint8Array,
  lists: ReadonlyArray<string> | null = ["customers"],
  maxBytes = 10_000
) =>
  told(
    splitXml(Stream.make(bytesOf(text)), {
      items: ["customer"],
      ...(lists === null ? {} : { lists }),
      maxBytes
    })
  )

describe("splitXml", () => {
  it.effect("gives the elements of a list, and the rest without them", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(
        yield* xml(
          '<?xml version="1.0"?>\n<root>\n <success>1</success>\n<customers>\n\t<customer>\n<id>1</id></customer>\n' +
            "\t<customer/>\n</customers>\n</root>\n"
        ),
        [
          "1=<customer>\n<id>1</id></customer>",
          "2=<customer/>",
          "rest=<root>\n <success>1</success>\n<customers>\n\t</customers>\n</root>"
        ]
      )
    })
  )

  it.effect("takes a customer for a record only in the list", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(
        yield* xml(
          "<root><customer>7</customer><customers><customer><customer>1</customer></customer></customers></root>"
        ),
        [
          "1=<customer><customer>1</customer></customer>",
          "rest=<root><customer>7</customer><customers></customers></root>"
        ]
      )
      assert.deepStrictEqual(yield* xml("<customer><id>1</id></customer>", null), [
        "rest=<customer><id>1</id></customer>"
      ])
      assert.deepStrictEqual(yield* xml("<ArrayOfcustomer><customer>1</customer></ArrayOfcustomer>", null), [
        "1=<customer>1</customer>",
        "rest=<ArrayOfcustomer></ArrayOfcustomer>"
      ])
    })
  )

  it.effect("is not misled by CDATA, comments, instructions and values in quotes", () =>
    Effect.gen(function* () {
      const record =
        "<customer a='>' b=\"/>'\"><![CDATA[</customer>]]]]><!-- </customer> --><?x </customer>?><c d='/'>e</c></customer>"
      assert.deepStrictEqual(
        yield* xml(
          `<!-- <customer> --><r><!--x--><customers><!-- - -->${record}<?y?>${record}</customers></r><!---->`
        ),
        [`1=${record}`, `2=${record}`, "rest=<r><customers></customers></r>"]
      )
    })
  )

  it.effect("declares in a record the namespaces that are declared around it", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(
        yield* xml(
          `<p:root xmlns:p="P" xmlns="A" xmlns:i='I'><p:customers xmlns="B"><p:customer>1</p:customer>` +
            `<customer xmlns:i="J" xmlns="C"><x i:nil="true"/></customer></p:customers></p:root>`
        ),
        [
          `1=<p:customer xmlns:p="P" xmlns="B" xmlns:i='I'>1</p:customer>`,
          `2=<customer xmlns:p="P" xmlns:i="J" xmlns="C"><x i:nil="true"/></customer>`,
          `rest=<p:root xmlns:p="P" xmlns="A" xmlns:i='I'><p:customers xmlns="B"></p:customers></p:root>`
        ]
      )
    })
  )

  for (const [title, text, last] of [
    ["an empty document", "", "failed: empty"],
    ["text before the root", "a<root/>", "failed: text outside the root element"],
    ["text behind the root", "<root/>a", "failed: text outside the root element"],
    ["a second root", "<root/><root/>", "failed: text after the end"],
    ["a DOCTYPE", "<!DOCTYPE root><root/>", "failed: DOCTYPE and ENTITY are not accepted"],
    ["an ENTITY", '<root><!ENTITY a "b"></root>', "failed: DOCTYPE and ENTITY are not accepted"],
    ["tags that do not fit", "<root><a></b></root>", "failed: not well-formed"],
    [
      "a record's tags that do not fit",
      "<root><customers><customer><a></customer></customers></root>",
      "failed: not well-formed"
    ],
    ["a closing tag too many", "<root></root></root>", "failed: not well-formed"],
    ["a cut list", "<root><customers><customer/>", "failed: cut off before its end"],
    ["a cut tag", "<root><customers><custo", "failed: cut off before its end"],
    ["a cut comment", "<root/><!-- a --", "failed: cut off before its end"],
    ["a comment with two dashes", "<root><!-- a -- b --></root>", "failed: malformed comment"],
    ["an unknown reference", "<root>&nope;</root>", "failed: unknown or illegal reference"],
    ["JSON", "{}", "failed: text outside the root element"]
  ] as const) {
    it.effect(`fails on ${title}`, () =>
      Effect.gen(function* () {
        assert.strictEqual((yield* xml(text)).at(-1), last)
      })
    )
  }

  it.effect("gives the records before what breaks the document", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* xml("<r><customers><customer>1</customer><customer><a>"), [
        "1=<customer>1</customer>",
        "failed: cut off before its end"
      ])
    })
  )

  it.effect("leaves out a record that is too long, too deep or not UTF-8, and goes on behind it", () =>
    Effect.gen(function* () {
      const long = `<customer><a>${"x".repeat(100)}</a></customer>`
      assert.deepStrictEqual(
        yield* xml(`<r><customers><customer/>${long}<customer/></customers></r>`, ["customers"], 60),
        ["1=<customer/>", "2!longer than 60 bytes", "3=<customer/>", "rest=<r><customers></customers></r>"]
      )
      const deep = "<a>".repeat(MAX_XML_DEPTH) + "</a>".repeat(MAX_XML_DEPTH)
      assert.deepStrictEqual(
        yield* xml(`<r><customers><customer>${deep}</customer><customer/></customers></r>`),
        ["1!nested deeper than 32", "2=<customer/>", "rest=<r><customers></customers></r>"]
      )
      const bytes = encoder.encode("<r><customers><customer>?</customer><customer/></customers></r>")
      bytes[24] = 0xff
      assert.deepStrictEqual(yield* xml(bytes), [
        "1!not UTF-8",
        "2=<customer/>",
        "rest=<r><customers></customers></r>"
      ])
    })
  )

  const name = fc.constantFrom("a", "bb", "p:c", "customer", "customers")
  const content = fc.constantFrom(
    "",
    "x",
    "é€𝄞",
    " ",
    "<!-- </customer> -->",
    "<![CDATA[</customers>]]>",
    "&lt;",
    "]]"
  )
  const elements = fc.letrec<{ element: string }>((tie) => ({
    element: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc
        .tuple(name, content)
        .map(([tag, inner]) => `<${tag} q="'>/" r='"<'`.replace("<'", "'") + `>${inner}</${tag}>`),
      fc
        .tuple(name, content, fc.array(tie("element"), { maxLength: 3 }))
        .map(([tag, inner, children]) => `<${tag}>${inner}${children.join("\n")}</${tag}>`),
      name.map((tag) => `<${tag} q='/'/>`)
    )
  })).element

  /** Customers in a list that is at most four deep, but none within another. The root is depth 1. */
  const recordsIn = (element: XmlElement, depth: number): ReadonlyArray<XmlElement> =>
    element.children.flatMap((child) =>
      element.name === "customers" && child.name === "customer" && depth <= 4
        ? [child]
        : recordsIn(child, depth + 1)
    )

  /** Without the declaration that a record brings from around it. */
  const plain = (element: XmlElement): XmlElement => {
    const { "xmlns:p": _, ...attributes } = element.attributes
    return { ...element, attributes }
  }

  it("gives the same however the bytes are cut, and what the whole document's parser finds", () => {
    fc.assert(
      fc.property(fc.array(elements, { maxLength: 6 }), lengths, (members, cuts) => {
        const document = `<r xmlns:p="P"><z/>\n<customers>${members.join(" ")}</customers></r>`
        const pieces = piecesOf(
          splitXml(Stream.fromIterable(cut(encoder.encode(document), cuts)), {
            items: ["customer"],
            lists: ["customers"]
          })
        )
        const records = textsOf(pieces).map((text) => Result.getOrThrow(parseXml(text)))
        const whole = Result.getOrThrow(parseXml(document))
        const expected = recordsIn(whole, 1)
        assert.strictEqual(JSON.stringify(records.map(plain)), JSON.stringify(expected.map(plain)))
        assert.isTrue(Result.isSuccess(parseXml(restOf(pieces))))
      })
    )
  })
})

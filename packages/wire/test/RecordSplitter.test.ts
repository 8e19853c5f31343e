import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as fc from "fast-check"
import {
  type AnswerPiece,
  MAX_JSON_DEPTH,
  MAX_XML_DEPTH,
  parseJson,
  parseXml,
  splitAnswer,
  splitJson,
  splitXml,
  type XmlElement
} from "../src/index.ts"

const encoder = new TextEncoder()

/** Everything a split gave, in short: `1=<text>`, `2!<reason>`, `rest=<text>`, and `failed: <reason>` at the end. */
const told = <E extends { readonly message: string }>(
  stream: Stream.Stream<AnswerPiece, E>
): Effect.Effect<ReadonlyArray<string>> => {
  const lines: Array<string> = []
  return stream.pipe(
    Stream.runForEach((piece) =>
      Effect.sync(() => {
        if (piece._tag === "Record") lines.push(`${piece.number}=${piece.text}`)
        else if (piece._tag === "Unreadable") lines.push(`${piece.number}!${piece.reason}`)
        else lines.push(`rest=${piece.text}`)
      })
    ),
    Effect.catch((error) => Effect.sync(() => lines.push(`failed: ${error.message}`))),
    Effect.as(lines)
  )
}

const bytesOf = (text: string | Uint8Array) => (typeof text === "string" ? encoder.encode(text) : text)

const json = (text: string | Uint8Array, lists: ReadonlyArray<string> = ["customers"], maxBytes = 10_000) =>
  told(splitJson(Stream.make(bytesOf(text)), { lists, maxBytes }))

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

/** The bytes in pieces of the given lengths, again and again. */
const cut = (bytes: Uint8Array, lengths: ReadonlyArray<number>): ReadonlyArray<Uint8Array> => {
  const out: Array<Uint8Array> = []
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const length = lengths[i % lengths.length] ?? 1
    out.push(bytes.slice(at, at + length))
    at += length
  }
  return out
}

const piecesOf = <E>(stream: Stream.Stream<AnswerPiece, E>) => Effect.runSync(Stream.runCollect(stream))

const textsOf = (pieces: ReadonlyArray<AnswerPiece>) =>
  pieces.flatMap((piece) => (piece._tag === "Record" ? [piece.text] : []))

const restOf = (pieces: ReadonlyArray<AnswerPiece>) => {
  const rest = pieces.at(-1)
  return rest?._tag === "Rest" ? rest.text : "none"
}

const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 })

describe("splitJson", () => {
  it.effect("gives the members of a named list, and the rest with the list empty", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(
        yield* json(
          '\ufeff {"success":1, "count":2,\n "customers" : [ {"id":"1"} ,\n{"id":"2"} ], "more":[3]}\n'
        ),
        ['1={"id":"1"}', '2={"id":"2"}', 'rest={"success":1, "count":2,\n "customers" : [], "more":[3]}']
      )
    })
  )

  it.effect("finds a list within an object, an array that is the document, and none", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* json('{"result":{"customer":[{"a":1}]}}', ["customer"]), [
        '1={"a":1}',
        'rest={"result":{"customer":[]}}'
      ])
      assert.deepStrictEqual(yield* json('[{"a":1},{"a":2}]', []), ['1={"a":1}', '2={"a":2}', "rest=[]"])
      assert.deepStrictEqual(yield* json('{"success":"0","info":"customers"}'), [
        'rest={"success":"0","info":"customers"}'
      ])
      assert.deepStrictEqual(yield* json('{"customers":{"customer":{"id":"1"}}}'), [
        'rest={"customers":{"customer":{"id":"1"}}}'
      ])
    })
  )

  it.effect("takes a name for the list only where it names an array, and the first of them", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(
        yield* json('{"a":"customers","b":[1],"c":[["customers",[2]]],"customers":[3]}'),
        ["1=3", 'rest={"a":"customers","b":[1],"c":[["customers",[2]]],"customers":[]}']
      )
      assert.deepStrictEqual(yield* json('{"\\u0063ustomers":[4],"x":{"customers":[5]}}'), [
        "1=4",
        'rest={"\\u0063ustomers":[],"x":{"customers":[5]}}'
      ])
    })
  )

  it.effect("is not misled by brackets, quotes and commas in strings", () =>
    Effect.gen(function* () {
      const record = '{"a":"]},{\\"[","b":"\\\\","c":{"d":[1,[2,"]"]]}}'
      assert.deepStrictEqual(yield* json(`{"x":"]}\\"","customers":[${record},${record}]}`), [
        `1=${record}`,
        `2=${record}`,
        'rest={"x":"]}\\"","customers":[]}'
      ])
    })
  )

  it.effect("gives members of every kind", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* json('[1, "a,]" ,null,true\n,[],{}, -2.5e3]'), [
        "1=1",
        '2="a,]"',
        "3=null",
        "4=true",
        "5=[]",
        "6={}",
        "7=-2.5e3",
        "rest=[]"
      ])
    })
  )

  for (const [title, text, last] of [
    ["an empty document", "", "failed: empty"],
    ["nothing but white space", " \n", "failed: empty"],
    ["a word", "nope", "failed: neither an object nor an array"],
    ["text behind the end", "[] x", "failed: text after the end"],
    ["a second document", "{}{}", "failed: text after the end"],
    ["a missing comma", "[{} {}]", "failed: not JSON"],
    ["a comma too many", "[{},]", "failed: not JSON"],
    ["a comma too early", "[,{}]", "failed: not JSON"],
    ["brackets that do not fit", '[{"a":[}]]', "failed: not JSON"],
    ["a rest that is no JSON", '{"customers" [1]}', "failed: not JSON"],
    ["a list named twice", '{"customers":[],"customers":[]}', "failed: a key is repeated"],
    ["a cut list", "[{}", "failed: cut off before its end"],
    ["a cut string", '{"customers":["a', "failed: cut off before its end"],
    ["a cut rest", '{"customers":[]', "failed: cut off before its end"],
    [
      "a rest that is not UTF-8",
      new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
      "failed: not UTF-8"
    ]
  ] as const) {
    it.effect(`fails on ${title}`, () =>
      Effect.gen(function* () {
        assert.strictEqual((yield* json(text)).at(-1), last)
      })
    )
  }

  it.effect("gives the records before what breaks the document", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* json('{"customers":[{"id":1},{"id":2},{"id"'), [
        '1={"id":1}',
        '2={"id":2}',
        "failed: cut off before its end"
      ])
      assert.deepStrictEqual(yield* json('{"customers":[{"id":1},{"id":2}}'), [
        '1={"id":1}',
        '2={"id":2}',
        "failed: not JSON"
      ])
    })
  )

  it.effect("leaves out a record that is too long, too deep or not UTF-8, and goes on behind it", () =>
    Effect.gen(function* () {
      const long = `{"a":"${"x".repeat(100)}","b":[1]}`
      assert.deepStrictEqual(yield* json(`[{"a":1},${long},{"a":2}]`, [], 50), [
        '1={"a":1}',
        "2!longer than 50 bytes",
        '3={"a":2}',
        "rest=[]"
      ])
      const deep = "[".repeat(MAX_JSON_DEPTH + 1) + "]".repeat(MAX_JSON_DEPTH + 1)
      assert.deepStrictEqual(yield* json(`[${deep},2]`, []), ["1!nested deeper than 64", "2=2", "rest=[]"])
      const bytes = encoder.encode('["a?b",2]')
      bytes[3] = 0xff
      assert.deepStrictEqual(yield* json(bytes, []), ["1!not UTF-8", "2=2", "rest=[]"])
    })
  )

  it.effect("limits the rest", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* json(`{"customers":[1],"a":"${"x".repeat(100)}"}`, ["customers"], 50), [
        "1=1",
        "failed: what is not the list is longer than 50 bytes"
      ])
    })
  )

  it("gives the same however the bytes are cut, and what JSON.parse finds", () => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue({ maxDepth: 4 }), { maxLength: 6 }),
        fc.jsonValue({ maxDepth: 2 }),
        lengths,
        (list, other, cuts) => {
          const tail = { é: '€𝄞\\"' }
          const document = JSON.stringify({ other: { list: other }, customers: list, ...tail }, null, cuts[0])
          const pieces = piecesOf(
            splitJson(Stream.fromIterable(cut(encoder.encode(document), cuts)), { lists: ["customers"] })
          )
          assert.strictEqual(
            JSON.stringify(textsOf(pieces).map((text) => JSON.parse(text))),
            JSON.stringify(list)
          )
          const rest = JSON.stringify({ other: { list: other }, customers: [], ...tail })
          assert.strictEqual(JSON.stringify(JSON.parse(restOf(pieces))), rest)
        }
      )
    )
  })

  it("never accepts what JSON.parse refuses", () => {
    const token = fc.constantFrom(
      "[",
      "]",
      "{",
      "}",
      ",",
      ":",
      '"',
      "\\",
      " ",
      "1",
      "null",
      '"a"',
      '"customers"'
    )
    fc.assert(
      fc.property(fc.array(token, { maxLength: 14 }), (tokens) => {
        const text = tokens.join("")
        const split = Effect.runSyncExit(
          Stream.runCollect(splitJson(Stream.make(encoder.encode(text)), { lists: ["customers"] }))
        )
        if (Exit.isFailure(split)) return
        if (textsOf(split.value).every((record) => Result.isSuccess(parseJson(record)))) JSON.parse(text)
      }),
      { numRuns: 20_000 }
    )
  })
})

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

  /** Customers in a list, but none within another. */
  const recordsIn = (element: XmlElement): ReadonlyArray<XmlElement> =>
    element.children.flatMap((child) =>
      element.name === "customers" && child.name === "customer" ? [child] : recordsIn(child)
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
        const expected = whole.children.flatMap((child) => recordsIn(child))
        assert.strictEqual(JSON.stringify(records.map(plain)), JSON.stringify(expected.map(plain)))
        assert.isTrue(Result.isSuccess(parseXml(restOf(pieces))))
      })
    )
  })
})

describe("splitAnswer", () => {
  const options = { json: { lists: ["customers"] }, xml: { items: ["customer"], lists: ["customers"] } }
  const answer = (text: string) => told(splitAnswer(Stream.make(encoder.encode(text)), options))

  it.effect("tells the form by the first character", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* answer('\n{"customers":[1]}'), ["1=1", 'rest={"customers":[]}'])
      assert.deepStrictEqual(yield* answer("\ufeff<r><customers><customer/></customers></r>"), [
        "1=<customer/>",
        "rest=<r><customers></customers></r>"
      ])
      assert.deepStrictEqual(yield* answer("id;name"), ["failed: neither JSON nor XML"])
      assert.deepStrictEqual(yield* answer(""), ["failed: empty"])
      assert.deepStrictEqual(
        yield* told(splitAnswer(Stream.make(encoder.encode("<r/>")), { json: options.json })),
        ["failed: neither JSON nor XML"]
      )
    })
  )

  it.effect("holds one record at a time, however long the answer", () =>
    Effect.gen(function* () {
      const record = encoder.encode(`{"id":"1","name":"${"x".repeat(1_000)}"},`)
      let read = 0
      let ahead = 0
      const bytes = Stream.make(encoder.encode('{"customers":[')).pipe(
        Stream.concat(
          Stream.range(1, 20_000).pipe(
            Stream.rechunk(1),
            Stream.map(() => {
              ahead++
              return record
            })
          )
        ),
        Stream.concat(Stream.make(encoder.encode("{}]}")))
      )
      let most = 0
      yield* splitAnswer(bytes, options).pipe(
        Stream.runForEach(() =>
          Effect.sync(() => {
            read++
            most = Math.max(most, ahead - read)
          })
        )
      )
      assert.strictEqual(read, 20_002)
      assert.isAtMost(most, 2)
    })
  )
})

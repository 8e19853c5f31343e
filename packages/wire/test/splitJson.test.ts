import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as fc from "fast-check"
import { MAX_JSON_DEPTH, parseJson, splitJson } from "../src/index.ts"
import { bytesOf, cut, encoder, lengths, piecesOf, restOf, textsOf, told } from "./splitting.ts"

const json = (text: string | Uint8Array, lists: ReadonlyArray<string> = ["customers"], maxBytes = 10_000) =>
  told(splitJson(Stream.make(bytesOf(text)), { lists, maxBytes }))

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

/** What a query and a body may hold: parameters given twice, bytes that are no text, bodies of a wrong kind or size. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Asked, assertRefused, form, idsIn, oneIn, open, post, refused, written, xml } from "./server.ts"

const withAnna = Effect.fnUntraced(function* () {
  const server = yield* open()
  yield* server.call("/update?create_if_not_exist=1", post("fname=Anna"))
  yield* server.call("/insertCard?uid=1")
  const everything = Effect.all([
    server.call("?cards=true"),
    server.cards.list(server.merchant.id, { after: null, limit: 99 }),
    server.directories.entries(server.merchant.id, "group")
  ]).pipe(Effect.map(([list, ...rest]) => [list.text, ...rest]))
  return { ...server, everything }
})

describe("parameters given twice", () => {
  const names = [
    "id",
    "external_id",
    "card_id",
    "uid",
    "card_barcode",
    "customer_id",
    "customer_external_id",
    "create_if_not_exist"
  ] as const

  it.effect("whoever is meant or asking may be named once, for every call, also with equal values", () =>
    Effect.gen(function* () {
      const { call, everything, key, send } = yield* withAnna()
      const before = yield* everything
      for (const action of ["", "/update", "/updateCard", "/insertCard", "/deleteCard"]) {
        for (const name of names) {
          for (const twice of [
            `${name}=1&${name}=1`,
            `${name}=1&fname=X&${name}=2`,
            `${name}&${name}=`,
            `%${name.charCodeAt(0).toString(16)}${name.slice(1)}=1&${name}=1`
          ]) {
            assertRefused(yield* call(`${action}?${twice}`), `${name} is given more than once`)
            assertRefused(yield* call(action, post(twice)), `${name} is given more than once`)
          }
        }
        for (const query of [
          `apikey=${key}&apikey=${key}`,
          `apikey=${key}&apikey=x`,
          `apikey=x&apikey=${key}`
        ]) {
          assertRefused(yield* send(`/api/customer${action}?${query}`), "apikey is given more than once")
          assertRefused(yield* send(`/api/customer${action}`, post(query)), "apikey is given more than once")
        }
      }
      assert.deepStrictEqual(yield* everything, before)
    })
  )

  it.effect("a format given twice is refused, in the format given first", () =>
    Effect.gen(function* () {
      const { call } = yield* withAnna()
      const info = "format is given more than once"
      assertRefused(yield* call("?format=xml&format=json"), info)
      assert.strictEqual((yield* call("?format=json&format=xml")).text, refused.json(info))
    })
  )

  it.effect("the key and a card's owner may not stand in query and body both, even with equal values", () =>
    Effect.gen(function* () {
      const { call, everything, key } = yield* withAnna()
      const before = yield* everything
      for (const body of [`apikey=${key}`, "apikey=x", "apikey="]) {
        assertRefused(yield* call("", post(body)), "apikey is given more than once")
        assertRefused(yield* call("/update?id=1", post(`${body}&fname=X`)), "apikey is given more than once")
      }
      for (const name of ["customer_id", "customer_external_id"]) {
        assertRefused(
          yield* call(`/updateCard?uid=1&${name}=1`, post(`${name}=1`)),
          `${name} is given more than once`
        )
      }
      assert.deepStrictEqual(yield* everything, before)
    })
  )

  it.effect("unknown parameters are ignored, however often they come", () =>
    Effect.gen(function* () {
      const { call } = yield* withAnna()
      assert.deepStrictEqual(idsIn((yield* call("?x=1&x=2&&&=&=5&utm_source=a&ID=7&Id=8&id[]=9")).text), [1])
    })
  )

  it.effect("more parameters than anyone needs are refused", () =>
    Effect.gen(function* () {
      const { call } = yield* withAnna()
      assertRefused(yield* call(`?${"a&".repeat(600)}`), "more than 500 parameters", 400)
      assertRefused(yield* call("/update?id=1", post("a&".repeat(600))), "more than 500 parameters", 400)
    })
  )
})

describe("bytes that are no text", () => {
  const broken = ["%zz", "%", "%4", "%00", "%ff", "%C0%AF", "%ED%A0%80", "%F4%90%80%80", "a%E2%82"]

  it.effect("are refused in query and body, in the envelope, and nothing is stored or replaced", () =>
    Effect.gen(function* () {
      const { call, everything } = yield* withAnna()
      const before = yield* everything
      for (const bad of broken) {
        for (const answer of [
          yield* call(`/update?id=1&lname=${bad}`),
          yield* call(`/update?id=1&${bad}=x`),
          yield* call("/update?id=1", post(`lname=${bad}`)),
          yield* call("/update?id=1", post(`group_name=New&${bad}`)),
          yield* call(`/insertCard?uid=${bad}`),
          yield* call(`?phone=${bad}`)
        ]) {
          assert.strictEqual(answer.status, 400, bad)
          assert.match(answer.text, /<success>0<\/success><info>parameter \d+( \(\w+\))?: /, bad)
          assert.notInclude(answer.text, "\ufffd", bad)
          xml(answer.text)
        }
        const json = yield* call(`?format=json&phone=${bad}`)
        assert.strictEqual((JSON.parse(json.text) as { readonly success: number }).success, 0)
      }
      assert.deepStrictEqual(yield* everything, before)
    })
  )

  it.effect("raw bytes of a body that are not UTF-8 are refused, raw UTF-8 is read", () =>
    Effect.gen(function* () {
      const { call, everything } = yield* withAnna()
      const before = yield* everything
      const latin = new Uint8Array([...new TextEncoder().encode("fname="), 0xe9])
      assertRefused(
        yield* call("/update?id=1", { method: "POST", headers: form, body: latin }),
        "the body is not UTF-8",
        400
      )
      assert.deepStrictEqual(yield* everything, before)
      assert.strictEqual((yield* call("/update?id=1", post("fname=Ёж&lname=a+b"))).text, written(1, 0))
      const now = oneIn(yield* call("?id=1"))
      assert.deepStrictEqual([now["fname"], now["lname"]], ["Ёж", "a b"])
    })
  )
})

describe("bodies", () => {
  const large = (bytes: number) => `fname=X&notes=${"n".repeat(bytes - 14)}`

  it.effect("of up to 64 KiB are read, longer ones are 413 in the envelope, declared or not", () =>
    Effect.gen(function* () {
      const { call, everything, fetch, key } = yield* withAnna()
      assert.strictEqual((yield* call("/update?id=1", post(large(65_536)))).text, written(1, 0))
      const before = yield* everything
      const info = "the body is longer than 65536 bytes"
      assertRefused(yield* call("/update?id=1", post(large(65_537))), info, 413)
      const declared: Asked = { ...post("lname=Y"), headers: { ...form, "content-length": "65537" } }
      assertRefused(yield* call("/update?id=1", declared), info, 413)
      assert.strictEqual(
        (yield* call("/update?id=1&format=json", post(large(70_000)))).text,
        refused.json(info)
      )
      // A stream without an end is left alone as soon as it has passed the limit.
      let pulled = 0
      const endless = new ReadableStream<Uint8Array>({
        pull: (controller) => {
          pulled++
          controller.enqueue(new Uint8Array(8_192).fill(120))
        }
      })
      const asked = { method: "POST", headers: form, body: endless, duplex: "half" }
      const answer = yield* Effect.promise(() =>
        fetch(`/api/customer/update?id=1&apikey=${key}`, asked as never)
      )
      assert.strictEqual(answer.status, 413)
      assert.isBelow(pulled, 16)
      assert.deepStrictEqual(yield* everything, before)
    })
  )

  it.effect("of another type, character set or encoding are 415 in the envelope and change nothing", () =>
    Effect.gen(function* () {
      const { call, everything } = yield* withAnna()
      const before = yield* everything
      const type = "the content type is not application/x-www-form-urlencoded"
      for (const [headers, body, info] of [
        [{ "content-type": "application/json" }, `{"fname":"X"}`, type],
        [{ "content-type": "text/xml" }, "<root><fname>X</fname></root>", type],
        [{ "content-type": "text/plain" }, "fname=X", type],
        [{ "content-type": "multipart/form-data; boundary=x" }, "--x\r\n\r\nfname=X\r\n--x--", type],
        [
          { "content-type": `${form["content-type"]}; charset=windows-1251` },
          "fname=X",
          "the character set is not UTF-8"
        ],
        [{ ...form, "content-encoding": "gzip" }, "fname=X", "an encoded body is not read"]
      ] as ReadonlyArray<readonly [Record<string, string>, string, string]>) {
        for (const action of ["", "/update?id=1", "/deleteCard?uid=1"]) {
          assertRefused(yield* call(action, { method: "POST", headers, body }), info, 415)
        }
      }
      assert.deepStrictEqual(yield* everything, before)
      for (const suffix of ["; charset=utf-8", ';charset="UTF-8"', "; CHARSET=utf8"]) {
        const headers = { "content-type": form["content-type"].toUpperCase() + suffix }
        assert.strictEqual(
          (yield* call("/update?id=1", { method: "POST", headers, body: "fname=B" })).text,
          written(1, 0)
        )
      }
    })
  )

  it.effect("that are empty are no body, whatever type they claim", () =>
    Effect.gen(function* () {
      const { call } = yield* withAnna()
      for (const asked of [
        { method: "POST" },
        { method: "POST", headers: { "content-type": "application/json" }, body: "" }
      ]) {
        assert.strictEqual((yield* call("/update?id=1&fname=B", asked)).text, written(1, 0))
      }
    })
  )

  it.effect("that break off are told so, and the next request is answered", () =>
    Effect.gen(function* () {
      const { call, everything, fetch, key } = yield* withAnna()
      const before = yield* everything
      const broken = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(new TextEncoder().encode("fname=Half")),
        pull: (controller) => controller.error(new Error("gone"))
      })
      const asked = { method: "POST", headers: form, body: broken, duplex: "half" }
      const answer = yield* Effect.promise(async () => {
        const response = await fetch(`/api/customer/update?id=1&apikey=${key}`, asked as never)
        return { status: response.status, text: await response.text() }
      })
      assert.deepStrictEqual(answer, {
        status: 400,
        text: refused.xml("the body could not be read to its end")
      })
      assert.deepStrictEqual(yield* everything, before)
      assert.strictEqual((yield* call("/update?id=1&fname=B")).text, written(1, 0))
    })
  )
})

/** Pages of which a record cannot be read: that one is set aside with its reason, and all others are told. */
import { assert, describe, it } from "@effect/vitest"
import { CustomerSource } from "@tillbridge/domain"
import { Effect, Result, Stream } from "effect"
import { layerVirtposSource, type VirtposOptions } from "../src/index.ts"
import { clientLayerOf } from "./clientSupport.ts"
import { type FakeVendor, fakeVendor } from "./fakeVendor.ts"

const KEY = "K1"

const sourceOf = (vendor: FakeVendor, options: Partial<VirtposOptions> = {}) =>
  CustomerSource.pipe(
    Effect.provide(layerVirtposSource),
    Effect.provide(clientLayerOf(vendor, KEY, { retry: { times: 0 }, ...options }))
  )

/** The page that a site's answer makes, when it is the first and only one. */
const pageOf = Effect.fnUntraced(function* (
  body: string | Uint8Array,
  options: Partial<VirtposOptions> = {}
) {
  const vendor = yield* fakeVendor(KEY)
  vendor.faults.push({ kind: "body", body })
  const source = yield* sourceOf(vendor, { pageSize: 100, ...options })
  const [page] = yield* Stream.runCollect(source.pages(null))
  return {
    source,
    keys: page!.changes.map(({ source }) => source.key),
    unreadable: page!.unreadable ?? [],
    changes: page!.changes
  }
})

const json = (...members: ReadonlyArray<string>) =>
  `{"success":1,"count":9,"customers":[${members.join(",")}]}`
const xml = (...members: ReadonlyArray<string>) =>
  `<?xml version="1.0"?><root><success>1</success><count>9</count><customers>${members.join("")}</customers></root>`

const told = (unreadable: ReadonlyArray<{ source: { key: string } | null; reason: string }>) =>
  unreadable.map(({ source, reason }) => [source?.key ?? null, reason])

describe("a record of a page", () => {
  it.effect("that is no customer, in JSON", () =>
    Effect.gen(function* () {
      const { keys, source, unreadable } = yield* pageOf(
        json(
          `{"id":1,"cards":[]}`,
          `"nobody"`,
          `null`,
          `[1]`,
          `{"fname":"Anna"}`,
          `{"id":"12345678901234567890"}`,
          `{"id":-3}`,
          `{"id":"7","fname":{"first":"Anna"}}`,
          `{"id":8,"cards":"soon"}`,
          `{"id":9,"cards":[]}`
        )
      )
      assert.deepStrictEqual(keys, ["1", "9"])
      assert.deepStrictEqual(told(unreadable), [
        [null, "is no customer"],
        [null, "is no customer"],
        [null, "is no customer"],
        [null, "id: must be a whole number"],
        [null, "id: must be a whole number"],
        [null, "id: must be a whole number"],
        ["7", "fname: must be a single value"],
        ["8", "cards: must be a list"]
      ])
      assert.strictEqual(unreadable[6]!.payload, `{"id":"7","fname":{"first":"Anna"}}`)
      for (const record of unreadable) {
        const again = source.reread(record.payload)
        assert.deepStrictEqual(Result.isFailure(again) ? again.failure : null, record)
      }
    })
  )

  it.effect("that is no customer, in XML", () =>
    Effect.gen(function* () {
      const { keys, unreadable } = yield* pageOf(
        xml(
          "<customer><id>1</id><cards/></customer>",
          "<customer>nobody</customer>",
          "<customer><id>7</id><fname><x>1</x></fname></customer>",
          "<customer><id>2</id><cards/></customer>"
        )
      )
      assert.deepStrictEqual(keys, ["1", "2"])
      assert.deepStrictEqual(told(unreadable), [
        [null, "is no customer"],
        ["7", "fname: must be a single value"]
      ])
    })
  )

  const broken = [
    ["JSON with a NUL", json(`{"id":1,"cards":[]}`, `{"id":"2","fname":"\0"}`, `{"id":3}`), "not JSON"],
    [
      "XML with a NUL",
      xml(
        "<customer><id>1</id><cards/></customer>",
        "<customer><id>2</id><fname>\0</fname></customer>",
        "<customer><id>3</id></customer>"
      ),
      "illegal character"
    ],
    [
      "XML with a reference to nothing",
      xml(
        "<customer><id>1</id><cards/></customer>",
        "<customer><id>2</id><fname>&nbsp;</fname></customer>",
        "<customer><id>3</id></customer>"
      ),
      "unknown or illegal reference"
    ],
    [
      "JSON with a number that is none",
      json(`{"id":1,"cards":[]}`, `{"id":2,"accumulated_sales":1e999}`, `{"id":3}`),
      "a number out of range"
    ]
  ] as const

  it.effect.each(broken)("that breaks the whole page for a parser: %s", ([, body, reason]) =>
    Effect.gen(function* () {
      const { keys, unreadable } = yield* pageOf(body)
      assert.deepStrictEqual(keys, ["1", "3"])
      assert.deepStrictEqual(told(unreadable), [["2", reason]])
    })
  )

  it.effect("that is not UTF-8", () =>
    Effect.gen(function* () {
      const bytes = new TextEncoder().encode(json(`{"id":1,"cards":[]}`, `{"id":2,"fname":"~"}`, `{"id":3}`))
      bytes[bytes.indexOf(126)] = 0xff
      const { keys, unreadable } = yield* pageOf(bytes)
      assert.deepStrictEqual(keys, ["1", "3"])
      assert.deepStrictEqual(told(unreadable), [["2", "not UTF-8"]])
      assert.strictEqual(unreadable[0]!.payload, `{"id":2,"fname":"\ufffd"}`)
    })
  )

  it.effect("with a comment of 10 MB, in both forms", () =>
    Effect.gen(function* () {
      const long = "x".repeat(10_000_000)
      const inJson = yield* pageOf(json(`{"id":1,"cards":[]}`, `{"id":2,"custom_information":"${long}"}`))
      assert.deepStrictEqual(inJson.keys, ["1"])
      assert.deepStrictEqual(told(inJson.unreadable), [["2", "is longer than 262144 characters"]])
      const inXml = yield* pageOf(
        xml(
          "<customer><id>1</id><cards/></customer>",
          `<customer><id>2</id><custom_information>${long}</custom_information></customer>`
        )
      )
      assert.deepStrictEqual(inXml.keys, ["1"])
      assert.deepStrictEqual(told(inXml.unreadable), [["2", "is longer than 262144 characters"]])
      for (const { unreadable } of [inJson, inXml]) assert.isBelow(unreadable[0]!.payload.length, 300_000)
    })
  )

  it.effect("with values out of range is told, and they are kept", () =>
    Effect.gen(function* () {
      const { changes, unreadable } = yield* pageOf(
        json(
          `{"id":"9223372036854775807","fname":"\\u0000","lname":"Orlova","birth_day":"99","register_date":"2024-02-30",` +
            `"last_update_date":"2024-02-30 00:00:00","accumulated_sales":"1e5","loyalty":{"points":12345678901234567890},` +
            `"cards":[{"uid":null,"note":"x"},{"uid":"0012","status":"LOST"}]}`
        )
      )
      assert.lengthOf(unreadable, 0)
      assert.deepStrictEqual(changes, [
        {
          source: { system: "virtpos", key: "9223372036854775807" },
          customer: {
            lastName: "Orlova",
            extensions: {
              virtpos: {
                fname: "\0",
                birth_day: "99",
                register_date: "2024-02-30",
                last_update_date: "2024-02-30 00:00:00",
                accumulated_sales: "1e5",
                loyalty: { points: "12345678901234567890" },
                cards: [{ uid: null, note: "x" }]
              }
            }
          },
          cards: [{ number: "0012", typeName: null, patch: { extensions: { virtpos: { status: "LOST" } } } }]
        }
      ])
    })
  )

  it.effect("at the end of a page does not keep the pass from seeing that customers have moved", () =>
    Effect.gen(function* () {
      const vendor = yield* fakeVendor(KEY)
      for (let id = 1; id <= 9; id++) vendor.customers.push({ id: String(id) })
      // The second page is 3, 4 and one without an id.
      vendor.customers[5]!["id"] = "none"
      const source = yield* sourceOf(vendor, { pageSize: 3 })
      let deleted = false
      vendor.onRequest = ({ query }) => {
        if (query["page"] !== "3" || query["page_size"] !== "3" || deleted) return
        deleted = true
        vendor.customers.splice(0, 1)
      }
      const pages = yield* Stream.runCollect(source.pages(null))
      const seen = new Set(pages.flatMap(({ changes }) => changes.map(({ source }) => source.key)))
      assert.deepStrictEqual([...seen].sort(), ["1", "2", "3", "4", "5", "7", "8", "9"])
      assert.include(
        pages.map(({ next }) => next as string),
        "p1.3.3.3-5~1"
      )
    })
  )
})

describe("a payload", () => {
  it.effect("that can be read by now is the customer that the source would tell", () =>
    Effect.gen(function* () {
      const vendor = yield* fakeVendor(KEY)
      const { reread, system } = yield* sourceOf(vendor, { system: "north shop" })
      assert.strictEqual(system, "north shop")
      const expected = {
        source: { system: "north shop", key: "7" },
        customer: { firstName: "Anna" },
        cards: [{ number: "0012", typeName: null, patch: {} }]
      }
      for (const payload of [
        `{"id":7,"fname":"Anna","cards":[{"uid":"0012"}]}`,
        "<customer><id>7</id><fname>Anna</fname><cards><card><uid>0012</uid></card></cards></customer>"
      ]) {
        assert.deepStrictEqual(Result.getOrThrow(reread(payload)), expected)
      }
      for (const payload of ["", "x", "{", "<customer>", "null", "7"]) {
        const again = reread(payload)
        assert.strictEqual(Result.isFailure(again) ? again.failure.payload : null, payload)
      }
    })
  )
})

describe("the vendor's own stamp", () => {
  it.effect("is when a customer was last changed, in the site's time zone", () =>
    Effect.gen(function* () {
      const { changes } = yield* pageOf(
        json(
          `{"id":1,"last_update_date":"2024-03-10 12:00:01","cards":[]}`,
          `{"id":2,"last_update_date":"0000-00-00 00:00:00"}`,
          `{"id":3}`
        )
      )
      assert.deepStrictEqual(
        changes.map(({ modifiedAt }) => modifiedAt?.toJSON()),
        ["2024-03-10T09:00:01.000Z", undefined, undefined]
      )
      assert.notProperty(changes[2], "modifiedAt")
    })
  )
})

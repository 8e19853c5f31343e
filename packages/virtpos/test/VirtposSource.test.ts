import { assert, describe, it } from "@effect/vitest"
import { Checkpoint, CustomerSource, type SourcePage } from "@tillbridge/domain"
import { Effect, Layer, Redacted, Stream } from "effect"
import { FetchHttpClient } from "effect/http"
import { layerVirtposSource, VirtposClient, type VirtposOptions } from "../src/index.ts"
import { type FakeVendor, fakeVendor } from "./fakeVendor.ts"
import { moscow } from "./support.ts"

const sourceOf = (vendor: FakeVendor, options: Partial<VirtposOptions> = {}) =>
  CustomerSource.pipe(
    Effect.provide(
      layerVirtposSource.pipe(
        Layer.provide(
          VirtposClient.layer({
            baseUrl: vendor.url,
            apiKey: Redacted.make("K1"),
            timeZone: moscow,
            pageSize: 2,
            retry: { times: 0 },
            ...options
          })
        ),
        Layer.provide(FetchHttpClient.layer)
      )
    )
  )

const setup = Effect.fnUntraced(function* (count: number, options: Partial<VirtposOptions> = {}) {
  const vendor = yield* fakeVendor("K1")
  for (let id = 1; id <= count; id++) vendor.customers.push({ id: String(id), fname: `N${id}` })
  return { vendor, source: yield* sourceOf(vendor, options) }
})

const keys = (pages: ReadonlyArray<SourcePage>) =>
  pages.map(({ changes }) => changes.map(({ source }) => Number(source.key)))

const takePages = (source: CustomerSource["Service"], from: Checkpoint | null = null) =>
  Stream.runCollect(source.pages(from))

describe("a pass", () => {
  it.effect("reads every page and ends at the beginning", () =>
    Effect.gen(function* () {
      const { source } = yield* setup(5)
      const pages = yield* takePages(source)
      assert.deepStrictEqual(keys(pages), [[1, 2], [3, 4], [5]])
      assert.deepStrictEqual(
        pages.map(({ hasMore }) => hasMore),
        [true, true, false]
      )
      assert.deepStrictEqual(keys(yield* takePages(source, pages.at(-1)!.next)), keys(pages))
    })
  )

  it.effect("of nobody, and of exactly full pages, ends with an empty page", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(keys(yield* takePages((yield* setup(0)).source)), [[]])
      assert.deepStrictEqual(keys(yield* takePages((yield* setup(4)).source)), [[1, 2], [3, 4], []])
    })
  )

  it.effect("goes on from the checkpoint of any page", () =>
    Effect.gen(function* () {
      const { source } = yield* setup(5)
      const [first, second] = yield* takePages(source)
      assert.deepStrictEqual(keys(yield* takePages(source, first!.next)), [[3, 4], [5]])
      assert.deepStrictEqual(keys(yield* takePages(source, second!.next)), [[5]])
    })
  )

  it.effect("begins anew from a checkpoint that is not its own or counts other pages", () =>
    Effect.gen(function* () {
      const { source, vendor } = yield* setup(3)
      const [first] = yield* takePages(source)
      assert.deepStrictEqual(keys(yield* takePages(source, Checkpoint.make("f1.1.7"))), [[1, 2], [3]])
      const larger = yield* sourceOf(vendor, { pageSize: 3 })
      assert.deepStrictEqual(keys(yield* takePages(larger, first!.next)), [[1, 2, 3], []])
    })
  )

  it.effect("MUST NOT lose a customer when one before it is deleted between two pages", () =>
    Effect.gen(function* () {
      const { source, vendor } = yield* setup(9)
      let deleted = false
      vendor.onRequest = ({ query }) => {
        if (query["page"] !== "3" || query["page_size"] !== "2" || deleted) return
        deleted = true
        vendor.customers.splice(1, 1)
      }
      const seen = new Set(keys(yield* takePages(source)).flat())
      for (const { id } of vendor.customers) assert.isTrue(seen.has(Number(id)), `customer ${id}`)
    })
  )

  it.effect("MUST NOT lose one either when it is deleted while the reader is away", () =>
    Effect.gen(function* () {
      const { source, vendor } = yield* setup(9)
      const pages = yield* takePages(source)
      const before = keys(pages.slice(0, 3)).flat()
      vendor.customers.splice(0, 3)
      const seen = new Set([...before, ...keys(yield* takePages(source, pages[2]!.next)).flat()])
      for (const { id } of vendor.customers) assert.isTrue(seen.has(Number(id)), `customer ${id}`)
    })
  )

  it.effect("comes to an end at a site whose rows have no stable order", () =>
    Effect.gen(function* () {
      const { source, vendor } = yield* setup(8)
      vendor.onRequest = () => void vendor.customers.reverse()
      assert.isAtMost((yield* takePages(source)).length, 20)
    })
  )

  it.effect("comes to an end at a site that knows no pages", () =>
    Effect.gen(function* () {
      const { source, vendor } = yield* setup(2)
      vendor.paging = false
      assert.deepStrictEqual(keys(yield* takePages(source)), [[1, 2], []])
    })
  )
})

describe("a pass fails and takes nothing for the end", () => {
  const failure = (source: CustomerSource["Service"]) =>
    Effect.map(Effect.flip(takePages(source)), ({ reason }) =>
      reason._tag === "Malformed" ? reason.detail : assert.fail(reason._tag)
    )

  it.effect("where a site repeats a page for ever", () =>
    Effect.gen(function* () {
      const { source, vendor } = yield* setup(9)
      vendor.onRequest = ({ query }) => {
        if (query["page_size"] === "2" && Number(query["page"]) > 2) Object.assign(query, { page: "2" })
      }
      assert.strictEqual(yield* failure(source), "page 3 tells page 2 again")
    })
  )

  it.effect("where a site has a largest page size of its own", () =>
    Effect.gen(function* () {
      const { source, vendor } = yield* setup(9, { pageSize: 4 })
      vendor.largestPage = 3
      assert.strictEqual(yield* failure(source), "a page has at most 3 customers and not 4")
    })
  )

  it.effect("where a page says that it has customers and tells none", () =>
    Effect.gen(function* () {
      const { source, vendor } = yield* setup(9)
      vendor.faults.push({ kind: "body", body: `{"success":1,"count":2,"customers":[]}` })
      assert.strictEqual(yield* failure(source), "page 1 says that it has customers and tells none")
    })
  )

  it.effect("where a site that was asked for cards knows none", () =>
    Effect.gen(function* () {
      const { source, vendor } = yield* setup(9)
      vendor.faults.push({ kind: "body", body: `{"success":1,"customers":[{"id":1},{"id":2}]}` })
      assert.strictEqual(
        yield* failure(source),
        "cards were asked for and no customer has any member for them"
      )
    })
  )

  it.effect("where an answer is cut, HTML or empty", () =>
    Effect.gen(function* () {
      for (const body of [
        `{"success":1,"customers":[{"id":1,"cards":[]},{"id":2`,
        "<root><success>1</success><customers><customer><id>1</id></customer>",
        "<html><body>Login</body></html>",
        "",
        "{}",
        "[]"
      ]) {
        const { source, vendor } = yield* setup(9)
        vendor.faults.push({ kind: "body", body })
        yield* failure(source)
      }
    })
  )
})

describe("a customer of the source", () => {
  it.effect("comes with its cards, unless they are not asked for", () =>
    Effect.gen(function* () {
      const { source, vendor } = yield* setup(1)
      vendor.cards.push({ card_id: "9", uid: "0000123", status: "ACTIVE", customer_id: "1" })
      const [page] = yield* takePages(source)
      assert.deepStrictEqual(page!.changes[0], {
        customer: { firstName: "N1" },
        cards: [
          {
            number: "0000123",
            typeName: null,
            patch: { status: "active", extensions: { virtpos: { card_id: "9" } } }
          }
        ],
        source: { system: "virtpos", key: "1" }
      })
      const bare = yield* sourceOf(vendor, { cards: false })
      assert.isFalse(bare.capabilities.carriesCards)
      const [plain] = yield* takePages(bare)
      assert.lengthOf(plain!.changes[0]!.cards, 0)
      assert.strictEqual(vendor.received.at(-1)!.query["cards"], undefined)
    })
  )

  it.effect("a failure ends the stream with its reason", () =>
    Effect.gen(function* () {
      const { source, vendor } = yield* setup(3)
      vendor.faults.push({ kind: "body", body: "{}" })
      const error = yield* Effect.flip(takePages(source))
      assert.strictEqual(error.reason._tag, "Malformed")
    })
  )
})

/** The source over our own routes: windows, checkpoints, and what is read again. */
import { assert, describe, it } from "@effect/vitest"
import { Checkpoint, CustomerSource, type SourcePage } from "@tillbridge/domain"
import { DateTime, Effect, Layer, Redacted, Stream } from "effect"
import { FetchHttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { LcmanagerClient, layerLcmanagerSource, type LcmanagerOptions } from "../src/index.ts"
import { noon, open } from "./server.ts"

interface Window {
  readonly BegDate?: string
  readonly EndDate?: string
}

const setup = Effect.fnUntraced(function* (options: Partial<LcmanagerOptions> = {}) {
  const server = yield* open()
  const windows: Array<Window> = []
  const fetch = async (input: string | URL | Request, init?: RequestInit) => {
    const request = new Request(input, init)
    if (request.url.endsWith("ClientInfoPeriod")) windows.push((await request.clone().json()) as Window)
    return server.handler(request)
  }
  const source = yield* Layer.build(
    layerLcmanagerSource.pipe(
      Layer.provide(
        LcmanagerClient.layer({
          baseUrl: "http://till.test",
          user: server.user.login,
          password: Redacted.make(server.user.password),
          since: DateTime.makeUnsafe("2024-06-01T00:00:00Z"),
          overlap: "1 day",
          timeout: "1 hour",
          ...options
        })
      ),
      Layer.provide(FetchHttpClient.layer),
      Layer.provide(Layer.succeed(FetchHttpClient.Fetch, fetch as typeof globalThis.fetch))
    )
  ).pipe(Effect.map((context) => context.mapUnsafe.get(CustomerSource.key) as CustomerSource["Service"]))
  /** Reads pages and forgets the windows that were asked for. */
  const run = Effect.fnUntraced(function* (from: Checkpoint | null, pages = Number.POSITIVE_INFINITY) {
    const read = yield* Stream.runCollect(Stream.take(source.pages(from), pages))
    return { read, windows: windows.splice(0).map(({ BegDate, EndDate }) => [BegDate, EndDate]) }
  })
  return { ...server, source, run }
})

const keys = (pages: ReadonlyArray<SourcePage>) =>
  pages.flatMap(({ changes }) => changes.map(({ source }) => source.key))

describe("a first pass", () => {
  it.effect("asks for everything up to a day, then for windows that meet, the oldest first", () =>
    Effect.gen(function* () {
      const { add, run } = yield* setup({ windowDays: 7 })
      yield* add({ number: "3", at: "2024-06-15T09:00:00Z", owner: 3 })
      yield* add({ number: "1", at: "1999-01-01T00:00:00Z", owner: 1 })
      yield* add({ number: "2", at: "2024-06-08T00:00:00Z", owner: 2 })
      yield* add({ number: "4", at: "2024-06-08T00:00:00Z" })
      const { read, windows } = yield* run(null)
      assert.deepStrictEqual(windows, [
        [undefined, "2024-06-01T02:59:59.9999999"],
        ["2024-06-01T03:00:00", "2024-06-08T02:59:59.9999999"],
        ["2024-06-08T03:00:00", "2024-06-15T02:59:59.9999999"],
        ["2024-06-15T03:00:00", "2024-06-15T12:00:00.0009999"]
      ])
      assert.deepStrictEqual(keys(read), ["1", "2", "3"])
      assert.deepStrictEqual(
        read.map(({ hasMore }) => hasMore),
        [true, true, true, false]
      )
      assert.strictEqual(read.at(-1)!.next, `w1.${noon + 1}`)
    }).pipe(Effect.scoped)
  )

  it.effect("taken page by page comes to its end, and meets who registers meanwhile afterwards", () =>
    Effect.gen(function* () {
      const { add, run } = yield* setup({ windowDays: 1 })
      yield* add({ number: "1", at: "2024-06-05T00:00:00Z", owner: 1 })
      const found: Array<string> = []
      let from: Checkpoint | null = null
      let pages = 0
      for (;;) {
        yield* TestClock.adjust("1 hour")
        const { read }: { read: ReadonlyArray<SourcePage> } = yield* run(from, 1)
        pages++
        found.push(...keys(read))
        from = read[0]!.next
        if (!read[0]!.hasMore) break
        // Dated long ago by a clock that is behind: within the overlap of where the pass will end.
        if (pages === 10) yield* add({ number: "2", at: "2024-06-15T08:00:00Z", owner: 2 })
      }
      assert.strictEqual(pages, 16)
      const { read } = yield* run(from)
      found.push(...keys(read))
      assert.deepStrictEqual([...new Set(found)], ["1", "2"])
    }).pipe(Effect.scoped)
  )

  it.effect("tells a window of many in several pages, of which only the last moves the checkpoint", () =>
    Effect.gen(function* () {
      const { add, run } = yield* setup({ windowDays: 30 })
      for (let n = 1; n <= 1_100; n++) yield* add({ number: String(n), at: "2024-06-10T00:00:00Z", owner: n })
      const { read } = yield* run(null)
      assert.deepStrictEqual(
        read.map(({ changes, hasMore, next }) => [changes.length, hasMore, next.split(".")[1]]),
        [
          [0, true, String(Date.UTC(2024, 5, 1))],
          [500, true, String(Date.UTC(2024, 5, 1))],
          [500, true, String(Date.UTC(2024, 5, 1))],
          [100, false, String(noon + 1)]
        ]
      )
      const again = yield* run(read[1]!.next)
      assert.strictEqual(new Set(keys(again.read)).size, 1_100, "who stops within a window reads it again")
    }).pipe(Effect.scoped)
  )
})

describe("the next pass", () => {
  it.effect("reaches back by the overlap", () =>
    Effect.gen(function* () {
      const { add, run } = yield* setup()
      const first = yield* run(null)
      yield* TestClock.adjust("1 hour")
      yield* add({ number: "1", at: "2024-06-14T10:00:00Z", owner: 1 })
      yield* add({ number: "2", at: "2024-06-14T08:00:00Z", owner: 2 })
      const { read, windows } = yield* run(first.read.at(-1)!.next)
      assert.deepStrictEqual(windows, [["2024-06-14T12:00:00.001", "2024-06-15T13:00:00.0009999"]])
      assert.deepStrictEqual(keys(read), ["1"], "the other was told later than the overlap reaches")
      assert.deepStrictEqual(
        read.map(({ hasMore }) => hasMore),
        [false]
      )
    }).pipe(Effect.scoped)
  )

  it.effect("with a checkpoint that is not its own begins anew; one ahead of the clock is that of now", () =>
    Effect.gen(function* () {
      const { run } = yield* setup()
      for (const text of ["", "x", "w1.", "w1.x", "w2.5", "w1.1.2.3", "w1.5", "f1.1.5"]) {
        const { windows } = yield* run(Checkpoint.make(text), 1)
        assert.deepStrictEqual(windows, [[undefined, "2024-06-01T02:59:59.9999999"]], text)
      }
      const { read, windows } = yield* run(Checkpoint.make("w1.999999999999999"))
      assert.deepStrictEqual(windows, [["2024-06-14T12:00:00.001", "2024-06-15T12:00:00.0009999"]])
      assert.strictEqual(read.at(-1)!.next, `w1.${noon + 1}`)
    }).pipe(Effect.scoped)
  )
})

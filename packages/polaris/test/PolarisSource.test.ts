/** A site as a source: passes, checkpoints, and what would make a pass endless or leave somebody out. */
import { assert, describe, it } from "@effect/vitest"
import { Checkpoint, CustomerSource, type SourcePage } from "@tillbridge/domain"
import { Cause, DateTime, Effect, Exit, Layer, Stream } from "effect"
import { TestClock } from "effect/testing"
import { layerPolarisSource, type PolarisOptions } from "../src/index.ts"
import { CANARY, layerOf, once } from "./clientSupport.ts"
import { fakeSite, type FakeSite } from "./fakeSite.ts"
import { randomFrom, seedOf } from "@tillbridge/conformance"

const june = Date.UTC(2024, 5, 15, 10, 0, 0)

const open = Effect.fnUntraced(function* (options: Partial<PolarisOptions> = {}) {
  yield* TestClock.setTime(june)
  const site = yield* fakeSite(CANARY)
  const layer = layerPolarisSource.pipe(Layer.provide(layerOf(site, { pageSize: 2, ...once, ...options })))
  const source = yield* Effect.provide(CustomerSource, yield* Layer.build(layer))
  return { site, source }
})

const keysOf = (pages: ReadonlyArray<SourcePage>) =>
  pages.map(({ changes }) => changes.map(({ source }) => source.key))

const sinceOf = (site: FakeSite) =>
  site.received.map(({ query }) => [query["lastChanged"], query["checkPoint"] ?? null])

describe("a pass", () => {
  it.effect("follows the resume point to the end, and the next one begins at the last change", () =>
    Effect.gen(function* () {
      const { site, source } = yield* open()
      for (let id = 1; id <= 5; id++) site.touch(id, `2024-06-0${id}T10:00:00`, { Nom: `N${id}` })
      const pages = yield* Stream.runCollect(source.pages(null))
      assert.deepStrictEqual(keysOf(pages), [["1", "2"], ["3", "4"], ["5"]])
      assert.deepStrictEqual(
        pages.map(({ hasMore }) => hasMore),
        [true, true, false]
      )
      assert.deepStrictEqual(sinceOf(site), [
        ["1900-01-01T00:09:21", null],
        ["1900-01-01T00:09:21", "Mg"],
        ["1900-01-01T00:09:21", "NA"]
      ])
      site.received.length = 0
      site.touch(2, "2024-06-06T10:00:00", { Nom: "again" })
      const later = yield* Stream.runCollect(source.pages(pages.at(-1)!.next))
      assert.deepStrictEqual(keysOf(later), [["5", "2"]])
      assert.deepStrictEqual(sinceOf(site), [["2024-06-05T10:00:00", null]])
    })
  )

  it.effect("goes on from any of its checkpoints", () =>
    Effect.gen(function* () {
      const { site, source } = yield* open()
      for (let id = 1; id <= 5; id++) site.touch(id, `2024-06-0${id}T10:00:00`)
      const [first] = yield* Stream.runCollect(Stream.take(source.pages(null), 1))
      const rest = yield* Stream.runCollect(source.pages(first!.next))
      assert.deepStrictEqual(keysOf(rest), [["3", "4"], ["5"]])
      // What the pass had seen before it was interrupted counts for the next one.
      const again = yield* Stream.runCollect(source.pages(rest.at(-1)!.next))
      assert.deepStrictEqual(keysOf(again), [["5"]])
    })
  )

  it.effect("without any change begins again where it began", () =>
    Effect.gen(function* () {
      const { site, source } = yield* open({ since: DateTime.makeUnsafe(Date.UTC(2024, 0, 1)) })
      const [page] = yield* Stream.runCollect(source.pages(null))
      assert.deepStrictEqual([page?.changes, page?.hasMore], [[], false])
      yield* Stream.runCollect(source.pages(page!.next))
      assert.deepStrictEqual(sinceOf(site), [
        ["2024-01-01T01:00:00", null],
        ["2024-01-01T01:00:00", null]
      ])
    })
  )

  it.effect("whose clients have no time of change goes by when it began", () =>
    Effect.gen(function* () {
      const { site, source } = yield* open()
      site.touch(1, null)
      site.date = new Date(june + 30_000)
      const [page] = yield* Stream.runCollect(source.pages(null))
      yield* TestClock.adjust("1 minute")
      yield* Stream.runCollect(source.pages(page!.next))
      assert.strictEqual(sinceOf(site)[1]?.[0], "2024-06-15T12:00:30")
      // A site that does not tell its clock may be a day behind ours.
      const other = yield* open()
      other.site.touch(1, null)
      const [first] = yield* Stream.runCollect(other.source.pages(null))
      yield* Stream.runCollect(other.source.pages(first!.next))
      assert.strictEqual(sinceOf(other.site)[1]?.[0], "2024-06-14T12:00:00")
    })
  )

  it.effect("a time of change ahead of the clock hides nothing", () =>
    Effect.gen(function* () {
      const { site, source } = yield* open()
      site.touch(1, "2099-01-01T00:00:00")
      const [page] = yield* Stream.runCollect(source.pages(null))
      yield* Stream.runCollect(source.pages(page!.next))
      assert.strictEqual(sinceOf(site)[1]?.[0], "2024-06-15T12:00:00")
      // By the site's clock, where it tells it.
      const other = yield* open()
      other.site.touch(1, "2099-01-01T00:00:00")
      other.site.date = new Date(june - 3_600_000)
      const [first] = yield* Stream.runCollect(other.source.pages(null))
      yield* Stream.runCollect(other.source.pages(first!.next))
      assert.strictEqual(sinceOf(other.site)[1]?.[0], "2024-06-15T11:00:00")
    })
  )

  it.effect("in the hour that comes twice the next pass reaches back over it", () =>
    Effect.gen(function* () {
      const { site, source } = yield* open()
      yield* TestClock.setTime(Date.UTC(2024, 9, 27, 1, 30, 0))
      site.touch(1, "2024-10-27T02:59:00")
      const [page] = yield* Stream.runCollect(source.pages(null))
      // Changed after the clock went back: its wall clock is before what was seen.
      site.touch(2, "2024-10-27T02:05:00")
      const next = yield* Stream.runCollect(source.pages(page!.next))
      assert.deepStrictEqual(keysOf(next), [["1", "2"]])
      assert.strictEqual(sinceOf(site)[1]?.[0], "2024-10-27T01:59:00")
    })
  )
})

describe("a member that .NET leaves out because it is null", () => {
  it.effect("is empty where the site has been seen to have it, and else not touched", () =>
    Effect.gen(function* () {
      const { site, source } = yield* open({ pageSize: 100 })
      site.touch(1, "2024-06-01T10:00:00", { Nom: "A", Telephone: "1", Critere1: "7", Autre: "x" })
      site.touch(2, "2024-06-02T10:00:00", { Nom: "B" })
      const [first] = yield* Stream.runCollect(source.pages(null))
      assert.deepStrictEqual(
        first?.changes.map(({ customer }) => customer),
        [
          { lastName: "A", phone: "1", extensions: { polaris: { Critere1: "7", Autre: "x" } } },
          { lastName: "B", phone: null, extensions: { polaris: { Critere1: null } } }
        ]
      )
      // In a later pass only the changed record comes: the checkpoint knows what the site has.
      site.touch(1, "2024-06-03T10:00:00", { Prenom: "Anne" })
      const [later] = yield* Stream.runCollect(source.pages(first!.next))
      assert.deepStrictEqual(later?.changes.at(-1)?.customer, {
        firstName: "Anne",
        lastName: null,
        phone: null,
        extensions: { polaris: { Critere1: null } }
      })
    })
  )
})

describe("a checkpoint", () => {
  it.effect("that is none of ours begins anew", () =>
    Effect.gen(function* () {
      const { site, source } = yield* open()
      site.touch(1, "2024-06-01T10:00:00")
      for (const text of ["", "x", "{}", `{"v":2}`, `{"v":1,"since":"x"}`, "f1.1.7"]) {
        assert.deepStrictEqual(
          keysOf(yield* Stream.runCollect(source.pages(Checkpoint.make(text)))),
          [["1"]],
          text
        )
      }
    })
  )

  it.effect("whose resume point the site does not take any more begins its pass again", () =>
    Effect.gen(function* () {
      const { site, source } = yield* open()
      for (let id = 1; id <= 3; id++) site.touch(id, `2024-06-0${id}T10:00:00`)
      const [first] = yield* Stream.runCollect(Stream.take(source.pages(null), 1))
      site.faults.push({ kind: "status", status: 400, body: "<Error><Code>InvalidCheckPoint</Code></Error>" })
      const pages = yield* Stream.runCollect(source.pages(first!.next))
      assert.deepStrictEqual(keysOf(pages), [["1", "2"], ["3"]])
      // A refusal in the middle of a run is one.
      const other = yield* open()
      for (let id = 1; id <= 3; id++) other.site.touch(id, `2024-06-0${id}T10:00:00`)
      const exit = yield* Effect.exit(
        Stream.runForEach(other.source.pages(null), () =>
          Effect.sync(() => void other.site.faults.push({ kind: "status", status: 400, body: "<Error/>" }))
        )
      )
      assert.isTrue(Exit.isFailure(exit))
    })
  )
})

describe("a site that would never end", () => {
  it.effect("is left with an error that says why", () =>
    Effect.gen(function* () {
      for (const [checkPointOf, detail] of [
        [() => null, "hasMoreResults is true and there is no checkPoint"],
        [() => "Mg", "hasMoreResults is true and the checkPoint has come before"],
        [
          (at: number) => (at % 2 === 0 ? "MQ" : "Mg"),
          "hasMoreResults is true and the checkPoint has come before"
        ]
      ] as const) {
        const { site, source } = yield* open()
        for (let id = 1; id <= 9; id++) site.touch(id, "2024-06-01T10:00:00")
        site.checkPointOf = checkPointOf
        const exit = yield* Effect.exit(Stream.runDrain(source.pages(null)))
        const failure = Exit.isFailure(exit) ? Cause.findErrorOption(exit.cause) : undefined
        if (failure?._tag !== "Some") assert.fail("has failed")
        assert.deepStrictEqual(
          [failure.value.reason._tag, "detail" in failure.value.reason && failure.value.reason.detail],
          ["Malformed", detail]
        )
        assert.isAtMost(site.received.length, 4)
      }
    })
  )
})

describe("a copy kept by passes", () => {
  const seed = seedOf()

  it.effect(`ends equal to the site, whatever changes meanwhile and wherever it stops (seed ${seed})`, () =>
    Effect.gen(function* () {
      const random = randomFrom(seed)
      for (let round = 0; round < 8; round++) {
        const { site, source } = yield* open({ pageSize: random.integer(1, 4) })
        let clock = june
        const change = () => {
          clock += random.integer(0, 120_000)
          const wall = new Date(clock + 7_200_000).toISOString().slice(0, 19)
          site.touch(random.integer(1, 9), wall, { Nom: String(random.integer(1, 99)) })
        }
        for (let n = random.integer(0, 12); n > 0; n--) change()
        const copy = new Map<string, unknown>()
        let checkpoint: Checkpoint | null = null
        const read = (most: number) =>
          Stream.runForEach(Stream.take(source.pages(checkpoint), most), (page) =>
            Effect.sync(() => {
              for (const { customer, source: from } of page.changes) copy.set(from.key, customer.lastName)
              checkpoint = page.next
              for (let n = isQuiet ? 0 : random.integer(0, 2); n > 0; n--) change()
            })
          )
        let isQuiet = false
        for (let pass = 0; pass < 6; pass++) {
          yield* TestClock.setTime(clock + 1_000)
          yield* read(random.integer(1, 5))
        }
        isQuiet = true
        yield* TestClock.setTime(clock + 1_000)
        yield* read(1_000)
        yield* read(1_000)
        assert.deepStrictEqual(
          [...copy].sort(),
          site.clients.map(({ IDClient, members }) => [String(IDClient), members["Nom"]]).sort() as never,
          `seed ${seed}, round ${round}`
        )
      }
    })
  )
})

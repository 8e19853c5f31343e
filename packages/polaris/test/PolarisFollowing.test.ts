/** Passes of the source on a driven clock: what nothing new costs, and that no stamp, skew or late write hides anybody. */
import { assert, describe, it } from "@effect/vitest"
import { type Random, randomFrom, seedOf } from "@tillbridge/conformance"
import { type Checkpoint, CustomerSource, TimeZone, toLocal } from "@tillbridge/domain"
import { Clock, DateTime, Effect, Layer, Stream } from "effect"
import { TestClock } from "effect/testing"
import { layerPolarisSource, type PolarisOptions } from "../src/index.ts"
import { CANARY, layerOf, once } from "./clientSupport.ts"
import { fakeSite, type FakeSite } from "./fakeSite.ts"

const june = Date.UTC(2024, 5, 15, 10, 0, 0)
const minute = 60_000

/** A site, and a reader that keeps what it reads and where it stands. */
const open = Effect.fnUntraced(function* (options: Partial<PolarisOptions> = {}) {
  const site = yield* fakeSite(CANARY)
  const layer = layerPolarisSource.pipe(Layer.provide(layerOf(site, { ...once, ...options })))
  const source = yield* Effect.provide(CustomerSource, yield* Layer.build(layer))
  const copy = new Map<string, unknown>()
  let checkpoint: Checkpoint | null = null
  /** One pass, or its first pages: how many requests it cost, and whom it told. */
  const pass = Effect.fnUntraced(function* (most = 1_000) {
    site.received.length = 0
    const told: Array<string> = []
    yield* Stream.runForEach(Stream.take(source.pages(checkpoint), most), (page) =>
      Effect.sync(() => {
        for (const { customer, source: from } of page.changes) {
          copy.set(from.key, customer.lastName)
          told.push(from.key)
        }
        checkpoint = page.next
      })
    )
    return {
      requests: site.received.length,
      told,
      checkpoint,
      asked: site.received.map(({ query }) => query)
    }
  })
  return { site, pass, copy }
})

const begin = Effect.fnUntraced(function* (at: number, options: Partial<PolarisOptions> = {}) {
  yield* TestClock.setTime(at)
  return yield* open(options)
})

describe("a pass without any change", () => {
  it.effect("costs one request, at once and for ever, and leaves the checkpoint where it is", () =>
    Effect.gen(function* () {
      const { pass, site } = yield* begin(june)
      for (let id = 1; id <= 30; id++) site.touch(id, "2024-06-15T11:59:00", { Nom: `N${id}` })
      yield* pass()
      for (let n = 0; n < 3; n++) assert.strictEqual((yield* pass()).requests, 1)
      yield* TestClock.adjust("6 minutes")
      assert.strictEqual((yield* pass()).requests, 1)
      const settled = yield* pass()
      assert.deepStrictEqual([settled.requests, settled.told], [1, []])
      for (let n = 0; n < 3; n++) {
        yield* TestClock.adjust("1 hour")
        assert.deepStrictEqual(yield* pass(), settled)
      }
    })
  )

  it.effect("costs one request where 5,000 clients have one stamp, but for one pass after the margin", () =>
    Effect.gen(function* () {
      const { copy, pass, site } = yield* begin(june)
      for (let id = 1; id <= 5_000; id++) site.touch(id, "2024-06-15T11:59:00")
      const first = yield* pass()
      assert.deepStrictEqual([first.requests, copy.size], [50, 5_000])
      assert.deepStrictEqual((yield* pass()).requests, 1)
      yield* TestClock.adjust("6 minutes")
      // Whoever was written late with an earlier stamp is found by reading once more what is younger than the margin.
      assert.strictEqual((yield* pass()).requests, 50)
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual((yield* pass()).told, [])
      const quiet = yield* pass()
      assert.deepStrictEqual(
        [quiet.requests, quiet.asked[0]?.["lastChanged"]],
        [1, "2024-06-15T11:59:00.0009999"]
      )
      site.touch(7, "2024-06-15T13:05:00")
      assert.deepStrictEqual((yield* pass()).told, ["7"])
    })
  )
})

describe("nobody is hidden", () => {
  it.effect(
    "by a stamp that was read already: stamps have whole seconds, or seven digits of a fraction",
    () =>
      Effect.gen(function* () {
        for (const [before, after] of [
          ["2024-06-15T12:00:00", "2024-06-15T12:00:00"],
          ["2024-06-15T12:00:00.1234567", "2024-06-15T12:00:00.1234568"]
        ] as const) {
          const { pass, site } = yield* begin(june)
          site.touch(1, before)
          yield* pass()
          site.touch(2, after)
          assert.include((yield* pass()).told, "2", after)
        }
        const { pass, site } = yield* begin(june + 1_000)
        site.touch(1, "2024-06-15T12:00:00.1234567")
        yield* pass()
        yield* TestClock.adjust("10 minutes")
        yield* pass()
        assert.deepStrictEqual((yield* pass()).told, [])
        site.touch(2, "2024-06-15T12:00:00.124")
        assert.deepStrictEqual((yield* pass()).told, ["2"])
      })
  )

  it.effect("by being written later than it is stamped, as long as that is less than the margin", () =>
    Effect.gen(function* () {
      const { copy, pass, site } = yield* begin(june)
      site.touch(1, "2024-06-15T12:00:00")
      yield* pass()
      yield* TestClock.adjust("4 minutes")
      site.touch(2, "2024-06-15T11:59:30")
      yield* pass()
      yield* TestClock.adjust("90 seconds")
      yield* pass()
      assert.deepStrictEqual([...copy.keys()], ["1", "2"])
    })
  )

  const paris = TimeZone.make("Europe/Paris")
  const pad = (value: number, width = 2) => String(value).padStart(width, "0")
  const wallOf = (millis: number) => {
    const { day, hour, minute: minutes, month, second, year } = toLocal(paris, DateTime.makeUnsafe(millis))
    return `${year}-${pad(month)}-${pad(day)}T${pad(hour)}:${pad(minutes)}:${pad(second)}`
  }

  const seed = seedOf()

  /** Changes come, some of them late, while a reader follows in passes that stop anywhere. */
  const follow = Effect.fnUntraced(function* (
    random: Random,
    start: number,
    skew: number,
    tellsClock: boolean
  ) {
    const { copy, pass, site } = yield* begin(start, { pageSize: random.integer(1, 4) })
    const change = (at: number, site: FakeSite) => {
      const late = random.integer(0, 3) === 0 ? random.integer(0, 4 * minute) : 0
      const name = String(random.integer(1, 99))
      site.touch(random.integer(1, 9), wallOf(at + skew - late), { Nom: name })
    }
    for (let step = 0; step < 25; step++) {
      yield* TestClock.adjust(random.integer(0, 12 * minute))
      const now = yield* Clock.currentTimeMillis
      site.date = tellsClock ? new Date(now + skew) : null
      for (let n = random.integer(0, 3); n > 0; n--) change(now, site)
      if (random.integer(0, 3) > 0) yield* pass(random.integer(1, 4))
    }
    for (let n = 0; n < 4; n++) {
      yield* TestClock.adjust("90 minutes")
      site.date = tellsClock ? new Date((yield* Clock.currentTimeMillis) + skew) : null
      yield* pass()
    }
    assert.deepStrictEqual(
      [...copy].sort(),
      site.clients.map(({ IDClient, members }) => [String(IDClient), members["Nom"]]).sort() as never
    )
    return yield* pass()
  })

  const day = 24 * 60 * minute
  const night = Date.UTC(2024, 9, 26, 22, 30, 0)
  for (const [title, start, skew, tellsClock] of [
    ["clocks that agree", june, 0, true],
    ["a site that is a day ahead and says so", june, day, true],
    ["a site that is a day ahead", june, day, false],
    ["a site that is a day behind and says so", june, -day, true],
    ["a site that is a day behind", june, -day, false],
    ["the night in which an hour comes twice", night, 0, false],
    ["the night in which an hour is left out", Date.UTC(2024, 2, 30, 22, 30, 0), 0, true]
  ] as const) {
    it.effect(`by ${title} (seed ${seed})`, () =>
      Effect.gen(function* () {
        const random = randomFrom(seed)
        for (let round = 0; round < 2; round++) {
          const last = yield* follow(random, start, skew, tellsClock)
          // A site that is ahead and does not say so is read again from our own time on.
          if (skew <= 0 || tellsClock) assert.deepStrictEqual([last.requests, last.told], [1, []])
        }
      })
    )
  }
})

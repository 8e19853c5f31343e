import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { makeRecordCache } from "../src/index.ts"

const bytes = (length: number, fill = 0) => new Uint8Array(length).fill(fill)

describe("RecordCache", () => {
  it("returns a record only for its space and version", () => {
    const cache = makeRecordCache({ maxBytes: 100_000 })
    cache.set("json", 1, 7, bytes(10, 7))
    assert.deepStrictEqual(cache.get("json", 1, 7), bytes(10, 7))
    assert.strictEqual(cache.get("json", 1, 6), undefined)
    assert.strictEqual(cache.get("json", 1, 8), undefined)
    assert.strictEqual(cache.get("json", 2, 7), undefined)
    assert.strictEqual(cache.get("xml", 1, 7), undefined)
    assert.deepStrictEqual([cache.stats.hits, cache.stats.misses, cache.stats.entries], [1, 4, 1])
  })

  it("replaces another version", () => {
    const cache = makeRecordCache({ maxBytes: 100_000 })
    cache.set("json", 1, 1, bytes(10, 1))
    const before = cache.stats.bytes
    cache.set("json", 1, 2, bytes(20, 2))
    assert.strictEqual(cache.get("json", 1, 1), undefined)
    assert.deepStrictEqual(cache.get("json", 1, 2), bytes(20, 2))
    assert.deepStrictEqual([cache.stats.entries, cache.stats.bytes - before], [1, 10])
  })

  it("forgets a space and no other", () => {
    const cache = makeRecordCache({ maxBytes: 100_000 })
    cache.set("json", 1, 1, bytes(10))
    cache.set("xml", 1, 1, bytes(10))
    cache.clear("json")
    cache.clear("never there")
    assert.strictEqual(cache.get("json", 1, 1), undefined)
    assert.deepStrictEqual(cache.get("xml", 1, 1), bytes(10))
    cache.clear("xml")
    assert.deepStrictEqual([cache.stats.entries, cache.stats.bytes], [0, 0])
  })

  it("keeps what is used and drops what is not", () => {
    const cache = makeRecordCache({ maxBytes: 50_000 })
    cache.set("json", 0, 1, bytes(700))
    cache.set("json", 1, 1, bytes(700))
    for (let id = 2; id < 500; id++) {
      cache.set("json", id, 1, bytes(700))
      assert.isDefined(cache.get("json", 0, 1))
    }
    assert.strictEqual(cache.get("json", 1, 1), undefined)
  })

  it("does not store a record larger than half the budget, nor keep the version it replaces", () => {
    const cache = makeRecordCache({ maxBytes: 10_000 })
    cache.set("json", 1, 1, bytes(10))
    cache.set("json", 1, 2, bytes(6_000))
    assert.strictEqual(cache.stats.entries, 0)
  })

  it("holds its own bytes when given part of a larger buffer", () => {
    const cache = makeRecordCache({ maxBytes: 10_000 })
    const pool = bytes(8192, 1)
    cache.set("json", 1, 1, pool.subarray(100, 110))
    const stored = cache.get("json", 1, 1)
    assert.deepStrictEqual(stored, bytes(10, 1))
    assert.strictEqual(stored?.buffer.byteLength, 10)
  })

  it("agrees with a plain model, within its budget, over any history", () => {
    const space = fc.constantFrom("a", "b")
    const id = fc.integer({ min: 0, max: 5 })
    const version = fc.integer({ min: 0, max: 3 })
    const step = fc.oneof(
      fc.record({ do: fc.constant("get" as const), space, id, version }),
      fc.record({
        do: fc.constant("set" as const),
        space,
        id,
        version,
        length: fc.integer({ min: 0, max: 1500 })
      }),
      fc.record({ do: fc.constant("clear" as const), space })
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const cache = makeRecordCache({ maxBytes: 4_000 })
        const model = new Map<string, { readonly version: number; readonly bytes: Uint8Array }>()
        for (const now of steps) {
          if (now.do === "clear") {
            cache.clear(now.space)
            for (const key of model.keys()) if (key.startsWith(now.space)) model.delete(key)
          } else if (now.do === "set") {
            const stored = bytes(now.length, now.version)
            cache.set(now.space, now.id, now.version, stored)
            model.set(now.space + now.id, { version: now.version, bytes: stored })
          } else {
            const found = cache.get(now.space, now.id, now.version)
            const expected = model.get(now.space + now.id)
            // It may have been dropped; what is returned must be the last stored, of that version.
            if (found !== undefined) {
              assert.strictEqual(expected?.version, now.version)
              assert.strictEqual(found, expected?.bytes)
            }
          }
          assert.isAtMost(cache.stats.bytes, 4_000)
          assert.isAtLeast(cache.stats.bytes, 0)
          if (cache.stats.entries === 0) assert.strictEqual(cache.stats.bytes, 0)
        }
      })
    )
  })

  it("looks a page of 200 up in well under 50 µs", () => {
    const cache = makeRecordCache({ maxBytes: 10_000_000 })
    for (let id = 0; id < 1000; id++) cache.set("json|2026-11-22", id * 37, 1, bytes(100))
    const space = ["json", "2026-11-22"].join("|")
    let best = Number.POSITIVE_INFINITY
    for (let round = 0; round < 2000; round++) {
      const started = performance.now()
      for (let id = 0; id < 200; id++) cache.get(space, id * 37, 1)
      best = Math.min(best, performance.now() - started)
    }
    assert.isBelow(best, 0.05)
  })
})

import { assert, describe, it } from "@effect/vitest"
import { makeBytesCache } from "../src/BytesCache.ts"

const bytes = (length: number) => new Uint8Array(length)

describe("a cache of bytes by text", () => {
  it("gives back what was stored under the same text, and nothing under another", () => {
    const cache = makeBytesCache({ maxBytes: 1_000 })
    const stored = bytes(10)
    cache.set("a", stored)
    assert.strictEqual(cache.get("a"), stored)
    assert.strictEqual(cache.get("b"), undefined)
  })

  it("forgets what was not asked for while the budget was used up twice, and keeps what was", () => {
    const cache = makeBytesCache({ maxBytes: 1_000 })
    cache.set("kept", bytes(100))
    cache.set("left", bytes(100))
    for (let i = 0; i < 20; i++) {
      cache.set(`${i}`, bytes(100))
      cache.get("kept")
    }
    assert.isDefined(cache.get("kept"))
    assert.strictEqual(cache.get("left"), undefined)
  })

  it("does not store more than half of its budget under one text", () => {
    const cache = makeBytesCache({ maxBytes: 1_000 })
    cache.set("large", bytes(600))
    assert.strictEqual(cache.get("large"), undefined)
  })
})

import { assert, describe, it } from "@effect/vitest"
import { allow, isPrefetch } from "../src/index.ts"

describe("allow", () => {
  it("lists methods once, in order, in upper case", () => {
    assert.strictEqual(allow(["GET", "post", "GET"]), "GET, POST")
    assert.strictEqual(allow([]), "")
  })
})

describe("isPrefetch", () => {
  it.each([
    [{ purpose: "prefetch" }, true],
    [{ "sec-purpose": "prefetch;prerender" }, true],
    [{ "sec-purpose": "Prefetch; anonymous-client-ip" }, true],
    [{ "x-moz": "prefetch" }, true],
    [{ purpose: "" }, false],
    [{ purpose: "noprefetch" }, false],
    [{ accept: "prefetch" }, false],
    [{}, false]
  ])("%j -> %j", (headers, expected) => {
    assert.strictEqual(isPrefetch(headers), expected)
  })
})

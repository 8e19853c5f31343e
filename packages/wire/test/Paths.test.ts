import { assert, describe, it } from "@effect/vitest"
import { normalizePath } from "../src/index.ts"

describe("normalizePath", () => {
  it.each([
    ["/API/Customer/?ApiKey=AbC&x=%41", "/api/customer", "ApiKey=AbC&x=%41"],
    ["/a", "/a", ""],
    ["/a//", "/a", ""],
    ["/a?", "/a", ""],
    ["/a/?b=/c/", "/a", "b=/c/"],
    ["/a?b?c", "/a", "b?c"],
    ["/", "/", ""],
    ["//", "/", ""],
    ["/?q", "/", "q"],
    ["/%41/../b", "/%41/../b", ""]
  ])("%s", (url, path, query) => {
    assert.deepStrictEqual(normalizePath(url), { path, query })
  })

  it.each(["http://evil/x", "HTTPS://evil", "*", "", "a/b", "?q"])("takes no %j", (url) => {
    assert.strictEqual(normalizePath(url), undefined)
  })
})

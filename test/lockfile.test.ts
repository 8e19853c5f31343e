import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"

interface Entry {
  readonly gypfile?: boolean
  readonly hasInstallScript?: boolean
  readonly resolved?: string
}

const lock = JSON.parse(readFileSync(new URL("../package-lock.json", import.meta.url), "utf8")) as {
  readonly packages: Readonly<Record<string, Entry>>
}

describe("the lock file", () => {
  it("has nothing compiled on a fresh machine, which need not have a compiler", () => {
    // npm reads a package with a binding.gyp as one to be built, unless its entry here says otherwise, and npm itself
    // drops that word when it writes the lock anew: put `"gypfile": false` back.
    assert.strictEqual(lock.packages["node_modules/better-sqlite3"]?.gypfile, false)
  })

  it("runs one package's install script, that of the Node the project brings", () => {
    const scripts = Object.keys(lock.packages).filter(
      (name) => lock.packages[name]?.hasInstallScript === true
    )
    assert.deepStrictEqual(
      scripts.filter((name) => name !== "node_modules/fsevents"),
      ["node_modules/node"]
    )
  })

  it("names no registry's host", () => {
    for (const [name, { resolved }] of Object.entries(lock.packages)) {
      assert.isFalse(resolved?.startsWith("http") ?? false, name)
    }
  })
})

import { describe, expect, it } from "vitest"
import type { SourceFile } from "./support/dependencyRule.ts"
import { checkDependencyRule, importsOf, vendorNamesIn } from "./support/dependencyRule.ts"
import { readSources, workspaces } from "./support/workspaces.ts"

describe("this repository", () => {
  const files = readSources()

  it("is read completely", () => {
    expect(workspaces.map(({ folder }) => folder)).toEqual(
      expect.arrayContaining([
        "apps/cli",
        "apps/server",
        "packages/domain",
        "packages/sqlite",
        "packages/wire"
      ])
    )
    for (const { folder } of workspaces) {
      expect(
        files.filter(({ path }) => path.startsWith(`${folder}/src/`)),
        folder
      ).not.toEqual([])
    }
  })

  it("keeps the dependency rule", () => {
    expect(checkDependencyRule(files)).toEqual([])
  })
})

const manifest = (
  folder: string,
  name: string,
  dependencies: ReadonlyArray<string> = [],
  more: object = {}
): SourceFile => ({
  path: `${folder}/package.json`,
  text: JSON.stringify({
    name,
    version: "0.0.0",
    exports: { ".": "./dist/index.js", "./extra": "./dist/extra.js" },
    dependencies: Object.fromEntries(dependencies.map((dependency) => [dependency, "1.0.0"])),
    ...more
  })
})

/** One workspace under test, beside the workspaces that it might reach for. */
const check = (
  folder: string,
  text: string,
  options: { readonly lists?: ReadonlyArray<string>; readonly file?: string } = {}
): ReadonlyArray<string> => {
  const others = ["domain", "wire", "polaris", "virtpos", "sync", "sql", "sqlite", "postgres", "conformance"]
    .map((name) => manifest(`packages/${name}`, `@tillbridge/${name}`))
    .concat(manifest("apps/server", "@tillbridge/server"), manifest("apps/cli", "tillbridge"))
    .filter(({ path }) => path !== `${folder}/package.json`)
  const source: SourceFile = { path: `${folder}/src/${options.file ?? "Sample.ts"}`, text }
  const listed =
    options.lists ??
    importsOf(source)
      .map(({ specifier }) => /^(@[^/]+\/[^/]+|[^@./#][^/:]*)(?=\/|$)/.exec(specifier ?? "")?.[0])
      .filter((name) => name !== undefined)
  const own = folder === "apps/cli" ? "tillbridge" : `@tillbridge/${folder.split("/")[1]}`
  return checkDependencyRule([...others, manifest(folder, own, listed), source])
}

describe("an allowed arrow", () => {
  it.each([
    [
      "packages/domain",
      `import { Effect } from "effect"\nimport * as Schema from "effect/Schema"\nimport { x } from "./x.ts"`
    ],
    [
      "packages/virtpos",
      `import { Customer } from "@tillbridge/domain"\nimport { limits } from "@tillbridge/wire"`
    ],
    ["packages/polaris", `export * from "@tillbridge/wire"`],
    ["packages/lcmanager", `export * from "@tillbridge/domain"`],
    ["packages/megawin", `export * from "@tillbridge/domain/extra"`],
    ["packages/sync", `import type { Checkpoint } from "@tillbridge/domain"`],
    ["packages/sql", `import type { Checkpoint } from "@tillbridge/domain"`],
    [
      "packages/sqlite",
      `import { migrations } from "@tillbridge/sql"\nimport { DatabaseSync } from "node:sqlite"`
    ],
    [
      "packages/postgres",
      `import { migrations } from "@tillbridge/sql"\nimport { PgClient } from "@effect/sql-pg"`
    ],
    [
      "packages/conformance",
      `import { it } from "@effect/vitest"\nimport fc from "fast-check"\nimport "node:os"\nimport "@tillbridge/wire"`
    ],
    [
      "apps/server",
      `import "@tillbridge/sqlite"\nimport "@tillbridge/virtpos"\nimport "node:fs"\nimport "@effect/platform-node"`
    ],
    ["apps/cli", `import { serve } from "@tillbridge/server"\nconst later = await import(process.argv[2]!)`]
  ])("from %s is silent", (folder, text) => {
    expect(check(folder, text)).toEqual([])
  })
})

describe("a forbidden arrow", () => {
  it.each([
    ["packages/domain", `import "@tillbridge/wire"`, "packages/domain must not depend on packages/wire"],
    ["packages/domain", `import "fast-xml-parser"`, "packages/domain must not depend on fast-xml-parser"],
    ["packages/domain", `import "node:crypto"`, "packages/domain must not use Node's own modules"],
    ["packages/wire", `import "@tillbridge/domain"`, "packages/wire must not depend on packages/domain"],
    ["packages/wire", `import { Buffer } from "buffer"`, "packages/wire must not use Node's own modules"],
    [
      "packages/virtpos",
      `import "@tillbridge/polaris"`,
      "packages/virtpos must not depend on packages/polaris"
    ],
    [
      "packages/virtpos",
      `import "@tillbridge/sqlite"`,
      "packages/virtpos must not depend on packages/sqlite"
    ],
    ["packages/virtpos", `import "@tillbridge/sql"`, "packages/virtpos must not depend on packages/sql"],
    [
      "packages/virtpos",
      `import "@tillbridge/conformance"`,
      "packages/virtpos must not depend on packages/conformance"
    ],
    ["packages/virtpos", `import "@tillbridge/server"`, "packages/virtpos must not depend on apps/server"],
    ["packages/virtpos", `import "tillbridge"`, "packages/virtpos must not depend on apps/cli"],
    ["packages/wire", `import "fast-xml-parser"`, "packages/wire must not depend on fast-xml-parser"],
    ["packages/virtpos", `import "fast-xml-parser"`, "packages/virtpos must not depend on fast-xml-parser"],
    [
      "packages/virtpos",
      `import "@effect/platform-node"`,
      "packages/virtpos must not depend on @effect/platform-node"
    ],
    ["packages/virtpos", `import "node:fs"`, "packages/virtpos must not use Node's own modules"],
    ["packages/sync", `import "@tillbridge/sql"`, "packages/sync must not depend on packages/sql"],
    ["packages/sql", `import "@tillbridge/sqlite"`, "packages/sql must not depend on packages/sqlite"],
    ["packages/sql", `import "node:sqlite"`, "packages/sql must not use Node's own modules"],
    ["packages/sqlite", `import "@tillbridge/wire"`, "packages/sqlite must not depend on packages/wire"],
    ["packages/sqlite", `import "@effect/sql-pg"`, "packages/sqlite must not depend on @effect/sql-pg"],
    [
      "packages/postgres",
      `import "@tillbridge/sqlite"`,
      "packages/postgres must not depend on packages/sqlite"
    ],
    ["packages/postgres", `import "node:net"`, "packages/postgres must not use Node's own modules"],
    [
      "packages/conformance",
      `import "@tillbridge/sqlite"`,
      "packages/conformance must not depend on packages/sqlite"
    ],
    ["packages/sync", `import "@tillbridge/nowhere"`, "@tillbridge/nowhere is not a workspace"]
  ])("from %s: %s", (folder, text, words) => {
    const findings = check(folder, text)
    expect(findings).toContainEqual(expect.stringContaining(words))
    expect(findings.every((finding) => finding.startsWith(`${folder}/`))).toBe(true)
  })

  it("is found in package.json alone", () => {
    expect(check("packages/wire", "", { lists: ["@tillbridge/domain"] })).toContainEqual(
      "packages/wire/package.json: packages/wire must not depend on packages/domain"
    )
  })

  it.each([
    ["a type", `import type { A } from "@tillbridge/wire"`],
    ["an inline type", `import { type A } from "@tillbridge/wire"`],
    ["a type in place", `type A = import("@tillbridge/wire").A`],
    ["a dynamic import", `const a = await import("@tillbridge/wire")`],
    ["a dynamic import in a template", "const a = `${await import(`@tillbridge/wire`)}`"],
    ["export from", `export { a } from "@tillbridge/wire"`],
    ["export a type from", `export type { A } from "@tillbridge/wire"`],
    ["export all", `export * as wire from "@tillbridge/wire"`],
    ["import require", `import a = require("@tillbridge/wire")`],
    ["require", `const a = require("@tillbridge/wire")`],
    ["import.meta.resolve", `const a = import.meta.resolve("@tillbridge/wire")`],
    ["a reference", `/// <reference types="@tillbridge/wire" />`],
    ["several lines", `import {\n  a,\n  b // "c"\n} from\n  "@tillbridge/wire"`]
  ])("is found as %s", (_, text) => {
    expect(check("packages/domain", text)).toContainEqual(
      expect.stringContaining("packages/domain must not depend on packages/wire")
    )
  })

  it("is not seen in comments, strings and patterns", () => {
    const text = [
      `// import "@tillbridge/wire"`,
      `/* export * from "@tillbridge/wire" */`,
      `const a = 'import "@tillbridge/wire"'`,
      'const b = `import("@tillbridge/wire")`',
      `const c = /import "@tillbridge\\/wire"/`,
      `const d = { import: (name: string) => name, require: 1 }`,
      `d.import("@tillbridge/wire")`
    ].join("\n")
    expect(check("packages/domain", text)).toEqual([])
  })

  it("is reported with its line", () => {
    expect(check("packages/domain", `\n\nimport "@tillbridge/wire"`)).toContainEqual(
      `packages/domain/src/Sample.ts:3: packages/domain must not depend on packages/wire ("@tillbridge/wire")`
    )
  })
})

describe("an import", () => {
  it("of a package that package.json does not list is an error", () => {
    expect(check("packages/sql", `import "@tillbridge/domain"`, { lists: [] })).toEqual([
      "packages/sql/src/Sample.ts:1: @tillbridge/domain is not among the dependencies of packages/sql/package.json"
    ])
    expect(check("apps/server", `import "fastify"`, { lists: [] })).toEqual([
      "apps/server/src/Sample.ts:1: fastify is not among the dependencies of apps/server/package.json"
    ])
    expect(check("packages/domain", `import "effect/Schema"`, { lists: [] })).toEqual([
      "packages/domain/src/Sample.ts:1: effect is not among the dependencies of packages/domain/package.json"
    ])
  })

  it("listed as a development dependency only is an error", () => {
    const findings = checkDependencyRule([
      manifest("packages/domain", "@tillbridge/domain", [], { devDependencies: { effect: "1.0.0" } }),
      { path: "packages/domain/src/Sample.ts", text: `import "effect"` }
    ])
    expect(findings).toEqual([
      "packages/domain/src/Sample.ts:1: effect is not among the dependencies of packages/domain/package.json"
    ])
  })

  it.each([
    ["@tillbridge/domain/src/Customer.ts", "does not export it"],
    ["@tillbridge/domain/dist/Customer.js", "does not export it"],
    ["../../domain/src/Customer.ts", "import it by name"]
  ])("of %s reaches inside another package", (specifier, words) => {
    const [finding, ...rest] = check("packages/sql", `import "${specifier}"`)
    expect(finding).toContain(`"${specifier}" reaches inside another package`)
    expect(finding).toContain(words)
    expect(rest).toEqual([])
  })

  it("reaches inside another package from an app, too", () => {
    expect(check("apps/cli", `import "@tillbridge/sqlite/src/index.ts"`)).toContainEqual(
      expect.stringContaining("reaches inside another package")
    )
  })

  it.each([
    [`import "../test/support.ts"`, `"../test/support.ts" is test code`],
    [`import "/etc/somewhere.js"`, `"/etc/somewhere.js" is an absolute path`],
    [`import "@tillbridge/domain"`, "packages/domain imports itself by name"],
    [`const name = "effect"\nawait import(name)`, "imports a computed name, which cannot be checked"]
  ])("%s is an error", (text, words) => {
    expect(check("packages/domain", text, { lists: [] })).toEqual([expect.stringContaining(words)])
  })
})

describe("a file", () => {
  it("that cannot be parsed is an error", () => {
    const findings = checkDependencyRule([
      manifest("packages/domain", "@tillbridge/domain"),
      { path: "packages/domain/src/Sample.ts", text: `import {` }
    ])
    expect(findings).toEqual([expect.stringContaining("packages/domain/src/Sample.ts: cannot be parsed: ")])
  })

  it("is read past its first line when that names a program", () => {
    expect(check("apps/server", `#!/usr/bin/env node\nimport "fastify"`, { lists: [] })).toEqual([
      expect.stringContaining("apps/server/src/Sample.ts:2: fastify is not among")
    ])
  })
})

describe("a listed dependency", () => {
  it("that no source imports is an error", () => {
    expect(check("packages/sql", "", { lists: ["effect"] })).toEqual([
      "packages/sql/package.json: lists effect, which no source imports"
    ])
  })

  it("may be an exception, as long as it is needed", () => {
    const files = [manifest("packages/sql", "@tillbridge/sql", ["effect"])]
    const exception = new Map([["packages/sql effect", "the reason"]])
    expect(checkDependencyRule(files, exception)).toEqual([])
    expect(
      checkDependencyRule([...files, { path: "packages/sql/src/a.ts", text: `import "effect"` }], exception)
    ).toEqual(["packages/sql/package.json: effect is imported, so it needs no exception"])
  })
})

describe("a folder", () => {
  it("that the rule does not know is an error", () => {
    expect(check("packages/helpers", "")).toEqual([
      "packages/helpers/package.json: the dependency rule does not know packages/helpers"
    ])
  })
})

describe("a vendor's name", () => {
  it.each(["domain", "wire", "sync", "sql", "sqlite", "postgres", "conformance"])(
    "is not said in %s",
    (name) => {
      const folder = `packages/${name}`
      expect(check(folder, "// as Polaris does\n// or MEGAWIN")).toEqual([
        `${folder}/src/Sample.ts:1: names a vendor, "Polaris"`,
        `${folder}/src/Sample.ts:2: names a vendor, "MEGAWIN"`
      ])
    }
  )

  it("is not said in a file's name", () => {
    expect(check("packages/domain", "", { file: "VirtposCard.ts" })).toEqual([
      `packages/domain/src/VirtposCard.ts: the file's name names a vendor, "Virtpos"`
    ])
  })

  it("may be said by a dialect and an app", () => {
    expect(check("packages/virtpos", "// VirtualPOS, unlike Polaris")).toEqual([])
    expect(check("apps/server", "// VirtualPOS, unlike Polaris")).toEqual([])
  })

  it.each([
    ["polaris", ["polaris"]],
    ["the VirtualPOS way", ["VirtualPOS"]],
    ["readPolarisXml", ["Polaris"]],
    ["lcmanager_id, LCManager", ["lcmanager", "LCManager"]],
    ["MEGAWIN2", ["MEGAWIN"]],
    ["polarised, polarisation, bipolaris", []]
  ])("in %j", (text, names) => {
    expect(vendorNamesIn(text).map(({ name }) => name)).toEqual(names)
  })
})

import { isBuiltin } from "node:module"
import { posix } from "node:path"
import { parseAst } from "vitest/node"
import type { Manifest } from "./workspaces.ts"

/** A file as the checker reads it: a path relative to the root of the repository, and its text. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

/** What one folder may reach. Everything in it may import `effect`. */
interface Rule {
  /** Other workspaces, by the folder they are in. `"any"` for the apps. */
  readonly workspaces: ReadonlyArray<string> | "any"
  /** Packages from the registry, beside effect. `"any"` for the apps. */
  readonly external: ReadonlyArray<string> | "any"
  /** Whether Node's own modules may be imported. */
  readonly builtins: boolean
  /** Whether a vendor may be named. */
  readonly vendorNames: boolean
}

const dialect: Rule = {
  workspaces: ["packages/domain", "packages/wire"],
  external: [],
  builtins: false,
  vendorNames: true
}
const app: Rule = { workspaces: "any", external: "any", builtins: true, vendorNames: true }
const core = (rule: Partial<Rule>): Rule => ({
  workspaces: [],
  external: [],
  builtins: false,
  vendorNames: false,
  ...rule
})

/** The dependency rule: which arrows there are. Any other one is an error. */
const rules: Readonly<Record<string, Rule>> = {
  "packages/domain": core({}),
  "packages/wire": core({}),
  "packages/polaris": dialect,
  "packages/virtpos": dialect,
  "packages/lcmanager": dialect,
  "packages/megawin": dialect,
  "packages/sync": core({ workspaces: ["packages/domain"], external: ["libphonenumber-js"] }),
  "packages/sql": core({ workspaces: ["packages/domain"] }),
  "packages/sqlite": core({ workspaces: ["packages/sql", "packages/domain"], builtins: true }),
  "packages/postgres": core({
    workspaces: ["packages/sql", "packages/domain"],
    external: ["@effect/sql-pg"]
  }),
  "packages/conformance": core({
    workspaces: ["packages/domain", "packages/wire"],
    external: ["@effect/vitest", "vitest", "fast-check"],
    builtins: true
  })
}

/**
 * Dependencies that a package.json lists although no source imports them, each with its reason.
 * The key is the folder, a space, and the dependency.
 */
const listedWithoutImport: ReadonlyMap<string, string> = new Map([])

const vendors = ["polaris", "virtpos", "virtualpos", "lcmanager", "megawin"]

const folderOf = (path: string): string => path.split("/").slice(0, 2).join("/")

/** The package a specifier names: `@scope/name` or `name`. */
const packageOf = (specifier: string): string =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/")

/** An import as it stands in a file. `specifier` is null where it is computed. */
export interface Import {
  readonly specifier: string | null
  readonly line: number
}

interface Node {
  readonly type: string
  readonly start: number
  readonly [field: string]: unknown
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && typeof (value as Node).type === "string"

const textOf = (value: unknown): string | null => {
  if (!isNode(value)) return null
  if (value.type === "Literal" && typeof value["value"] === "string") return value["value"]
  if (value.type === "TSLiteralType") return textOf(value["literal"])
  if (value.type === "TemplateLiteral" && (value["expressions"] as ReadonlyArray<unknown>).length === 0) {
    return (value["quasis"] as ReadonlyArray<{ value: { cooked: string } }>)[0]?.value.cooked ?? null
  }
  return null
}

/** Whether a call is `require(…)`, `require.resolve(…)` or `import.meta.resolve(…)`. */
const isRequire = (callee: unknown): boolean => {
  if (!isNode(callee)) return false
  if (callee.type === "Identifier") return callee["name"] === "require"
  if (callee.type !== "MemberExpression" || (callee["property"] as Node)["name"] !== "resolve") return false
  const object = callee["object"] as Node
  return object.type === "MetaProperty" || (object.type === "Identifier" && object["name"] === "require")
}

/**
 * Every import of a file, of a type as well as of a value: static, dynamic, re-exporting, `import("x").T`,
 * `import x = require("x")` and `/// <reference types="x" />`. The text is parsed, so what a comment or
 * a string says is not taken for an import.
 */
export const importsOf = (file: SourceFile): ReadonlyArray<Import> => {
  const found: Array<Import & { readonly start: number }> = []
  const add = (specifier: string | null, start: number) =>
    found.push({ specifier, start, line: file.text.slice(0, start).split("\n").length })

  for (const match of file.text.matchAll(/^\/\/\/\s*<reference\s+(types|path)\s*=\s*["']([^"']+)["']/gm)) {
    add(match[1] === "path" ? posix.join("./", match[2]!).replace(/^(?!\.)/, "./") : match[2]!, match.index)
  }
  const visit = (node: Node): void => {
    switch (node.type) {
      case "ImportDeclaration":
      case "ExportAllDeclaration":
      case "ExportNamedDeclaration":
      case "ImportExpression":
      case "TSImportType":
        if (node["source"] != null) add(textOf(node["source"]), node.start)
        break
      case "TSExternalModuleReference":
        add(textOf(node["expression"]), node.start)
        break
      case "CallExpression":
        if (isRequire(node["callee"]))
          add(textOf((node["arguments"] as ReadonlyArray<unknown>)[0]), node.start)
        break
    }
    for (const value of Object.values(node)) {
      for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) visit(child)
    }
  }
  // A `#!` line is the one thing that the parser may not know.
  visit(
    parseAst(file.text.replace(/^#!/, "//"), {
      lang: /\.m?js$/.test(file.path) ? "js" : "ts"
    }) as unknown as Node
  )
  return found.sort((a, b) => a.start - b.start).map(({ specifier, line }) => ({ specifier, line }))
}

/** The vendors that a text names: as a word, and as a word of a camelCase or snake_case name. */
export const vendorNamesIn = (
  text: string
): ReadonlyArray<{ readonly name: string; readonly index: number }> =>
  vendors.flatMap((vendor) =>
    [...text.matchAll(new RegExp(vendor, "gi"))].flatMap(({ 0: name, index }) => {
      const before = text[index - 1] ?? ""
      const after = text[index + name.length] ?? ""
      const startsWord = !/\p{L}/u.test(before) || (/\p{Ll}/u.test(before) && /^\p{Lu}/u.test(name))
      const endsWord = !/\p{L}/u.test(after) || (/\p{Lu}/u.test(after) && /\p{Ll}$/u.test(name))
      return startsWord && endsWord ? [{ name, index }] : []
    })
  )

const runtimeDependencies = (manifest: Manifest): Record<string, string> => ({
  ...manifest.dependencies,
  ...manifest.peerDependencies,
  ...manifest.optionalDependencies
})

/**
 * What breaks the dependency rule, one sentence each; nothing when all is well.
 *
 * `files` are the package.json files and the sources of every workspace.
 */
export const checkDependencyRule = (
  files: ReadonlyArray<SourceFile>,
  allowedWithoutImport: ReadonlyMap<string, string> = listedWithoutImport
): ReadonlyArray<string> => {
  const findings: Array<string> = []
  const manifests = new Map(
    files
      .filter(({ path }) => /^[^/]+\/[^/]+\/package\.json$/.test(path))
      .map(({ path, text }) => [folderOf(path), JSON.parse(text) as Manifest])
  )
  const folderByName = new Map([...manifests].map(([folder, manifest]) => [manifest.name, folder]))
  const ruleOf = (folder: string): Rule | undefined => (folder.startsWith("apps/") ? app : rules[folder])

  /** Why a folder may not reach a package, or null where it may. */
  const forbidden = (folder: string, rule: Rule, name: string): string | null => {
    const target = folderByName.get(name)
    if (target !== undefined) {
      return rule.workspaces === "any" || rule.workspaces.includes(target)
        ? null
        : `${folder} must not depend on ${target}`
    }
    if (name.startsWith("@tillbridge/")) return `${name} is not a workspace`
    if (name === "effect" || rule.external === "any" || rule.external.includes(name)) return null
    return `${folder} must not depend on ${name}`
  }

  const imported = new Map<string, Set<string>>()
  for (const [folder, manifest] of manifests) {
    imported.set(folder, new Set())
    const rule = ruleOf(folder)
    if (rule === undefined) {
      findings.push(`${folder}/package.json: the dependency rule does not know ${folder}`)
      continue
    }
    for (const name of Object.keys(runtimeDependencies(manifest))) {
      const reason = forbidden(folder, rule, name)
      if (reason !== null) findings.push(`${folder}/package.json: ${reason}`)
    }
  }

  for (const file of files) {
    const folder = folderOf(file.path)
    const rule = ruleOf(folder)
    const manifest = manifests.get(folder)
    if (manifest === undefined) {
      findings.push(`${file.path}: ${folder} has no package.json`)
      continue
    }
    if (rule === undefined) continue

    if (!rule.vendorNames) {
      for (const { name } of vendorNamesIn(file.path))
        findings.push(`${file.path}: the file's name names a vendor, "${name}"`)
      for (const { name, index } of vendorNamesIn(file.text)) {
        findings.push(
          `${file.path}:${file.text.slice(0, index).split("\n").length}: names a vendor, "${name}"`
        )
      }
    }
    if (file.path.endsWith("/package.json")) continue

    let imports: ReadonlyArray<Import>
    try {
      imports = importsOf(file)
    } catch (error) {
      findings.push(
        `${file.path}: cannot be parsed: ${error instanceof Error ? error.message.split("\n")[0] : error}`
      )
      continue
    }
    for (const { specifier, line } of imports) {
      const at = `${file.path}:${line}`
      if (specifier === null) {
        if (rule !== app) findings.push(`${at}: imports a computed name, which cannot be checked`)
        continue
      }
      if (specifier.startsWith(".")) {
        const target = posix.join(posix.dirname(file.path), specifier)
        if (folderOf(target) !== folder) {
          findings.push(`${at}: "${specifier}" reaches inside another package; import it by name`)
        } else if (posix.relative(folder, target).startsWith("test/")) {
          findings.push(`${at}: "${specifier}" is test code`)
        }
        continue
      }
      if (specifier.startsWith("/") || specifier.startsWith("file:")) {
        findings.push(`${at}: "${specifier}" is an absolute path`)
        continue
      }
      if (isBuiltin(specifier) || specifier.startsWith("node:")) {
        if (!rule.builtins) findings.push(`${at}: ${folder} must not use Node's own modules ("${specifier}")`)
        continue
      }
      const name = packageOf(specifier)
      if (name === manifest.name) {
        findings.push(`${at}: ${folder} imports itself by name`)
        continue
      }
      imported.get(folder)!.add(name)
      const reason = forbidden(folder, rule, name)
      if (reason !== null) findings.push(`${at}: ${reason} ("${specifier}")`)
      if (!(name in runtimeDependencies(manifest))) {
        findings.push(`${at}: ${name} is not among the dependencies of ${folder}/package.json`)
      }
      const target = folderByName.get(name)
      const entry = `.${specifier.slice(name.length)}`
      if (target !== undefined && entry !== "." && !(entry in (manifests.get(target)!.exports ?? {}))) {
        findings.push(`${at}: "${specifier}" reaches inside another package; ${name} does not export it`)
      }
    }
  }

  for (const [folder, manifest] of manifests) {
    for (const name of Object.keys(runtimeDependencies(manifest))) {
      const key = `${folder} ${name}`
      if (imported.get(folder)!.has(name) === allowedWithoutImport.has(key)) {
        findings.push(
          allowedWithoutImport.has(key)
            ? `${folder}/package.json: ${name} is imported, so it needs no exception`
            : `${folder}/package.json: lists ${name}, which no source imports`
        )
      }
    }
  }
  return findings
}

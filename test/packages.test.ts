import { execFile } from "node:child_process"
import { copyFileSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { importsOf } from "./support/dependencyRule.ts"
import { runPrograms } from "./support/embedding.ts"
import type { Manifest } from "./support/workspaces.ts"
import { published, root, workspaces } from "./support/workspaces.ts"

// What npm tells the scripts it runs about this repository must not reach an npm that works in another folder.
const environment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) =>
      !/^npm_(package|lifecycle|command)/i.test(name) &&
      !/^npm_config_(local_prefix|workspaces?|include_workspace_root|omit|include|prefix)$/i.test(name) &&
      !/^(VITEST|NODE_OPTIONS|NODE_ENV|TEST$)/.test(name)
  )
)

/** Runs a Node program and gives its standard output; what it wrote is in the error when it fails. */
const node = async (cwd: string, ...args: ReadonlyArray<string>): Promise<string> => {
  const run = promisify(execFile)
  const { stdout } = await run(process.execPath, args, {
    cwd,
    env: environment,
    maxBuffer: 64 * 1024 * 1024
  }).catch((error: { readonly stdout?: string; readonly stderr?: string }) => {
    throw new Error(`node ${args.join(" ")} failed\n${error.stdout ?? ""}\n${error.stderr ?? ""}`, {
      cause: error
    })
  })
  return stdout
}

const tsc = join(root, "node_modules", "typescript", "bin", "tsc")

/** npm's own program: the one that runs this test, or else the one on the path. */
const npm = (cwd: string, ...args: ReadonlyArray<string>): Promise<string> => {
  const folders = (process.env["PATH"] ?? "").split(process.platform === "win32" ? ";" : ":")
  const found = [
    process.env["npm_execpath"],
    ...folders.flatMap((folder) => [
      join(folder, "..", "lib", "node_modules", "npm", "bin", "npm-cli.js"),
      join(folder, "node_modules", "npm", "bin", "npm-cli.js")
    ])
  ].find((path) => path !== undefined && /npm-cli\.[cm]?js$/.test(path) && existsSync(path))
  if (found === undefined) throw new Error("npm was not found beside any program on the path")
  return node(cwd, found, ...args)
}

interface Packed {
  readonly name: string
  readonly filename: string
  readonly files: ReadonlyArray<{ readonly path: string }>
}

const packages = published.map(({ folder, manifest }) => ({ name: manifest.name, folder, manifest }))
const names = packages.map(({ name }) => [name] as const)
const packageNamed = (name: string) => packages.find((one) => one.name === name)!

describe("the manifests", () => {
  it.each(names)("of %s say what a registry shows", (name) => {
    const { folder, manifest } = packageNamed(name)
    expect(manifest).toMatchObject({
      license: "MIT",
      type: "module",
      description: expect.stringMatching(/\S.{10,}/),
      engines: { node: expect.any(String) },
      repository: { directory: folder },
      publishConfig: { access: "public" },
      files: expect.arrayContaining(["dist", "src"]),
      exports: {
        ".": {
          "@tillbridge/source": "./src/index.ts",
          types: "./dist/index.d.ts",
          default: "./dist/index.js"
        },
        "./package.json": "./package.json"
      }
    })
    // Conditions are tried in order, and `default` ends the search.
    expect(Object.keys(manifest.exports!["."]!)).toEqual(["@tillbridge/source", "types", "default"])
  })

  it.each(names)("of %s have a README and the licence beside them", (name) => {
    const { folder } = packageNamed(name)
    const readme = readFileSync(join(root, folder, "README.md"), "utf8")
    expect(readme).toMatch(/^# \S/)
    expect(readme).toContain(name)
    expect(readFileSync(join(root, folder, "LICENSE"), "utf8")).toBe(
      readFileSync(join(root, "LICENSE"), "utf8")
    )
  })

  it("name each other's exact versions, and exact versions of all else", () => {
    const versions = new Map(workspaces.map(({ manifest }) => [manifest.name, manifest.version]))
    for (const { folder, manifest } of workspaces) {
      for (const [name, version] of Object.entries({
        ...manifest.dependencies,
        ...manifest.devDependencies
      })) {
        expect(version, `${folder} -> ${name}`).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/)
        if (versions.has(name)) expect(version, `${folder} -> ${name}`).toBe(versions.get(name))
      }
    }
  })

  it("of published packages depend on published packages only", () => {
    const kept = new Set(
      workspaces.filter(({ manifest }) => manifest.private).map(({ manifest }) => manifest.name)
    )
    for (const { manifest } of packages) {
      expect(Object.keys(manifest.dependencies ?? {}).filter((name) => kept.has(name))).toEqual([])
    }
  })
})

describe("the packed packages", () => {
  let folder: string
  let packed: ReadonlyArray<Packed>
  const installed = (name: string, ...path: ReadonlyArray<string>) =>
    join(folder, "node_modules", name, ...path)
  const filesOf = (name: string) => packed.find((one) => one.name === name)!.files.map(({ path }) => path)

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "tillbridge-packages-"))
    await node(root, tsc, "--build")
    const answer: unknown = JSON.parse(
      await npm(
        root,
        "pack",
        "--json",
        "--ignore-scripts",
        `--pack-destination=${folder}`,
        ...names.map(([name]) => `--workspace=${name}`)
      )
    )
    // Some versions of npm answer with a list, others with an object by name.
    packed = Object.values(answer as Record<string, Packed>)
    writeFileSync(
      join(folder, "package.json"),
      JSON.stringify({ name: "embedding", private: true, type: "module" })
    )
    await npm(
      folder,
      "install",
      "--no-audit",
      "--no-fund",
      "--prefer-offline",
      "--ignore-scripts",
      "--loglevel=error",
      ...packed.map(({ filename }) => `./${filename.replace(/^@/, "").replaceAll("/", "-")}`)
    )
  }, 300_000)

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it("are all the publishable ones, each installed once", () => {
    expect(packed.map(({ name }) => name).sort()).toEqual(names.map(([name]) => name).sort())
    const copies = globSync(`**/node_modules/{@tillbridge/*,tillbridge}/package.json`, { cwd: folder })
    expect(copies.length).toBe(names.length)
    expect(globSync(`**/node_modules/effect/package.json`, { cwd: folder }).length).toBe(1)
  })

  it.each(names)("hold what %s needs and nothing else", (name) => {
    const files = filesOf(name)
    expect(files).toEqual(
      expect.arrayContaining(["package.json", "README.md", "LICENSE", "dist/index.js", "dist/index.d.ts"])
    )
    const surplus = files.filter(
      (path) =>
        !/^(package\.json|README\.md|LICENSE|CHANGELOG\.md|bin\/[^/]+\.js|src\/.+\.ts|dist\/.+\.(js|d\.ts)(\.map)?)$/.test(
          path
        ) || /(^|\/)(test|tests|fixtures|__tests__)\/|\.(test|spec)\./.test(path)
    )
    expect(surplus).toEqual([])
  })

  it.each(names)("have one compiled file for each source of %s", (name) => {
    const files = filesOf(name)
    const without = (prefix: string, suffix: RegExp) =>
      files
        .filter((path) => path.startsWith(prefix) && suffix.test(path))
        .map((path) => path.slice(prefix.length).replace(suffix, ""))
        .sort()
    const sources = without("src/", /(?<!\.d)\.ts$/)
    // When this fails, dist keeps files whose source is gone: `npm run clean` removes them.
    expect(without("dist/", /\.js$/)).toEqual(sources)
    expect(without("dist/", /\.d\.ts$/)).toEqual(sources)
  })

  it.each(names)("have exports and commands of %s that exist", (name) => {
    const manifest = JSON.parse(readFileSync(installed(name, "package.json"), "utf8")) as Manifest
    const targets = Object.values(manifest.exports ?? {}).flatMap((target) =>
      typeof target === "string" ? [target] : Object.values(target)
    )
    for (const target of [...targets, ...Object.values(manifest.bin ?? {})]) {
      expect(existsSync(installed(name, target)), target).toBe(true)
    }
  })

  it.each(names)("import files of %s that exist, by the name they have when compiled", (name) => {
    for (const path of filesOf(name).filter((file) => /^(dist|bin)\/.+\.js$/.test(file))) {
      const text = readFileSync(installed(name, path), "utf8")
      for (const { specifier } of importsOf({ path, text })) {
        if (specifier === null || !specifier.startsWith(".")) continue
        expect(specifier, path).toMatch(/\.js$/)
        expect(existsSync(join(installed(name, dirname(path)), specifier)), `${path}: ${specifier}`).toBe(
          true
        )
      }
    }
  })

  it("load, each of them", async () => {
    const imports = names.map(([name]) => `await import(${JSON.stringify(name)})`).join("\n")
    writeFileSync(join(folder, "load.mjs"), imports)
    await node(folder, "load.mjs")
  })

  it("carry a program written in JavaScript", async () => {
    copyFileSync(join(root, "test", "fixtures", "embed.mjs"), join(folder, "embed.mjs"))
    expect(await node(folder, "embed.mjs")).toContain("embedded: ok")
  })

  it("carry a program written in TypeScript", async () => {
    copyFileSync(join(root, "test", "fixtures", "embed.ts"), join(folder, "embed.ts"))
    const compilerOptions = {
      target: "ES2024",
      module: "NodeNext",
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      // The declarations of the packages are checked, too: one that does not resolve would turn into `any`.
      skipLibCheck: false,
      types: [],
      outDir: "out"
    }
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["embed.ts"] }))
    await node(folder, tsc, "--project", ".")
    expect(await node(folder, join("out", "embed.js"))).toContain("embedded: ok")
  })

  it("carry the programs of docs/embedding.md, which print what it says", async () => {
    const guide = readFileSync(join(root, "docs", "embedding.md"), "utf8")
    const [read, first, second] = [...guide.matchAll(/```text\n(.*?)```/gs)].map(([, text]) => text)
    const { refused, served, ...printed } = await runPrograms(folder)
    expect(printed).toEqual({ read, first, second })
    expect(refused).toBe("wrong key\n")
    expect(served).toBe('{"success":1,"id":1,"isnew":1}\n1 customers\n')
  })

  it("refuse a program whose types are wrong", async () => {
    const lines = names.map(([name], index) => [
      `import * as p${index} from ${JSON.stringify(name)}`,
      `export const wrong${index}: number = p${index}`
    ])
    writeFileSync(join(folder, "wrong.ts"), lines.flat().join("\n"))
    const compilerOptions = {
      target: "ES2024",
      module: "NodeNext",
      strict: true,
      skipLibCheck: true,
      noEmit: true,
      types: []
    }
    writeFileSync(
      join(folder, "tsconfig.wrong.json"),
      JSON.stringify({ compilerOptions, files: ["wrong.ts"] })
    )
    const said = await node(folder, tsc, "--project", "tsconfig.wrong.json").catch(
      (error: Error) => error.message
    )
    expect(said.match(/error TS\d+/g)).toEqual(names.map(() => "error TS2322"))
  })

  it("bring a command that starts", async () => {
    const { bin } = JSON.parse(readFileSync(installed("tillbridge", "package.json"), "utf8")) as Manifest
    expect(await node(folder, installed("tillbridge", bin!["tillbridge"]!), "--help")).toContain("tillbridge")
  })
}, 120_000)

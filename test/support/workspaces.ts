import { globSync, readFileSync } from "node:fs"
import { dirname, join, sep } from "node:path"

/** The root folder of the repository. */
export const root = join(import.meta.dirname, "..", "..")

/** What the tests read of a package.json. */
export interface Manifest {
  readonly name: string
  readonly version: string
  readonly description?: string
  readonly license?: string
  readonly private?: boolean
  readonly bin?: Record<string, string>
  readonly files?: ReadonlyArray<string>
  readonly exports?: Record<string, string | Record<string, string>>
  readonly dependencies?: Record<string, string>
  readonly peerDependencies?: Record<string, string>
  readonly optionalDependencies?: Record<string, string>
  readonly devDependencies?: Record<string, string>
}

/** A workspace of this repository: its folder, such as `packages/domain`, and its manifest. */
export interface Workspace {
  readonly folder: string
  readonly manifest: Manifest
}

const posix = (path: string): string => path.split(sep).join("/")

/** Every workspace, in the order of its folder's name. */
export const workspaces: ReadonlyArray<Workspace> = globSync("{packages,apps}/*/package.json", { cwd: root })
  .map((path) => ({
    folder: posix(dirname(path)),
    manifest: JSON.parse(readFileSync(join(root, path), "utf8")) as Manifest
  }))
  .sort((a, b) => (a.folder < b.folder ? -1 : 1))

/** The workspaces that are published. */
export const published = workspaces.filter(({ manifest }) => manifest.private !== true)

/** Every source file of the workspaces, and their manifests, with paths relative to the root. */
export const readSources = (): ReadonlyArray<{ readonly path: string; readonly text: string }> =>
  globSync("{packages,apps}/*/{package.json,{src,bin}/**/*.{ts,mts,js,mjs}}", { cwd: root })
    .map((path) => ({ path: posix(path), text: readFileSync(join(root, path), "utf8") }))
    .sort((a, b) => (a.path < b.path ? -1 : 1))

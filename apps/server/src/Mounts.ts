/** Where each dialect is answered: the vendor's own paths, below a path of the operator's choice. */
import * as Schema from "effect/Schema"
import type { DialectSettings, ServedDialect } from "./ServedDialect.ts"

/** A dialect as this server answers it. */
export interface Mount {
  readonly served: ServedDialect
  /** Stands before the vendor's paths, such as `/fr`; `""` or nothing: they are at the root. */
  readonly at?: string
  readonly settings?: DialectSettings
}

/** A path that a dialect answers, in lower case, with all that is below it. */
export interface MountedPath {
  readonly path: `/${string}`
  readonly served: ServedDialect
}

/** The dialects cannot be answered where they were put. */
export class MountError extends Schema.TaggedError<MountError>()("MountError", { message: Schema.String }) {}

/** Letters, digits and `-._~`: what no client, proxy or router spells in two ways. */
const sound = /^(?:\/[a-z0-9\-_~][a-z0-9\-._~]*)+$/i

/** Without a slash at its end; an error where it cannot be one. */
export const mountPoint = (at: string): `/${string}` | "" | MountError => {
  const path = at.replace(/\/+$/, "")
  if (path === "") return ""
  return sound.test(path)
    ? (path as `/${string}`)
    : new MountError({
        message: `"${at}" is no path to mount at: it begins with / and has letters, digits and - . _ ~, such as /fr`
      })
}

const isBelow = (path: string, base: string): boolean =>
  path.startsWith(base) && (path.length === base.length || path[base.length] === "/")

export const mountedPaths = (mounts: ReadonlyArray<Mount>): ReadonlyArray<MountedPath> | MountError => {
  const taken: Array<MountedPath> = []
  const ids = new Set<string>()
  for (const { at = "", served } of mounts) {
    const { id } = served
    if (ids.has(id)) return new MountError({ message: `${id} is mounted twice` })
    ids.add(id)
    const point = mountPoint(at)
    if (typeof point !== "string") return point
    for (const own of served.paths) {
      const path = `${point}${own}`.toLowerCase() as `/${string}`
      const other = taken.find((one) => isBelow(path, one.path) || isBelow(one.path, path))
      if (other !== undefined) {
        return new MountError({
          message: `${other.served.id} answers ${other.path} and ${id} ${path}: mount one of them elsewhere`
        })
      }
      taken.push({ path, served })
    }
  }
  return taken
}

/** Who answers a path, in lower case. */
export const ownerOf = (paths: ReadonlyArray<MountedPath>, path: string): ServedDialect | undefined =>
  paths.find((one) => isBelow(path, one.path))?.served

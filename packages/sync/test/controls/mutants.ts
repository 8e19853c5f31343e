/** Copies of a package's sources with a fault in them, to be loaded instead. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"

export interface Edit {
  /** Below `src` of the package. */
  readonly file: string
  /** Stands there exactly once. */
  readonly from: string
  readonly to: string
}

const root = fileURLToPath(new URL("../../../../", import.meta.url))

let made = 0

/** Where copies are made: in a folder that no tool reads, from which the same packages are found. */
const placeOf = (name: string) => join(root, "coverage", `controls-${process.pid}-${++made}`, name)

const applied = (text: string, { file, from, to }: Edit): string => {
  const parts = text.split(from)
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times: ${from}`)
  return parts.join(to)
}

export interface Copy<A> {
  readonly loaded: A
  readonly remove: () => void
}

/** The package with the edits made; everything that it imports from others is as it is. */
export const copyWith = async <A>(name: string, edits: ReadonlyArray<Edit>): Promise<Copy<A>> => {
  const place = placeOf(name)
  const remove = () => rmSync(dirname(place), { recursive: true, force: true })
  try {
    mkdirSync(dirname(place), { recursive: true })
    cpSync(join(root, "packages", name, "src"), place, { recursive: true })
    for (const edit of edits) {
      const path = join(place, edit.file)
      writeFileSync(path, applied(readFileSync(path, "utf8"), edit))
    }
    return { loaded: (await import(pathToFileURL(join(place, "index.ts")).href)) as A, remove }
  } catch (error) {
    remove()
    throw error
  }
}

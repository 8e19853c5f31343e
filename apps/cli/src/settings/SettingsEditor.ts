/**
 * Changes one table of the settings file and nothing else: comments, order and spelling of the rest stay. The new text
 * is read again before it takes the place of the old one, and refused when anything but that table would differ.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, realpathSync, renameSync } from "node:fs"
import { rmSync, statSync, writeSync } from "node:fs"
import { dirname } from "node:path"
import { isDeepStrictEqual } from "node:util"
import * as Result from "effect/Result"
import * as Toml from "effect/encoding/Toml"
import { misconfigured, systemReason } from "../Failure.ts"
import { isTable, type Table } from "./SettingsFile.ts"

const bare = /^[A-Za-z0-9_-]+$/

const keyText = (key: string) => (bare.test(key) ? key : JSON.stringify(key))

/** A value as TOML writes it on one line. */
const valueText = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(valueText).join(", ")}]`
  if (isTable(value)) {
    return `{ ${Object.entries(value)
      .map(([key, one]) => `${keyText(key)} = ${valueText(one)}`)
      .join(", ")} }`
  }
  return typeof value === "string" ? JSON.stringify(value) : String(value)
}

/** `[remotes.till]` and its lines. */
const tableText = (path: ReadonlyArray<string>, table: Table): ReadonlyArray<string> => [
  `[${path.map(keyText).join(".")}]`,
  ...Object.entries(table).map(([key, value]) => `${keyText(key)} = ${valueText(value)}`)
]

/** The parts of a header's name, without their quotes. */
const headerPath = (line: string): ReadonlyArray<string> | undefined => {
  const match =
    /^\s*\[\[?\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*\]/.exec(
      line
    )
  return match?.[1]!.match(/"[^"]*"|'[^']*'|[A-Za-z0-9_-]+/g)?.map((part) => part.replace(/^["']|["']$/g, ""))
}

/** Which lines begin outside of a text or list that goes over several lines. */
const freshLines = (lines: ReadonlyArray<string>): ReadonlyArray<boolean> => {
  let within: string | null = null
  let depth = 0
  return lines.map((line) => {
    const fresh = within === null && depth === 0
    for (const [token] of line.matchAll(/"""|'''|\\.|"(?:[^"\\]|\\.)*"|'[^']*'|#.*$|[[\]{}]/g)) {
      if (within !== null) {
        if (token === within) within = null
      } else if (token === '"""' || token === "'''") within = token
      else if (token === "[" || token === "{") depth++
      else if (token === "]" || token === "}") depth--
      else if (token.startsWith("#")) break
    }
    if (fresh && headerPath(line) !== undefined) depth = 0
    return fresh
  })
}

/** The lines of the table and of those below it: from its header to its last line that is neither empty nor a comment. */
const linesOf = (
  lines: ReadonlyArray<string>,
  path: ReadonlyArray<string>
): ReadonlyArray<readonly [from: number, until: number]> => {
  const fresh = freshLines(lines)
  const ranges: Array<readonly [number, number]> = []
  let from: number | null = null
  let last = 0
  const close = () => {
    if (from !== null) ranges.push([from, last + 1])
    from = null
  }
  lines.forEach((line, at) => {
    const header = fresh[at] ? headerPath(line) : undefined
    if (header !== undefined) {
      close()
      if (path.every((part, index) => header[index] === part)) from = at
    }
    if (!fresh[at] || !/^\s*(#|$)/.test(line)) last = at
  })
  close()
  return ranges
}

/** A copy without prototypes of its own, for comparing; `path` is left out. */
const without = (root: Table, [first = "", second = ""]: ReadonlyArray<string>): unknown => {
  const group: unknown = root[first]
  const rest = isTable(group) ? Object.entries(group).filter(([key]) => key !== second) : []
  const others = Object.entries(root).filter(([key]) => key !== first)
  return plain(
    Object.fromEntries(rest.length === 0 ? others : [...others, [first, Object.fromEntries(rest)]])
  )
}

const plain = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(plain)
    : isTable(value)
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, one]) => [key, plain(one)])
        )
      : value

const parse = (text: string): Table | undefined => {
  const parsed = Toml.parse(text)
  return Result.isSuccess(parsed) ? parsed.success : undefined
}

/**
 * The text with the table at `path` (of two parts) in place, or without it where `table` is `null`. `undefined` when it
 * cannot be done without touching anything else.
 */
export const withTable = (
  text: string,
  path: readonly [string, string],
  table: Table | null
): string | undefined => {
  const end = text.includes("\r\n") ? "\r\n" : "\n"
  const lines = text.split(/\r?\n/)
  const ranges = linesOf(lines, path)
  const written = table === null ? [] : tableText(path, table)
  const edited = [...lines]
  for (const [index, [from, until]] of [...ranges.entries()].reverse()) {
    edited.splice(from, until - from, ...(index === 0 ? written : []))
    // What was a paragraph of its own leaves no empty one behind.
    const gone = index > 0 || table === null
    if (gone && edited[from]?.trim() === "" && (from === 0 || edited[from - 1]?.trim() === ""))
      edited.splice(from, 1)
  }
  if (ranges.length === 0 && table !== null) {
    while (edited.length > 0 && edited.at(-1)!.trim() === "") edited.pop()
    edited.push(...(edited.length === 0 ? [] : [""]), ...written, "")
  }
  const result = edited.join(end)
  const before = parse(text)
  const after = parse(result)
  if (before === undefined || after === undefined) return undefined
  const group: unknown = after[path[0]]
  const now = isTable(group) ? group[path[1]] : undefined
  const asMeant = table === null ? now === undefined : isDeepStrictEqual(plain(now), plain(table))
  return asMeant && isDeepStrictEqual(without(before, path), without(after, path)) ? result : undefined
}

/** Puts the text in the place of the file at once; a new file is its owner's alone. Throws a `Failure`. */
const replaceFile = (path: string, text: string): void => {
  let target = path
  let mode = 0o600
  try {
    target = realpathSync(path)
    mode = statSync(target).mode & 0o777
  } catch {}
  const place = `${target}.${process.pid}.tmp`
  try {
    mkdirSync(dirname(target), { recursive: true })
    const handle = openSync(place, "wx", mode)
    try {
      const bytes = Buffer.from(text)
      for (let at = 0; at < bytes.length;) at += writeSync(handle, bytes, at)
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
    renameSync(place, target)
  } catch (cause) {
    rmSync(place, { force: true })
    throw misconfigured(`cannot write the settings file ${path}: ${systemReason(cause)}`)
  }
}

/** Writes or, with `null`, takes away one table. Throws a `Failure`. */
export const editSettings = (path: string, at: readonly [string, string], table: Table | null): void => {
  let text = ""
  try {
    text = readFileSync(path, "utf8")
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT")
      throw misconfigured(`cannot read the settings file ${path}: ${systemReason(cause)}`)
  }
  const edited = withTable(text, at, table)
  if (edited === undefined) {
    throw misconfigured(
      `${path}: [${at.join(".")}] cannot be changed here without touching the rest of the file: edit it by hand`
    )
  }
  replaceFile(path, edited)
}

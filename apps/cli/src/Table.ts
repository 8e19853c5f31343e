/** Aligned tables and `key: value` lists for people. */
import { visible } from "./Output.ts"

export type Cell = string | number | boolean | null | undefined

const widest = 40

const shown = (cell: Cell): string => {
  if (cell === null || cell === undefined) return ""
  const text = visible(String(cell))
  return text.length > widest ? `${text.slice(0, widest - 1)}…` : text
}

/** Rows under headings; numbers stand to the right. */
export const table = (headings: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<Cell>>): string => {
  const text = rows.map((row) => row.map(shown))
  const widths = headings.map((heading, at) =>
    Math.max(heading.length, ...text.map((row) => row[at]?.length ?? 0))
  )
  const right = headings.map((_, at) => rows.length > 0 && rows.every((row) => typeof row[at] === "number"))
  const line = (cells: ReadonlyArray<string>) =>
    cells
      .map((cell, at) => (right[at] ? cell.padStart(widths[at]!) : cell.padEnd(widths[at]!)))
      .join("  ")
      .trimEnd()
  return [line(headings), ...text.map(line)].map((row) => `${row}\n`).join("")
}

/** One `key: value` a line, values aligned; what is not known is left out. */
export const pairs = (entries: ReadonlyArray<readonly [string, Cell]>): string => {
  const known = entries.filter(([, value]) => value !== null && value !== undefined && value !== "")
  const width = Math.max(0, ...known.map(([key]) => key.length + 1))
  return known.map(([key, value]) => `${`${key}:`.padEnd(width)} ${visible(String(value))}\n`).join("")
}

/** The report: a table for people, or the same lines as JSON. */
import { cpus } from "node:os"
import type { Comparison } from "./Comparison.ts"
import type { Options } from "./Options.ts"
import { isPinned } from "./Subprocess.ts"

export interface Report {
  readonly node: string
  readonly cpu: string
  readonly cpus: number
  readonly isPinned: boolean
  readonly rounds: number
  readonly seconds: number
  readonly comparisons: ReadonlyArray<Comparison>
}

export const makeReport = (
  comparisons: ReadonlyArray<Comparison>,
  options: Options,
  seconds: number
): Report => ({
  node: process.version,
  cpu: cpus()[0]?.model.trim() ?? "unknown",
  cpus: cpus().length,
  isPinned,
  rounds: options.rounds,
  seconds,
  comparisons
})

const figure = (value: number): string =>
  value >= 1_000 ? String(Math.round(value)) : value >= 100 ? value.toFixed(0) : value.toPrecision(3)

const verdict = (line: Comparison): string => {
  if (line.remarks.length > 0) return "DOUBTFUL"
  return line.isMet === null ? "" : line.isMet ? "met" : "MISSED"
}

const heading = ["row", "contender", "baseline", "unit", "ours", "theirs", "ratio", "range"].concat([
  "rate ours",
  "theirs",
  "ratio",
  "target",
  "result"
])

const cells = (line: Comparison): ReadonlyArray<string> => [
  line.row,
  line.contender,
  line.baseline,
  line.unit,
  figure(line.ours),
  figure(line.theirs),
  `${line.ratio.toFixed(2)}x`,
  line.range[0] === line.range[1] ? "" : `${line.range[0].toFixed(2)}-${line.range[1].toFixed(2)}`,
  line.rates === null ? "" : `${figure(line.rates.ours)} ${line.rates.unit}`,
  line.rates === null ? "" : figure(line.rates.theirs),
  line.rates === null ? "" : `${line.rates.ratio.toFixed(2)}x${line.rates.isLoaderBound ? "*" : ""}`,
  line.target ?? "",
  verdict(line)
]

const numeric = new Set([4, 5, 6, 8, 9, 10])

export const renderTable = (report: Report): string => {
  const rows = [heading, ...report.comparisons.map(cells)]
  const widths = heading.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        numeric.has(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)
      )
      .join("  ")
      .trimEnd()
  )
  const remarks = report.comparisons.flatMap((line) =>
    line.remarks.map((remark) => `DOUBTFUL ${line.row} against ${line.baseline}: ${remark}`)
  )
  return [
    `Node ${report.node}, ${report.cpus} x ${report.cpu}, ${report.isPinned ? "" : "not "}pinned, ` +
      `${report.rounds} rounds, ${report.seconds.toFixed(0)} s`,
    "A ratio above 1 means the contender needs less, or does more a second. * the loader was the limit.",
    "",
    ...lines,
    ...(remarks.length > 0 ? ["", ...new Set(remarks)] : []),
    ""
  ].join("\n")
}

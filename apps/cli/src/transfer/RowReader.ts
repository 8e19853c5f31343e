/** Turns raw records into customer records, by the format of the file. */
import type { CustomerRecord } from "@tillbridge/domain"
import { usage } from "../Failure.ts"
import { delimiterOf, parseRecord, unguard } from "./CsvText.ts"
import { headingProblem, recordBuilder } from "./CustomerColumns.ts"
import { decodeJson, decodeRecord } from "./RecordDecoder.ts"
import { type RawRecord, RecordSplitter } from "./RecordSplitter.ts"

export interface RowReader {
  readonly split: (chunk: Buffer | null) => ReadonlyArray<RawRecord>
  /** The record, the reason why there is none, or `null` for a record that is no row (the CSV heading). */
  readonly read: (raw: RawRecord) => CustomerRecord | string | null
}

/** Tells which lines a row has swallowed: where a quote does not end, the rows after it are part of the same cell. */
const spanning = ({ lastLine, line }: RawRecord, reason: string): string =>
  lastLine === line ? reason : `${reason}: lines ${line} to ${lastLine} were read as this one row`

const splitWith = (splitter: RecordSplitter, chunk: Buffer | null) =>
  chunk === null ? splitter.end() : splitter.push(chunk)

export const ndjsonReader = (): RowReader => {
  const splitter = new RecordSplitter(null)
  return {
    split: (chunk) => splitWith(splitter, chunk),
    read: ({ bytes, problem }) => problem ?? decodeJson(bytes.toString("utf8"))
  }
}

/** Throws a `Failure` at a heading that cannot be used: no row of such a file could be. */
export const csvReader = (isRaw: boolean): RowReader => {
  let splitter: RecordSplitter | undefined
  let delimiter = ","
  let width = 0
  let build: ReturnType<typeof recordBuilder> | undefined
  const restore = isRaw ? (cell: string) => cell : unguard
  return {
    split: (chunk) => {
      if (splitter === undefined) {
        const firstLine = (chunk ?? Buffer.alloc(0)).subarray(0, 65_536).toString("utf8").split("\n", 1)[0]!
        delimiter = delimiterOf(firstLine)
        splitter = new RecordSplitter(delimiter.charCodeAt(0))
      }
      return splitWith(splitter, chunk)
    },
    read: (raw) => {
      const { bytes, problem } = raw
      const cells = problem === null ? parseRecord(bytes.toString("utf8"), delimiter) : { problem }
      if (build === undefined) {
        const heading = "problem" in cells ? cells : cells.map((name) => restore(name.trim()))
        const wrong =
          "problem" in heading ? `the heading ${spanning(raw, heading.problem)}` : headingProblem(heading)
        if (wrong !== null || "problem" in heading) throw usage(wrong ?? "the heading cannot be read")
        width = heading.length
        build = recordBuilder(heading)
        return null
      }
      if ("problem" in cells) return spanning(raw, cells.problem)
      if (cells.length !== width)
        return spanning(raw, `has ${cells.length} cells where the heading has ${width}`)
      return decodeRecord(build(cells.map(restore)))
    }
  }
}

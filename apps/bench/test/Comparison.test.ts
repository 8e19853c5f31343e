import { describe, expect, it } from "vitest"
import { compare, median, type Sample } from "../src/Comparison.ts"
import { customerOf } from "../src/Customers.ts"
import { parseOptions, UsageError } from "../src/Options.ts"
import { fillIn } from "../src/Participant.ts"
import { parseStat } from "../src/Proc.ts"
import { makeReport, renderTable } from "../src/Report.ts"

const about = { row: "page", contender: "c", baseline: "b", unit: "CPU-ms", rateUnit: "req/s", remarks: [] }
const sample = (cost: number, rate: number, loaderShare = 0.1): Sample => ({ cost, rate, loaderShare })

describe("compare", () => {
  it("takes the median of the rounds' own ratios", () => {
    const line = compare(
      about,
      [sample(1, 30), sample(10, 3), sample(1, 30)],
      [sample(3, 10), sample(30, 1), sample(2, 15)],
      2
    )
    expect(line).toMatchObject({ ratio: 3, range: [2, 3], ours: 1, theirs: 3, isMet: true, target: ">= 2x" })
    expect(line.rates).toMatchObject({ ratio: 3, isLoaderBound: false })
  })

  it("asks CPU and rate to meet the target, unless the loader was the limit", () => {
    expect(compare(about, [sample(1, 10)], [sample(3, 9)], 2).isMet).toBe(false)
    expect(compare(about, [sample(1, 10, 0.95)], [sample(3, 9)], 2).isMet).toBe(true)
    expect(compare(about, [sample(1, 10)], [sample(3, 9)], null).isMet).toBeNull()
  })

  it("knows the median of even and odd numbers of values", () => {
    expect([median([3, 1, 2]), median([4, 1, 3, 2])]).toEqual([2, 2.5])
  })
})

describe("the report", () => {
  it("says met, missed and doubtful", () => {
    const lines = [sample(1, 9), sample(9, 1)].map((ours) => compare(about, [ours], [sample(3, 3)], 2))
    const doubtful = { ...lines[0]!, remarks: ["status 500"] }
    const text = renderTable(makeReport([...lines, doubtful], parseOptions([]), 1))
    expect(text.match(/met$|MISSED$|DOUBTFUL$/gm)).toEqual(["met", "MISSED", "DOUBTFUL"])
    expect(text).toContain("DOUBTFUL page against b: status 500")
  })
})

describe("the parts of a run", () => {
  it("reads a process whose name holds spaces and parentheses", () => {
    const text = "42 (a ) b (c) R 7 1 1 0 -1 4194560 1 2 3 4 11 22 33 44 20 0 1 0 99"
    expect(parseStat(text)).toEqual({ pid: 42, parent: 7, ownTicks: 33, reapedTicks: 77 })
  })

  it("fills in a command line, and leaves alone what it has no value for", () => {
    const command = ["serve", "--port", "{port}", "sqlite:{database}", "{file}"]
    expect(fillIn(command, { port: 80, database: "/tmp/a" })).toEqual([
      "serve",
      "--port",
      "80",
      "sqlite:/tmp/a",
      "{file}"
    ])
  })

  it("refuses flags it does not understand", () => {
    expect(parseOptions(["--only", "by-id,update", "--rounds", "3"])).toMatchObject({
      only: ["by-id", "update"],
      rounds: 3
    })
    for (const argv of [["--only", "pages"], ["--rounds", "0"], ["--requests", "x"], ["--colour"]])
      expect(() => parseOptions(argv)).toThrow(UsageError)
  })

  it("invents the same customers every time", () => {
    expect(customerOf(7)).toEqual(customerOf(7))
    expect(new Set(Array.from({ length: 1000 }, (_, index) => customerOf(index + 1).external_id)).size).toBe(
      1000
    )
    expect(Array.from({ length: 50 }, (_, index) => customerOf(index + 1).fname).join("")).toMatch(
      /[А-я].*[A-z]/
    )
  })
})

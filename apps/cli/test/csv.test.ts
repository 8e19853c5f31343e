import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { delimiterOf, formatRecord, guard, parseRecord, unguard } from "../src/transfer/CsvText.ts"
import {
  cellsOf,
  type EncodedCustomer,
  headingOf,
  headingProblem,
  recordBuilder
} from "../src/transfer/CustomerColumns.ts"
import { type RawRecord, RecordSplitter } from "../src/transfer/RecordSplitter.ts"
import { csvReader } from "../src/transfer/RowReader.ts"

const nasty = fc.string({
  unit: fc.constantFrom(
    "'",
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    " ",
    "\u00a0",
    '"',
    ",",
    ";",
    "a",
    "1",
    "я",
    "🙂",
    "＝"
  ),
  maxLength: 12
})

const splitAll = (bytes: Buffer, size: number, delimiter: string | null): Array<RawRecord> => {
  const splitter = new RecordSplitter(delimiter === null ? null : delimiter.charCodeAt(0))
  const records: Array<RawRecord> = []
  for (let at = 0; at < bytes.length; at += size)
    records.push(...splitter.push(bytes.subarray(at, at + size)))
  return [...records, ...splitter.end()]
}

describe("the guard against spreadsheet formulas", () => {
  it("guards every cell that could be a formula, also behind spaces", () => {
    for (const cell of [
      "=1+1",
      "+7999",
      "-1",
      "@SUM(A1)",
      "\tx",
      "\rx",
      "  =1",
      "\u00a0=1",
      "＝1",
      "'=1",
      "\n=1"
    ]) {
      expect(guard(cell), JSON.stringify(cell)).toBe(`'${cell}`)
    }
    for (const cell of ["", "a=1", "7999", "'quoted'", "O'Brien", " a", "'"]) expect(guard(cell)).toBe(cell)
  })

  it("is taken away again exactly", () => {
    fc.assert(
      fc.property(nasty, (cell) => unguard(guard(cell)) === cell),
      { numRuns: 5_000 }
    )
  })

  it("leaves no cell that begins as a formula does", () => {
    fc.assert(
      fc.property(
        nasty,
        (cell) => !/^[\s\u00a0]*[=+\-@＝]/.test(guard(cell)) && !/^[\t\r\n]/.test(guard(cell))
      ),
      { numRuns: 5_000 }
    )
  })
})

describe("CSV text", () => {
  const rows = fc.array(fc.array(nasty, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 5 })

  it("comes back as it was, whatever the chunks are", () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 40 }), fc.boolean(), (table, size, safe) => {
        const text = table.map((cells) => formatRecord(safe ? cells.map(guard) : cells)).join("")
        const found = splitAll(Buffer.from(text), size, ",").map(({ bytes, problem }) => {
          expect(problem).toBeNull()
          const cells = parseRecord(bytes.toString("utf8"), ",")
          return "problem" in cells ? cells.problem : safe ? cells.map(unguard) : cells
        })
        expect(found).toEqual(table)
      }),
      { numRuns: 1_000 }
    )
  })

  it("refuses what RFC 4180 does not know, row by row", () => {
    const file = Buffer.from('a,b\r\n1,5" pipe\r\n2,"x"y\r\n3,ok\r\n4,"never\r\nends\r\n')
    const records = splitAll(file, 7, ",")
    expect(records.map(({ line }) => line)).toEqual([1, 2, 3, 4, 5])
    expect(parseRecord(records[1]!.bytes.toString(), ",")).toHaveProperty("problem")
    expect(parseRecord(records[2]!.bytes.toString(), ",")).toHaveProperty("problem")
    expect(parseRecord(records[3]!.bytes.toString(), ",")).toEqual(["3", "ok"])
    expect(records[4]!.problem).toContain("does not end")
    expect([records[4]!.lastLine, records[4]!.bytes.toString()]).toEqual([6, '4,"never\r\nends\r\n'])
  })

  it("tells which lines an unclosed quote has swallowed", () => {
    const reader = csvReader(false)
    const refused = (text: string) => {
      const raws = [...reader.split(Buffer.from(text)), ...reader.split(null)]
      return raws.map((raw) => [raw.line, raw.lastLine, reader.read(raw)]).filter(([, , row]) => row !== null)
    }
    const closedByChance = 'id,firstName\n1,"Ada\n2,Bob\n3,"Eve",\n4,"Al\nan\n5,Zoe'
    expect(refused(closedByChance)).toEqual([
      [2, 4, "has text after the closing quote of cell 2: lines 2 to 4 were read as this one row"],
      [
        5,
        7,
        "has a quoted cell that does not end within 1 MiB or before the end of the file: " +
          "lines 5 to 7 were read as this one row"
      ]
    ])
  })

  it("keeps up to 1 MiB of a record without end and finds the next one", () => {
    const long = `"${"x".repeat(3 * 1024 * 1024)}`
    const records = splitAll(Buffer.from(`a,b\n1,${long}\n2,ok\n`), 65_536, ",")
    expect(records.map(({ bytes, lastLine, line }) => [line, lastLine, bytes.length])).toEqual([
      [1, 1, 3],
      [2, 2, 1024 * 1024],
      [3, 3, 4]
    ])
    expect(records[1]!.problem).toContain("does not end")
    expect(records[2]!.bytes.toString()).toBe("2,ok")
  })

  it("knows the delimiters of other locales, a BOM, bad UTF-8 and lines that are too long", () => {
    expect(["a,b", "a;b", "a\tb", "a"].map(delimiterOf)).toEqual([",", ";", "\t", ","])
    const bytes = Buffer.concat([
      Buffer.from('\ufeff{"a":1}\r\n\r\n'),
      Buffer.from([0xff, 0x0a]),
      Buffer.from("y".repeat(1_100_000))
    ])
    const records = splitAll(bytes, 1_000, null)
    expect(records.map(({ line, problem }) => [line, problem])).toEqual([
      [1, null],
      [3, "is not valid UTF-8"],
      [4, "is longer than 1 MiB"]
    ])
    expect(records[0]!.bytes.toString()).toBe('{"a":1}')
  })
})

describe("a customer as a CSV row", () => {
  const text = fc.option(
    nasty.filter((one) => one !== ""),
    { nil: null }
  )
  const customer = fc.record({
    id: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    version: fc.nat(),
    externalIds: fc.uniqueArray(
      fc.record({
        system: fc.constantFrom("shop", "=x", "a.b", "other"),
        key: nasty.filter((one) => one !== "")
      }),
      { selector: ({ system }) => system }
    ),
    title: text,
    firstName: text,
    middleName: text,
    lastName: text,
    gender: fc.constantFrom("female" as const, "male" as const, null),
    birthDate: fc.record({
      day: fc.option(fc.integer({ min: 1, max: 28 }), { nil: null }),
      month: fc.option(fc.integer({ min: 1, max: 12 }), { nil: null }),
      year: fc.option(fc.integer({ min: 1900, max: 2020 }), { nil: null })
    }),
    email: text,
    phone: text,
    mobilePhone: text,
    address: fc.record({
      line1: text,
      line2: text,
      line3: text,
      postalCode: text,
      city: text,
      country: text
    }),
    company: fc.record({ name: text, vatNumber: text }),
    language: text,
    consents: fc.record({ push: fc.boolean(), email: fc.boolean(), sms: fc.boolean() }),
    notes: text,
    discountPercent: fc.constantFrom(null, "5", "-0.5"),
    accumulatedSales: fc.constantFrom("0", "15200", "-4545.01"),
    registeredAt: fc.constantFrom(null, "2020-02-29T10:11:12.013Z"),
    registeredIn: fc.option(fc.integer({ min: 1, max: 99 }), { nil: null }),
    extensions: fc.dictionary(
      fc.constantFrom("one", "two"),
      fc.dictionary(nasty, fc.jsonValue(), { noNullPrototype: true }),
      {
        noNullPrototype: true
      }
    ),
    group: fc.option(
      fc.record({ id: fc.integer({ min: 1, max: 9 }), name: nasty.filter((one) => one !== "") }),
      { nil: null }
    ),
    createdAt: fc.constant("2020-02-29T10:11:12.013Z"),
    createdBy: fc.option(fc.integer(), { nil: null }),
    updatedAt: fc.constant("2020-02-29T10:11:12.013Z"),
    updatedBy: fc.option(fc.integer(), { nil: null })
  })

  it("comes back whole, safe or raw, with every system in a column or only some", () => {
    const systems = fc.subarray(["shop", "=x", "a.b", "other"])
    fc.assert(
      fc.property(customer, systems, fc.boolean(), (one, columns, safe) => {
        const written = formatRecord(
          cellsOf(one as EncodedCustomer, columns).map(safe ? guard : (cell) => cell)
        )
        const [raw] = splitAll(Buffer.from(written), 1_000, ",")
        const cells = parseRecord(raw!.bytes.toString("utf8"), ",")
        if ("problem" in cells) throw new Error(cells.problem)
        const read = recordBuilder(headingOf(columns))(cells.map(safe ? unguard : (cell) => cell))
        const bySystem = (ids: unknown) =>
          [...((ids ?? []) as Array<{ readonly system: string }>)].sort((a, b) =>
            a.system < b.system ? -1 : 1
          )
        const {
          updatedAt: _at,
          updatedBy: _by,
          version: _version,
          ...expected
        } = JSON.parse(JSON.stringify(one)) as EncodedCustomer
        const { extensions = {}, externalIds, ...rest } = read
        expect({ ...rest, extensions, externalIds: bySystem(externalIds) }).toEqual({
          ...expected,
          externalIds: bySystem(expected.externalIds)
        })
      }),
      { numRuns: 500 }
    )
  })

  it("names what is wrong with a heading", () => {
    expect(headingProblem(["id", "firstName", "externalId.shop", "address.city"])).toBeNull()
    expect(headingProblem(["id", "fristName"])).toContain('Did you mean "firstName"?')
    expect(headingProblem(["id", "id"])).toContain("twice")
  })
})

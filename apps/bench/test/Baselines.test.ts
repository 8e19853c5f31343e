import { XMLParser, XMLValidator } from "fast-xml-parser"
import { describe, expect, it } from "vitest"
import { json } from "../src/baselines/Encoding.ts"
import { xmlBuilt } from "../src/baselines/XmlBuilt.ts"
import { escapeXml, xmlTemplate } from "../src/baselines/XmlTemplate.ts"
import { customerOf } from "../src/Customers.ts"
import { difference, parseRecords } from "../src/Records.ts"
import { virtposRecords } from "../src/VirtposCalls.ts"

const rows = Array.from({ length: 300 }, (_, index) => ({ ...customerOf(index + 1) }))

describe("the baselines' answers", () => {
  it("are the same bytes from the template and from the builder", () => {
    expect(xmlTemplate.list(rows).toString()).toBe(xmlBuilt.list(rows).toString())
    expect(xmlTemplate.list([]).toString()).toBe(xmlBuilt.list([]).toString())
    expect(xmlTemplate.saved(7).toString()).toBe(xmlBuilt.saved(7).toString())
  })

  it("tell the same in XML and in JSON", () => {
    const read = (format: "json" | "xml", bytes: Buffer) =>
      parseRecords(format, bytes.toString(), virtposRecords)
    expect(difference(read("xml", xmlTemplate.list(rows)), read("json", json.list(rows)))).toBeNull()
  })

  it("escape whatever XML cannot hold, and keep pairs of surrogates", () => {
    const text = `a & b < c > d " e ' f \u0001\u000b\ufffe\ud800 🙂\t\n`
    const escaped = escapeXml(text)
    expect(escaped).toBe("a &amp; b &lt; c &gt; d &quot; e &apos; f  🙂\t\n")
    expect(XMLValidator.validate(`<a>${escaped}</a>`)).toBe(true)
    expect(new XMLParser({ trimValues: false }).parse(`<a>${escaped}</a>`).a).toBe(
      `a & b < c > d " e ' f  🙂\t\n`
    )
  })
})

describe("difference", () => {
  it("overlooks what is each server's own, and how an empty value is written", () => {
    const [first] = rows
    const same = {
      ...first,
      id: "99",
      created_by: "",
      accumulated_sales: Number(first?.accumulated_sales).toFixed(2)
    }
    expect(difference([same], [first!])).toBeNull()
    expect(difference([{ ...same, mname: "" }], [{ ...first, mname: null }])).toBeNull()
  })

  it("names the record and the field", () => {
    const changed = rows.map((row, index) => (index === 4 ? { ...row, fname: "Other" } : row))
    expect(difference(changed, rows)).toContain('record 5 differs in fname: "Other"')
    expect(difference(rows.slice(1), rows)).toContain("299 records")
  })
})

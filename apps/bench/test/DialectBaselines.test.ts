import { XMLValidator } from "fast-xml-parser"
import { describe, expect, it } from "vitest"
import { periodJson, periodXml } from "../src/baselines/LcmanagerHandlers.ts"
import { megawinCustomer } from "../src/baselines/MegawinHandlers.ts"
import { polarisBuilt, polarisJson, polarisTemplate, type Slice } from "../src/baselines/PolarisClients.ts"
import { customerOf } from "../src/Customers.ts"
import { lcmanagerRecords } from "../src/LcmanagerCalls.ts"
import { polarisRecords } from "../src/PolarisCalls.ts"
import { parseRecords } from "../src/Records.ts"

const rows = Array.from({ length: 300 }, (_, index) => ({ ...customerOf(index + 1) }))
const card = { number: 2_000_000_001, type: "Gold & Co", status: "Active" }

const slice: Slice = {
  rows,
  cards: new Map([
    [
      1,
      [
        { ...card, customer_id: 1 },
        { ...card, customer_id: 1, number: 7, status: "Blocked" }
      ]
    ],
    [2, [{ ...card, customer_id: 2 }]]
  ]),
  hasMore: true,
  checkPoint: "abc"
}

describe("Polaris by hand", () => {
  it("is the same bytes from the template and from the builder", () => {
    expect(polarisTemplate.slice(slice)).toBe(polarisBuilt.slice(slice))
    for (const row of rows)
      expect(polarisTemplate.one(row, slice.cards.get(row.id) ?? [])).toBe(
        polarisBuilt.one(row, slice.cards.get(row.id) ?? [])
      )
  })

  it("leaves out what is empty, and names the cards", () => {
    const empty = { email: null, phone: null, birth_year: null, fname: "Анна", lname: "", external_id: null }
    const row = { ...customerOf(1), ...empty, gender: "F", last_update_date: "2024-02-03 04:05:06" }
    expect(JSON.parse(polarisJson.one({ ...row, lname: null, send_email: 1 }, slice.cards.get(1)!))).toEqual({
      IDClient: 1,
      Prenom: "Анна",
      Sexe: "F",
      Mailing: true,
      DateModification: "2024-02-03T04:05:06",
      Cartes: [
        { Numero: "2000000001", TypeCarte: "Gold & Co", EstValide: true },
        { Numero: "7", TypeCarte: "Gold & Co", EstValide: false }
      ]
    })
  })

  it("tells the same clients in XML and in JSON", () => {
    const xml = parseRecords("xml", polarisTemplate.slice(slice), polarisRecords)
    const json = parseRecords("json", polarisJson.slice(slice), polarisRecords)
    const names = ["IDClient", "Cle", "Nom", "Telephone", "DateAnniversaire", "Mailing"]
    const texts = (records: typeof xml) => records.map((one) => names.map((name) => String(one[name])))
    expect(texts(xml)).toEqual(texts(json))
    expect(xml).toHaveLength(300)
  })
})

describe("LCManager by hand", () => {
  const registered = [
    {
      Client: 1,
      Card: 2_000_000_001,
      OutNumber: 700_001,
      Virtual: false,
      Card_Type: "Gold",
      Card_Status: "Active",
      RegPos: 1,
      RegPosName: "A & B",
      RegDate: "2024-01-01T08:00:00"
    }
  ]

  it("tells the same cards in XML and in JSON", () => {
    const xml = periodXml(registered)
    expect(XMLValidator.validate(xml)).toBe(true)
    const [record = {}] = parseRecords("xml", xml, lcmanagerRecords)
    expect(Object.keys(record)).toEqual(Object.keys(record).toSorted())
    const texts = Object.entries(registered[0]!).map(([name, value]) => [name, String(value)])
    expect(record).toEqual(Object.fromEntries(texts))
    expect(parseRecords("json", periodJson(registered), lcmanagerRecords)).toEqual(registered)
  })
})

describe("Megawin by hand", () => {
  it("has every member, empty or not", () => {
    const row = { ...customerOf(1), fname: "Анна", group_name: null, register_date: "2024-02-03 04:05:06" }
    expect(megawinCustomer(row)).toMatchObject({
      clcleunik: "1",
      firstName: "Анна",
      groupePrice: "01",
      addedDate: "2024-02-03",
      addHour: "04:05:06",
      cellphone: "",
      showPrice: true
    })
    expect(Object.keys(megawinCustomer(row))).toHaveLength(22)
  })
})

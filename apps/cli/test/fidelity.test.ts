import { readFileSync } from "node:fs"
import { beforeAll, describe, expect, it } from "vitest"
import { codecIds, codecs } from "../src/codecs.ts"
import { type Fidelity, fidelityOf, page } from "../src/fidelity/Page.ts"

let all: ReadonlyArray<Fidelity>
beforeAll(async () => {
  all = await Promise.all(codecIds.map(async (id) => fidelityOf(await codecs[id].load())))
}, 60_000)

const of = (dialect: string) => all.find((one) => one.dialect === dialect)!
const whole = { mark: "whole" }
const none = { mark: "none" }
const part = (how: string) => ({ mark: "part", how })

describe("docs/fidelity.md", () => {
  it("says what the dialects do; `npm run fidelity` makes it anew", () => {
    const committed = readFileSync(new URL("../../../docs/fidelity.md", import.meta.url), "utf8")
    expect(page(all)).toBe(committed)
  })

  it("has a row for each field and a column for each dialect", () => {
    const rows = page(all)
      .split("\n")
      .filter((line) => line.startsWith("| "))
    expect(rows.find((row) => row.startsWith("| field"))).toBe(`| field | ${codecIds.join(" | ")} |`)
    for (const row of rows.filter((row) => row.startsWith("| `"))) expect(row).not.toMatch(/\| {2}\|/)
  })
})

describe("what a dialect carries", () => {
  it("is told of VirtualPOS as its page documents it", () => {
    const { answers, calls } = of("virtpos")
    expect(answers).toMatchObject({
      firstName: whole,
      "birthDate.year": whole,
      group: whole,
      accumulatedSales: whole,
      registeredAt: part("whole seconds"),
      mobilePhone: part("as phone when that is empty"),
      title: none,
      "address.city": none,
      cards: whole,
      "cards.status": whole,
      "cards.registeredIn": none
    })
    expect(calls).toMatchObject({
      group: whole,
      registeredAt: part("whole seconds"),
      createdAt: none,
      language: none
    })
  })

  it("is told of Polaris as its pages and our reading of them have it", () => {
    const { answers, calls } = of("polaris")
    expect(answers).toMatchObject({
      title: whole,
      "address.line3": whole,
      registeredIn: whole,
      "birthDate.day": part("only with birthDate.month"),
      "birthDate.year": part("only with birthDate.day, birthDate.month"),
      notes: none,
      group: none,
      cards: whole,
      "cards.type": whole,
      "cards.blockedAt": none
    })
    expect(calls).toMatchObject({ externalIds: whole, "address.city": whole, accumulatedSales: none })
  })

  it("is told of LCManager as its page documents it", () => {
    const { answers, calls } = of("lcmanager")
    expect(calls).toBeNull()
    expect(answers).toMatchObject({
      firstName: none,
      externalIds: none,
      cards: part("whole numbers alone"),
      "cards.externalIds": part("whole numbers alone"),
      "cards.medium": part("not magnetic"),
      "cards.registeredAt": whole,
      "cards.registeredIn": whole,
      "cards.barcode": none
    })
  })

  it("is told of Megawin as its page documents it", () => {
    const { answers, calls } = of("megawin")
    expect(answers).toMatchObject({
      "address.city": whole,
      "company.vatNumber": whole,
      mobilePhone: whole,
      "address.line1": part("joined with address.line2"),
      registeredAt: part("whole seconds"),
      gender: none,
      "birthDate.day": none,
      cards: none
    })
    expect(calls).toMatchObject({ discountPercent: whole, registeredAt: none })
  })
})

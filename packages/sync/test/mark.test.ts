import { BigDecimal, DateTime } from "effect"
import { describe, expect, it } from "vitest"
import { hashData } from "../src/Mark.ts"

const money = (text: string) => BigDecimal.fromStringUnsafe(text)
const at = (text: string) => DateTime.makeUnsafe(text)

describe("the hash of a telling", () => {
  it("differs wherever the data differ", () => {
    const data: ReadonlyArray<unknown> = [
      "",
      "0",
      0,
      1,
      -1,
      0.5,
      null,
      true,
      false,
      [],
      {},
      [[]],
      ["ab", "c"],
      ["a", "bc"],
      ["abc"],
      [null, "abc"],
      ["abc", null],
      { a: "bc" },
      { ab: "c" },
      { a: { b: "c" } },
      { a: "x", b: "y" },
      { a: "y", b: "x" },
      { a: null },
      { a: "null" },
      { a: "object null" },
      { a: true },
      { a: "true" },
      at("2024-05-01T00:00:00Z"),
      at("2024-05-01T00:00:00.001Z"),
      money("12.50"),
      money("12.51"),
      "12.5",
      ...Array.from({ length: 2_000 }, (_, index) => ({ phone: `+33${600_000_000 + index}` }))
    ]
    expect(new Set(data.map(hashData)).size).toBe(data.length)
  })

  it("is the same for the same data, whatever was hashed in between", () => {
    const told = () => [
      {
        firstName: "Léa",
        email: null,
        birthDate: { day: 3, month: 4 },
        registeredAt: at("2024-05-01T00:00:00Z")
      },
      [{ number: "2900000001", patch: { status: "active" } }]
    ]
    const first = hashData(told())
    for (let index = 0; index < 2_000; index++) hashData({ [`x-${index}`]: index })
    expect(hashData(told())).toBe(first)
    expect(hashData({ sales: money("12.50") })).toBe(hashData({ sales: money("12.5") }))
    expect(hashData({ a: "x", b: undefined })).toBe(hashData({ a: "x" }))
  })
})

/** Whom a request asks for: the rules, in Moscow, on a Saturday noon. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import type { PeriodRules } from "../src/LcmanagerRoutes.ts"
import { assertRefused, cardsOf, open } from "./server.ts"

/** A card for each of these moments, numbered from 1. */
const moments = [
  "0001-06-01T00:00:00Z", // 1
  "2023-06-14T09:00:00Z", // 2: last year
  "2023-12-31T20:59:59.999Z", // 3: the last millisecond of 2023
  "2023-12-31T21:00:00Z", // 4: the first of 2024
  "2024-05-31T20:59:59.999Z", // 5: the last of May
  "2024-05-31T21:00:00Z", // 6: the first of June
  "2024-06-13T20:59:59.999Z", // 7: the day before yesterday
  "2024-06-13T21:00:00Z", // 8: yesterday's first
  "2024-06-14T20:59:59.999Z", // 9: yesterday's last
  "2024-06-14T21:00:00Z", // 10: today's first
  "2024-06-15T09:00:00Z", // 11: now
  "2024-06-15T20:59:59.999Z", // 12: today's last, still to come
  "2024-06-15T21:00:00Z", // 13: tomorrow
  "2025-01-01T00:00:00Z", // 14
  "9999-12-31T20:00:00Z" // 15
]

const setup = Effect.fnUntraced(function* (rules?: PeriodRules) {
  const server = yield* open(rules === undefined ? {} : { rules })
  for (const [index, at] of moments.entries()) {
    yield* server.add({ number: String(index + 1), at, store: (index % 3) + 1, owner: index + 1 })
  }
  yield* server.add({ number: "99", at: null })
  return server
})

const all = moments.map((_, index) => index + 1)
const from = (first: number, last: number) => all.slice(first - 1, last)

const table: ReadonlyArray<readonly [title: string, body: object, cards: ReadonlyArray<number>]> = [
  ["nothing", {}, []],
  ["dates without Registration", { BegDate: "2024-01-01", EndDate: "2024-12-31" }, []],
  ["Registration alone: everybody", { Registration: true }, all],
  ["Registration false", { Registration: false, BegDate: "2024-01-01" }, []],
  ["from a day", { Registration: true, BegDate: "2024-06-15" }, from(10, 15)],
  ["up to a day, which is whole", { Registration: true, EndDate: "2024-06-14" }, from(1, 9)],
  ["up to a midnight, which is that day", { Registration: true, EndDate: "2024-06-14T00:00:00" }, from(1, 9)],
  ["up to a midnight given in UTC", { Registration: true, EndDate: "2024-06-13T21:00:00Z" }, from(1, 9)],
  [
    "up to an instant, which belongs to it",
    { Registration: true, BegDate: "2024-06-15", EndDate: "2024-06-15T12:00:00" },
    [10, 11]
  ],
  [
    "up to the tick before",
    { Registration: true, BegDate: "2024-06-15", EndDate: "2024-06-15T11:59:59.9999999" },
    [10]
  ],
  ["one day", { Registration: true, BegDate: "2024-06-14", EndDate: "2024-06-14" }, [8, 9]],
  [
    "a day that ends before it begins",
    { Registration: true, BegDate: "2024-06-15", EndDate: "2024-06-14" },
    []
  ],
  [
    "the first and the last year",
    { Registration: true, BegDate: "0001-01-01T00:00:00", EndDate: "9999-12-31T23:59:59.9999999" },
    all
  ],
  ["before the first row", { Registration: true, EndDate: "0001-01-01" }, []],
  ["today", { Reg: { Today: true } }, from(10, 12)],
  ["yesterday", { Reg: { Yesterday: true } }, [8, 9]],
  ["today or yesterday", { Reg: { Today: true, Yesterday: true } }, from(8, 12)],
  ["not today", { Reg: { Today: false } }, []],
  ["not today, though Registration", { Reg: { Today: false }, Registration: true }, all],
  ["this June", { Reg: { Month: 6 } }, from(6, 13)],
  ["June of last year", { Reg: { Month: 6, Year: 2023 } }, [2]],
  ["December goes to its end", { Reg: { Month: 12, Year: 2023 } }, [3]],
  ["a year", { Reg: { Year: 2024 } }, from(4, 13)],
  ["year 1 and year 9999", { Reg: { Year: 9999 } }, [15]],
  ["the year 1", { Reg: { Year: 1 } }, [1]],
  ["no such month", { Reg: { Month: 64, Year: 2024 } }, []],
  ["month 0", { Reg: { Month: 0 } }, []],
  ["year 0 and less", { Reg: { Year: 0 } }, []],
  ["a year far away", { Reg: { Year: 2_000_000_000 } }, []],
  ["May, and today beside it", { Reg: { Month: 5, Today: true } }, [5, 10, 11, 12]],
  [
    "the period and the selection: both",
    { Registration: true, BegDate: "2024-06-14", EndDate: "2024-06-15T11:00:00", Reg: { Today: true } },
    [10]
  ],
  [
    "both, without a common moment",
    { BegDate: "2024-01-01", EndDate: "2024-01-02", Reg: { Today: true } },
    []
  ],
  ["a list of stores", { Registration: true, BegDate: "2024-06-01", RegPosList: 1 }, [7, 8, 10, 11, 13, 14]],
  ["a list that is not there", { Registration: true, RegPosList: 77 }, []],
  ["a list that can be none", { Registration: true, RegPosList: -1 }, []],
  ["list 0", { Registration: true, RegPosList: 0 }, []],
  [
    "a date that is none counts as absent",
    { Registration: true, BegDate: "x", EndDate: "2023-12-31" },
    from(1, 3)
  ],
  [
    "Operator, Token and SiteCode choose nobody",
    { Reg: { Today: true }, Operator: 99, Token: 5, SiteCode: "x" },
    from(10, 12)
  ]
]

describe("the registrations of", () => {
  it.effect("every combination, by hand", () =>
    Effect.gen(function* () {
      const { ask } = yield* setup()
      for (const [title, body, cards] of table) {
        assert.deepStrictEqual(cardsOf(yield* ask(body)), cards, title)
      }
    })
  )

  it.effect("today is the merchant's, and moves with the clock", () =>
    Effect.gen(function* () {
      const { ask } = yield* setup()
      yield* TestClock.adjust("11 hours")
      assert.deepStrictEqual(
        cardsOf(yield* ask({ Reg: { Today: true } })),
        [10, 11, 12],
        "an hour before midnight"
      )
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(cardsOf(yield* ask({ Reg: { Today: true } })), [13])
      assert.deepStrictEqual(cardsOf(yield* ask({ Reg: { Yesterday: true } })), [10, 11, 12])
    })
  )

  it.effect("a merchant without such a list gets nobody, whoever has it", () =>
    Effect.gen(function* () {
      const { ask } = yield* setup()
      const [none, foreign] = [
        yield* ask({ Registration: true, RegPosList: 2 }),
        yield* ask(`{"Registration":true,"RegPosList":9007199254740993}`)
      ]
      assert.strictEqual(none.text, `{"Clients":[],"ErrorCode":0,"Message":""}`)
      assert.strictEqual(foreign.text, none.text)
    })
  )
})

describe("other rules", () => {
  it.effect("either the period or the selection", () =>
    Effect.gen(function* () {
      const { ask } = yield* setup({ together: "either" })
      const body = { BegDate: "2023-12-31", EndDate: "2024-01-01", Reg: { Today: true } }
      assert.deepStrictEqual(cardsOf(yield* ask(body)), [3, 4, 10, 11, 12])
    })
  )

  it.effect("errors instead of nobody", () =>
    Effect.gen(function* () {
      const { ask } = yield* setup({
        unknownList: "error",
        nothingAsked: "error",
        reversed: "error",
        unreadable: "error"
      })
      assertRefused(yield* ask({ Registration: true, RegPosList: 77 }), "unknown RegPosList")
      assertRefused(yield* ask({ Registration: true, RegPosList: -5 }), "unknown RegPosList")
      assertRefused(yield* ask({}), "neither Registration nor Reg asks for anything")
      assertRefused(
        yield* ask({ Registration: true, BegDate: "2024-06-02", EndDate: "2024-06-01" }),
        "BegDate is after EndDate"
      )
      assertRefused(yield* ask({ Registration: true, EndDate: "x" }), "EndDate cannot be read")
      assert.deepStrictEqual(cardsOf(yield* ask({ Reg: { Yesterday: true } })), [8, 9])
    })
  )
})

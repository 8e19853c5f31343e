import { assert, describe, it } from "@effect/vitest"
import { DateTime } from "effect"
import {
  inPeriod,
  InvalidField,
  type LocalDate,
  type LoyaltyPeriod,
  periodOf,
  periodOfDays,
  type PeriodPreset,
  TimeZone
} from "../src/index.ts"

const zone = (name: string) => TimeZone.make(name)
const day = (text: string): LocalDate => {
  const [year, month, date] = text.split("-").map(Number) as [number, number, number]
  return { year, month, day: date }
}

/** A period as ISO text, or the refused field. */
const shown = (period: LoyaltyPeriod | InvalidField) =>
  period instanceof InvalidField
    ? `${period.field}: ${period.reason}`
    : [DateTime.formatIso(period.from), DateTime.formatIso(period.until)]

const days = (name: string, first: string, last: string) =>
  shown(periodOfDays(zone(name), day(first), day(last)))
const preset = (which: PeriodPreset, name: string, now: string) =>
  shown(periodOf(which, zone(name), DateTime.makeUnsafe(now)))

describe("a loyalty period of given days", () => {
  it.each([
    [
      "an ordinary day in Paris",
      "Europe/Paris",
      "2024-02-10",
      "2024-02-10",
      "2024-02-09T23:00",
      "2024-02-10T23:00"
    ],
    [
      "the 23-hour day in Paris",
      "Europe/Paris",
      "2024-03-31",
      "2024-03-31",
      "2024-03-30T23:00",
      "2024-03-31T22:00"
    ],
    [
      "the 25-hour day in Paris",
      "Europe/Paris",
      "2024-10-27",
      "2024-10-27",
      "2024-10-26T22:00",
      "2024-10-27T23:00"
    ],
    [
      "the 23-hour day in New York",
      "America/New_York",
      "2024-03-10",
      "2024-03-10",
      "2024-03-10T05:00",
      "2024-03-11T04:00"
    ],
    [
      "the 25-hour day in New York",
      "America/New_York",
      "2024-11-03",
      "2024-11-03",
      "2024-11-03T04:00",
      "2024-11-04T05:00"
    ],
    [
      "a day whose midnight São Paulo skipped",
      "America/Sao_Paulo",
      "2018-11-04",
      "2018-11-04",
      "2018-11-04T03:00",
      "2018-11-05T02:00"
    ],
    [
      "the day before a midnight that is skipped",
      "America/Sao_Paulo",
      "2018-11-03",
      "2018-11-03",
      "2018-11-03T03:00",
      "2018-11-04T03:00"
    ],
    [
      "a day whose midnight Beirut skipped",
      "Asia/Beirut",
      "2022-03-27",
      "2022-03-27",
      "2022-03-26T22:00",
      "2022-03-27T21:00"
    ],
    [
      "the day on which Beirut repeats the hour before midnight",
      "Asia/Beirut",
      "2022-10-29",
      "2022-10-29",
      "2022-10-28T21:00",
      "2022-10-29T22:00"
    ],
    [
      "the last day before the one Apia skipped",
      "Pacific/Apia",
      "2011-12-29",
      "2011-12-29",
      "2011-12-29T10:00",
      "2011-12-30T10:00"
    ],
    [
      "the first day after the one Apia skipped",
      "Pacific/Apia",
      "2011-12-31",
      "2011-12-31",
      "2011-12-30T10:00",
      "2011-12-31T10:00"
    ],
    [
      "three days around the one Apia skipped",
      "Pacific/Apia",
      "2011-12-29",
      "2011-12-31",
      "2011-12-29T10:00",
      "2011-12-31T10:00"
    ],
    ["29 February", "Asia/Tokyo", "2024-02-29", "2024-02-29", "2024-02-28T15:00", "2024-02-29T15:00"],
    ["a leap year", "UTC", "2024-01-01", "2024-12-31", "2024-01-01T00:00", "2025-01-01T00:00"],
    [
      "a zone of 45 minutes",
      "Asia/Kathmandu",
      "2024-01-01",
      "2024-01-01",
      "2023-12-31T18:15",
      "2024-01-01T18:15"
    ]
  ])("is %s", (_title, name, first, last, from, until) => {
    assert.deepStrictEqual(days(name, first, last), [`${from}:00.000Z`, `${until}:00.000Z`])
  })

  it("is empty for the day that Apia skipped: nothing can have happened in it", () => {
    assert.deepStrictEqual(days("Pacific/Apia", "2011-12-30", "2011-12-30"), [
      "2011-12-30T10:00:00.000Z",
      "2011-12-30T10:00:00.000Z"
    ])
  })

  it("is refused when the last day is before the first", () => {
    const refused = "to: must not be before the first day"
    assert.strictEqual(days("Europe/Paris", "2024-02-02", "2024-02-01"), refused)
    assert.strictEqual(days("Europe/Paris", "2024-02-01", "2023-12-31"), refused)
    assert.strictEqual(days("Pacific/Apia", "2011-12-30", "2011-12-29"), refused)
  })

  it("has its first millisecond and not the one after its last", () => {
    const period = periodOfDays(zone("Europe/Paris"), day("2024-03-31"), day("2024-03-31"))
    if (period instanceof InvalidField) assert.fail(period.message)
    const has = (iso: string) => inPeriod(period, DateTime.makeUnsafe(iso))
    assert.deepStrictEqual(
      [
        "2024-03-30T22:59:59.999Z",
        "2024-03-30T23:00:00.000Z",
        "2024-03-31T21:59:59.999Z",
        "2024-03-31T22:00:00.000Z"
      ].map(has),
      [false, true, true, false]
    )
  })
})

describe("a preset of the merchant's own calendar", () => {
  it.each([
    ["today", "Europe/Paris", "2024-03-31T21:59:59.999Z", "2024-03-30T23:00", "2024-03-31T22:00"],
    ["today", "Europe/Paris", "2024-03-31T22:00:00.000Z", "2024-03-31T22:00", "2024-04-01T22:00"],
    ["today", "America/New_York", "2024-11-04T04:59:59.999Z", "2024-11-03T04:00", "2024-11-04T05:00"],
    ["today", "America/Sao_Paulo", "2018-11-04T03:00:00.000Z", "2018-11-04T03:00", "2018-11-05T02:00"],
    ["yesterday", "Europe/Paris", "2024-10-28T12:00:00.000Z", "2024-10-26T22:00", "2024-10-27T23:00"],
    ["yesterday", "America/New_York", "2024-03-11T12:00:00.000Z", "2024-03-10T05:00", "2024-03-11T04:00"],
    ["yesterday", "UTC", "2024-03-01T00:00:00.000Z", "2024-02-29T00:00", "2024-03-01T00:00"],
    ["yesterday", "UTC", "2023-03-01T00:00:00.000Z", "2023-02-28T00:00", "2023-03-01T00:00"],
    ["yesterday", "UTC", "2024-01-01T00:00:00.000Z", "2023-12-31T00:00", "2024-01-01T00:00"],
    ["month", "Europe/Paris", "2024-03-15T12:00:00.000Z", "2024-02-29T23:00", "2024-03-31T22:00"],
    ["month", "UTC", "2024-02-01T00:00:00.000Z", "2024-02-01T00:00", "2024-03-01T00:00"],
    ["month", "UTC", "2024-12-31T23:59:59.999Z", "2024-12-01T00:00", "2025-01-01T00:00"],
    ["month", "Asia/Tokyo", "2024-11-30T15:00:00.000Z", "2024-11-30T15:00", "2024-12-31T15:00"],
    ["year", "America/New_York", "2024-01-01T04:59:59.999Z", "2023-01-01T05:00", "2024-01-01T05:00"],
    ["year", "America/New_York", "2024-01-01T05:00:00.000Z", "2024-01-01T05:00", "2025-01-01T05:00"]
  ] as const)("%s in %s at %s", (which, name, now, from, until) => {
    assert.deepStrictEqual(preset(which, name, now), [`${from}:00.000Z`, `${until}:00.000Z`])
  })

  it("today always holds the present moment and meets yesterday without a gap", () => {
    for (const name of [
      "Europe/Paris",
      "America/New_York",
      "Pacific/Apia",
      "America/Sao_Paulo",
      "Asia/Beirut",
      "Australia/Lord_Howe"
    ]) {
      for (let hour = 0; hour < 24 * 366; hour += 5) {
        const now = DateTime.makeUnsafe(Date.UTC(2018, 0, 1, hour))
        const today = periodOf("today", zone(name), now)
        assert.isTrue(inPeriod(today, now), `${name} ${DateTime.formatIso(now)}`)
        const yesterday = periodOf("yesterday", zone(name), now)
        assert.strictEqual(yesterday.until.epochMilliseconds, today.from.epochMilliseconds)
      }
    }
  })
})

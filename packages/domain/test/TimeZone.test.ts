import { assert, describe, it } from "@effect/vitest"
import { DateTime, Option, Schema } from "effect"
import * as fc from "fast-check"
import {
  formatLocal,
  formatLocalDate,
  fromLocal,
  instantOfLocal,
  parseLocal,
  TimeZone,
  toLocal
} from "../src/index.ts"

const zone = (name: string) => TimeZone.make(name)
const local = (text: string) => Option.getOrThrow(parseLocal(text))
const instantOf = (name: string, text: string) => DateTime.formatIso(fromLocal(zone(name), local(text)))
const localOf = (name: string, iso: string) => formatLocal(toLocal(zone(name), DateTime.makeUnsafe(iso)))

describe("the local time of an instant", () => {
  it.each([
    ["Europe/Paris", "2024-03-31T00:59:59Z", "2024-03-31 01:59:59"],
    ["Europe/Paris", "2024-03-31T01:00:00Z", "2024-03-31 03:00:00"],
    ["Europe/Paris", "2024-10-27T00:59:59Z", "2024-10-27 02:59:59"],
    ["Europe/Paris", "2024-10-27T01:00:00Z", "2024-10-27 02:00:00"],
    ["America/New_York", "2024-03-10T07:00:00Z", "2024-03-10 03:00:00"],
    ["Asia/Kathmandu", "1985-12-31T18:29:59Z", "1985-12-31 23:59:59"],
    ["Asia/Kathmandu", "1985-12-31T18:30:00Z", "1986-01-01 00:15:00"],
    ["Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29 23:59:59"],
    ["Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-31 00:00:00"],
    ["Australia/Lord_Howe", "2024-04-06T15:00:00Z", "2024-04-07 01:30:00"],
    ["Europe/Moscow", "1969-12-31T23:59:59Z", "1970-01-01 02:59:59"],
    ["UTC", "0099-01-01T00:00:00Z", "0099-01-01 00:00:00"],
    ["Europe/Moscow", "0001-01-01T00:00:00Z", "0001-01-01 02:30:17"],
    ["Europe/Moscow", "1500-03-01T00:00:00Z", "1500-03-01 02:30:17"]
  ])("in %s at %s is %s", (name, iso, expected) => {
    assert.strictEqual(localOf(name, iso), expected)
  })

  it("keeps milliseconds, also before 1970", () => {
    const { millisecond, second } = toLocal(
      zone("Europe/Paris"),
      DateTime.makeUnsafe("1969-06-01T12:00:07.123Z")
    )
    assert.deepStrictEqual([second, millisecond], [7, 123])
  })
})

describe("the instant of a local time", () => {
  it.each([
    ["an ordinary time", "Europe/Paris", "2024-07-01 12:00:00", "2024-07-01T10:00:00.000Z"],
    [
      "of an hour that is repeated: the earlier one",
      "Europe/Paris",
      "2024-10-27 02:30:00",
      "2024-10-27T00:30:00.000Z"
    ],
    [
      "of an hour that is repeated: the earlier one",
      "America/New_York",
      "2024-11-03 01:30:00",
      "2024-11-03T05:30:00.000Z"
    ],
    ["right after a repeated hour", "Europe/Paris", "2024-10-27 03:00:00", "2024-10-27T02:00:00.000Z"],
    [
      "of an hour that is skipped: as far after the change",
      "Europe/Paris",
      "2024-03-31 02:30:00",
      "2024-03-31T01:30:00.000Z"
    ],
    [
      "of a half hour that is repeated",
      "Australia/Lord_Howe",
      "2024-04-07 01:45:00",
      "2024-04-06T14:45:00.000Z"
    ],
    ["of a midnight that is skipped", "America/Sao_Paulo", "2018-11-04 00:00:00", "2018-11-04T03:00:00.000Z"],
    ["of a day that is skipped", "Pacific/Apia", "2011-12-30 12:00:00", "2011-12-30T22:00:00.000Z"]
  ])("%s, %s %s", (_title, name, text, expected) => {
    assert.strictEqual(instantOf(name, text), expected)
  })

  const zones = [
    "UTC",
    "Europe/Paris",
    "Europe/London",
    "Europe/Moscow",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Africa/Casablanca",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Pacific/Kiritimati"
  ]
  const seconds = fc.integer({ min: 0, max: Date.UTC(2037, 11, 31) / 1_000 })

  it("is the instant it was made from, from 1970 to 2037, or in a repeated time the earlier one with the same clock", () => {
    fc.assert(
      fc.property(fc.constantFrom(...zones), seconds, (name, second) => {
        const instant = DateTime.makeUnsafe(second * 1_000)
        const clock = toLocal(zone(name), instant)
        const back = fromLocal(zone(name), clock)
        if (back.epochMilliseconds === instant.epochMilliseconds) return
        assert.isBelow(back.epochMilliseconds, instant.epochMilliseconds)
        assert.isAtMost(instant.epochMilliseconds - back.epochMilliseconds, 3 * 3_600_000)
        assert.deepStrictEqual(toLocal(zone(name), back), clock)
      }),
      { numRuns: 5_000 }
    )
  })

  it("agrees with Intl on the clock at any instant", () => {
    fc.assert(
      fc.property(fc.constantFrom(...zones), seconds, (name, second) => {
        const expected = new Date(second * 1_000).toLocaleString("sv-SE", { timeZone: name })
        assert.strictEqual(formatLocal(toLocal(zone(name), DateTime.makeUnsafe(second * 1_000))), expected)
      }),
      { numRuns: 2_000 }
    )
  })

  it("is right in each quarter of an hour around clock changes", () => {
    for (const [name, from] of [
      ["Europe/Paris", "2024-03-30T20:00:00Z"],
      ["Europe/Paris", "2024-10-26T20:00:00Z"],
      ["Asia/Beirut", "2022-03-26T20:00:00Z"],
      ["Pacific/Apia", "2011-12-29T20:00:00Z"]
    ] as const) {
      for (let quarter = 0; quarter < 96; quarter++) {
        const millis = Date.parse(from) + quarter * 900_000
        const expected = new Date(millis).toLocaleString("sv-SE", { timeZone: name })
        assert.strictEqual(formatLocal(toLocal(zone(name), DateTime.makeUnsafe(millis))), expected)
      }
    }
  })
})

describe("local time written as text", () => {
  it("is read with or without a time, seconds and a fraction", () => {
    const date = { year: 2024, month: 2, day: 29 }
    const noon = { ...date, hour: 12, minute: 5, second: 0, millisecond: 0 }
    assert.deepStrictEqual(local("2024-02-29"), { ...noon, hour: 0, minute: 0 })
    assert.deepStrictEqual(local("2024-02-29 12:05"), noon)
    assert.deepStrictEqual(local("2024-02-29T12:05:07"), { ...noon, second: 7 })
    assert.deepStrictEqual(local("2024-02-29 12:05:07.5"), { ...noon, second: 7, millisecond: 500 })
    assert.deepStrictEqual(local("2024-02-29 12:05:07.1239999"), { ...noon, second: 7, millisecond: 123 })
  })

  it.each([
    "2023-02-29",
    "2100-02-29",
    "2024-02-30",
    "2024-04-31",
    "2024-13-01",
    "2024-00-01",
    "2024-01-00",
    "2024-1-1",
    "24-01-01",
    "2024-01-01 24:00",
    "2024-01-01 12:60",
    "2024-01-01 12:00:60",
    "2024-01-01 12",
    "2024-01-01Z",
    "2024-01-01T12:00:00Z",
    "2024-01-01T12:00:00+01:00",
    " 2024-01-01",
    "2024-01-01 ",
    "01.02.2024",
    "",
    "today",
    "２０２４-01-01"
  ])("is refused when it is no date of the calendar: %j", (text) => {
    assert.isTrue(Option.isNone(parseLocal(text)))
  })

  it("is written with zeros in front", () => {
    const clock = { year: 987, month: 6, day: 5, hour: 4, minute: 3, second: 2, millisecond: 999 }
    assert.strictEqual(formatLocal(clock), "0987-06-05 04:03:02")
    assert.strictEqual(formatLocalDate(clock), "0987-06-05")
  })
})

describe("the instant of a local time as text", () => {
  it.each([
    ["Europe/Paris", "2024-03-31 02:30:00", "2024-03-31T01:30:00.000Z"],
    ["Europe/Paris", "2024-10-27 02:30:00", "2024-10-27T00:30:00.000Z"],
    ["Africa/Casablanca", "2024-03-10 02:30:00", "2024-03-10T01:30:00.000Z"],
    ["Pacific/Apia", "2011-12-29 23:59:59", "2011-12-30T09:59:59.000Z"],
    ["Pacific/Apia", "2011-12-31 00:00:00", "2011-12-30T10:00:00.000Z"],
    ["Europe/Moscow", "2024-02-29", "2024-02-28T21:00:00.000Z"],
    ["Europe/Moscow", "0001-01-01 02:30:17", "0001-01-01T00:00:00.000Z"]
  ])("in %s of %s is %s", (name, text, expected) => {
    assert.strictEqual(instantOfLocal(zone(name), text)?.toJSON(), expected)
  })

  it.each([
    "2023-02-29 00:00:00",
    "1900-02-29 00:00:00",
    "2024-04-31 00:00:00",
    "2024-01-01 24:00:00",
    "2024-1x-01 00:00:00"
  ])("there is none for %s", (text) => {
    assert.isNull(instantOfLocal(zone("Europe/Paris"), text))
  })

  it("is read back as the same local time, in zones that change their clocks often", () => {
    const zones = [
      "Africa/Casablanca",
      "America/Sao_Paulo",
      "Australia/Lord_Howe",
      "Africa/Cairo",
      "Europe/Moscow"
    ]
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: -2_000_000_000, max: 2_500_000_000 }),
        (name, second) => {
          const shown = new Intl.DateTimeFormat("sv-SE", {
            timeZone: name,
            dateStyle: "short",
            timeStyle: "medium"
          }).format(second * 1000)
          const back = instantOfLocal(zone(name), shown)!.epochMilliseconds / 1000
          // Within the hour that a clock change repeats, the earlier of the two is meant.
          assert.include([second, second - 3600, second - 1800], back, `${name} ${shown}`)
          assert.strictEqual(formatLocal(toLocal(zone(name), DateTime.makeUnsafe(second * 1000))), shown)
        }
      ),
      { numRuns: 300 }
    )
  })
})

describe("a time zone", () => {
  const isGood = (name: string) => Option.isSome(Schema.decodeUnknownOption(TimeZone)(name))

  it("is an IANA name", () => {
    for (const name of ["Europe/Paris", "UTC", "America/Argentina/Buenos_Aires"])
      assert.isTrue(isGood(name), name)
  })

  it("is not an offset, an abbreviation of one's own or a place that does not exist", () => {
    for (const name of ["", "Mars/Phobos", "+03:00", "-25:00", "+3", "GMT+2", "Europe/Paris ", "local"]) {
      assert.isFalse(isGood(name), name)
    }
  })
})

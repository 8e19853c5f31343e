/**
 * Reads the options of one table of the settings file, and refuses what they cannot be in words that name the file,
 * the table, the field and what is allowed. Values are never shown: one of them may be a secret in the wrong place.
 */
import { TimeZone } from "@tillbridge/domain"
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { dirname } from "node:path"
import { misconfigured } from "../Failure.ts"
import { durationExamples, durationText } from "../settings/durations.ts"
import { type SecretSource, secretSource } from "../settings/Secret.ts"
import { isTable, knownKeys, type Table } from "../settings/SettingsFile.ts"
import { didYouMean } from "../Suggest.ts"

const decodeZone = Schema.decodeUnknownOption(TimeZone)

/** Looks values up by their keys; absent ones are `undefined`. Throws a `Failure`. */
export interface OptionReader {
  /** Refuses every key that is not among these. */
  readonly only: (keys: ReadonlyArray<string>) => void
  readonly text: (key: string) => string | undefined
  readonly whole: (key: string, least: number, most: number) => number | undefined
  /** Any number above 0. */
  readonly positive: (key: string, most: number) => number | undefined
  /** 0 to 100. */
  readonly percent: (key: string) => number | undefined
  readonly flag: (key: string) => boolean | undefined
  readonly choice: <const A extends string>(key: string, allowed: ReadonlyArray<A>) => A | undefined
  readonly choices: <const A extends string>(
    key: string,
    allowed: ReadonlyArray<A>
  ) => ReadonlyArray<A> | undefined
  readonly zone: (key: string) => TimeZone | undefined
  readonly duration: (key: string) => Duration.Duration | undefined
  /** A day, from its beginning in UTC, or a moment. */
  readonly instant: (key: string) => DateTime.Utc | undefined
  readonly secret: (key: string) => SecretSource | undefined
  /** A text, or a whole number as its digits. */
  readonly name: (key: string) => string | undefined
  readonly wholes: (key: string) => ReadonlyArray<number> | undefined
  readonly table: (key: string) => OptionReader | undefined
  readonly keys: ReadonlyArray<string>
  /** The value, which must be there. */
  readonly needed: <A>(key: string, value: A | undefined, about: string) => A
  /** Refuses a value. */
  readonly refuse: (key: string, reason: string) => never
}

const listed = (words: ReadonlyArray<string>) => words.map((word) => `"${word}"`).join(", ")

const dateOf = (value: unknown): DateTime.Utc | undefined => {
  const text = value instanceof Date ? value.toISOString() : typeof value === "string" ? value : ""
  if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text)) return undefined
  return Option.getOrUndefined(DateTime.make(text))
}

/** A reader of the table `where` (such as `remotes.shop`) of the file at `path`. */
export const readerOf = (path: string, where: string, table: Table): OptionReader => {
  const refuse = (key: string, reason: string): never => {
    throw misconfigured(`${path}: ${where}.${key} ${reason}`)
  }
  /** Reads with `read`, for which `undefined` means that the value is none. */
  const read = <A>(key: string, reason: string, reads: (value: unknown) => A | undefined): A | undefined => {
    const value = table[key]
    return value === undefined ? undefined : (reads(value) ?? refuse(key, reason))
  }
  const numberOf = (value: unknown) => (typeof value === "bigint" ? Number(value) : value)
  const choice = <A extends string>(key: string, value: unknown, allowed: ReadonlyArray<A>): A => {
    const hint = typeof value === "string" ? didYouMean(value, allowed) : ""
    return (
      allowed.find((one) => one === value) ??
      refuse(key, `must be one of ${listed(allowed)}${hint && `.${hint}`}`)
    )
  }
  return {
    refuse,
    keys: Object.keys(table),
    only: (keys) => knownKeys(path, ` in [${where}]`, table, keys),
    text: (key) =>
      read(key, "must be a text in quotes", (value) =>
        typeof value === "string" && value !== "" && value.length <= 2_000 ? value : undefined
      ),
    name: (key) =>
      read(key, "must be a text in quotes or a whole number", (value) =>
        typeof value === "string" && value !== ""
          ? value
          : Number.isSafeInteger(numberOf(value))
            ? String(value)
            : undefined
      ),
    whole: (key, least, most) =>
      read(key, `must be a whole number from ${least} to ${most}`, (value) => {
        const number = numberOf(value)
        return typeof number === "number" && Number.isInteger(number) && number >= least && number <= most
          ? number
          : undefined
      }),
    positive: (key, most) =>
      read(key, `must be a number above 0, at most ${most}`, (value) => {
        const number = numberOf(value)
        return typeof number === "number" && number > 0 && number <= most ? number : undefined
      }),
    percent: (key) =>
      read(key, "must be a number of percent from 0 to 100", (value) => {
        const number = numberOf(value)
        return typeof number === "number" && number >= 0 && number <= 100 ? number : undefined
      }),
    flag: (key) =>
      read(key, "must be true or false", (value) => (typeof value === "boolean" ? value : undefined)),
    choice: (key, allowed) => (table[key] === undefined ? undefined : choice(key, table[key], allowed)),
    choices: (key, allowed) =>
      read(key, `must be a list of ${listed(allowed)}`, (value) =>
        Array.isArray(value) ? [...new Set(value.map((one) => choice(key, one, allowed)))] : undefined
      ),
    wholes: (key) =>
      read(key, "must be a list of whole numbers", (value) => {
        const numbers = Array.isArray(value) ? value.map(numberOf) : [undefined]
        return numbers.every((one): one is number => Number.isSafeInteger(one)) ? numbers : undefined
      }),
    zone: (key) =>
      read(key, 'must be an IANA time zone such as "Europe/Paris"', (value) =>
        Option.getOrUndefined(decodeZone(value))
      ),
    duration: (key) => read(key, `must be a time such as ${durationExamples}`, durationText),
    instant: (key) => read(key, 'must be a day such as "2024-01-31", or a moment in ISO 8601', dateOf),
    secret: (key) =>
      table[key] === undefined
        ? undefined
        : secretSource(table[key], `${path}: ${where}.${key}`, dirname(path)),
    table: (key) =>
      read(key, "must be a table", (value) =>
        isTable(value) ? readerOf(path, `${where}.${key}`, value) : undefined
      ),
    needed: (key, value, about) => value ?? refuse(key, `is missing: ${about}`)
  }
}

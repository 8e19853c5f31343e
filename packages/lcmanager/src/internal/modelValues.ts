/**
 * What a request's members may say, and the period that they ask for together. The readers are lenient where ASP.NET's
 * are; a value that cannot be read costs its member and no other.
 */
import type { TimeZone } from "@tillbridge/domain"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { digitsOf } from "../LcmanagerSchema.ts"
import { readWireDate, type WireDate } from "./dates.ts"

/** What of a request says who is asked for; `null` for what is not given. */
export interface PeriodModel {
  readonly begDate: WireDate | null
  readonly endDate: WireDate | null
  readonly registration: boolean | null
  /** Exact, as its digits. */
  readonly regPosList: string | null
  readonly today: boolean | null
  readonly yesterday: boolean | null
  readonly month: number | null
  readonly year: number | null
  /** Members whose value could not be read, and so counts as not given. */
  readonly unreadable: ReadonlyArray<string>
}

/** The body is no request at all; the old server took it for nothing and crashed. */
export class UnreadableModel extends Schema.TaggedError<UnreadableModel>()("UnreadableModel", {
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}

/** The body leaves open what is meant, or is no text. */
export class AmbiguousModel extends Schema.TaggedError<AmbiguousModel>()("AmbiguousModel", {
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}

/** A body for which there is no reader. */
export class UnsupportedMediaType extends Schema.TaggedError<UnsupportedMediaType>()("UnsupportedMediaType", {
  /** As the stock message names it. */
  mediaType: Schema.String
}) {
  override get message(): string {
    return `the media type ${this.mediaType} is not read`
  }
}

export type ModelError = UnreadableModel | AmbiguousModel | UnsupportedMediaType

export type Style = "json" | "xml" | "form"

/** One value: its text and, in JSON, what it was; `null` says nothing, `undefined` cannot be read. */
export type Value = { readonly text: string; readonly was: "text" | "number" | "boolean" } | null | undefined

/** The members of one object by lower-case name. */
export type Members = ReadonlyMap<string, Value>

export const known = [
  "begdate",
  "enddate",
  "registration",
  "regposlist",
  "operator",
  "token",
  "sitecode"
] as const
export const knownOfReg = ["today", "yesterday", "month", "year"] as const
/** Members of the base class: XML has them in a namespace of their own. */
export const ofBase: ReadonlySet<string> = new Set(["operator", "token", "sitecode"])

export const names: Readonly<Record<string, string>> = {
  begdate: "BegDate",
  enddate: "EndDate",
  registration: "Registration",
  regposlist: "RegPosList",
  reg: "Reg",
  operator: "Operator",
  token: "Token",
  sitecode: "SiteCode",
  today: "Today",
  yesterday: "Yesterday",
  month: "Month",
  year: "Year"
}

export const twice = (name: string) =>
  Result.fail(new AmbiguousModel({ reason: `${names[name] ?? "a member"} is given more than once` }))

export const unreadable = (reason: string) => Result.fail(new UnreadableModel({ reason }))

const readBoolean = ({ text, was }: NonNullable<Value>, style: Style): boolean | undefined => {
  const word = text.trim()
  if (was === "number") return style === "json" ? Number(word) !== 0 : undefined
  // XML knows four words in lower case, the other readers .NET's own two in any case (INFERRED).
  const said = style === "xml" ? word : word.toLowerCase()
  if (said === "true" || (style === "xml" && said === "1")) return true
  return said === "false" || (style === "xml" && said === "0") ? false : undefined
}

const readInteger = ({ text, was }: NonNullable<Value>): string | undefined =>
  was === "boolean" ? undefined : digitsOf(text)

const int64 = 2n ** 63n

const readInt64 = (value: NonNullable<Value>): string | undefined => {
  const digits = readInteger(value)
  if (digits === undefined || digits.length > 20) return undefined
  const number = BigInt(digits)
  return number >= -int64 && number < int64 ? digits : undefined
}

const readWithin =
  (least: number, most: number) =>
  (value: NonNullable<Value>): number | undefined => {
    const digits = readInteger(value)
    const number = Number(digits)
    return digits !== undefined && number >= least && number <= most ? number : undefined
  }

/** A byte and an Int32 at the vendor's (the first DOCUMENTED by its sample, the second INFERRED). */
const readMonth = readWithin(0, 255)
const readYear = readWithin(-(2 ** 31), 2 ** 31 - 1)

export const modelOf = (members: Members, reg: Members, style: Style, zone: TimeZone): PeriodModel => {
  const wrong: Array<string> = []
  if (members.has("reg")) wrong.push("Reg")
  const take = <A>(
    from: Members,
    name: string,
    read: (value: NonNullable<Value>) => A | undefined
  ): A | null => {
    if (!from.has(name)) return null
    const value = from.get(name)
    // An empty text is nothing in JSON and in a form, and no value in XML (INFERRED).
    if (value === null || (value?.text === "" && style !== "xml")) return null
    const found = value === undefined ? undefined : read(value)
    if (found !== undefined) return found
    wrong.push(from === reg ? `Reg.${names[name]}` : names[name]!)
    return null
  }
  const date = (value: NonNullable<Value>) =>
    value.was === "text" ? readWireDate(value.text, zone, style !== "xml") : undefined
  const yes = (value: NonNullable<Value>) => readBoolean(value, style)
  return {
    begDate: take(members, "begdate", date),
    endDate: take(members, "enddate", date),
    registration: take(members, "registration", yes),
    regPosList: take(members, "regposlist", readInt64),
    today: take(reg, "today", yes),
    yesterday: take(reg, "yesterday", yes),
    month: take(reg, "month", readMonth),
    year: take(reg, "year", readYear),
    unreadable: wrong
  }
}

export const none: Members = new Map()

/**
 * A request's body as the period that it asks for, read as ASP.NET's readers do (lenient where they are), with three
 * differences: XML members are taken in any order; a value that cannot be read costs its member, in XML too; and a
 * member said twice is refused, because it would leave open what is meant. `Operator`, `Token` and `SiteCode` are
 * accepted and not looked at: the merchant is the bearer's.
 */
import type { TimeZone } from "@tillbridge/domain"
import {
  decodeText,
  isReadable,
  type MediaType,
  Parameters,
  parseJson,
  parseMediaType,
  parseXml,
  type XmlElement
} from "@tillbridge/wire"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { digitsOf, namespaces } from "../LcmanagerSchema.ts"
import { readWireDate, type WireDate } from "./dates.ts"
import { withoutComments } from "./jsonComments.ts"

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

type Style = "json" | "xml" | "form"

/** One value: its text and, in JSON, what it was; `null` says nothing, `undefined` cannot be read. */
type Value = { readonly text: string; readonly was: "text" | "number" | "boolean" } | null | undefined

/** The members of one object by lower-case name. */
type Members = ReadonlyMap<string, Value>

const known = ["begdate", "enddate", "registration", "regposlist", "operator", "token", "sitecode"] as const
const knownOfReg = ["today", "yesterday", "month", "year"] as const
/** Members of the base class: XML has them in a namespace of their own. */
const ofBase: ReadonlySet<string> = new Set(["operator", "token", "sitecode"])

const names: Readonly<Record<string, string>> = {
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

const twice = (name: string) =>
  Result.fail(new AmbiguousModel({ reason: `${names[name] ?? "a member"} is given more than once` }))

const unreadable = (reason: string) => Result.fail(new UnreadableModel({ reason }))

// --- what each member may be ---

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

const modelOf = (members: Members, reg: Members, style: Style, zone: TimeZone): PeriodModel => {
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

const none: Members = new Map()

// --- JSON ---

const jsonValue = (value: unknown): Value => {
  if (value === null) return null
  if (typeof value === "string") return { text: value, was: "text" }
  if (typeof value === "boolean") return { text: String(value), was: "boolean" }
  if (typeof value === "bigint" || typeof value === "number") return { text: String(value), was: "number" }
  return undefined
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The known members, whose names are taken in any letter case (INFERRED). */
const jsonMembers = (
  object: Readonly<Record<string, unknown>>,
  wanted: ReadonlyArray<string>
): Result.Result<Map<string, unknown>, AmbiguousModel> => {
  const found = new Map<string, unknown>()
  for (const [key, value] of Object.entries(object)) {
    const name = key.toLowerCase()
    if (!wanted.includes(name)) continue
    if (found.has(name)) return twice(name)
    found.set(name, value)
  }
  return Result.succeed(found)
}

const valuesOf = (found: ReadonlyMap<string, unknown>): Map<string, Value> =>
  new Map(Array.from(found, ([name, value]) => [name, jsonValue(value)]))

const fromJson = (text: string, zone: TimeZone): Result.Result<PeriodModel, ModelError> => {
  const parsed = parseJson(withoutComments(text), { refuseDuplicateKeys: true })
  if (Result.isFailure(parsed)) {
    const { reason } = parsed.failure
    return reason === "a key is repeated"
      ? Result.fail(new AmbiguousModel({ reason: "a member is given more than once" }))
      : unreadable(`the body cannot be read as JSON: ${reason}`)
  }
  if (!isObject(parsed.success)) return unreadable("the body is no JSON object")
  const found = jsonMembers(parsed.success, [...known, "reg"])
  if (Result.isFailure(found)) return Result.fail(found.failure)
  const given = found.success.get("reg")
  let reg: Members = none
  if (isObject(given)) {
    const inner = jsonMembers(given, knownOfReg)
    if (Result.isFailure(inner)) return Result.fail(inner.failure)
    reg = valuesOf(inner.success)
  }
  const members = valuesOf(found.success)
  if (given === undefined || given === null || isObject(given)) members.delete("reg")
  return Result.succeed(modelOf(members, reg, "json", zone))
}

// --- XML ---

/** Namespaces that an element declares, by prefix, "" being the default one; others are those of the elements around it. */
interface Scope {
  readonly own: ReadonlyMap<string, string>
  readonly outer: Scope | undefined
}

const scopeOf = (element: XmlElement, outer?: Scope): Scope => {
  const own = new Map<string, string>()
  for (const name in element.attributes) {
    const prefix = name === "xmlns" ? "" : name.startsWith("xmlns:") ? name.slice(6) : undefined
    if (prefix !== undefined) own.set(prefix, element.attributes[name]!)
  }
  return own.size === 0 && outer !== undefined ? outer : { own, outer }
}

const namespaceOf = (prefix: string, scope: Scope): string | undefined => {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
    const found = at.own.get(prefix)
    if (found !== undefined) return found
  }
  return undefined
}

const expanded = (name: string, scope: Scope): readonly [namespace: string, local: string] => {
  const at = name.indexOf(":")
  return at === -1
    ? [namespaceOf("", scope) ?? "", name]
    : [namespaceOf(name.slice(0, at), scope) ?? "?", name.slice(at + 1)]
}

const isNil = (element: XmlElement, scope: Scope): boolean => {
  for (const name in element.attributes) {
    const [namespace, local] = expanded(name, scope)
    const value = element.attributes[name]!.trim()
    if (local === "nil" && namespace === namespaces.instance && (value === "true" || value === "1"))
      return true
  }
  return false
}

/** Members of an element by exact name and namespace; what is neither is passed over, as the vendor's reader does. */
const xmlMembers = (
  parent: XmlElement,
  outer: Scope,
  wanted: ReadonlyArray<string>
): Result.Result<Map<string, readonly [XmlElement, Scope]>, AmbiguousModel> => {
  const found = new Map<string, readonly [XmlElement, Scope]>()
  for (const child of parent.children) {
    const scope = scopeOf(child, outer)
    const [namespace, local] = expanded(child.name, scope)
    const name = local.toLowerCase()
    if (names[name] !== local || !wanted.includes(name)) continue
    if (namespace !== (ofBase.has(name) ? namespaces.abstractions : namespaces.request)) continue
    if (found.has(name)) return twice(name)
    found.set(name, [child, scope])
  }
  return Result.succeed(found)
}

const xmlValues = (found: ReadonlyMap<string, readonly [XmlElement, Scope]>): Map<string, Value> =>
  new Map(
    Array.from(found, ([name, [element, scope]]) => [
      name,
      isNil(element, scope)
        ? null
        : element.children.length > 0
          ? undefined
          : { text: element.text, was: "text" as const }
    ])
  )

const fromXml = (text: string, zone: TimeZone): Result.Result<PeriodModel, ModelError> => {
  const parsed = parseXml(text)
  if (Result.isFailure(parsed)) return unreadable(`the body cannot be read as XML: ${parsed.failure.reason}`)
  const root = parsed.success
  const scope = scopeOf(root)
  const [namespace, local] = expanded(root.name, scope)
  if (local !== "ClientInfoPeriodRequest" || namespace !== namespaces.request) {
    return unreadable("the root element is not ClientInfoPeriodRequest of the request's namespace")
  }
  if (isNil(root, scope)) return unreadable("the body says nothing")
  const found = xmlMembers(root, scope, [...known, "reg"])
  if (Result.isFailure(found)) return Result.fail(found.failure)
  const given = found.success.get("reg")
  const inner = given === undefined ? undefined : xmlMembers(given[0], given[1], knownOfReg)
  if (inner !== undefined && Result.isFailure(inner)) return Result.fail(inner.failure)
  const members = xmlValues(found.success)
  members.delete("reg")
  const isReg = given !== undefined && inner !== undefined && !isNil(...given)
  return Result.succeed(modelOf(members, isReg ? xmlValues(inner.success) : none, "xml", zone))
}

// --- form ---

const fromForm = (text: string, zone: TimeZone): Result.Result<PeriodModel, ModelError> => {
  const parsed = Parameters.parse(text)
  if (Result.isFailure(parsed)) return Result.fail(new AmbiguousModel({ reason: parsed.failure.reason }))
  const members = new Map<string, Value>()
  const reg = new Map<string, Value>()
  for (const [key, value] of parsed.success.entries()) {
    const name = key.toLowerCase()
    const ofReg = /^reg(?:\.([a-z]+)|\[([a-z]+)\])$/.exec(name)
    const inner = ofReg?.[1] ?? ofReg?.[2]
    const [into, member] = inner === undefined ? ([members, name] as const) : ([reg, inner] as const)
    const wanted: ReadonlyArray<string> = into === reg ? knownOfReg : known
    if (!wanted.includes(member)) continue
    if (into.has(member)) return twice(member)
    into.set(member, { text: value, was: "text" })
  }
  return Result.succeed(modelOf(members, reg, "form", zone))
}

const readers: Readonly<
  Record<string, (text: string, zone: TimeZone) => Result.Result<PeriodModel, ModelError>>
> = {
  "application/json": fromJson,
  "text/json": fromJson,
  "application/xml": fromXml,
  "text/xml": fromXml,
  "application/x-www-form-urlencoded": fromForm
}

/** A name that may stand in an answer. */
const named = (type: MediaType | undefined, header: string | undefined): string =>
  type !== undefined && type.type.length <= 100
    ? type.type
    : header === undefined
      ? "application/octet-stream"
      : "unknown"

/**
 * The request in a body of this content type. A local date is of `zone`. An empty body says nothing, whatever it is
 * called; any other needs a type that is read (OBSERVED in the framework's source).
 */
export const readPeriodModel = (
  bytes: Uint8Array,
  contentType: string | undefined,
  contentEncoding: string | undefined,
  zone: TimeZone
): Result.Result<PeriodModel, ModelError> => {
  if (bytes.length === 0) return unreadable("the body is empty")
  const type = parseMediaType(contentType)
  const encoding = contentEncoding?.trim().toLowerCase() ?? ""
  const charset = type?.parameters.get("charset") ?? "utf-8"
  const read = type !== undefined && Object.hasOwn(readers, type.type) ? readers[type.type] : undefined
  if (read === undefined) {
    return Result.fail(new UnsupportedMediaType({ mediaType: named(type, contentType) }))
  }
  if ((encoding !== "" && encoding !== "identity") || !isReadable(charset)) {
    return Result.fail(new UnsupportedMediaType({ mediaType: named(type, contentType) }))
  }
  const text = decodeText(bytes, charset)
  if (text === undefined) {
    return Result.fail(new AmbiguousModel({ reason: "the body is not text of its character set" }))
  }
  return read(text, zone)
}

/**
 * XML and JSON in one plain shape, and its members by this package's names. Namespaces, prefixes and the order of
 * members do not matter; `xsi:nil` (or `i:nil`) is `null`. So documents of .NET's XmlSerializer and of its
 * DataContractSerializer, whose nested types are named with a dot, read alike (INFERRED: which of them is not known).
 */
import {
  MAX_REPLY_BYTES,
  MAX_REPLY_XML_ELEMENTS,
  parseJson,
  parseXml,
  type XmlElement
} from "@tillbridge/wire"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import type { PolarisNames } from "../PolarisNames.ts"

export type Plain = Readonly<Record<string, unknown>>

/** A document: the name of its root (`null` in JSON, which has none) and what is in it. */
export interface WireDocument {
  readonly root: string | null
  readonly value: unknown
  /** The root itself, in XML: who reads only some of it need not turn all of it into plain values. */
  readonly element?: XmlElement
}

class XmlDocument implements WireDocument {
  readonly root: string
  readonly element: XmlElement
  #value: unknown

  constructor(element: XmlElement) {
    this.element = element
    this.root = typeName(localName(element.name))
  }

  get value(): unknown {
    return (this.#value ??= plain(this.element))
  }
}

/** An element with others in it that nobody has looked into yet. */
export class XmlNode {
  readonly element: XmlElement

  constructor(element: XmlElement) {
    this.element = element
  }

  get value(): unknown {
    return plain(this.element)
  }
}

/** A value, whether or not it has been looked into. */
export const plainOf = (value: unknown): unknown => (value instanceof XmlNode ? value.value : value)

/** The members of an element by their order, where no name comes twice: leaves as they are, others as nodes. */
export const membersIn = ({
  children
}: XmlElement): { readonly names: Array<string>; readonly values: Array<unknown> } | undefined => {
  const names: Array<string> = []
  const values: Array<unknown> = []
  for (const child of children) {
    const name = localName(child.name)
    // Names of one document are mostly the same objects, and there are few of them.
    if (names.includes(name)) return undefined
    names.push(name)
    values.push(child.children.length === 0 ? plain(child) : new XmlNode(child))
  }
  return { names, values }
}

/** The members of a list that was not looked into, as `listOf` has them. */
const nodesOf = ({ element: { children } }: XmlNode): ReadonlyArray<unknown> | undefined => {
  const [first] = children
  if (first === undefined) return []
  if (children.length === 1 && first.children.length === 0) return listOf({ [first.name]: plain(first) })
  for (const child of children)
    if (child.name !== first.name && localName(child.name) !== localName(first.name)) return undefined
  return children.map((child) => new XmlNode(child))
}

const localName = (name: string): string => {
  const colon = name.lastIndexOf(":")
  return colon === -1 ? name : name.slice(colon + 1)
}

/** A type's name without the outer one that DataContract puts before a nested type's. */
const typeName = (name: string): string => name.slice(name.lastIndexOf(".") + 1)

const isNil = (element: XmlElement): boolean => {
  for (const name in element.attributes) {
    if (/(?:^|:)nil$/.test(name) && /^\s*(true|1)\s*$/.test(element.attributes[name] ?? "")) return true
  }
  return false
}

/** A leaf is its text, equal names side by side are an array. */
const plain = (element: XmlElement): unknown => {
  if (element.children.length === 0) return isNil(element) ? null : element.text
  const out: Record<string, unknown> = {}
  for (const child of element.children) {
    const name = localName(child.name)
    const value = plain(child)
    const earlier = Object.hasOwn(out, name) ? out[name] : undefined
    // A leaf is never an array, so an array here is one that was made here.
    if (!Object.hasOwn(out, name)) out[name] = value
    else if (Array.isArray(earlier)) earlier.push(value)
    else out[name] = [earlier, value]
  }
  return out
}

export interface ParseLimits {
  readonly maxBytes?: number
  readonly maxElements?: number
  /** Refuse a JSON object that names a member twice. */
  readonly refuseDuplicateKeys?: boolean
}

const reply: ParseLimits = { maxBytes: MAX_REPLY_BYTES, maxElements: MAX_REPLY_XML_ELEMENTS }

/** Reads a text that begins with `<` as XML and any other as JSON; the failure says why, and nothing of the text. */
export const parseDocument = (
  text: string,
  limits: ParseLimits = reply
): Result.Result<WireDocument, string> => {
  const start = text.trimStart()
  if (start === "") return Result.fail("is empty")
  if (/^<(!doctype\s+html|html)/i.test(start)) return Result.fail("is an HTML page")
  if (!start.startsWith("<")) {
    const json = parseJson(start, { refuseDuplicateKeys: limits.refuseDuplicateKeys ?? false })
    return Result.isSuccess(json)
      ? Result.succeed({ root: null, value: json.success })
      : Result.fail(`is no JSON: ${json.failure.reason}`)
  }
  const xml = parseXml(start, limits)
  if (Result.isFailure(xml)) return Result.fail(`is no XML: ${xml.failure.reason}`)
  return Result.succeed(new XmlDocument(xml.success))
}

export const isPlain = (value: unknown): value is Plain =>
  typeof value === "object" && value !== null && !Array.isArray(value)

export const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

/** Members by lower-case wire name. */
export interface NameIndex {
  readonly member: ReadonlyMap<string, string>
  readonly alias: ReadonlyMap<string, string>
  /** Members by names as a site spelled them; `null` for a name that is no member. */
  readonly spelled: Map<string, string | null>
}

const indexOf = (
  table: Readonly<Record<string, string>>,
  aliases: Readonly<Record<string, string>> = {}
): NameIndex => ({
  member: new Map(Object.entries(table).map(([member, name]) => [name.toLowerCase(), member])),
  alias: new Map(Object.entries(aliases).map(([name, member]) => [name.toLowerCase(), member])),
  spelled: new Map()
})

/** More spellings than any site has; whoever invents more of them pays for it in time, not in memory. */
const MOST_SPELLINGS = 1_000

/** The member that a wire name spells, or `null`. */
const memberOf = (index: NameIndex, name: string): string | null => {
  let member = index.spelled.get(name)
  if (member === undefined) {
    member = index.member.get(name.toLowerCase()) ?? null
    if (index.spelled.size < MOST_SPELLINGS) index.spelled.set(name, member)
  }
  return member
}

export interface NameIndexes {
  readonly client: NameIndex
  readonly card: NameIndex
  readonly fragment: NameIndex
  readonly error: NameIndex
}

const indexes = new WeakMap<PolarisNames, NameIndexes>()

/** The indexes of a table of names, made once. */
export const indexesOf = (names: PolarisNames): NameIndexes => {
  let made = indexes.get(names)
  if (made === undefined) {
    const { code, message } = names.errors
    made = {
      client: indexOf(names.client, names.aliases),
      card: indexOf(names.card),
      fragment: indexOf(names.fragment),
      error: indexOf({ Code: code, Message: message })
    }
    indexes.set(names, made)
  }
  return made
}

/**
 * The members by this package's names, others as they stand; the name of one that comes twice is the failure. Of a
 * member and its other name the first counts, unless that is to be a failure too.
 */
export const renamed = (
  value: Plain,
  index: NameIndex,
  refuseAliases = false
): Result.Result<Record<string, unknown>, string> => {
  const out: Record<string, unknown> = {}
  let spare: Array<string> | undefined
  for (const name in value) {
    const member = memberOf(index, name)
    if (member === null) (spare ??= []).push(name)
    else if (Object.hasOwn(out, member)) return Result.fail(member)
    else out[member] = value[name]
  }
  if (spare === undefined) return Result.succeed(out)
  for (const spelled of spare) {
    const name = index.alias.get(spelled.toLowerCase()) ?? spelled
    if (!Object.hasOwn(out, name)) out[name] = value[spelled]
    else if (refuseAliases) return Result.fail(name)
  }
  return Result.succeed(out)
}

/**
 * The members of a list in any of its forms: an array, a wrapper around elements of one name, or nothing; `undefined`
 * when it is none of them.
 */
export const listOf = (value: unknown): ReadonlyArray<unknown> | undefined => {
  if (value instanceof XmlNode) return nodesOf(value)
  if (Array.isArray(value)) return value
  if (value === undefined || value === null) return []
  if (typeof value === "string") return value.trim() === "" ? [] : undefined
  if (!isPlain(value)) return undefined
  const [inner, ...others] = Object.values(value)
  if (others.length > 0) return undefined
  if (Array.isArray(inner)) return inner
  if (isPlain(inner)) return [inner]
  return inner === undefined || inner === null || inner === "" ? [] : undefined
}

/** As JSON can hold it: integers beyond a number's range as text. */
export const asJson = (value: unknown): Schema.Json => {
  if (typeof value === "string") return value
  if (Array.isArray(value)) return value.map(asJson)
  if (isPlain(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, asJson(member)]))
  }
  if (typeof value === "boolean" || value === null) return value
  if (typeof value === "number" && Number.isFinite(value)) return value
  return typeof value === "bigint" ? String(value) : null
}

/**
 * A request in XML: the data contract's names and namespaces, and any order of members. The vendor's reader passes over
 * a member that comes after its place, without a word.
 */
import type { TimeZone } from "@tillbridge/domain"
import { parseXml, type XmlElement } from "@tillbridge/wire"
import * as Result from "effect/Result"
import { namespaces } from "../LcmanagerSchema.ts"
import {
  type AmbiguousModel,
  known,
  knownOfReg,
  type ModelError,
  modelOf,
  names,
  none,
  ofBase,
  type PeriodModel,
  twice,
  unreadable,
  type Value
} from "./modelValues.ts"

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

export const fromXml = (text: string, zone: TimeZone): Result.Result<PeriodModel, ModelError> => {
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

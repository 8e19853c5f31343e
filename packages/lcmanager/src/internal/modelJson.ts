/** A request in JSON, as Json.NET reads it, but for a member that is said twice. */
import type { TimeZone } from "@tillbridge/domain"
import { parseJson } from "@tillbridge/wire"
import * as Result from "effect/Result"
import { withoutComments } from "./jsonComments.ts"
import {
  AmbiguousModel,
  known,
  knownOfReg,
  type Members,
  type ModelError,
  modelOf,
  none,
  type PeriodModel,
  twice,
  unreadable,
  type Value
} from "./modelValues.ts"

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

export const fromJson = (text: string, zone: TimeZone): Result.Result<PeriodModel, ModelError> => {
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

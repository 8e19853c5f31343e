/** A request as a form: names in any letter case, `Reg.Today` or `Reg[Today]`, values of .NET's own spelling. */
import type { TimeZone } from "@tillbridge/domain"
import { Parameters } from "@tillbridge/wire"
import * as Result from "effect/Result"
import {
  AmbiguousModel,
  known,
  knownOfReg,
  type ModelError,
  modelOf,
  type PeriodModel,
  twice,
  type Value
} from "./modelValues.ts"

export const fromForm = (text: string, zone: TimeZone): Result.Result<PeriodModel, ModelError> => {
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

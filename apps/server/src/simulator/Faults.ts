/** The faults of one simulator: which are on, and which of them a request meets. They change while it runs. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { type Chance, chanceFrom, type Dice } from "./Dice.ts"
import {
  type Fault,
  FaultError,
  type FaultKind,
  faultKinds,
  type Operation,
  parseFault,
  type When
} from "./Fault.ts"
import type { DialectWire } from "./Wire.ts"

export interface Faults {
  /** Puts these in the place of all that were there. A text that cannot be read leaves those. */
  readonly set: (faults: ReadonlyArray<Fault | string>) => Effect.Effect<void, FaultError>
  readonly clear: Effect.Effect<void>
  /** The same list until they are set anew. */
  readonly current: () => ReadonlyArray<Fault>
}

export interface ActiveFaults extends Faults {
  /** Those that this request meets. */
  readonly hit: (operation: Operation, path: string) => ReadonlyArray<Fault>
}

/** What is done to lists alone, unless the fault says otherwise. */
const ofLists = new Set<FaultKind["kind"]>([
  "repeat-cursor",
  "duplicate-page",
  "reorder",
  "poison",
  "changing",
  "zero-rows",
  "fewer",
  "cursor-lost"
])

const concerns = ({ kind, when }: Fault, operation: Operation): boolean => {
  if (when?.op !== undefined) return when.op === operation
  if (ofLists.has(kind)) return operation === "list"
  return kind !== "401" || operation !== "login"
}

const isHit = (when: When, seen: number, chance: Chance): boolean => {
  const count = seen - (when.after ?? 0)
  if (count < 1) return false
  if (when.nth !== undefined && count !== when.nth) return false
  if (when.first !== undefined && count > when.first) return false
  if (when.every !== undefined && count % when.every !== 0) return false
  return when.chance === undefined || chance.next() < when.chance
}

/** The kinds that a dialect has a place for: without resume points none can be lost. */
export const kindsOf = (wire: DialectWire): ReadonlyArray<FaultKind["kind"]> =>
  faultKinds.filter((kind) => kind !== "cursor-lost" || wire.resume !== undefined)

const read = (wire: DialectWire, given: Fault | string): Result.Result<Fault, FaultError> => {
  const parsed = typeof given === "string" ? parseFault(given) : Result.succeed(given)
  if (Result.isFailure(parsed) || kindsOf(wire).includes(parsed.success.kind)) return parsed
  return Result.fail(
    new FaultError({ message: `${wire.id} has no resume points: ${parsed.success.kind} has no place there` })
  )
}

interface Active {
  readonly fault: Fault
  readonly chance: Chance
  seen: number
}

export const makeFaults = (wire: DialectWire, dice: Dice): ActiveFaults => {
  let active: ReadonlyArray<Active> = []
  let current: ReadonlyArray<Fault> = []
  return {
    set: (faults) =>
      Effect.map(
        Effect.forEach(faults, (fault) => Effect.fromResult(read(wire, fault))),
        (all) => {
          current = all
          active = all.map((fault) => ({
            fault,
            chance: fault.when?.seed === undefined ? dice : chanceFrom(fault.when.seed),
            seen: 0
          }))
        }
      ),
    clear: Effect.sync(() => {
      active = []
      current = []
    }),
    current: () => current,
    hit: (operation, path) =>
      active
        .filter((one) => {
          const { when = {} } = one.fault
          if (!concerns(one.fault, operation)) return false
          if (when.path !== undefined && !path.includes(when.path.toLowerCase())) return false
          return isHit(when, ++one.seen, one.chance)
        })
        .map(({ fault }) => fault)
  }
}

/**
 * JSON text into plain values without losing digits: an integer a number cannot hold exactly
 * becomes a bigint. Keys named `__proto__` are dropped, so a later copy of the object cannot
 * change its prototype. Nesting, the length of integers and numbers beyond the range of a number
 * are limited. Fractions are read as JavaScript numbers, with their precision.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { MAX_JSON_DEPTH, MAX_JSON_DIGITS } from "./Limits.ts"

/** The text is not JSON that is accepted here. `reason` holds none of the text. */
export class MalformedJson extends Schema.TaggedError<MalformedJson>()("MalformedJson", {
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}

/** How strictly to read. */
export interface JsonOptions {
  /** Fail when an object names a key twice; otherwise the last one wins. */
  readonly refuseDuplicateKeys?: boolean
}

// The third argument is in Node since 21 and not in TypeScript's library for ES2024.
const parseWithSource = JSON.parse as (
  text: string,
  reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown
) => unknown

class Refused extends Error {}

const revive = (key: string, value: unknown, context: { readonly source?: string }): unknown => {
  if (key === "__proto__") return undefined
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value
  const source = context.source ?? ""
  if (/^-?\d+$/.test(source)) {
    if (source.length > MAX_JSON_DIGITS)
      throw new Refused(`an integer of more than ${MAX_JSON_DIGITS} digits`)
    return BigInt(source)
  }
  if (!Number.isFinite(value)) throw new Refused("a number out of range")
  return value
}

const QUOTE = 34
const BACKSLASH = 92

/** The place of the quote that ends the string whose first quote is at `start`. */
const endOfString = (text: string, start: number): number => {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++
    if (slashes % 2 === 0) return end
  }
}

const tooDeep = `nested deeper than ${MAX_JSON_DEPTH}`

// What is wrong with a value as JSON.parse makes it.
const fine = 0
const inexact = 1
const deep = 2

/** Looks through a value for numbers that lost digits or are none, keys to drop, and nesting below `depth`. */
const wrongIn = (value: unknown, depth: number): number => {
  if (typeof value === "number") return Math.abs(value) <= Number.MAX_SAFE_INTEGER ? fine : inexact
  if (typeof value !== "object" || value === null) return fine
  if (depth === 0) return deep
  let worst = fine
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) {
      const wrong = wrongIn(value[at], depth - 1)
      if (wrong > worst) worst = wrong
    }
    return worst
  }
  const members = value as Readonly<Record<string, unknown>>
  for (const name in members) {
    const member = members[name]
    if (name === "__proto__" && worst < inexact) worst = inexact
    if (typeof member === "string" || member === null) continue
    const wrong = wrongIn(member, depth - 1)
    if (wrong > worst) worst = wrong
  }
  return worst
}

/** Whether an object in text that JSON.parse accepted, nested at most so deep, names a key twice. */
const hasRepeatedKey = (text: string): boolean => {
  // The keys of each open object, undefined for an open array.
  const open: Array<Set<string> | undefined> = []
  let keyNext = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      const end = endOfString(text, at)
      const keys = keyNext ? open.at(-1) : undefined
      if (keys !== undefined) {
        keyNext = false
        const literal = text.slice(at, end + 1)
        const key: unknown = literal.includes("\\") ? JSON.parse(literal) : literal.slice(1, -1)
        if (typeof key === "string" && keys.has(key)) return true
        if (typeof key === "string") keys.add(key)
      }
      at = end
    } else if ((code | 32) === 123) {
      keyNext = code === 123
      open.push(keyNext ? new Set() : undefined)
    } else if ((code | 32) === 125) {
      open.pop()
      keyNext = false
    } else if (code === 44 /* , */) {
      keyNext = open.at(-1) !== undefined
    }
  }
  return false
}

/** Reads one JSON value, optionally after a byte order mark. Fails with MalformedJson. */
export const parseJson = (text: string, options: JsonOptions = {}): Result.Result<unknown, MalformedJson> => {
  const document = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
  try {
    let value: unknown = JSON.parse(document)
    const wrong = wrongIn(value, MAX_JSON_DEPTH)
    if (wrong === deep) return Result.fail(new MalformedJson({ reason: tooDeep }))
    // Parsing with a reviver takes several times as long.
    if (wrong === inexact) value = parseWithSource(document, revive)
    return options.refuseDuplicateKeys === true && hasRepeatedKey(document)
      ? Result.fail(new MalformedJson({ reason: "a key is repeated" }))
      : Result.succeed(value)
  } catch (error) {
    // The engine's own message quotes the document.
    return Result.fail(new MalformedJson({ reason: error instanceof Refused ? error.message : "not JSON" }))
  }
}

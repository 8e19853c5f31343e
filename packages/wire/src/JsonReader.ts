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

/** Text in which no value can need the reviver, which makes parsing several times slower. */
const NEEDS_REVIVER = /\d{16}|[eE]\+?\d{3}|__proto__|\\u/

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

/** Looks for what JSON.parse lets pass, in text that it accepted. */
const whyRefused = (text: string, refuseDuplicateKeys: boolean): string | undefined => {
  // The keys of each open object, undefined for an open array.
  const open: Array<Set<string> | undefined> = []
  let keyNext = false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 34 /* " */) {
      const start = i
      for (i++; text.charCodeAt(i) !== 34; i++) if (text.charCodeAt(i) === 92 /* \ */) i++
      if (!keyNext) continue
      keyNext = false
      if (!refuseDuplicateKeys) continue
      const literal = text.slice(start, i + 1)
      const key: unknown = literal.includes("\\") ? JSON.parse(literal) : literal.slice(1, -1)
      const keys = open.at(-1)
      if (keys === undefined || typeof key !== "string") continue
      if (keys.has(key)) return "a key is repeated"
      keys.add(key)
    } else if (code === 123 /* { */ || code === 91 /* [ */) {
      keyNext = code === 123
      if (open.push(keyNext ? new Set() : undefined) > MAX_JSON_DEPTH) {
        return `nested deeper than ${MAX_JSON_DEPTH}`
      }
    } else if (code === 125 /* } */ || code === 93 /* ] */) {
      open.pop()
      keyNext = false
    } else if (code === 44 /* , */) {
      keyNext = open.at(-1) !== undefined
    }
  }
  return undefined
}

/** Reads one JSON value, optionally after a byte order mark. Fails with MalformedJson. */
export const parseJson = (text: string, options: JsonOptions = {}): Result.Result<unknown, MalformedJson> => {
  const document = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
  try {
    const value = NEEDS_REVIVER.test(document)
      ? parseWithSource(document, revive)
      : (JSON.parse(document) as unknown)
    const reason = whyRefused(document, options.refuseDuplicateKeys === true)
    return reason === undefined ? Result.succeed(value) : Result.fail(new MalformedJson({ reason }))
  } catch (error) {
    // The engine's own message quotes the document.
    return Result.fail(new MalformedJson({ reason: error instanceof Refused ? error.message : "not JSON" }))
  }
}

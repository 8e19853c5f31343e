/**
 * The name/value pairs of a query string or an urlencoded form body, in the order they came.
 * Decoding is strict: what a lenient decoder would turn into U+FFFD is refused. A name may occur
 * several times and may be empty; empty pieces (`a=1&&b=2`) are skipped, as in URLSearchParams.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { MAX_PARAMETERS } from "./Limits.ts"

/** The text is no valid list of parameters. `reason` names the place, never the value. */
export class MalformedParameters extends Schema.TaggedError<MalformedParameters>()("MalformedParameters", {
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}

/** Equal but for the case of ASCII letters; other letters never fold (U+212A is not `k`). */
const equalsIgnoreCase = (a: string, b: string): boolean => {
  if (a === b) return true
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) {
    let x = a.charCodeAt(i)
    let y = b.charCodeAt(i)
    if (x === y) continue
    if (x >= 65 && x <= 90) x += 32
    if (y >= 65 && y <= 90) y += 32
    if (x !== y || x < 97 || x > 122) return false
  }
  return true
}

const plainName = /^[\w.\-[\]]{1,40}$/

const malformed = (position: number, name: string | undefined, problem: string) => {
  // A piece without "=" may be a lone value, and an odd name may hold anything: neither is shown.
  const shown = name !== undefined && plainName.test(name) ? ` (${name})` : ""
  return Result.fail(new MalformedParameters({ reason: `parameter ${position}${shown}: ${problem}` }))
}

/** The decoded text, or undefined when it cannot be decoded. */
const decode = (text: string): string | undefined => {
  const spaced = text.includes("+") ? text.replaceAll("+", " ") : text
  if (!spaced.includes("%")) return spaced
  try {
    // Refuses bad and truncated escapes, overlong forms, surrogates and every other invalid UTF-8.
    return decodeURIComponent(spaced)
  } catch {
    return undefined
  }
}

const problemOf = (text: string): string =>
  /%(?![0-9a-fA-F]{2})/.test(text) ? "bad percent escape" : "invalid UTF-8"

/** An ordered list of parameters. */
export class Parameters {
  /** No parameter at all. */
  static readonly empty = new Parameters([], [])

  readonly #names: ReadonlyArray<string>
  readonly #values: ReadonlyArray<string>

  private constructor(names: ReadonlyArray<string>, values: ReadonlyArray<string>) {
    this.#names = names
    this.#values = values
  }

  /** A list of pairs already decoded. */
  static fromEntries(entries: Iterable<readonly [name: string, value: string]>): Parameters {
    const pairs = [...entries]
    return new Parameters(
      pairs.map(([name]) => name),
      pairs.map(([, value]) => value)
    )
  }

  /**
   * Reads a raw query string (without its `?`) or an urlencoded form body. `+` is a space.
   * Fails on a bad or truncated escape, invalid UTF-8, NUL, a lone surrogate, and on more than
   * `MAX_PARAMETERS` parameters.
   */
  static parse(raw: string): Result.Result<Parameters, MalformedParameters> {
    if (raw === "") return Result.succeed(Parameters.empty)
    if (!raw.isWellFormed()) {
      return Result.fail(new MalformedParameters({ reason: "lone surrogate" }))
    }
    const encoded = raw.includes("%") || raw.includes("+")
    const names: Array<string> = []
    const values: Array<string> = []
    for (let start = 0; start < raw.length;) {
      let end = raw.indexOf("&", start)
      if (end === -1) end = raw.length
      if (end > start) {
        const position = names.length + 1
        if (position > MAX_PARAMETERS) {
          return Result.fail(new MalformedParameters({ reason: `more than ${MAX_PARAMETERS} parameters` }))
        }
        const piece = raw.slice(start, end)
        const equals = piece.indexOf("=")
        const rawName = equals === -1 ? piece : piece.slice(0, equals)
        const rawValue = equals === -1 ? "" : piece.slice(equals + 1)
        const name = encoded ? decode(rawName) : rawName
        if (name === undefined) return malformed(position, undefined, problemOf(rawName))
        const shown = equals === -1 ? undefined : name
        const value = encoded ? decode(rawValue) : rawValue
        if (value === undefined) return malformed(position, shown, problemOf(rawValue))
        if (name.includes("\0") || value.includes("\0")) return malformed(position, shown, "NUL character")
        names.push(name)
        values.push(value)
      }
      start = end + 1
    }
    return Result.succeed(new Parameters(names, values))
  }

  /** How many parameters there are, repeated ones counted each time. */
  get size(): number {
    return this.#names.length
  }

  /** The first value of that name, undefined when there is none. */
  get(name: string): string | undefined {
    const index = this.#names.indexOf(name)
    return index === -1 ? undefined : this.#values[index]
  }

  /** As `get`, taking `ApiKey` and `apikey` for one name (ASCII letters only). */
  getIgnoreCase(name: string): string | undefined {
    const index = this.#names.findIndex((other) => equalsIgnoreCase(other, name))
    return index === -1 ? undefined : this.#values[index]
  }

  /** Every value of that name, in order. */
  getAll(name: string): ReadonlyArray<string> {
    return this.#values.filter((_, index) => this.#names[index] === name)
  }

  /** Whether that name occurs, with or without a value. */
  has(name: string): boolean {
    return this.#names.includes(name)
  }

  /** The names in order, each once. */
  names(): ReadonlyArray<string> {
    return [...new Set(this.#names)]
  }

  /** The first of the given names that occurs more than once, even with equal values. */
  repeated(names: ReadonlyArray<string>): string | undefined {
    return names.find((name) => {
      const first = this.#names.indexOf(name)
      return first !== -1 && this.#names.indexOf(name, first + 1) !== -1
    })
  }

  /** As `repeated`, where `ApiKey` and `apikey` are two occurrences of one name. */
  repeatedIgnoreCase(names: ReadonlyArray<string>): string | undefined {
    return names.find((name) => {
      let count = 0
      for (const other of this.#names) if (equalsIgnoreCase(other, name) && ++count > 1) return true
      return false
    })
  }

  /** The pairs in order. */
  entries(): ReadonlyArray<readonly [name: string, value: string]> {
    return this.#names.map((name, index) => [name, this.#values[index] ?? ""] as const)
  }
}

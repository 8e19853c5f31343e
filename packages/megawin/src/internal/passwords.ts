/**
 * The vendor writes passwords in clear into its answers, and its clients send them. No value of that kind gets further
 * than here: it is taken out of what was just parsed, before anything is decoded, kept or told. What was dropped is
 * counted.
 */
import * as Metric from "effect/Metric"

/** Names under which a password may stand: the vendor's own, and what "additional items" could call one in Belgium. */
const password = /passw|passphrase|pwd|wachtwoord|kennwort|mots?[_-]?de[_-]?passe|^pass$|^mdp|mdp$/i

export const isPasswordName = (name: string): boolean => password.test(name)

/** Passwords that came in from vendors and clients, and were dropped. */
export const droppedPasswords = Metric.counter("megawin_passwords_dropped_total", {
  description: "Passwords that came in and were dropped",
  incremental: true
})

/** Takes passwords out of a value that was just parsed, at every depth; how many there were. */
export const dropPasswords = (value: unknown): number => {
  if (typeof value !== "object" || value === null) return 0
  let dropped = 0
  if (Array.isArray(value)) {
    for (const item of value) dropped += dropPasswords(item)
    return dropped
  }
  const members = value as Record<string, unknown>
  for (const name in members) {
    if (isPasswordName(name)) {
      delete members[name]
      dropped++
    } else {
      dropped += dropPasswords(members[name])
    }
  }
  return dropped
}

/** A JSON string as it stands in text that may be cut off or broken: with its escapes read as far as they can be. */
const nameIn = (literal: string): string =>
  literal
    .slice(1, -1)
    .replace(/\\u([0-9a-fA-F]{4})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
    .replace(/\\(.)/g, "$1")

const STRING = /"(?:[^"\\]|\\[^])*(?:"|$)/y
const COLON = /\s*:\s*/y
const WORD = /[^,}\]\s]*/y

/** Where the match of a pattern here ends; the place itself where it does not match. */
const endOf = (pattern: RegExp, text: string, at: number): number => {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : at
}

/** Text that was to be JSON, without the values under names of passwords; a list or an object there takes the rest with it. */
export const withoutPasswords = (text: string): string => {
  let out = ""
  let at = 0
  for (;;) {
    const start = text.indexOf('"', at)
    if (start === -1) return out + text.slice(at)
    const end = endOf(STRING, text, start)
    const value = endOf(COLON, text, end)
    const isHidden = value > end && isPasswordName(nameIn(text.slice(start, end)))
    out += text.slice(at, isHidden ? value : end)
    at = isHidden ? value : end
    if (!isHidden) continue
    out += "null"
    if (text[at] === "{" || text[at] === "[") return out
    at = text[at] === '"' ? endOf(STRING, text, at) : endOf(WORD, text, at)
  }
}

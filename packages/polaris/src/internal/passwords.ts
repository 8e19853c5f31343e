/**
 * The vendor's back office keeps a password of the client's account on the web site (DOCUMENTED), so that a record may
 * have one. None is kept, told or sent on: what looks like one is left out wherever members are only kept.
 */
import type * as Schema from "effect/Schema"

const password = /passw|passphrase|pwd|mots?[_-]?de[_-]?passe|^pass$|^mdp|mdp$/i

export const isPasswordName = (name: string): boolean => password.test(name)

/** The value without the passwords in it, at every depth. */
export const withoutPasswords = (value: Schema.Json): Schema.Json => {
  if (typeof value !== "object" || value === null) return value
  if (Array.isArray(value)) return value.map(withoutPasswords)
  return Object.fromEntries(
    Object.entries(value as Readonly<Record<string, Schema.Json>>).flatMap(([name, part]) =>
      isPasswordName(name) ? [] : [[name, withoutPasswords(part)] as const]
    )
  )
}

const inText =
  /<((?:[\w.-]+:)?[\w.-]*(?:passw|passphrase|pwd|mots?[_-]?de[_-]?passe|mdp)[\w.-]*)(?:\s[^>]*)?>[^<]*<\/\1\s*>|"[^"\\]*(?:passw|passphrase|pwd|mots?[_-]?de[_-]?passe|mdp)[^"\\]*"\s*:\s*(?:"(?:[^"\\]|\\.)*"|[^,}\]\s]+)\s*,?/gi

/** The text of a record that nobody can parse, without what looks like a password in it. */
export const withoutPasswordText = (text: string): string => text.replace(inText, "")

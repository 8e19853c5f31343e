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

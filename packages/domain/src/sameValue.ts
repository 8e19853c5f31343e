import * as BigDecimal from "effect/BigDecimal"
import * as DateTime from "effect/DateTime"

/**
 * Whether two values of a record are equal: plain data member by member, instants and exact decimals by value. Unlike
 * `Equal.equals` it computes no hashes, which cost more than the comparison and are of use only to a second one.
 */
export const sameValue = (a: unknown, b: unknown): boolean => {
  if (a === b) return true
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false
  if (DateTime.isDateTime(a)) return DateTime.isDateTime(b) && a.epochMilliseconds === b.epochMilliseconds
  if (BigDecimal.isBigDecimal(a)) return BigDecimal.isBigDecimal(b) && BigDecimal.equals(a, b)
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every(
      (key) => Object.hasOwn(b, key) && sameValue(a[key as keyof typeof a], b[key as keyof typeof b])
    )
  )
}

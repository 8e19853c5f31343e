/** Money as an exact decimal, in the merchant's own currency: no vendor's customer API names one. */
import * as BigDecimal from "effect/BigDecimal"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"

export type Money = BigDecimal.BigDecimal

const plain = /^[+-]?[0-9]{1,24}(\.[0-9]{1,6})?$/

/** As text it is a plain decimal: an exponent could name a number that no memory holds. */
export const Money = Schema.String.check(
  Schema.isPattern(plain, { message: "must be a plain decimal number" })
).pipe(
  Schema.decodeTo(
    Schema.BigDecimal,
    SchemaTransformation.transform({
      decode: (text: string): Money => BigDecimal.normalize(BigDecimal.fromStringUnsafe(text)),
      encode: (money: Money): string => moneyToText(money)
    })
  )
)

/** Exact value of a plain decimal (`15200`, `-4545.00`): at most 24 digits before and 6 after the point. */
export const moneyFromText = (text: string): Option.Option<Money> =>
  plain.test(text) ? Option.map(BigDecimal.fromString(text), BigDecimal.normalize) : Option.none()

/** Plain decimal text without exponent or needless zeros: `15200`, `0.5`. */
export const moneyToText = (money: Money): string => {
  if (money === zero) return "0"
  const { scale, value } = BigDecimal.normalize(money)
  if (scale <= 0) return (value * 10n ** BigInt(-scale)).toString()
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, "0")
  return `${value < 0n ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

export const zero: Money = BigDecimal.fromBigInt(0n)

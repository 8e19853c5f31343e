/** Whose records a command works on. */
import { type Merchant, Merchants } from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import { notFound, usage } from "../Failure.ts"
import type { Settings } from "../settings/Settings.ts"
import { didYouMean } from "../Suggest.ts"

const listed = (merchants: ReadonlyArray<Merchant>): string =>
  merchants
    .slice(0, 10)
    .map(({ id, name }) => `${id} "${name}"`)
    .join(", ") + (merchants.length > 10 ? ` and ${merchants.length - 10} more` : "")

/** The merchant by number or name; without either, the only one there is. */
export const chooseMerchant = Effect.fnUntraced(function* (given: string | undefined, settings: Settings) {
  const merchants = yield* (yield* Merchants).list
  const wanted = given ?? settings.merchant
  if (merchants.length === 0)
    return yield* notFound("there is no merchant yet. Make one: tillbridge merchants create --name NAME")
  if (wanted === undefined) {
    if (merchants.length === 1) return merchants[0]!
    return yield* usage(`say which merchant with --merchant ID or NAME: ${listed(merchants)}`)
  }
  const byName = merchants.filter(({ name }) => name.toLowerCase() === wanted.toLowerCase())
  const exact = byName.filter(({ name }) => name === wanted)
  const [found, other] = merchants
    .filter(({ id }) => String(id) === wanted)
    .concat(exact.length > 0 ? exact : byName)
  if (found === undefined) {
    const hint = didYouMean(
      wanted,
      merchants.map(({ name }) => name)
    )
    return yield* usage(
      `there is no merchant "${wanted}".${hint} There ${merchants.length === 1 ? "is" : "are"}: ${listed(merchants)}`
    )
  }
  if (other !== undefined && String(found.id) !== wanted) {
    return yield* usage(`several merchants are called "${wanted}": say the number. ${listed(byName)}`)
  }
  return found
})

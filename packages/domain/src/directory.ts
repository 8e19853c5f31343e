import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Named } from "./Customer.ts"
import { InvalidField, UnknownReference } from "./errors.ts"
import type { MerchantId } from "./Ids.ts"
import type { Directory, MerchantRepository } from "./MerchantRepository.ts"
import { orNull } from "./Text.ts"

/**
 * The group or card type a caller names: by id, which must exist, and then the name is not even looked at; else by
 * name, made when it is new. `null` when the name is blank.
 */
export const resolveEntry = Effect.fnUntraced(function* (
  merchants: MerchantRepository["Service"],
  merchant: MerchantId,
  directory: Directory,
  named: Named
) {
  if (named.id !== undefined) {
    const found = yield* merchants.findEntry(merchant, directory, { id: named.id })
    return Option.isSome(found) ? found.value : yield* new UnknownReference({ kind: directory })
  }
  const name = orNull(named.name)
  if (name === null) return null
  if (name.length > 255) {
    return yield* new InvalidField({ field: directory, reason: "must be at most 255 characters long" })
  }
  return yield* merchants.addEntry(merchant, directory, name)
})

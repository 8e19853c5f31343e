/** The parameters of the list: filters, page, and what is added to each customer. */
import { CustomerId, type CustomerFilter, orNull } from "@tillbridge/domain"
import { Effect } from "effect"
import type { Call } from "./call.ts"
import { BadCall } from "./errors.ts"
import { readBoolean } from "./fields.ts"

export interface ListQuery {
  readonly filter: CustomerFilter
  /** `null`: all customers. The first page is 1. */
  readonly page: { readonly number: number; readonly size: number } | null
  readonly cards: boolean
  readonly bonuses: boolean
}

const defaultPageSize = 200

/** Reads the list's parameters; a value of no use is an error rather than a filter left out. */
export const readListQuery = Effect.fnUntraced(function* (call: Call, maxPageSize: number) {
  const whole = Effect.fnUntraced(function* (name: string, value: string | null, maximum: number) {
    const number = value !== null && /^[0-9]{1,15}$/.test(value.trim()) ? Number(value) : 0
    if (number >= 1 && number <= maximum) return number
    const range = maximum === Number.MAX_SAFE_INTEGER ? "from 1" : `from 1 to ${maximum}`
    return yield* new BadCall({ info: `${name} must be a whole number ${range}` })
  })
  const flag = Effect.fnUntraced(function* (name: string) {
    const value = orNull(call.parameters.get(name))
    if (value === null) return undefined
    const read = readBoolean(name, value)
    return typeof read === "boolean" ? read : yield* new BadCall({ info: `${name} must be true or false` })
  })

  const id = orNull(call.query.get("id"))
  const externalId = orNull(call.query.get("external_id"))
  const phone = orNull(call.parameters.get("phone"))
  const email = orNull(call.parameters.get("email"))
  const hasPhone = yield* flag("with_phone")
  const hasEmail = yield* flag("with_email")
  const filter: CustomerFilter = {
    ...(id === null ? {} : { id: CustomerId.make(yield* whole("id", id, Number.MAX_SAFE_INTEGER)) }),
    ...(externalId === null ? {} : { externalId: { system: call.context.externalSystem, key: externalId } }),
    ...(phone === null ? {} : { phone }),
    ...(email === null ? {} : { email }),
    ...(hasPhone === undefined ? {} : { hasPhone }),
    ...(hasEmail === undefined ? {} : { hasEmail })
  }
  const number = orNull(call.parameters.get("page"))
  const size = orNull(call.parameters.get("page_size"))
  const page =
    number === null && size === null
      ? null
      : {
          number: number === null ? 1 : yield* whole("page", number, 1e9),
          size: size === null ? defaultPageSize : yield* whole("page_size", size, maxPageSize)
        }
  const list: ListQuery = {
    filter,
    page,
    cards: (yield* flag("cards")) ?? false,
    bonuses: (yield* flag("bonuses")) ?? false
  }
  return list
})

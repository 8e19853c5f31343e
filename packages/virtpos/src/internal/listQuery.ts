/** The parameters of the list: filters, page, and what is added to each customer. */
import { type CustomerFilter, type CustomerId, orNull } from "@tillbridge/domain"
import * as Result from "effect/Result"
import type * as Types from "effect/Types"
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
export const readListQuery = (call: Call, maxPageSize: number): Result.Result<ListQuery, BadCall> => {
  const { context, parameters, query } = call
  const wrong: Array<string> = []
  const whole = (name: string, value: string, maximum: number): number => {
    const number = /^[0-9]{1,16}$/.test(value.trim()) ? Number(value) : 0
    if (number >= 1 && number <= maximum) return number
    wrong.push(`${name} must be a whole number ${maximum > 1e9 ? "from 1" : `from 1 to ${maximum}`}`)
    return 1
  }
  const flag = (name: string): boolean | undefined => {
    const value = orNull(parameters.get(name))
    if (value === null) return undefined
    const read = readBoolean(name, value)
    if (typeof read === "boolean") return read
    wrong.push(`${name} must be true or false`)
    return undefined
  }

  const filter: Types.Mutable<CustomerFilter> = {}
  const id = orNull(query.get("id"))
  if (id !== null) filter.id = whole("id", id, Number.MAX_SAFE_INTEGER) as CustomerId
  const key = orNull(query.get("external_id"))
  if (key !== null) filter.externalId = { system: context.externalSystem, key }
  const phone = orNull(parameters.get("phone"))
  if (phone !== null) filter.phone = phone
  const email = orNull(parameters.get("email"))
  if (email !== null) filter.email = email
  const hasPhone = flag("with_phone")
  if (hasPhone !== undefined) filter.hasPhone = hasPhone
  const hasEmail = flag("with_email")
  if (hasEmail !== undefined) filter.hasEmail = hasEmail

  const number = orNull(parameters.get("page"))
  const size = orNull(parameters.get("page_size"))
  const page =
    number === null && size === null
      ? null
      : {
          number: number === null ? 1 : whole("page", number, 1e9),
          size: size === null ? defaultPageSize : whole("page_size", size, maxPageSize)
        }
  const list = { filter, page, cards: flag("cards") ?? false, bonuses: flag("bonuses") ?? false }
  return wrong[0] === undefined ? Result.succeed(list) : Result.fail(new BadCall({ info: wrong[0] }))
}

/**
 * What a saved answer tells, customer by customer. Rows of one customer that follow each other, as a vendor writes one
 * for each card, are one customer; those that stand apart are told apart, since nothing but the last one is kept.
 */
import type { CustomerChange, Malformed } from "@tillbridge/domain"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"

export type Told =
  | { readonly _tag: "Customer"; readonly change: CustomerChange }
  /** The place in the answer, from 1. */
  | { readonly _tag: "Unreadable"; readonly number: number; readonly reason: string }

interface State {
  number: number
  last: CustomerChange | null
}

const isSame = (one: CustomerChange, other: CustomerChange): boolean =>
  one.source.key === other.source.key && one.source.key !== ""

const joined = (one: CustomerChange, other: CustomerChange): CustomerChange => ({
  ...one,
  customer: { ...one.customer, ...other.customer },
  cards: [...one.cards, ...other.cards]
})

const customer = (change: CustomerChange | null): ReadonlyArray<Told> =>
  change === null ? [] : [{ _tag: "Customer", change }]

export const customersTold = <E>(
  records: Stream.Stream<Result.Result<CustomerChange, Malformed>, E>
): Stream.Stream<Told, E> =>
  Stream.mapAccumArray(
    records,
    (): State => ({ number: 0, last: null }),
    (state, some) => {
      const told: Array<Told> = []
      for (const record of some) {
        state.number++
        if (Result.isFailure(record)) {
          told.push({ _tag: "Unreadable", number: state.number, reason: record.failure.detail })
        } else if (state.last !== null && isSame(state.last, record.success)) {
          state.last = joined(state.last, record.success)
        } else {
          told.push(...customer(state.last))
          state.last = record.success
        }
      }
      return [state, told] as const
    },
    { onHalt: ({ last }) => customer(last) }
  )

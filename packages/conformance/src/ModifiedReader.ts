/** Readers of the customers changed since a time, each of which checks the order of what it is given. */
import { assert } from "@effect/vitest"
import {
  type ChangePosition,
  CustomerRepository,
  type MerchantId,
  type ModifiedCustomer,
  type ModifiedQuery
} from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import { at } from "./Records.ts"

export const beginning = at("1970-01-01T00:00:00Z")

/** Positions must ascend, with no two customers at one, and no customer may come twice. */
export const assertAscending = (customers: ReadonlyArray<ModifiedCustomer>, after: number): void => {
  let last = after
  for (const { position } of customers) {
    assert.isAbove(position, last, `positions must ascend: ${JSON.stringify(customers)}`)
    last = position
  }
  assert.strictEqual(new Set(customers.map(({ id }) => id)).size, customers.length, "each customer once")
}

/** All of them, unless a smaller limit is asked for. */
export const modified = (merchant: MerchantId, query: Partial<ModifiedQuery>) =>
  Effect.gen(function* () {
    const customers = yield* CustomerRepository
    const after = query.after ?? (0 as ChangePosition)
    const limit = query.limit ?? 100_000
    const page = yield* customers.modified(merchant, { since: query.since ?? beginning, after, limit })
    assertAscending(page.customers, after)
    assert.isAtMost(page.customers.length, limit)
    return page.customers
  })

export const idsModified = (merchant: MerchantId, query: Partial<ModifiedQuery>) =>
  Effect.map(modified(merchant, query), (customers) => customers.map(({ id }) => id))

/** The same in pages, each after the last of the page before. */
export const modifiedInPages = (
  merchant: MerchantId,
  limit: number,
  from = 0 as ChangePosition,
  since = beginning
) =>
  Effect.gen(function* () {
    const customers = yield* CustomerRepository
    const seen: Array<ModifiedCustomer> = []
    for (let after = from; ;) {
      const page = yield* customers.modified(merchant, { since, after, limit })
      assertAscending(page.customers, after)
      seen.push(...page.customers)
      const last = page.customers.at(-1)
      if (!page.hasMore) return seen
      if (last === undefined) return assert.fail("an empty page cannot have more after it")
      after = last.position
    }
  })

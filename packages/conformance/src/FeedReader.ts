/** What a reader of the change feed may rely on, as checks that kits share. */
import { assert } from "@effect/vitest"
import { CardRepository, type Change, CustomerRepository, type MerchantId } from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import { plain } from "./Case.ts"
import { allChanges, idsOf } from "./Records.ts"

export const entityOf = (change: Change): string => {
  switch (change._tag) {
    case "CustomerChanged":
      return `customer ${change.customer.id}`
    case "CustomerRemoved":
      return `customer ${change.id}`
    case "CardChanged":
      return `card ${change.card.id}`
    case "CardRemoved":
      return `card ${change.id}`
  }
}

export const shown = (change: Change): string =>
  `${entityOf(change)} ${change._tag.endsWith("Removed") ? "removed" : "changed"} at ${change.position}`

/** A page of the feed in itself: ascending, each entity once, and a state that carries its own position as version. */
export const assertOrdered = (changes: ReadonlyArray<Change>, after: number): void => {
  const entities = new Set<string>()
  let last = after
  for (const change of changes) {
    assert.isAbove(change.position, last, `positions must ascend: ${changes.map(shown).join(", ")}`)
    assert.isFalse(entities.has(entityOf(change)), `only once: ${shown(change)}`)
    entities.add(entityOf(change))
    last = change.position
    if (change._tag === "CustomerChanged") assert.strictEqual(change.customer.version, change.position)
    if (change._tag === "CardChanged") assert.strictEqual(change.card.version, change.position)
  }
}

/** What the store holds now, named as the feed's reader names it; removed entities are not in it. */
export const present = (merchant: MerchantId) =>
  Effect.gen(function* () {
    const customers = yield* CustomerRepository
    const state = new Map<string, unknown>()
    for (const customer of yield* customers.getMany(merchant, yield* idsOf(merchant))) {
      state.set(`customer ${customer.id}`, plain(customer))
    }
    const cards = yield* CardRepository
    for (const card of yield* cards.list(merchant, { after: null, limit: 100_000 })) {
      state.set(`card ${card.id}`, plain(card))
    }
    return state
  })

export const stateAfter = (change: Change): unknown =>
  change._tag === "CustomerChanged"
    ? plain(change.customer)
    : change._tag === "CardChanged"
      ? plain(change.card)
      : null

export const sorted = (state: ReadonlyMap<string, unknown>) => [...state].sort(([a], [b]) => (a < b ? -1 : 1))

/** The feed from the beginning tells exactly what the store holds. */
export const feedAgrees = (merchant: MerchantId) =>
  Effect.gen(function* () {
    const changes = yield* allChanges(merchant)
    assertOrdered(changes, 0)
    const told = new Map(changes.map((change) => [entityOf(change), stateAfter(change)]))
    for (const [entity, state] of told) if (state === null) told.delete(entity)
    assert.deepStrictEqual(sorted(told), sorted(yield* present(merchant)))
  })

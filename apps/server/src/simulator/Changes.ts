/** Changes that a vendor's own tills make: customers updated, added and deleted, cards blocked, as the domain does it. */
import {
  Cards,
  type Customer,
  CustomerId,
  Customers,
  type DomainError,
  type Merchant
} from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import type { Dice } from "./Dice.ts"
import { phoneOf } from "./People.ts"

export const makeChanges = Effect.fnUntraced(function* (merchant: Merchant, dice: Dice, seeded: number) {
  const customers = yield* Customers
  const cards = yield* Cards
  let largest = seeded
  let added = 0

  /** Somebody at random; nobody where hardly anybody is left. */
  const somebody = Effect.gen(function* () {
    const ids = Array.from({ length: 8 }, () => CustomerId.make(dice.whole(1, Math.max(1, largest))))
    const [one] = yield* customers.getMany(merchant.id, ids)
    if (one !== undefined) return one
    const [ref] = yield* customers.refs(merchant.id, {}, { after: null, limit: 1 })
    return ref === undefined ? undefined : (yield* customers.getMany(merchant.id, [ref.id]))[0]
  })

  const patched = (patch: Parameters<typeof customers.save>[1]["patch"], one?: Customer) =>
    customers.save(merchant.id, {
      references: one === undefined ? [] : [{ by: "id", id: one.id }],
      createIfMissing: one === undefined,
      patch,
      actor: null
    })

  const add = Effect.gen(function* () {
    const index = ++added
    const { entity } = yield* patched({
      firstName: dice.pick(["Léa", "Tom", "Nina", "Олег"]),
      lastName: `Nouveau ${index}`,
      mobilePhone: phoneOf(2_000_000 + index, dice),
      email: `new${index}@example.com`,
      externalIds: [{ system: "SHOP", key: `N${index}` }]
    })
    largest = Math.max(largest, entity.id)
    const number = String(2_800_000_000 + index)
    yield* cards.save(merchant.id, {
      search: [{ by: "number", number }],
      createIfMissing: true,
      patch: { number, status: "active" },
      owner: { by: "id", id: entity.id },
      actor: null
    })
  })

  const update = (one: Customer) =>
    dice.happens(0.5)
      ? patched({ lastName: `Renamed ${dice.whole(1, 1_000_000)}` }, one)
      : patched({ mobilePhone: phoneOf(dice.whole(3_000_000, 4_000_000), dice) }, one)

  const block = Effect.fnUntraced(function* (one: Customer) {
    const [card] = yield* cards.ofCustomers(merchant.id, [one.id])
    if (card === undefined) return yield* update(one)
    const status = card.status === "blocked" ? ("active" as const) : ("blocked" as const)
    return yield* cards.save(merchant.id, {
      search: [{ by: "id", id: card.id }],
      createIfMissing: false,
      patch: { status },
      actor: null
    })
  })

  const change = Effect.suspend((): Effect.Effect<unknown, DomainError> => {
    const kind = dice.next()
    if (kind < 0.2) return add
    return Effect.flatMap(somebody, (one): Effect.Effect<unknown, DomainError> => {
      if (one === undefined) return add
      if (kind < 0.35) return customers.remove(merchant.id, { by: "id", id: one.id })
      return kind < 0.5 ? block(one) : update(one)
    })
  })

  /** Makes so many changes, one after the other. */
  return (rows: number): Effect.Effect<void> =>
    Effect.orDie(Effect.replicateEffect(change, rows, { discard: true }))
})

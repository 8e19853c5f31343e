/** What the shop's own tills are known to have written: acknowledged, or found after a kill. */
import type { Customer, LoyaltyCard } from "@tillbridge/domain"
import { cardOf, DESK, notesOf, type Shop, SLOTS, writeOf } from "./plan.ts"

interface CardState {
  readonly n: number
  readonly owner: number
}

/** Slots and what stands in them, after the first `count` local writes. */
const standing = (shop: Shop, count: number) => {
  const people = new Map<number, number>()
  const cards = new Map<number, CardState>()
  for (let n = 0; n < count; n++) {
    const write = writeOf(shop, n)
    if (write.kind === "save") people.set(write.slot, n)
    else if (write.kind === "remove") people.delete(write.slot)
    else cards.set(write.slot, { n, owner: write.owner })
  }
  return { people, cards }
}

export const deskKey = ({ externalIds }: Customer) =>
  externalIds.find(({ system }) => system === DESK)?.key ?? null

/** How far what is stored differs from the first `count` local writes. */
const differing = (
  shop: Shop,
  count: number,
  customers: ReadonlyArray<Customer>,
  cards: ReadonlyArray<LoyaltyCard>
): ReadonlyArray<string> => {
  const wrong: Array<string> = []
  const expected = standing(shop, count)
  const own = new Map(
    customers.flatMap((one) => (deskKey(one) === null ? [] : [[deskKey(one)!, one] as const]))
  )
  const ids = new Map<number, number>()
  for (let slot = 0; slot < SLOTS; slot++) {
    const n = expected.people.get(slot)
    const found = own.get(`d${slot}`)
    if (found !== undefined) ids.set(slot, found.id)
    if (n === undefined) {
      if (found !== undefined) wrong.push(`${shop}: customer d${slot} is there although it was removed`)
    } else if (found === undefined)
      wrong.push(`${shop}: customer d${slot} is gone: write ${n} was acknowledged`)
    else if (found.firstName !== `n${n}` || found.lastName !== `Desk ${slot}` || found.notes !== notesOf(n))
      wrong.push(`${shop}: customer d${slot} says ${found.firstName} where write ${n} was acknowledged`)
  }
  for (const [slot, { n, owner }] of expected.cards) {
    const card = cards.find(({ number }) => number === cardOf(shop, slot))
    if (card === undefined) wrong.push(`${shop}: card ${slot} is gone: write ${n} was acknowledged`)
    else if (card.barcode !== `b${n}` || card.customerId !== ids.get(owner))
      wrong.push(`${shop}: card ${slot} says ${card.barcode} where write ${n} was acknowledged`)
  }
  return wrong
}

/**
 * What is stored holds every acknowledged write, and of the others at most the next one. Gives back what breaks this,
 * and how many writes are stored.
 */
export const lookAtDesk = (
  shop: Shop,
  acknowledged: number,
  customers: ReadonlyArray<Customer>,
  cards: ReadonlyArray<LoyaltyCard>
): { readonly wrong: ReadonlyArray<string>; readonly stored: number } => {
  const wrong = differing(shop, acknowledged, customers, cards)
  if (wrong.length === 0) return { wrong, stored: acknowledged }
  return differing(shop, acknowledged + 1, customers, cards).length === 0
    ? { wrong: [], stored: acknowledged + 1 }
    : { wrong, stored: acknowledged }
}

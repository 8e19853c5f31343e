/** The cards of the bench: customer n has card n, so that a shop of n customers has n cards. Two hundred a day. */
import { merchantPrefix } from "./Customers.ts"

export interface Card {
  readonly customer: number
  readonly number: string
  /** Key of the card with the other systems, of the merchant's prefix. */
  readonly externalId: { readonly system: string; readonly key: string }
  readonly type: string
  readonly status: "active" | "blocked"
  /** Local time of the merchant, whose zone is UTC. */
  readonly registered: string
}

export const cardsADay = 200

/** The day on which the cards `cardsADay * index` and the next were registered. */
export const dayOf = (index: number): string =>
  new Date(Date.UTC(2024, 0, 1 + index)).toISOString().slice(0, 10)

export const storeId = 1
export const storeName = "На углу & Co"

const types = ["Gold", "Silver", "Постоянный клиент"] as const

const two = (value: number): string => String(value).padStart(2, "0")

/** No two of a day at the same minute: their order is then the same for everybody. */
export const cardOf = (number: number): Card => {
  const index = number - 1
  const minutes = 8 * 60 + (index % cardsADay) * 3
  const time = `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}:00`
  return {
    customer: number,
    number: String(2_000_000_000 + number),
    externalId: { system: merchantPrefix, key: String(700_000 + number) },
    type: types[number % types.length]!,
    status: number % 20 === 0 ? "blocked" : "active",
    registered: `${dayOf(Math.floor(index / cardsADay))}T${time}`
  }
}

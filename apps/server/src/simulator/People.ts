/**
 * Invented customers and cards, without end and the same for the same seed. The oldest change comes first: stamps go
 * up over the years before `SEEDED_UNTIL`, one in ten is equal to the one before it, and one burst in the middle has
 * the same stamp for all of its customers. Ids are in another order than changes are, as after years of updates.
 */
import {
  type CardType,
  type Customer,
  type CustomerGroup,
  CustomerId,
  CardId,
  ean13Of,
  type LoyaltyCard,
  newCard,
  newCustomer,
  StoreId
} from "@tillbridge/domain"
import * as BigDecimal from "effect/BigDecimal"
import * as DateTime from "effect/DateTime"
import type { Dice } from "./Dice.ts"

/** No seeded stamp is later. */
export const SEEDED_UNTIL: DateTime.Utc = DateTime.makeUnsafe(Date.UTC(2026, 0, 1))

const begin = Date.UTC(2022, 0, 1)
const span = SEEDED_UNTIL.epochMilliseconds - begin
const DAY = 86_400_000

export interface Population {
  readonly customers: number
  /** Cards of a customer, on average. */
  readonly cards: number
  /** Customers with one and the same stamp. */
  readonly burst: number
}

export interface Directory {
  readonly groups: ReadonlyArray<CustomerGroup>
  readonly cardTypes: ReadonlyArray<CardType>
  readonly stores: number
}

/** A customer and its cards; ids and positions are not given yet. */
export interface Person {
  readonly customer: Customer
  readonly cards: ReadonlyArray<LoyaltyCard>
}

const first = {
  female: ["Anna", "Елена", "Camille", "Мария", "Sofie", "Ольга", "Chloé", "Ирина", "Emma", "Zoë"],
  male: ["Lucas", "Дмитрий", "Hugo", "Алексей", "Jan", "Михаил", "Loïc", "Андрей", "Pieter", "Noé"]
} as const
const last = [
  "Orlova",
  "Смирнов",
  "Durand",
  "Peeters",
  "Lefèvre",
  "Janssens",
  "Зайцев",
  "O'Neil",
  "D & B",
  "Maës"
]
const cities = ["Paris", "Lyon", "Liège", "Gent", "Москва", "Казань", "Nîmes", "Brussel"]
const streets = ["rue des Lilas", "avenue Foch", "Kerkstraat", "Stationsplein", "ул. Садовая", "пр. Мира"]
const hosts = ["example.com", "example.org", "example.net"]

const pairs = (digits: string) => digits.replace(/(\d\d)(?=\d)/g, "$1 ")

/** Another index, another number; each is valid where it is from, and none is written in one way only. */
export const phoneOf = (index: number, dice: Dice): string => {
  const seven = String((index * 7_919) % 10_000_000).padStart(7, "0")
  if (dice.happens(0.6)) {
    const subscriber = `6${dice.pick(["1", "2", "4", "6", "7", "8"])}${seven}`
    return dice.pick([
      `0${subscriber}`,
      pairs(`0${subscriber}`),
      `+33${subscriber}`,
      `+33 ${subscriber[0]} ${pairs(subscriber.slice(1))}`,
      `0033${subscriber}`
    ])
  }
  if (dice.happens(0.6)) {
    return dice.pick([`+3247${seven}`, `+32 47${seven[0]} ${pairs(seven.slice(1))}`])
  }
  const [a, b, c] = [seven.slice(0, 3), seven.slice(3, 5), seven.slice(5)]
  return dice.pick([`+7999${seven}`, `+7 (999) ${a}-${b}-${c}`])
}

const emailOf = (index: number, dice: Dice): string => {
  const email = `customer${index + 1}@${dice.pick(hosts)}`
  return dice.happens(0.05) ? `C${email.slice(1)}` : email
}

const birthDateOf = (dice: Dice): Customer["birthDate"] => {
  const kind = dice.next()
  const [day, month, year] = [dice.whole(1, 28), dice.whole(1, 12), dice.whole(1940, 2007)]
  if (kind < 0.6) return { day, month, year }
  if (kind < 0.75) return { day, month, year: null }
  return { day: null, month: null, year: kind < 0.85 ? year : null }
}

const cardsOf = (mean: number, dice: Dice): number => {
  if (mean < 0.9) return dice.happens(mean) ? 1 : 0
  if (dice.happens(0.1)) return 0
  const each = mean / 0.9
  return Math.floor(each) + (dice.happens(each % 1) ? 1 : 0)
}

const at = (millis: number) => DateTime.makeUnsafe(millis)

/** The stamps of the newest changes, in their order. */
export const makeStamps = ({ burst, customers }: Population, dice: Dice): ((index: number) => number) => {
  const burstAt = Math.floor((customers - burst) / 2)
  let previous = begin
  return (index) => {
    const spread = begin + Math.floor((span * (index + dice.next())) / customers)
    const inBurst = index > burstAt && index < burstAt + burst
    const repeated = dice.happens(0.1)
    // Half of all systems know whole seconds only.
    const told = dice.happens(0.5) ? spread - (spread % 1_000) : spread
    if (!inBurst && !repeated) previous = Math.max(previous, told)
    return previous
  }
}

/** The next customers, on and on. `stamp` is when each was changed last. */
export const makePeople = (population: Population, directory: Directory, dice: Dice) => {
  const stampOf = makeStamps(population, dice)
  let cards = 0

  const cardOf = (customer: Customer): LoyaltyCard => {
    const number = String(2_900_000_000 + cards++ * 37)
    const status = dice.pick(["active", "active", "active", "new", "blocked"] as const)
    return {
      ...newCard(CardId.make(1), number, customer.createdAt, 2),
      updatedAt: customer.updatedAt,
      ean13: ean13Of(number),
      barcode: ean13Of(number),
      medium: dice.pick(["plastic", "magnetic", "app"] as const),
      status,
      activatedAt: status === "new" ? null : customer.createdAt,
      blockedAt: status === "blocked" ? customer.updatedAt : null,
      registeredIn: customer.registeredIn,
      type: dice.pick(directory.cardTypes)
    }
  }

  return (index: number): Person => {
    const updated = stampOf(index)
    const created = dice.happens(0.3) ? updated : updated - dice.whole(0, 500 * DAY)
    const gender = dice.happens(0.55) ? "female" : "male"
    const customer: Customer = {
      ...newCustomer(CustomerId.make(1), at(created), 2),
      updatedAt: at(updated),
      externalIds: dice.happens(0.7) ? [{ system: "SHOP", key: `C${index + 1}` }] : [],
      firstName: dice.pick(first[gender]),
      lastName: dice.pick(last),
      gender: dice.happens(0.9) ? gender : null,
      birthDate: birthDateOf(dice),
      email: dice.happens(0.7) ? emailOf(index, dice) : null,
      phone: dice.happens(0.3) ? phoneOf(index + 5_000_000, dice) : null,
      mobilePhone: dice.happens(0.75) ? phoneOf(index + 1, dice) : null,
      address: {
        line1: `${dice.pick(streets)} ${dice.whole(1, 120)}`,
        line2: dice.happens(0.1) ? `Bât. ${dice.pick(["A", "B", "C"])}` : null,
        line3: null,
        postalCode: String(dice.whole(10_000, 95_999)),
        city: dice.pick(cities),
        country: dice.happens(0.3) ? "France" : null
      },
      consents: { push: dice.happens(0.5), email: dice.happens(0.6), sms: dice.happens(0.4) },
      accumulatedSales: BigDecimal.make(BigInt(dice.whole(0, 5_000_000)), 2),
      notes: dice.happens(0.05) ? "préfère être appelée le soir" : null,
      group: dice.happens(0.3) ? dice.pick(directory.groups) : null,
      registeredAt: at(created),
      registeredIn: StoreId.make(dice.whole(1, directory.stores))
    }
    return {
      customer,
      cards: Array.from({ length: cardsOf(population.cards, dice) }, () => cardOf(customer))
    }
  }
}

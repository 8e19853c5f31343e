/** Invented people for the demo: the same at every start, and nobody in particular. */
import type { CardTypeId, GroupId } from "@tillbridge/domain"
import {
  CardId,
  CustomerId,
  type Customer,
  fromLocal,
  type LoyaltyCard,
  newCard,
  newCustomer,
  ean13Of,
  type TimeZone,
  StoreId
} from "@tillbridge/domain"
import * as BigDecimal from "effect/BigDecimal"

const first = {
  female: ["Anna", "Елена", "Camille", "Мария", "Sofie", "Ольга", "Chloé", "Ирина", "Emma", "Наталья"],
  male: ["Lucas", "Дмитрий", "Hugo", "Алексей", "Jan", "Михаил", "Louis", "Андрей", "Pieter", "Николай"]
} as const
const last = {
  female: [
    "Orlova",
    "Смирнова",
    "Durand",
    "Кузнецова",
    "Peeters",
    "Попова",
    "Lefèvre",
    "Новикова",
    "Janssens",
    "Зайцева"
  ],
  male: ["Martin", "Соколов", "Bernard", "Волков", "Maes", "Морозов", "Moreau", "Лебедев", "Claes", "Павлов"]
} as const
const cities = ["Москва", "Paris", "Brussel", "Казань", "Lyon", "Liège", "Тверь", "Gent"] as const
const streets = [
  "ул. Садовая",
  "rue des Lilas",
  "Kerkstraat",
  "пр. Мира",
  "avenue Foch",
  "Stationsplein"
] as const

/** A small deterministic generator (mulberry32): the demo must not differ from one start to the next. */
const generator = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}

export interface Directory {
  readonly groups: ReadonlyArray<{ readonly id: GroupId; readonly name: string }>
  readonly cardTypes: ReadonlyArray<{ readonly id: CardTypeId; readonly name: string }>
}

/** `count` customers with ids from `firstId`, most of them with one card; cards have ids from `firstCard`. */
export const inventPeople = (
  count: number,
  firstId: number,
  firstCard: number,
  zone: TimeZone,
  directory: Directory
): { readonly customers: ReadonlyArray<Customer>; readonly cards: ReadonlyArray<LoyaltyCard> } => {
  const random = generator(20_160_718)
  const pick = <A>(list: ReadonlyArray<A>): A => list[Math.floor(random() * list.length)]!
  const whole = (from: number, to: number) => from + Math.floor(random() * (to - from + 1))
  const customers: Array<Customer> = []
  const cards: Array<LoyaltyCard> = []
  for (let index = 0; index < count; index++) {
    const id = CustomerId.make(firstId + index)
    const gender = random() < 0.55 ? "female" : "male"
    const at = fromLocal(zone, {
      year: whole(2017, 2025),
      month: whole(1, 12),
      day: whole(1, 28),
      hour: whole(9, 20),
      minute: whole(0, 59),
      second: whole(0, 59),
      millisecond: 0
    })
    const store = StoreId.make(whole(1, 3))
    const number = String(2_000_000_000 + index * 37)
    customers.push({
      ...newCustomer(id, at, 2),
      // The first is known by a key of the form that web shops have.
      externalIds: [{ system: "SHOP", key: index === 0 ? "WEB-42" : `C${String(1000 + index)}` }],
      firstName: pick(first[gender]),
      lastName: pick(last[gender]),
      gender,
      birthDate: { day: whole(1, 28), month: whole(1, 12), year: random() < 0.8 ? whole(1945, 2006) : null },
      email: random() < 0.7 ? `customer${index + 1}@example.com` : null,
      phone: random() < 0.8 ? `+7999${String(1_000_000 + index * 113).slice(-7)}` : null,
      address: {
        line1: `${pick(streets)} ${whole(1, 120)}`,
        line2: null,
        line3: null,
        postalCode: String(whole(10_000, 99_999)),
        city: pick(cities),
        country: null
      },
      consents: { push: random() < 0.5, email: random() < 0.6, sms: random() < 0.4 },
      accumulatedSales: BigDecimal.make(BigInt(whole(0, 5_000_000)), 2),
      group: random() < 0.3 ? pick(directory.groups) : null,
      registeredIn: store
    })
    if (random() < 0.85) {
      cards.push({
        ...newCard(CardId.make(firstCard + cards.length), number, at, 2),
        ean13: ean13Of(number),
        barcode: ean13Of(number),
        medium: pick(["plastic", "magnetic", "app"] as const),
        status: pick(["active", "active", "active", "new", "blocked"] as const),
        activatedAt: at,
        customerId: id,
        registeredIn: store,
        type: pick(directory.cardTypes)
      })
    }
  }
  return { customers, cards }
}

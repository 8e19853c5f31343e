/**
 * The data of the bench: invented customers that are the same on every run and every machine.
 * A customer is a pure function of its number, so that ten thousand and a million agree where they overlap.
 */

export interface Customer {
  readonly id: number
  readonly fname: string
  readonly lname: string
  readonly mname: string | null
  readonly age: number | null
  readonly email: string | null
  readonly phone: string | null
  readonly gender: string | null
  readonly custom_information: string | null
  readonly birth_day: number | null
  readonly birth_month: number | null
  readonly birth_year: number | null
  readonly register_date: string
  readonly accumulated_sales: number
  readonly send_push: number
  readonly send_email: number
  readonly send_sms: number
  readonly group_id: number | null
  readonly group_name: string | null
  readonly created_date: string
  readonly created_by: number
  readonly last_update_date: string
  readonly last_update_by: number
  readonly external_id: string
}

/** Names and contacts come in two scripts: Cyrillic takes two bytes a letter, which the encoder feels. */
const people = [
  {
    F: ["Анна", "Мария", "Елена", "Ольга", "Наталья", "Екатерина", "Дарья", "Юлия"],
    M: ["Сергей", "Алексей", "Дмитрий", "Иван", "Пётр", "Михаил", "Никита", "Тимофей"],
    middleF: ["Ивановна", "Петровна", "Сергеевна", "Алексеевна"],
    middleM: ["Иванович", "Петрович", "Степанович", "Алексеевич"],
    last: ["Орлов", "Лебедев", "Соколов", "Морозов", "Волков", "Зайцев", "Павлов", "Голубев"],
    lastF: "а"
  },
  {
    F: ["Anna", "Marie", "Ilse", "Léa", "Sofia", "Greta", "Noor", "Zoë"],
    M: ["Jonas", "Émile", "Lars", "Pieter", "Tomás", "Olaf", "Hugo", "Karl"],
    middleF: ["Jane", "Ruth", "Inés", "May"],
    middleM: ["Lee", "José", "Kai", "Roy"],
    last: ["Dubois", "Müller", "Janssen", "García", "Novak", "O'Brien", "Lindström", "Meyer"],
    lastF: ""
  }
] as const

/** A few notes hold markup characters, quotes and an emoji: whoever skips the escaping is found out. */
const notes = [
  null,
  null,
  "очень требовательный покупатель, звонить после 18:00",
  "prefers <b>paper</b> receipts & a bag",
  'calls the shop "the corner" — polite 🙂',
  "постоянный клиент, скидка по договорённости",
  "asks for the invoice by e-mail"
] as const

const groups = [null, "Gold", "Silver", "Постоянные клиенты", "Staff & family", null] as const

/** A mixing function instead of a running generator, so that any customer can be made on its own. */
const mix = (number: number, salt: number): number => {
  let x = Math.imul(number ^ Math.imul(salt, 0x9e3779b1), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return (x ^ (x >>> 16)) >>> 0
}

const pick = <A>(choices: ReadonlyArray<A>, number: number, salt: number): A =>
  choices[mix(number, salt) % choices.length] as A

const two = (value: number): string => String(value).padStart(2, "0")

const stamp = (number: number, salt: number, firstYear: number): string => {
  const at = mix(number, salt)
  const date = `${firstYear + (at % 4)}-${two(1 + (at % 12))}-${two(1 + (at % 28))}`
  return `${date} ${two(8 + (at % 12))}:${two((at >>> 4) % 60)}:${two((at >>> 10) % 60)}`
}

export const customerOf = (number: number): Customer => {
  const person = people[mix(number, 1) % 2] as (typeof people)[number]
  const gender = mix(number, 2) % 2 === 0 ? "F" : "M"
  const hasBirthDate = mix(number, 3) % 5 !== 0
  const group = mix(number, 4) % groups.length
  const registered = stamp(number, 5, 2018)
  const cents = mix(number, 6) % 3 === 0 ? (mix(number, 7) % 4) * 25 : 0
  return {
    id: number,
    fname: pick(person[gender], number, 8),
    lname: pick(person.last, number, 9) + (gender === "F" ? person.lastF : ""),
    mname:
      mix(number, 10) % 4 === 0 ? null : pick(gender === "F" ? person.middleF : person.middleM, number, 11),
    age: null,
    email: mix(number, 12) % 4 === 0 ? null : `customer.${number}@mail${number % 9}.example`,
    phone: mix(number, 13) % 10 === 0 ? null : `+7999${String(number).padStart(7, "0")}`,
    gender,
    custom_information: pick(notes, number, 14),
    birth_day: hasBirthDate ? 1 + (mix(number, 15) % 28) : null,
    birth_month: hasBirthDate ? 1 + (mix(number, 16) % 12) : null,
    birth_year: hasBirthDate ? 1945 + (mix(number, 17) % 60) : null,
    register_date: registered,
    accumulated_sales: (mix(number, 18) % 90_000) + cents / 100,
    send_push: mix(number, 19) % 2,
    send_email: mix(number, 20) % 2,
    send_sms: mix(number, 21) % 2,
    group_id: groups[group] === null ? null : group,
    group_name: groups[group] ?? null,
    created_date: registered,
    created_by: 2,
    last_update_date: stamp(number, 22, 2023),
    last_update_by: 2,
    external_id: `C-${String(number).padStart(8, "0")}`
  }
}

/** The merchant's prefix of external keys, under which other systems know its customers and cards. */
export const merchantPrefix = "SHOP"

/** The wire order of the fields (protocol section 5, external_id at the end). */
export const fields = Object.keys(customerOf(1)) as ReadonlyArray<keyof Customer>

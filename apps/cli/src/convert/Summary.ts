/** What a conversion tells at its end: how many customers, what of them was not carried, what could not be read. */
import type { CustomerChange, CustomerWithCards, Loss } from "@tillbridge/domain"
import { lossesOf } from "@tillbridge/domain"

/** Unreadable records that are named one by one; the rest are only counted. */
const named = { lines: 10, json: 100 }

export class Summary {
  customers = 0
  cards = 0
  unreadable = 0
  readonly #unreadable: Array<{ readonly number: number; readonly reason: string }> = []
  readonly #losses = { lost: new Map<string, number>(), changed: new Map<string, number>() }

  addUnreadable(number: number, reason: string): void {
    this.unreadable++
    if (this.#unreadable.length < named.json) this.#unreadable.push({ number, reason })
  }

  /** Customers that were written, and what is read back of them. */
  addConverted(before: ReadonlyArray<CustomerWithCards>, after: ReadonlyArray<CustomerChange>): void {
    for (const { cards } of before) this.cards += cards.length
    this.customers += before.length
    for (const losses of lossesOf(before, after)) for (const loss of losses) this.#add(loss)
  }

  #add({ field, how }: Loss): void {
    const counts = this.#losses[how]
    counts.set(field, (counts.get(field) ?? 0) + 1)
  }

  json() {
    return {
      customers: this.customers,
      cards: this.cards,
      lost: Object.fromEntries(this.#losses.lost),
      changed: Object.fromEntries(this.#losses.changed),
      unreadable: this.unreadable,
      unreadableRecords: this.#unreadable
    }
  }

  /** Lines for people; the first is the result. */
  lines(from: string, to: string): ReadonlyArray<string> {
    const out = this.#unreadable
      .slice(0, named.lines)
      .map(({ number, reason }) => `record ${number} cannot be read: ${reason}`)
    if (this.unreadable > named.lines)
      out.push(`${count(this.unreadable - named.lines)} more records cannot be read.`)
    const cards = this.cards === 0 ? "" : ` with ${plural(this.cards, "card")}`
    out.push(`Converted ${plural(this.customers, "customer")}${cards} from ${from} to ${to}.`)
    const { changed, lost } = this.#losses
    if (lost.size > 0) out.push(`Not carried by ${to}, by customers: ${fields(lost)}.`)
    if (changed.size > 0) out.push(`Carried by ${to} in another way, by customers: ${fields(changed)}.`)
    return out
  }
}

const count = (value: number): string => value.toLocaleString("en-US")

const plural = (value: number, word: string): string => `${count(value)} ${word}${value === 1 ? "" : "s"}`

/** The most frequent first. */
const fields = (counts: ReadonlyMap<string, number>): string =>
  [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([field, times]) => `${field} ${count(times)}`)
    .join(", ")

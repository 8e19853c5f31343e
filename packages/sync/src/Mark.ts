/**
 * Marks of what was told of a customer: content, stamp and card numbers as one short text, so that a later telling can
 * be compared without keeping the record itself. `<content>@<modified, ms since 1970>#<card numbers>`; stamp and
 * numbers may be missing, and `!` stands at the end of a matched customer's.
 */
import { type CustomerChange, moneyToText } from "@tillbridge/domain"
import * as BigDecimal from "effect/BigDecimal"
import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"

const A = 2654435761
const B = 1597334677

/** The two halves of the hash, as far as the data was walked: one walk at a time, as nothing of it waits. */
let a = 0
let b = 0

const add = (unit: number): void => {
  a = Math.imul(a ^ unit, A)
  b = Math.imul(b ^ unit, B)
}

const addText = (text: string): void => {
  let x = a
  let y = b
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    x = Math.imul(x ^ unit, A)
    y = Math.imul(y ^ unit, B)
  }
  a = x
  b = y
  // Where one text ends, so that "ab" and "c" are not "a" and "bc".
  add(0x10000 + text.length)
}

const textUnit = (text: string): number => {
  let unit = text.length
  for (let at = 0; at < text.length; at++) unit = Math.imul(unit ^ text.charCodeAt(at), A)
  return unit
}

/** Names of members by what they add: of our own there are some fifty, of a vendor's extensions as many as it likes. */
const names = new Map<string, number>()
const mostNames = 1_000

const addName = (name: string): void => {
  let unit = names.get(name)
  if (unit === undefined) {
    unit = textUnit(name)
    if (names.size < mostNames) names.set(name, unit)
  }
  add(unit)
}

const addObject = (value: object): void => {
  if (DateTime.isDateTime(value)) addText(`at ${value.epochMilliseconds}`)
  else if (BigDecimal.isBigDecimal(value)) addText(`decimal ${moneyToText(value)}`)
  else if (Array.isArray(value)) {
    add(0x20001)
    for (const member of value) addAny(member)
    add(0x20003)
  } else {
    add(0x20002)
    for (const name in value) {
      const member = (value as Readonly<Record<string, unknown>>)[name]
      if (member === undefined) continue
      addName(name)
      addAny(member)
    }
    add(0x20003)
  }
}

const addAny = (value: unknown): void => {
  if (typeof value === "string") addText(value)
  else if (value === null) add(0x20004)
  else if (value === true) add(0x20005)
  else if (value === false) add(0x20006)
  else if (typeof value === "object") addObject(value)
  else addText(`${typeof value} ${String(value)}`)
}

/**
 * 64 bits of some plain data, in base 36. Not for secrets: it only has to tell contents of one customer apart. Walks
 * the data rather than a text of it, which would be made for nothing.
 */
export const hashData = (data: unknown): string => {
  a = 0xdeadbeef
  b = 0x41c6ce57
  addAny(data)
  const x = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909)
  const y = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(x ^ (x >>> 13), 3266489909)
  return (y >>> 0).toString(36) + (x >>> 0).toString(36).padStart(7, "0")
}

const numbersText = (change: CustomerChange): string =>
  change.cards.length === 0 ? "" : JSON.stringify(change.cards.map(({ number }) => number))

/** The mark of a change. A source's own mark stands for the content. */
export const markOf = (change: CustomerChange): string => {
  const content = change.mark ?? hashData([change.customer, change.cards])
  const stamp = change.modifiedAt === undefined ? "" : `@${change.modifiedAt.epochMilliseconds}`
  return `${content}${stamp}#${numbersText(change)}`
}

/** The mark of the store's own customer at a position, holding the cards that were told with it. */
export const storeMark = (position: number, change: CustomerChange): string =>
  `p${position}#${numbersText(change)}`

/** The mark of what was taken over in part: the same told again is news still. */
export const unsettledMark = (mark: string): string => `!${mark}`

/** The mark of somebody who was there before the link, and was matched by what people are known by. */
const MATCHED = "!"

export const isMatched = (mark: string | null): boolean => mark?.endsWith(MATCHED) === true

export const asMatched = (mark: string): string => (isMatched(mark) ? mark : mark + MATCHED)

/** A newer mark of the same side: who was matched once stays so. */
export const following = (known: string | null, mark: string): string =>
  isMatched(known) ? asMatched(mark) : mark

const contentOf = (mark: string): string => {
  const end = mark.search(/[@#]/)
  return end === -1 ? mark : mark.slice(0, end)
}

export const sameMark = (a: string, b: string): boolean => contentOf(a) === contentOf(b)

const stampOf = (mark: string): number | null => {
  const found = /^[^@#]*@(-?\d+)#/.exec(mark)
  return found === null ? null : Number(found[1])
}

/** Whether what `mark` was made of is older, by the system's own stamps, than what `known` was made of. */
export const isOlder = (mark: string, known: string): boolean => {
  const stamp = stampOf(mark)
  const other = stampOf(known)
  return stamp !== null && other !== null && stamp < other
}

const decodeNumbers = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Array(Schema.String)))

/** Numbers of the cards that were told with it. */
export const numbersOf = (mark: string | null): ReadonlyArray<string> => {
  const at = mark?.indexOf("#") ?? -1
  if (mark === null || at === -1) return []
  const read = decodeNumbers(mark.slice(at + 1, isMatched(mark) ? -1 : undefined))
  return read._tag === "Some" ? read.value : []
}

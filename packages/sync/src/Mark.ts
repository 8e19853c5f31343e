/**
 * Marks of what was told of a customer: content, stamp and card numbers as one short text, so that a later telling can
 * be compared without keeping the record itself. `<content>@<modified, ms since 1970>#<card numbers>`; stamp and
 * numbers may be missing.
 */
import { type CustomerChange, moneyToText } from "@tillbridge/domain"
import * as BigDecimal from "effect/BigDecimal"
import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"

/**
 * 64 bits of some plain data, in base 36. Not for secrets: it only has to tell contents of one customer apart. Walks
 * the data rather than a text of it, which would be made for nothing.
 */
export const hashData = (data: unknown): string => {
  let a = 0xdeadbeef
  let b = 0x41c6ce57
  const add = (unit: number): void => {
    a = Math.imul(a ^ unit, 2654435761)
    b = Math.imul(b ^ unit, 1597334677)
  }
  const addText = (text: string): void => {
    for (let at = 0; at < text.length; at++) add(text.charCodeAt(at))
    // Where one text ends, so that "ab" and "c" are not "a" and "bc".
    add(0x10000 + text.length)
  }
  const addAny = (value: unknown): void => {
    if (typeof value === "string") addText(value)
    else if (typeof value !== "object" || value === null) addText(`${typeof value} ${String(value)}`)
    else if (DateTime.isDateTime(value)) addText(`at ${value.epochMilliseconds}`)
    else if (BigDecimal.isBigDecimal(value)) addText(`decimal ${moneyToText(value)}`)
    else {
      add(Array.isArray(value) ? 0x20001 : 0x20002)
      for (const key in value) {
        const member = (value as Readonly<Record<string, unknown>>)[key]
        if (member === undefined) continue
        addText(key)
        addAny(member)
      }
      add(0x20003)
    }
  }
  addAny(data)
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909)
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909)
  return (b >>> 0).toString(36) + (a >>> 0).toString(36).padStart(7, "0")
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
  if (mark === null || at === -1 || at === mark.length - 1) return []
  const read = decodeNumbers(mark.slice(at + 1))
  return read._tag === "Some" ? read.value : []
}

/** One record of an answer made such that a reader should refuse it, and nothing but it. */
import type { Dice } from "./Dice.ts"
import { type Spoil, spoils } from "./Fault.ts"
import { type DialectWire, type Format, withMember, withoutMember } from "./Wire.ts"

/** A comment longer than any field should be, and an answer with a few of them still shorter than 16 MiB. */
const hugeText = 2 * 1024 * 1024

const quoted = (format: Format, text: string) => (format === "json" ? `"${text}"` : text)

/** As the wire would escape it: XML knows no such character, which makes more than the record unreadable there. */
const nul = (format: Format) => (format === "json" ? '"A\\u0000B"' : "A&#0;B")

const nested = (format: Format) => (format === "json" ? '{"unexpected":[1]}' : "<unexpected>1</unexpected>")

export const spoiled = (wire: DialectWire, format: Format, record: string, spoil: Spoil): string => {
  const { date, id, notes, text } = wire.members
  switch (spoil) {
    case "date":
      return withMember(format, record, date, quoted(format, "2024-13-45T99:99:99"))
    case "int64":
      return withMember(format, record, id, quoted(format, "99999999999999999999"))
    case "nul":
      return withMember(format, record, text, nul(format))
    case "huge":
      return withMember(format, record, notes, quoted(format, "x".repeat(hugeText)))
    case "no-id":
      return withoutMember(format, record, id)
    case "type":
      return withMember(format, record, text, nested(format))
  }
}

/** Each record spoiled with the given probability. What a record has no place for leaves it as it was. */
export const poisoned = (
  wire: DialectWire,
  format: Format,
  records: ReadonlyArray<string>,
  options: { readonly rate: number; readonly spoil?: Spoil; readonly dice: Dice }
): ReadonlyArray<string> => {
  const { dice, rate, spoil } = options
  return records.map((record) =>
    dice.happens(rate) ? spoiled(wire, format, record, spoil ?? dice.pick(spoils)) : record
  )
}

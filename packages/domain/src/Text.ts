/**
 * Text as the domain keeps it: exactly what was given, never trimmed, folded or parsed into a number, so that
 * `000123`, `+7916…` and a 19-digit card number come back unchanged. Two things no store and no XML writer can
 * carry are refused at the edge: NUL and lone surrogates.
 */
import * as Schema from "effect/Schema"

const isStorable = Schema.makeFilter((text: string) => !text.includes("\u0000") && text.isWellFormed(), {
  message: "must not contain NUL or a lone surrogate"
})

/** Text of at most `max` UTF-16 code units. */
export const textOf = (max: number) =>
  Schema.String.check(
    Schema.isMaxLength(max, { message: `must be at most ${max} characters long` }),
    isStorable
  )

/** A name, a phone, an address line: at most 1,000 characters. */
export const Text = textOf(1_000)

/** Free notes: at most 20,000 characters. */
export const LongText = textOf(20_000)

/** `null` for text that says nothing, so that "empty" has one spelling in the domain. */
export const orNull = (text: string | null | undefined): string | null =>
  text === undefined || text === null || text.trim() === "" ? null : text

/**
 * An instant as text: ISO 8601 with a time zone (`2024-02-29T12:00:00.000Z`, `…+03:00`), written in UTC. A date of no
 * calendar (30 February) and a local time without its zone are refused: neither names an instant.
 */
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { parseLocal } from "./TimeZone.ts"

const form = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/

/** JavaScript takes 30 February for 1 March, and nothing before the 20th for another day. */
const isOfCalendar = (text: string): boolean => text[8]! < "2" || Option.isSome(parseLocal(text.slice(0, 10)))

const isInstant = (text: string): boolean =>
  form.test(text) && !Number.isNaN(Date.parse(text)) && isOfCalendar(text)

export const Instant = Schema.String.check(
  Schema.makeFilter(isInstant, { message: "must be a time with its zone, such as 2024-02-29T12:00:00Z" })
).pipe(
  Schema.decodeTo(
    Schema.DateTimeUtc,
    SchemaTransformation.transform({
      decode: (text: string): DateTime.Utc => DateTime.makeUnsafe(Date.parse(text)),
      encode: (instant: DateTime.Utc): string => DateTime.formatIso(instant)
    })
  )
)

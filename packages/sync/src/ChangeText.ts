/** A customer as it was told, as text: for dead letters, and for what was written to a system that has not told it. */
import {
  CardNumber,
  CardPatch,
  type CustomerChange,
  CustomerRecord,
  ExternalId,
  Instant
} from "@tillbridge/domain"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"

const Card = Schema.Struct({
  number: Schema.Union([CardNumber, Schema.String]),
  patch: CardPatch,
  typeName: Schema.NullOr(Schema.String)
})

const Change = Schema.Struct({
  customer: CustomerRecord,
  cards: Schema.Array(Card),
  source: ExternalId,
  modifiedAt: Schema.optionalKey(Instant),
  mark: Schema.optionalKey(Schema.String)
})

const Text = Schema.fromJsonString(Change)

/** `null` for a change that no text can hold, as one with values outside the domain. */
export const changeText = (change: CustomerChange): string | null => {
  const text = encode(change)
  return text._tag === "Some" ? text.value : null
}

const encode = Schema.encodeOption(Text)

/** The change in a text made by `changeText`. */
export const changeFromText: (text: string) => Option.Option<CustomerChange> = Schema.decodeOption(Text)

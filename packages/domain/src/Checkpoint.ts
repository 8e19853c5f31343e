/**
 * Where a reader of a feed stands: opaque text that the source made and only the source reads. A reader keeps it
 * beside what it has stored and hands it back to go on; nothing between the two is missed.
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { InvalidField } from "./errors.ts"
import { ChangePosition, type MerchantId } from "./Ids.ts"

export const Checkpoint = Schema.String.pipe(Schema.brand("Checkpoint"))
export type Checkpoint = typeof Checkpoint.Type

/** The checkpoint after everything up to a position of a merchant's feed. */
export const checkpointAt = (merchant: MerchantId, position: ChangePosition): Checkpoint =>
  Checkpoint.make(`f1.${merchant}.${position}`)

/** The position in a checkpoint of this merchant's feed; anything else, also another merchant's, is refused. */
export const positionOf = (
  merchant: MerchantId,
  checkpoint: Checkpoint | null
): ChangePosition | InvalidField => {
  if (checkpoint === null) return ChangePosition.make(0)
  const match = /^f1\.(\d{1,15})\.(\d{1,15})$/.exec(checkpoint)
  const position =
    match?.[1] === String(merchant)
      ? Schema.decodeUnknownOption(ChangePosition)(Number(match[2]))
      : Option.none()
  return Option.getOrElse(
    position,
    () => new InvalidField({ field: "checkpoint", reason: "is not one of this feed" })
  )
}

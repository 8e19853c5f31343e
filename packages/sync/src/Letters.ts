/** Dead letters: what is set aside with its reason, for a person. */
import type { DeadLetterKind, NewDeadLetter, UnreadableRecord } from "@tillbridge/domain"
import { changeText } from "./ChangeText.ts"
import { hashData } from "./Mark.ts"
import type { ToldChange } from "./Writer.ts"

/** A record of more characters is named with its reason, but not kept. */
const LARGEST_PAYLOAD = 262_144

const kept = (payload: string | null): string | null =>
  payload !== null && payload.length <= LARGEST_PAYLOAD ? payload : null

export const letterOfUnreadable = ({ payload, reason, source }: UnreadableRecord): NewDeadLetter => ({
  name: source?.key ?? `#${hashData(payload)}`,
  key: source?.key ?? null,
  kind: "unreadable",
  reason,
  payload: kept(payload)
})

export const letterOfChange = (
  { change }: ToldChange,
  kind: Exclude<DeadLetterKind, "unreadable">,
  reason: string
): NewDeadLetter => ({
  name: change.source.key,
  key: change.source.key,
  kind,
  reason,
  payload: kept(changeText(change))
})

/**
 * The rows of an answer in short reads: by registration, then by client (a vendor's order is not known; this one is
 * ours). Rows of one and the same moment are held until all of them are there, so that they can be put in order; of more
 * than `MOST_HELD`, as an import leaves them, each lot is in order by itself.
 */
import type {
  LoyaltyCard,
  LoyaltyPeriod,
  Merchant,
  PeriodReport,
  RegistrationWindow,
  StoreListId,
  StorageError,
  UnknownReference
} from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import { encodeRowJson, encodeRowXml, type EncodeContext, type Row, rowOf } from "../LcmanagerCodec.ts"
import type { Format } from "./negotiation.ts"

/** Cards of one read: nothing waits long for a store that is asked so. */
export const WINDOW = 500

const MOST_HELD = 5_000

export interface Asked {
  readonly merchant: Merchant
  /** In order and apart. */
  readonly periods: ReadonlyArray<LoyaltyPeriod>
  readonly storeList: StoreListId | null
  readonly format: Format
  readonly context: EncodeContext
}

/** Where the reading stands. */
export interface Place {
  /** Of the periods. */
  readonly index: number
  readonly after: RegistrationWindow["after"]
  readonly held: ReadonlyArray<LoyaltyCard>
}

export const beginning: Place = { index: 0, after: null, held: [] }

export interface Step {
  /** Encoded rows. */
  readonly rows: ReadonlyArray<string>
  /** `null` at the end. */
  readonly next: Place | null
}

interface Entry {
  readonly card: LoyaltyCard
  readonly row: Row
}

const millisOf = ({ registeredAt }: LoyaltyCard) => registeredAt?.epochMilliseconds ?? 0

/** Nobody's cards come first, as SQL Server sorts what is null (INFERRED). */
const inOrder = (a: Entry, b: Entry): number => {
  const byTime = millisOf(a.card) - millisOf(b.card)
  if (byTime !== 0) return byTime
  const [one = "", other = ""] = [a.row.RegDate ?? "", b.row.RegDate ?? ""]
  if (one !== other) return one < other ? -1 : 1
  return (a.card.customerId ?? 0) - (b.card.customerId ?? 0) || a.card.id - b.card.id
}

const encoded = (cards: ReadonlyArray<LoyaltyCard>, { context, format }: Asked): ReadonlyArray<string> => {
  const encode = format === "json" ? encodeRowJson : encodeRowXml
  return cards
    .map((card): Entry => ({ card, row: rowOf(card, context) }))
    .sort(inOrder)
    .map(({ row }) => encode(row))
}

/** The next rows. */
export const stepOf = (
  report: PeriodReport["Service"],
  asked: Asked,
  { after, held, index }: Place
): Effect.Effect<Step, UnknownReference | StorageError> => {
  const period = asked.periods[index]
  if (period === undefined) return Effect.succeed({ rows: encoded(held, asked), next: null })
  return Effect.map(
    report.registrations(asked.merchant.id, period, asked.storeList, { after, limit: WINDOW }),
    (found): Step => {
      const cards = held.length === 0 ? found : [...held, ...found]
      const last = found.at(-1)
      if (found.length < WINDOW || last === undefined || last.registeredAt === null) {
        const isLast = index + 1 >= asked.periods.length
        return {
          rows: encoded(cards, asked),
          next: isLast ? null : { index: index + 1, after: null, held: [] }
        }
      }
      const moment = millisOf(last)
      const border = cards.findIndex((card) => millisOf(card) === moment)
      const ready = cards.length - border > MOST_HELD ? cards : cards.slice(0, border)
      return {
        rows: encoded(ready, asked),
        next: {
          index,
          after: { registeredAt: last.registeredAt, id: last.id },
          held: cards.slice(ready.length)
        }
      }
    }
  )
}

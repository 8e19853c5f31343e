/** What of a page is news: told customers beside what is known of them from earlier runs. */
import type { CustomerChange, SourcePage, SyncRecord } from "@tillbridge/domain"
import { differences } from "./Agreement.ts"
import { changeFromText } from "./ChangeText.ts"
import { isOlder, markOf, sameMark } from "./Mark.ts"
import type { ToldChange } from "./Writer.ts"

export interface Sifted {
  readonly changed: ReadonlyArray<ToldChange>
  /** Known as they were told. */
  readonly unchanged: ReadonlyArray<SyncRecord>
  /** Records that now know how the source tells what was written to it. */
  readonly echoes: ReadonlyArray<SyncRecord>
  /** Told older than is known already. */
  readonly stale: ReadonlyArray<SyncRecord>
  /** Told again in the same page. */
  readonly repeated: number
}

/** The newest telling of each customer: by its stamp, else the last. */
const newest = (changes: ReadonlyArray<CustomerChange>): ReadonlyMap<string, CustomerChange> => {
  const byKey = new Map<string, CustomerChange>()
  for (const change of changes) {
    const earlier = byKey.get(change.source.key)?.modifiedAt
    const isOld =
      earlier !== undefined &&
      change.modifiedAt !== undefined &&
      change.modifiedAt.epochMilliseconds < earlier.epochMilliseconds
    if (!isOld) byKey.set(change.source.key, change)
  }
  return byKey
}

const isEcho = (change: CustomerChange, record: SyncRecord, cards: boolean): boolean => {
  if (record.fromMark !== null || record.sent === null) return false
  const sent = changeFromText(record.sent)
  return sent._tag === "Some" && differences(sent.value, change, { cards }).length === 0
}

export interface SiftOptions {
  /** When the page was asked for, in milliseconds since 1970: no change that it tells is newer. */
  readonly askedAt: number
  /** Takes everything as news, known or not. */
  readonly full: boolean
  /** Whether the source tells all cards. */
  readonly allCards: boolean
}

export const sift = (
  page: SourcePage,
  records: ReadonlyMap<string, SyncRecord>,
  { allCards, askedAt, full }: SiftOptions
): Sifted => {
  const changed: Array<ToldChange> = []
  const unchanged: Array<SyncRecord> = []
  const echoes: Array<SyncRecord> = []
  const stale: Array<SyncRecord> = []
  const told = newest(page.changes)
  for (const change of told.values()) {
    const mark = markOf(change)
    const record = records.get(change.source.key) ?? null
    const known = record?.fromMark ?? null
    if (record !== null && known !== null && sameMark(mark, known) && !full) unchanged.push(record)
    else if (record !== null && known !== null && isOlder(mark, known)) stale.push(record)
    else if (record !== null && !full && isEcho(change, record, allCards))
      echoes.push({ ...record, fromMark: mark })
    else {
      const toldAt = Math.min(change.modifiedAt?.epochMilliseconds ?? askedAt, askedAt)
      changed.push({ change, mark, record, toldAt })
    }
  }
  return { changed, unchanged, echoes, stale, repeated: page.changes.length - told.size }
}

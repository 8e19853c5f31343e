/** What of a page is news: told customers beside what is known of them from earlier runs. */
import type { CustomerChange, SyncRecord } from "@tillbridge/domain"
import { differences } from "./Agreement.ts"
import { changeFromText } from "./ChangeText.ts"
import { following, isOlder, sameMark } from "./Mark.ts"
import type { ToldChange } from "./Writer.ts"

export interface Sifted {
  readonly changed: ReadonlyArray<ToldChange>
  /** Known as they were told. */
  readonly unchanged: ReadonlyArray<SyncRecord>
  /** Records that now know how the source tells what was written to it, or that it told the same with a newer stamp. */
  readonly echoes: ReadonlyArray<SyncRecord>
  /** Told older than is known already. */
  readonly stale: ReadonlyArray<SyncRecord>
  /** Told again in the same page. */
  readonly repeated: number
}

/** Where the newest telling of each customer stands: by its stamp, else the last. */
const newest = (
  changes: ReadonlyArray<CustomerChange>,
  marks: ReadonlyArray<string>
): ReadonlyMap<string, number> => {
  const byKey = new Map<string, number>()
  changes.forEach(({ source: { key } }, at) => {
    const earlier = byKey.get(key)
    if (earlier === undefined || !isOlder(marks[at]!, marks[earlier]!)) byKey.set(key, at)
  })
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
  /** Takes everything as news, known or not, and older too: after a clock was set back or a backup restored. */
  readonly full: boolean
  /** Number of the sweep that goes on: what it told already is never taken for older news. */
  readonly sweep: number
  /** Whether the source tells all cards. */
  readonly allCards: boolean
}

/** `marks` are those of the changes, one for each. */
export const sift = (
  changes: ReadonlyArray<CustomerChange>,
  marks: ReadonlyArray<string>,
  records: ReadonlyMap<string, SyncRecord>,
  { allCards, askedAt, full, sweep }: SiftOptions
): Sifted => {
  const changed: Array<ToldChange> = []
  const unchanged: Array<SyncRecord> = []
  const echoes: Array<SyncRecord> = []
  const stale: Array<SyncRecord> = []
  const told = newest(changes, marks)
  for (const at of told.values()) {
    const change = changes[at]!
    const mark = marks[at]!
    const record = records.get(change.source.key) ?? null
    const known = record?.fromMark ?? null
    const isSame = known !== null && sameMark(mark, known) && !full
    if (record !== null && isSame && !isOlder(known, mark)) unchanged.push(record)
    else if (record !== null && known !== null && isOlder(mark, known) && !(full && record.seen < sweep))
      stale.push(record)
    else if (record !== null && !full && (isSame || isEcho(change, record, allCards)))
      echoes.push({ ...record, fromMark: following(record.fromMark, mark) })
    else {
      const toldAt = Math.min(change.modifiedAt?.epochMilliseconds ?? askedAt, askedAt)
      changed.push({ change, mark, record, toldAt })
    }
  }
  return { changed, unchanged, echoes, stale, repeated: changes.length - told.size }
}

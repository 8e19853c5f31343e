/**
 * Who is who, as rows of `sync_records`: one for both directions between two systems. The one that comes first by name
 * is side `a`. There may be millions of rows, so they name their pair by a number and nothing else twice.
 */
import type { Link, MerchantId, SyncRecord } from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type * as Statement from "effect/sql/Statement"
import { makeKeyList } from "./keyLists.ts"
import { inParts, makeMultiRow } from "./multiRow.ts"

/** Rows looked at by one statement of a search that may find nothing: longer ones would hold up everything else. */
const rowsLookedAt = 5_000

type Side = "a" | "b"

const columns = ["pair_id", "a_key", "b_key", "a_mark", "b_mark", "sent", "a_seen", "b_seen"] as const

/** What the opposite link has seen of a record stays, as long as it is the same customer there. */
const overwriting = (own: Side, other: Side): string =>
  `ON CONFLICT (pair_id, ${own}_key) DO UPDATE SET ${[
    `${other}_key`,
    "a_mark",
    "b_mark",
    "sent",
    `${own}_seen`
  ]
    .map((name) => `${name} = excluded.${name}`)
    .join(", ")}, ${other}_seen = CASE WHEN sync_records.${other}_key = excluded.${other}_key
    THEN sync_records.${other}_seen ELSE excluded.${other}_seen END`

export const isForward = ({ from, to }: Link): boolean => from <= to

const isTwice = (keys: ReadonlyArray<string>): boolean => new Set(keys).size < keys.length

export const makeSyncRecords = (sql: SqlClient.SqlClient) => {
  const keyList = makeKeyList(sql)

  const pairOf = (merchant: MerchantId, link: Link): Statement.Fragment => {
    const [a, b] = isForward(link) ? [link.from, link.to] : [link.to, link.from]
    return sql`merchant_id = ${merchant} AND a = ${a} AND b = ${b}`
  }

  const inPair = (merchant: MerchantId, link: Link): Statement.Fragment =>
    sql`pair_id = (SELECT id FROM sync_pairs WHERE ${pairOf(merchant, link)})`

  const key = (side: Side) => sql.literal(`${side}_key`)
  const seen = (side: Side) => sql.literal(`${side}_seen`)

  const sidesOf = (link: Link): { readonly own: Side; readonly other: Side } =>
    isForward(link) ? { own: "a", other: "b" } : { own: "b", other: "a" }

  const recordColumns = (link: Link) => {
    const { other, own } = sidesOf(link)
    return sql.literal(`r.${own}_key, r.${other}_key, r.${own}_mark, r.${other}_mark, r.sent, r.${own}_seen`)
  }

  const recordFromRow = ([
    fromKey,
    toKey,
    fromMark,
    toMark,
    sent,
    seenIn
  ]: ReadonlyArray<unknown>): SyncRecord => ({
    fromKey: fromKey as string,
    toKey: toKey as string,
    fromMark: fromMark as string | null,
    toMark: toMark as string | null,
    sent: sent as string | null,
    seen: seenIn as number
  })

  /** The records with one of these keys. */
  const among = (pair: Statement.Fragment, side: Side, keys: ReadonlyArray<string>): Statement.Fragment =>
    sql`${keyList(keys)} CROSS JOIN sync_records AS r WHERE r.${pair} AND r.${key(side)} = k.value`

  /** The condition for changing them. */
  const areAmong = (pair: Statement.Fragment, side: Side, keys: ReadonlyArray<string>): Statement.Fragment =>
    side === "a"
      ? sql`${pair} AND ${sql.in("a_key", keys)}`
      : sql`${pair} AND a_key IN (SELECT r.a_key FROM ${among(pair, side, keys)})`

  const numbered = (pair: number): Statement.Fragment => sql`pair_id = ${pair}`

  const byKeys = (side: (link: Link) => Side) =>
    Effect.fnUntraced(function* (merchant: MerchantId, link: Link, keys: ReadonlyArray<string>) {
      const found: Array<SyncRecord> = []
      for (const some of inParts(keys)) {
        const rows =
          yield* sql`SELECT ${recordColumns(link)} FROM ${among(inPair(merchant, link), side(link), some)}`
            .values
        for (const row of rows) found.push(recordFromRow(row))
      }
      return found
    })

  /** The number of the pair, made when it is new. */
  const ensurePair = Effect.fnUntraced(function* (merchant: MerchantId, link: Link) {
    const [known] = yield* sql`SELECT id FROM sync_pairs WHERE ${pairOf(merchant, link)}`.values
    if (known !== undefined) return known[0] as number
    const [a, b] = isForward(link) ? [link.from, link.to] : [link.to, link.from]
    const [made] = yield* sql`INSERT INTO sync_pairs (id, merchant_id, a, b)
SELECT coalesce(max(id), 0) + 1, ${merchant}, ${a}, ${b} FROM sync_pairs WHERE 1 = 1 RETURNING id`.values
    return made![0] as number
  })

  const writers = {
    a: makeMultiRow(sql, { table: "sync_records", columns, suffix: overwriting("a", "b") }),
    b: makeMultiRow(sql, { table: "sync_records", columns, suffix: overwriting("b", "a") })
  }

  const remove = Effect.fnUntraced(function* (pair: number, side: Side, keys: ReadonlyArray<string>) {
    for (const some of inParts(keys)) {
      yield* sql`DELETE FROM sync_records WHERE ${areAmong(numbered(pair), side, some)}`
    }
  })

  /**
   * The records that stand where these are to be, taken away: under the key at the other side that one of these is to
   * have. Gives what the opposite link has seen of them, by that key.
   */
  const makeRoom = Effect.fnUntraced(function* (
    pair: number,
    { other, own }: { readonly own: Side; readonly other: Side },
    records: ReadonlyArray<SyncRecord>
  ) {
    const coming = new Map(records.map(({ fromKey, toKey }) => [toKey, fromKey]))
    const seenOf = new Map<string, number>()
    const gone: Array<string> = []
    for (const some of inParts(records.map(({ toKey }) => toKey))) {
      const rows = yield* sql`SELECT r.${key(own)}, r.${key(other)}, r.${seen(other)}
FROM ${among(numbered(pair), other, some)}`.values
      for (const [from, to, seenThere] of rows as ReadonlyArray<[string, string, number]>) {
        if (coming.get(to) === from) continue
        seenOf.set(to, seenThere)
        gone.push(from)
      }
    }
    if (gone.length > 0) yield* remove(pair, own, gone)
    return seenOf
  })

  const putTogether = Effect.fnUntraced(function* (
    pair: number,
    link: Link,
    records: ReadonlyArray<SyncRecord>
  ) {
    const sides = sidesOf(link)
    const room = yield* makeRoom(pair, sides, records)
    const push = (out: Array<unknown>, record: SyncRecord) => {
      const there = room.get(record.toKey) ?? 0
      const { fromKey, fromMark, seen: here, sent, toKey, toMark } = record
      if (sides.own === "a") out.push(pair, fromKey, toKey, fromMark, toMark, sent, here, there)
      else out.push(pair, toKey, fromKey, toMark, fromMark, sent, there, here)
    }
    yield* writers[sides.own](records, push)
  })

  const put = Effect.fnUntraced(function* (
    merchant: MerchantId,
    link: Link,
    records: ReadonlyArray<SyncRecord>
  ) {
    if (records.length === 0) return
    const pair = yield* ensurePair(merchant, link)
    if (isTwice(records.map(({ fromKey }) => fromKey)) || isTwice(records.map(({ toKey }) => toKey))) {
      for (const record of records) yield* putTogether(pair, link, [record])
    } else {
      yield* putTogether(pair, link, records)
    }
  })

  /** Walks all records in the order of their keys, part by part, as long as `each` wants more. */
  const walk = Effect.fnUntraced(function* <E>(
    merchant: MerchantId,
    link: Link,
    start: string | null,
    each: (part: Statement.Fragment) => Effect.Effect<boolean, E>
  ) {
    const own = key(sidesOf(link).own)
    const pair = inPair(merchant, link)
    let from = start === null ? pair : sql`${pair} AND ${own} > ${start}`
    for (;;) {
      const [end] = yield* sql`SELECT ${own} FROM sync_records WHERE ${from}
ORDER BY ${own} LIMIT 1 OFFSET ${rowsLookedAt - 1}`.values
      if (end === undefined) return yield* each(from)
      if (!(yield* each(sql`${from} AND ${own} <= ${end[0]}`))) return false
      from = sql`${pair} AND ${own} > ${end[0]}`
    }
  })

  const unseenSince = Effect.fnUntraced(function* (
    merchant: MerchantId,
    link: Link,
    sweep: number,
    { after, limit }: { readonly after: string | null; readonly limit: number }
  ) {
    const { own } = sidesOf(link)
    const found: Array<SyncRecord> = []
    yield* walk(merchant, link, after, (part) =>
      Effect.map(
        sql`SELECT ${recordColumns(link)} FROM sync_records AS r
WHERE ${part} AND ${seen(own)} <= ${sweep} ORDER BY ${key(own)} LIMIT ${limit - found.length}`.values,
        (rows) => {
          for (const row of rows) found.push(recordFromRow(row))
          return found.length < limit
        }
      )
    )
    return found
  })

  const count = Effect.fnUntraced(function* (merchant: MerchantId, link: Link, sweep: number) {
    const counted = { all: 0, unseen: 0 }
    const own = seen(sidesOf(link).own)
    yield* walk(merchant, link, null, (part) =>
      Effect.map(
        sql`SELECT count(*), coalesce(sum(CASE WHEN ${own} <= ${sweep} THEN 1 ELSE 0 END), 0)
FROM sync_records WHERE ${part}`.values,
        ([row]) => {
          counted.all += Number(row![0])
          counted.unseen += Number(row![1])
          return true
        }
      )
    )
    return counted
  })

  return {
    ensurePair,
    byFrom: byKeys((link) => sidesOf(link).own),
    byTo: byKeys((link) => sidesOf(link).other),
    put,
    markSeen: Effect.fnUntraced(function* (
      merchant: MerchantId,
      link: Link,
      fromKeys: ReadonlyArray<string>,
      sweep: number
    ) {
      const { own } = sidesOf(link)
      for (const some of inParts(fromKeys)) {
        yield* sql`UPDATE sync_records SET ${seen(own)} = ${sweep}
WHERE ${areAmong(inPair(merchant, link), own, some)}`
      }
    }),
    unseenSince,
    count,
    remove: Effect.fnUntraced(function* (merchant: MerchantId, link: Link, fromKeys: ReadonlyArray<string>) {
      if (fromKeys.length > 0) {
        yield* remove(yield* ensurePair(merchant, link), sidesOf(link).own, fromKeys)
      }
    }),
    /** What this link saw, for one that is forgotten while the opposite one stays. */
    forgetSeen: (merchant: MerchantId, link: Link) =>
      sql`UPDATE sync_records SET ${seen(sidesOf(link).own)} = 0 WHERE ${inPair(merchant, link)}`,
    forgetPair: Effect.fnUntraced(function* (merchant: MerchantId, link: Link) {
      yield* sql`DELETE FROM sync_records WHERE ${inPair(merchant, link)}`
      yield* sql`DELETE FROM sync_pairs WHERE ${pairOf(merchant, link)}`
    })
  }
}

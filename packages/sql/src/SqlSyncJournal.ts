/** What a link could not write, and what its runs did: rows of `sync_dead_letters` and `sync_runs`. */
import {
  type DeadLetter,
  KEPT_RUNS,
  type Link,
  type MerchantId,
  type NewDeadLetter,
  noCounts,
  type RunCounts,
  type SyncRun
} from "@tillbridge/domain"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type * as Statement from "effect/sql/Statement"
import { instantOrNull } from "./customerRow.ts"
import { inParts, makeMultiRow } from "./multiRow.ts"

interface LinkNames {
  readonly from_system: string
  readonly to_system: string
}

interface LetterRow extends LinkNames {
  readonly id: number
  readonly name: string
  readonly key: string | null
  readonly kind: string
  readonly reason: string
  readonly payload: string | null
  readonly created_at: number
  readonly failed_at: number
  readonly attempts: number
}

interface RunRow extends LinkNames {
  readonly id: number
  readonly started_at: number
  readonly ended_at: number | null
  readonly outcome: string
  readonly error: string | null
  readonly counts: string
}

const linkOf = ({ from_system, to_system }: LinkNames): Link => ({ from: from_system, to: to_system })

const letterFromRow = (row: LetterRow): DeadLetter => ({
  id: row.id,
  link: linkOf(row),
  name: row.name,
  key: row.key,
  kind: row.kind as DeadLetter["kind"],
  reason: row.reason,
  payload: row.payload,
  createdAt: DateTime.makeUnsafe(row.created_at),
  failedAt: DateTime.makeUnsafe(row.failed_at),
  attempts: row.attempts
})

const runFromRow = (row: RunRow): SyncRun => ({
  id: row.id,
  link: linkOf(row),
  startedAt: DateTime.makeUnsafe(row.started_at),
  endedAt: instantOrNull(row.ended_at),
  outcome: row.outcome as SyncRun["outcome"],
  error: row.error,
  counts: { ...noCounts, ...(JSON.parse(row.counts) as Partial<RunCounts>) }
})

const letterColumns = [
  "merchant_id",
  "id",
  "link_id",
  "name",
  "key",
  "kind",
  "reason",
  "payload",
  "created_at",
  "failed_at",
  "attempts"
] as const

export const makeSyncJournal = (sql: SqlClient.SqlClient) => {
  /** Links, leases, dead letters and runs of a merchant are numbered together, and no number is given twice. */
  const claim = (merchant: MerchantId, count: number) =>
    Effect.map(
      sql`UPDATE merchants SET next_sync_id = next_sync_id + ${count} WHERE id = ${merchant}
RETURNING next_sync_id - ${count}`.values,
      ([row]) => row![0] as number
    )

  const upsertLetters = makeMultiRow(sql, {
    table: "sync_dead_letters",
    columns: letterColumns,
    suffix: `ON CONFLICT (link_id, name) DO UPDATE SET key = excluded.key, kind = excluded.kind,
  reason = excluded.reason, payload = excluded.payload, failed_at = excluded.failed_at,
  attempts = sync_dead_letters.attempts + 1`
  })

  const putDistinct = Effect.fnUntraced(function* (
    merchant: MerchantId,
    linkId: number,
    letters: ReadonlyArray<NewDeadLetter>,
    now: DateTime.Utc
  ) {
    let id = yield* claim(merchant, letters.length)
    const at = now.epochMilliseconds
    yield* upsertLetters(letters, (out, { key, kind, name, payload, reason }) =>
      out.push(merchant, id++, linkId, name, key, kind, reason, payload, at, at, 1)
    )
  })

  const putLetters = Effect.fnUntraced(function* (
    merchant: MerchantId,
    linkId: number,
    letters: ReadonlyArray<NewDeadLetter>,
    now: DateTime.Utc
  ) {
    // One statement must not meet a name twice.
    const isTwice = new Set(letters.map(({ name }) => name)).size < letters.length
    const parts = isTwice ? letters.map((letter) => [letter]) : [letters]
    for (const part of parts) if (part.length > 0) yield* putDistinct(merchant, linkId, part, now)
  })

  const letters = (condition: Statement.Fragment) =>
    Effect.map(
      sql<LetterRow>`SELECT d.id, d.name, d.key, d.kind, d.reason, d.payload, d.created_at, d.failed_at, d.attempts,
  l.from_system, l.to_system
FROM sync_dead_letters AS d JOIN sync_links AS l ON l.id = d.link_id WHERE ${condition}`,
      (rows) => rows.map(letterFromRow)
    )

  const runs = (linkId: Statement.Fragment, limit: number) =>
    Effect.map(
      sql<RunRow>`SELECT r.id, r.started_at, r.ended_at, r.outcome, r.error, r.counts, l.from_system, l.to_system
FROM sync_runs AS r JOIN sync_links AS l ON l.id = r.link_id
WHERE r.link_id = ${linkId} ORDER BY r.id DESC LIMIT ${limit}`,
      (rows) => rows.map(runFromRow)
    )

  return {
    claim,
    putLetters,
    letters,
    resolveLetters: Effect.fnUntraced(function* (linkId: Statement.Fragment, names: ReadonlyArray<string>) {
      for (const some of inParts(names)) {
        yield* sql`DELETE FROM sync_dead_letters WHERE link_id = ${linkId} AND ${sql.in("name", some)}`
      }
    }),
    dropLetters: Effect.fnUntraced(function* (merchant: MerchantId, ids: ReadonlyArray<number>) {
      let dropped = 0
      for (const some of inParts(ids)) {
        const rows = yield* sql`DELETE FROM sync_dead_letters
WHERE merchant_id = ${merchant} AND ${sql.in("id", some)} RETURNING id`.values
        dropped += rows.length
      }
      return dropped
    }),
    startRun: Effect.fnUntraced(function* (merchant: MerchantId, linkId: number, now: DateTime.Utc) {
      const id = yield* claim(merchant, 1)
      yield* sql`INSERT INTO sync_runs (merchant_id, id, link_id, started_at, outcome, counts)
VALUES (${merchant}, ${id}, ${linkId}, ${now.epochMilliseconds}, 'running', '{}')`
      yield* sql`DELETE FROM sync_runs WHERE link_id = ${linkId} AND id <=
  (SELECT id FROM sync_runs WHERE link_id = ${linkId} ORDER BY id DESC LIMIT 1 OFFSET ${KEPT_RUNS})`
      return id
    }),
    putRun: (
      merchant: MerchantId,
      id: number,
      run: Pick<SyncRun, "endedAt" | "outcome" | "error" | "counts">
    ) =>
      sql`UPDATE sync_runs SET ended_at = ${run.endedAt?.epochMilliseconds ?? null}, outcome = ${run.outcome},
  error = ${run.error}, counts = ${JSON.stringify(run.counts)}
WHERE merchant_id = ${merchant} AND id = ${id}`,
    runs,
    forget: Effect.fnUntraced(function* (linkId: number) {
      yield* sql`DELETE FROM sync_dead_letters WHERE link_id = ${linkId}`
      yield* sql`DELETE FROM sync_runs WHERE link_id = ${linkId}`
    })
  }
}

import {
  type Checkpoint,
  LeaseLost,
  type Link,
  LinkBusy,
  type LinkState,
  type LinkStatus,
  type MerchantId,
  newLinkState,
  SyncRepository,
  UnitOfWork
} from "@tillbridge/domain"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import type * as Statement from "effect/sql/Statement"
import { makeSyncJournal } from "./SqlSyncJournal.ts"
import { makeSyncRecords } from "./SqlSyncRecords.ts"
import { makeStoring } from "./StorageFailures.ts"

interface LinkRow {
  readonly id: number
  readonly from_system: string
  readonly to_system: string
  readonly checkpoint: string | null
  readonly sweep: number
  readonly sweeping: number
  readonly paused: string | null
  readonly owner: string | null
  readonly lease_until: number | null
}

const stateFromRow = (row: LinkRow): LinkState => ({
  checkpoint: row.checkpoint as Checkpoint | null,
  sweep: row.sweep,
  sweeping: row.sweeping === 1,
  paused: row.paused
})

const leaseFromRow = ({ lease_until: until, owner }: LinkRow): LinkStatus["lease"] =>
  owner === null || until === null ? null : { owner, until: DateTime.makeUnsafe(until) }

const opposite = ({ from, to }: Link): Link => ({ from: to, to: from })

/** What synchronising remembers, in the tables `sync_…`. */
export const layerSync = Layer.effect(
  SyncRepository,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const { atomically } = yield* UnitOfWork
    const storing = yield* makeStoring
    const records = makeSyncRecords(sql)
    const journal = makeSyncJournal(sql)

    const isLink = (merchant: MerchantId, { from, to }: Link): Statement.Fragment =>
      sql`merchant_id = ${merchant} AND from_system = ${from} AND to_system = ${to}`

    const idOf = (merchant: MerchantId, link: Link): Statement.Fragment =>
      sql`(SELECT id FROM sync_links WHERE ${isLink(merchant, link)})`

    const links = (condition: Statement.Fragment) =>
      sql<LinkRow>`SELECT id, from_system, to_system, checkpoint, sweep, sweeping, paused, owner, lease_until
FROM sync_links WHERE ${condition}`

    const linkId = (merchant: MerchantId, link: Link) =>
      Effect.map(
        sql`SELECT id FROM sync_links WHERE ${isLink(merchant, link)}`.values,
        ([row]) => row?.[0] as number | undefined
      )

    /** The number of the link, made when it is new. */
    const ensureLink = Effect.fnUntraced(function* (merchant: MerchantId, link: Link) {
      const known = yield* linkId(merchant, link)
      if (known !== undefined) return known
      const [made] = yield* sql`INSERT INTO sync_links (id, merchant_id, from_system, to_system)
SELECT coalesce(max(id), 0) + 1, ${merchant}, ${link.from}, ${link.to} FROM sync_links WHERE 1 = 1 RETURNING id`
        .values
      return made![0] as number
    })

    const statusOf = Effect.fnUntraced(function* (merchant: MerchantId, row: LinkRow) {
      const link: Link = { from: row.from_system, to: row.to_system }
      const [letters] = yield* sql`SELECT count(*) FROM sync_dead_letters WHERE link_id = ${row.id}`.values
      const [lastRun = null] = yield* journal.runs(sql`${row.id}`, 1)
      const status: LinkStatus = {
        link,
        ...stateFromRow(row),
        records: (yield* records.count(merchant, link, 0)).all,
        deadLetters: Number(letters![0]),
        lease: leaseFromRow(row),
        lastRun
      }
      return status
    })

    const acquire = Effect.fnUntraced(function* (
      merchant: MerchantId,
      link: Link,
      {
        now,
        owner,
        until
      }: { readonly owner: string; readonly now: DateTime.Utc; readonly until: DateTime.Utc }
    ) {
      const id = yield* ensureLink(merchant, link)
      const epoch = yield* journal.claim(merchant, 1)
      const taken = yield* sql`UPDATE sync_links SET epoch = ${epoch}, owner = ${owner},
  lease_until = ${until.epochMilliseconds}
WHERE id = ${id} AND (owner IS NULL OR lease_until <= ${now.epochMilliseconds}) RETURNING id`.values
      if (taken.length > 0) return { link, epoch }
      const [row] = yield* links(sql`id = ${id}`)
      return yield* new LinkBusy({ ...link, ...leaseFromRow(row!)! })
    })

    /** Changes the link while the lease is the newest. */
    const holding = (
      merchant: MerchantId,
      { epoch, link }: { readonly link: Link; readonly epoch: number },
      set: Statement.Fragment
    ) =>
      Effect.flatMap(
        sql`UPDATE sync_links SET ${set} WHERE ${isLink(merchant, link)} AND epoch = ${epoch} RETURNING id`
          .values,
        (rows) => (rows.length === 0 ? Effect.fail(new LeaseLost(link)) : Effect.void)
      )

    const forget = Effect.fnUntraced(function* (merchant: MerchantId, link: Link) {
      const id = yield* linkId(merchant, link)
      if (id !== undefined) {
        yield* journal.forget(id)
        yield* sql`DELETE FROM sync_links WHERE id = ${id}`
      }
      const isNeeded = (yield* linkId(merchant, opposite(link))) !== undefined
      yield* isNeeded ? records.forgetSeen(merchant, link) : records.forgetPair(merchant, link)
    })

    return SyncRepository.of({
      links: (merchant) =>
        links(sql`merchant_id = ${merchant} ORDER BY from_system, to_system`).pipe(
          Effect.flatMap((rows) => Effect.forEach(rows, (row) => statusOf(merchant, row))),
          storing("sync.links")
        ),
      state: (merchant, link) =>
        links(isLink(merchant, link)).pipe(
          Effect.map(([row]) => (row === undefined ? newLinkState : stateFromRow(row))),
          storing("sync.state")
        ),
      acquire: (merchant, link, request) =>
        atomically(acquire(merchant, link, request)).pipe(storing("sync.acquire")),
      renew: (merchant, lease, until) =>
        atomically(
          Effect.flatMap(
            sql`UPDATE sync_links SET lease_until = ${until.epochMilliseconds}
WHERE ${isLink(merchant, lease.link)} AND epoch = ${lease.epoch} AND owner IS NOT NULL RETURNING id`.values,
            (rows) => (rows.length === 0 ? Effect.fail(new LeaseLost(lease.link)) : Effect.void)
          )
        ).pipe(storing("sync.renew")),
      release: (merchant, lease) =>
        atomically(holding(merchant, lease, sql`owner = NULL, lease_until = NULL`)).pipe(
          Effect.catchTag("LeaseLost", () => Effect.void),
          storing("sync.release")
        ),
      advance: (merchant, lease, { checkpoint, paused, sweep, sweeping }) =>
        holding(
          merchant,
          lease,
          sql`checkpoint = ${checkpoint}, sweep = ${sweep}, sweeping = ${sweeping ? 1 : 0}, paused = ${paused}`
        ).pipe(storing("sync.advance")),
      records: (merchant, link, keys) => records.byFrom(merchant, link, keys).pipe(storing("sync.records")),
      recordsByTo: (merchant, link, keys) => records.byTo(merchant, link, keys).pipe(storing("sync.records")),
      putRecords: (merchant, link, written) =>
        records.put(merchant, link, written).pipe(storing("sync.putRecords")),
      markSeen: (merchant, link, keys, sweep) =>
        records.markSeen(merchant, link, keys, sweep).pipe(storing("sync.markSeen")),
      unseenSince: (merchant, link, sweep, window) =>
        records.unseenSince(merchant, link, sweep, window).pipe(storing("sync.unseenSince")),
      countRecords: (merchant, link, sweep) =>
        records.count(merchant, link, sweep).pipe(storing("sync.countRecords")),
      removeRecords: (merchant, link, keys) =>
        records.remove(merchant, link, keys).pipe(storing("sync.removeRecords")),
      putDeadLetters: (merchant, link, letters, now) =>
        letters.length === 0
          ? Effect.void
          : ensureLink(merchant, link).pipe(
              Effect.flatMap((id) => journal.putLetters(merchant, id, letters, now)),
              storing("sync.putDeadLetters")
            ),
      resolveDeadLetters: (merchant, link, names) =>
        journal.resolveLetters(idOf(merchant, link), names).pipe(storing("sync.resolveDeadLetters")),
      deadLetters: (merchant, { after, limit, link }) =>
        journal
          .letters(
            link === null
              ? sql`d.merchant_id = ${merchant} AND d.id > ${after} ORDER BY d.id LIMIT ${limit}`
              : sql`d.link_id = ${idOf(merchant, link)} AND d.id > ${after} ORDER BY d.id LIMIT ${limit}`
          )
          .pipe(storing("sync.deadLetters")),
      deadLetter: (merchant, id) =>
        journal.letters(sql`d.merchant_id = ${merchant} AND d.id = ${id}`).pipe(
          Effect.map(([letter = null]) => letter),
          storing("sync.deadLetter")
        ),
      dropDeadLetters: (merchant, ids) =>
        journal.dropLetters(merchant, ids).pipe(storing("sync.dropDeadLetters")),
      startRun: (merchant, link, now) =>
        atomically(
          Effect.flatMap(ensureLink(merchant, link), (id) => journal.startRun(merchant, id, now))
        ).pipe(storing("sync.startRun")),
      putRun: (merchant, id, run) =>
        atomically(journal.putRun(merchant, id, run)).pipe(Effect.asVoid, storing("sync.putRun")),
      runs: (merchant, link, limit) => journal.runs(idOf(merchant, link), limit).pipe(storing("sync.runs")),
      forget: (merchant, link) => forget(merchant, link).pipe(Effect.asVoid, storing("sync.forget"))
    })
  })
)

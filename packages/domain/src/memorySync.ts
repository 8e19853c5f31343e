/** What synchronising remembers, in memory: plain maps, copied for each unit of work like the rest of the store. */
import * as Effect from "effect/Effect"
import type { StorageError } from "./errors.ts"
import type { MerchantId } from "./Ids.ts"
import {
  type DeadLetter,
  KEPT_RUNS,
  LeaseLost,
  type Link,
  LinkBusy,
  type LinkState,
  type LinkStatus,
  newLinkState,
  noCounts,
  type SyncRecord,
  type SyncRepository,
  type SyncRun
} from "./SyncRepository.ts"

interface LinkEntry {
  readonly link: Link
  readonly state: LinkState
  readonly epoch: number
  readonly lease: LinkStatus["lease"]
}

/** A record as the side that comes first by name tells it; `toSeen` is the last sweep of the other side. */
interface PairRecord extends SyncRecord {
  readonly toSeen: number
}

interface Pair {
  readonly byFrom: Map<string, PairRecord>
  readonly byTo: Map<string, PairRecord>
}

export interface SyncMemory {
  next: number
  readonly links: Map<string, LinkEntry>
  readonly pairs: Map<string, Pair>
  readonly letters: Map<number, DeadLetter>
  readonly runs: Map<number, SyncRun>
}

export const newSyncMemory = (): SyncMemory => ({
  next: 1,
  links: new Map(),
  pairs: new Map(),
  letters: new Map(),
  runs: new Map()
})

export const copySyncMemory = ({ letters, links, next, pairs, runs }: SyncMemory): SyncMemory => ({
  next,
  links: new Map(links),
  pairs: new Map(
    Array.from(pairs, ([name, { byFrom, byTo }]) => [name, { byFrom: new Map(byFrom), byTo: new Map(byTo) }])
  ),
  letters: new Map(letters),
  runs: new Map(runs)
})

const nameOf = ({ from, to }: Link): string => JSON.stringify([from, to])
const opposite = ({ from, to }: Link): Link => ({ from: to, to: from })
const isSame = (a: Link, b: Link): boolean => a.from === b.from && a.to === b.to
const isForward = ({ from, to }: Link): boolean => from <= to

const turned = (record: PairRecord): PairRecord => ({
  ...record,
  fromKey: record.toKey,
  toKey: record.fromKey,
  fromMark: record.toMark,
  toMark: record.fromMark,
  seen: record.toSeen,
  toSeen: record.seen
})

const told = ({ toSeen: _opposite, ...record }: PairRecord): SyncRecord => record

/** The records of a link's pair as that link sees them. */
const recordsOf = (sync: SyncMemory, link: Link) => {
  const name = nameOf(isForward(link) ? link : opposite(link))
  const pair = sync.pairs.get(name) ?? { byFrom: new Map(), byTo: new Map() }
  const facing = isForward(link) ? (record: PairRecord) => record : turned
  const [own, other] = isForward(link) ? [pair.byFrom, pair.byTo] : [pair.byTo, pair.byFrom]
  const find = (map: Map<string, PairRecord>) => (key: string) => {
    const found = map.get(key)
    return found === undefined ? undefined : facing(found)
  }
  return {
    byFrom: find(own),
    byTo: find(other),
    all: () => Array.from(own.values(), facing),
    remove: (record: PairRecord) => {
      own.delete(record.fromKey)
      other.delete(record.toKey)
    },
    add: (record: PairRecord) => {
      sync.pairs.set(name, pair)
      own.set(record.fromKey, facing(record))
      other.set(record.toKey, facing(record))
    },
    clear: () => sync.pairs.delete(name)
  }
}

const present = <A>(items: ReadonlyArray<A | undefined>): ReadonlyArray<A> =>
  items.filter((item) => item !== undefined)

/** Writes taken together: each is compared with what was there before all of them. */
const putTogether = (sync: SyncMemory, link: Link, written: ReadonlyArray<SyncRecord>): void => {
  const records = recordsOf(sync, link)
  const next = written.map((record) => ({
    ...record,
    toSeen: records.byTo(record.toKey)?.toSeen ?? 0
  }))
  for (const { fromKey, toKey } of written) {
    for (const old of present([records.byFrom(fromKey), records.byTo(toKey)])) records.remove(old)
  }
  for (const record of next) records.add(record)
}

const putRecords = (sync: SyncMemory, link: Link, written: ReadonlyArray<SyncRecord>): void => {
  const isTwice = (keys: ReadonlyArray<string>) => new Set(keys).size < keys.length
  if (isTwice(written.map(({ fromKey }) => fromKey)) || isTwice(written.map(({ toKey }) => toKey))) {
    for (const record of written) putTogether(sync, link, [record])
  } else {
    putTogether(sync, link, written)
  }
}

const entryOf = (sync: SyncMemory, link: Link): LinkEntry => {
  const found = sync.links.get(nameOf(link))
  if (found !== undefined) return found
  const made: LinkEntry = { link, state: newLinkState, epoch: 0, lease: null }
  sync.links.set(nameOf(link), made)
  return made
}

const put = (sync: SyncMemory, entry: LinkEntry) => void sync.links.set(nameOf(entry.link), entry)

const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

const newestRuns = (sync: SyncMemory, link: Link): ReadonlyArray<SyncRun> =>
  [...sync.runs.values()].filter((run) => isSame(run.link, link)).reverse()

const lettersOf = (sync: SyncMemory, link: Link | null): ReadonlyArray<DeadLetter> =>
  [...sync.letters.values()].filter((letter) => link === null || isSame(letter.link, link))

const statuses = (sync: SyncMemory): ReadonlyArray<LinkStatus> =>
  [...sync.links.values()]
    .map(({ lease, link, state }) => ({
      link,
      ...state,
      lease,
      records: recordsOf(sync, link).all().length,
      deadLetters: lettersOf(sync, link).length,
      lastRun: newestRuns(sync, link)[0] ?? null
    }))
    .sort((a, b) => byText(a.link.from, b.link.from) || byText(a.link.to, b.link.to))

const forget = (sync: SyncMemory, link: Link): void => {
  sync.links.delete(nameOf(link))
  for (const { id } of lettersOf(sync, link)) sync.letters.delete(id)
  for (const { id } of newestRuns(sync, link)) sync.runs.delete(id)
  const records = recordsOf(sync, link)
  if (!sync.links.has(nameOf(opposite(link)))) records.clear()
  else for (const record of records.all()) records.add({ ...record, seen: 0 })
}

/** Something is done with the memory of a merchant as the caller sees it. */
type Using = <A, E>(
  merchant: MerchantId,
  use: (sync: SyncMemory) => Effect.Effect<A, E>
) => Effect.Effect<A, E>

type Atomically = <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E | StorageError>

export const makeMemorySync = (using: Using, atomically: Atomically): SyncRepository["Service"] => {
  const look = <A>(merchant: MerchantId, use: (sync: SyncMemory) => A): Effect.Effect<A> =>
    using(merchant, (sync) => Effect.sync(() => use(sync)))

  return {
    links: (merchant) => look(merchant, statuses),
    state: (merchant, link) => look(merchant, (sync) => sync.links.get(nameOf(link))?.state ?? newLinkState),
    acquire: (merchant, link, { now, owner, until }) =>
      atomically(
        using(merchant, (sync) => {
          const entry = entryOf(sync, link)
          if (entry.lease !== null && entry.lease.until.epochMilliseconds > now.epochMilliseconds) {
            return Effect.fail(new LinkBusy({ ...link, ...entry.lease }))
          }
          const epoch = sync.next++
          put(sync, { ...entry, epoch, lease: { owner, until } })
          return Effect.succeed({ link, epoch })
        })
      ),
    renew: (merchant, { epoch, link }, until) =>
      atomically(
        using(merchant, (sync) => {
          const entry = sync.links.get(nameOf(link))
          if (entry?.epoch !== epoch || entry.lease === null) return Effect.fail(new LeaseLost(link))
          return Effect.sync(() => put(sync, { ...entry, lease: { ...entry.lease!, until } }))
        })
      ),
    release: (merchant, { epoch, link }) =>
      atomically(
        look(merchant, (sync) => {
          const entry = sync.links.get(nameOf(link))
          if (entry?.epoch === epoch) put(sync, { ...entry, lease: null })
        })
      ),
    advance: (merchant, { epoch, link }, state) =>
      using(merchant, (sync) => {
        const entry = sync.links.get(nameOf(link))
        if (entry?.epoch !== epoch) return Effect.fail(new LeaseLost(link))
        return Effect.sync(() => put(sync, { ...entry, state }))
      }),
    records: (merchant, link, fromKeys) =>
      look(merchant, (sync) => present(fromKeys.map(recordsOf(sync, link).byFrom)).map(told)),
    recordsByTo: (merchant, link, toKeys) =>
      look(merchant, (sync) => present(toKeys.map(recordsOf(sync, link).byTo)).map(told)),
    putRecords: (merchant, link, records) => look(merchant, (sync) => putRecords(sync, link, records)),
    markSeen: (merchant, link, fromKeys, sweep) =>
      look(merchant, (sync) => {
        const records = recordsOf(sync, link)
        for (const record of present(fromKeys.map(records.byFrom))) records.add({ ...record, seen: sweep })
      }),
    unseenSince: (merchant, link, sweep, { after, limit }) =>
      look(merchant, (sync) =>
        recordsOf(sync, link)
          .all()
          .filter(({ fromKey, seen }) => seen <= sweep && (after === null || fromKey > after))
          .sort((a, b) => byText(a.fromKey, b.fromKey))
          .slice(0, limit)
          .map(told)
      ),
    countRecords: (merchant, link, sweep) =>
      look(merchant, (sync) => {
        const all = recordsOf(sync, link).all()
        return { all: all.length, unseen: all.filter(({ seen }) => seen <= sweep).length }
      }),
    removeRecords: (merchant, link, fromKeys) =>
      look(merchant, (sync) => {
        const records = recordsOf(sync, link)
        for (const record of present(fromKeys.map(records.byFrom))) records.remove(record)
      }),
    putDeadLetters: (merchant, link, letters, now) =>
      look(merchant, (sync) => {
        if (letters.length > 0) entryOf(sync, link)
        for (const letter of letters) {
          const known = lettersOf(sync, link).find(({ name }) => name === letter.name)
          const { attempts, createdAt, id } = known ?? { attempts: 0, createdAt: now, id: sync.next++ }
          sync.letters.set(id, { ...letter, id, link, createdAt, failedAt: now, attempts: attempts + 1 })
        }
      }),
    resolveDeadLetters: (merchant, link, names) =>
      look(merchant, (sync) => {
        const written = new Set(names)
        for (const { id, name } of lettersOf(sync, link)) if (written.has(name)) sync.letters.delete(id)
      }),
    deadLetters: (merchant, { after, limit, link }) =>
      look(merchant, (sync) =>
        lettersOf(sync, link)
          .filter(({ id }) => id > after)
          .slice(0, limit)
      ),
    deadLetter: (merchant, id) => look(merchant, (sync) => sync.letters.get(id) ?? null),
    dropDeadLetters: (merchant, ids) =>
      look(merchant, (sync) => ids.filter((id) => sync.letters.delete(id)).length),
    startRun: (merchant, link, now) =>
      atomically(
        look(merchant, (sync) => {
          entryOf(sync, link)
          const id = sync.next++
          for (const { id: old } of newestRuns(sync, link).slice(KEPT_RUNS - 1)) sync.runs.delete(old)
          sync.runs.set(id, {
            id,
            link,
            startedAt: now,
            endedAt: null,
            outcome: "running",
            error: null,
            counts: noCounts
          })
          return id
        })
      ),
    putRun: (merchant, id, run) =>
      atomically(
        look(merchant, (sync) => {
          const known = sync.runs.get(id)
          if (known !== undefined) sync.runs.set(id, { ...known, ...run })
        })
      ),
    runs: (merchant, link, limit) => look(merchant, (sync) => newestRuns(sync, link).slice(0, limit)),
    forget: (merchant, link) => look(merchant, (sync) => forget(sync, link))
  }
}

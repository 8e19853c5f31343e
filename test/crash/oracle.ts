/**
 * What must hold in a file whose writer was killed, looked at with what is known from outside: acknowledged local
 * writes, and the vendors' own stores. A broken promise is told in words.
 */
import {
  Cards,
  type Customer,
  Customers,
  type Link,
  type LoyaltyCard,
  type MerchantId,
  type SyncRecord,
  SyncRepository,
  type CustomerSource
} from "@tillbridge/domain"
import { makeStoreSource } from "@tillbridge/sync"
import { Effect, Stream } from "effect"
import { DatabaseSync } from "node:sqlite"
import type { Shop } from "./plan.ts"
import { deskKey, lookAtDesk } from "./till.ts"
import type { People } from "./vendor.ts"

export const links = {
  hub: { from: "hub", to: "store" },
  till: { from: "till", to: "store" },
  up: { from: "store", to: "till" }
} as const satisfies Record<string, Link>

/** SQLite's own look at every page and index, before anything else opens the file. */
export const soundness = (file: string): ReadonlyArray<string> => {
  const database = new DatabaseSync(file)
  try {
    const found = database
      .prepare("PRAGMA integrity_check")
      .all()
      .map((row) => Object.values(row)[0])
    const orphans = database.prepare("PRAGMA foreign_key_check").all()
    return [
      ...(found.length === 1 && found[0] === "ok" ? [] : [`integrity_check: ${found.join(", ")}`]),
      ...(orphans.length === 0 ? [] : [`foreign_key_check: ${orphans.length} rows`])
    ]
  } finally {
    database.close()
  }
}

export interface Outside {
  readonly bothWays: boolean
  readonly merchants: Readonly<Record<Shop, MerchantId>>
  readonly people: Readonly<Record<Shop, People>>
  /** The vendors, told without faults. */
  readonly sources: Readonly<Record<Shop, CustomerSource["Service"]>>
  /** Local writes acknowledged. */
  readonly acknowledged: Readonly<Record<Shop, number>>
}

/** What earlier looks have found, which later ones build on. */
export interface Memory {
  /** By shop and key: which of a vendor's contents the mirror held. */
  readonly held: Map<string, number>
  /** By link: records, and the newest run of the journal. */
  readonly records: Map<string, number>
  readonly runs: Map<string, number>
}

export const newMemory = (): Memory => ({ held: new Map(), records: new Map(), runs: new Map() })

const twice = (what: string, names: ReadonlyArray<string>): ReadonlyArray<string> => {
  const seen = new Set<string>()
  return names
    .filter((name) => seen.size === seen.add(name).size)
    .map((name) => `${what} ${name} is there twice`)
}

const toldAfter = Effect.fnUntraced(function* (
  source: CustomerSource["Service"],
  from: Parameters<CustomerSource["Service"]["pages"]>[0]
) {
  const keys = new Set<string>()
  yield* source.pages(from).pipe(
    Stream.runForEach(({ changes }) =>
      Effect.sync(() => {
        for (const { source: own } of changes) keys.add(own.key)
      })
    )
  )
  return keys
})

interface Stored {
  readonly byId: ReadonlyMap<string, Customer>
  readonly customers: ReadonlyArray<Customer>
  readonly cards: ReadonlyArray<LoyaltyCard>
}

const readStore = Effect.fnUntraced(function* (merchant: MerchantId) {
  const customers = yield* Customers
  const cards = yield* Cards
  const refs = yield* customers.refs(merchant, {}, { after: null, limit: 100_000 })
  const all = yield* customers.getMany(
    merchant,
    refs.map(({ id }) => id)
  )
  return {
    byId: new Map(all.map((one) => [String(one.id), one])),
    customers: all,
    cards: yield* cards.list(merchant, { after: null, limit: 100_000 })
  } satisfies Stored as Stored
})

const recordsOf = Effect.fnUntraced(function* (merchant: MerchantId, link: Link) {
  const repository = yield* SyncRepository
  return yield* repository.unseenSince(merchant, link, Number.MAX_SAFE_INTEGER, {
    after: null,
    limit: 100_000
  })
})

/** What the journal says of runs since the last look beside what is there. */
const lookAtJournal = Effect.fnUntraced(function* (
  merchant: MerchantId,
  link: Link,
  memory: Memory,
  records: ReadonlyArray<SyncRecord>,
  isAlone: boolean
) {
  const wrong: Array<string> = []
  const name = `${link.from} to ${link.to}`
  const repository = yield* SyncRepository
  const known = memory.runs.get(name) ?? 0
  const runs = (yield* repository.runs(merchant, link, 10_000)).filter(({ id }) => id > known)
  let grown = 0
  for (const { counts, id } of runs) {
    const { created, deadLettered, kept, removed, seen, unchanged, updated } = counts
    if (created + updated + unchanged + kept + deadLettered !== seen)
      wrong.push(`${name}: run ${id} does not account for every record`)
    grown += created - removed
  }
  const before = memory.records.get(name) ?? 0
  const found = records.length - before
  // Of a destination that is written to at least once, a second write of a new customer counts as an update.
  if (isAlone && grown !== found)
    wrong.push(`${name}: the journal counts ${grown} more customers and there are ${found}`)
  memory.runs.set(name, Math.max(known, ...runs.map(({ id }) => id)))
  memory.records.set(name, records.length)
  return wrong
})

/** The mirror of a vendor's people in the store. */
const lookAtMirror = Effect.fnUntraced(function* (
  shop: Shop,
  outside: Outside,
  memory: Memory,
  stored: Stored
) {
  const wrong: Array<string> = []
  const merchant = outside.merchants[shop]
  const { present, told } = outside.people[shop]
  const link = links[shop]
  const repository = yield* SyncRepository
  const records = yield* recordsOf(merchant, link)
  const letters = yield* repository.deadLetters(merchant, { link, after: 0, limit: 100_000 })
  const aside = new Set(letters.map(({ key }) => key))
  const byKey = new Map(records.map((record) => [record.fromKey, record]))
  wrong.push(
    ...twice(
      `${shop}: a record to`,
      records.map(({ toKey }) => toKey)
    )
  )
  for (const { fromKey, toKey } of records) {
    const customer = stored.byId.get(toKey)
    if (customer === undefined) {
      wrong.push(`${shop}: the record of ${fromKey} names customer ${toKey}, who is not there`)
      continue
    }
    const contents = told.get(fromKey)
    if (contents === undefined || deskKey(customer) !== null) continue
    const at = contents.indexOf(outside.people[shop].textOf(customer))
    const before = memory.held.get(`${shop} ${fromKey}`) ?? 0
    if (at < 0) wrong.push(`${shop}: customer ${toKey} holds what ${fromKey} never was`)
    else if (at < before) wrong.push(`${shop}: customer ${toKey} went back from content ${before} to ${at}`)
    memory.held.set(`${shop} ${fromKey}`, at)
  }
  for (const { externalIds, id } of stored.customers) {
    const own = externalIds.find(({ system }) => system === shop)
    if (own !== undefined && byKey.get(own.key)?.toKey !== String(id))
      wrong.push(`${shop}: customer ${id} of ${own.key} has no record of its own`)
  }

  const { checkpoint } = yield* repository.state(merchant, link)
  if (checkpoint !== null && checkpoint !== "") {
    const ahead = yield* toldAfter(outside.sources[shop], checkpoint)
    for (const key of present) {
      if (ahead.has(key) || aside.has(key)) continue
      const customer = stored.byId.get(byKey.get(key)?.toKey ?? "")
      if (customer === undefined)
        wrong.push(`${shop}: the checkpoint is past ${key}, who is not in the store`)
      // A list in pages says nothing of changes since a page was read.
      else if (shop === "hub" && outside.people[shop].textOf(customer) !== told.get(key)!.at(-1))
        wrong.push(
          `${shop}: the checkpoint is past the newest content of ${key}, which the store does not have`
        )
    }
  }
  wrong.push(...(yield* lookAtJournal(merchant, link, memory, records, shop === "hub")))
  return wrong
})

/** What of the store is at the vendor that it is mirrored to. */
const lookAtVendor = Effect.fnUntraced(function* (outside: Outside, memory: Memory, stored: Stored) {
  const wrong: Array<string> = []
  const merchant = outside.merchants.till
  const { everybody, textOf, told } = outside.people.till
  const repository = yield* SyncRepository
  const there = yield* everybody
  const byKey = new Map(there.map((one) => [String(one.id), one]))
  const written = there.filter(({ id }) => !told.has(String(id)))
  wrong.push(
    ...twice(
      "vendor: customer",
      written.map(({ lastName }) => lastName ?? "")
    ),
    ...twice(
      "vendor: external id",
      there.flatMap(({ externalIds }) => externalIds.map(({ key, system }) => `${system} ${key}`))
    )
  )
  const all = yield* recordsOf(merchant, links.up)
  wrong.push(
    ...(yield* lookAtJournal(merchant, links.up, memory, all, false)),
    ...twice(
      "up: a record to",
      all.map(({ toKey }) => toKey)
    )
  )
  const records = new Map(all.map((one) => [one.fromKey, one]))
  for (const { fromKey, toKey } of all) {
    if (!stored.byId.has(fromKey)) wrong.push(`up: the record of customer ${fromKey} names nobody`)
    if (!byKey.has(toKey) && !told.has(toKey))
      wrong.push(`up: the record of ${fromKey} names ${toKey}: nobody`)
  }
  const { checkpoint } = yield* repository.state(merchant, links.up)
  if (checkpoint === null) return wrong
  const letters = yield* repository.deadLetters(merchant, { link: links.up, after: 0, limit: 100_000 })
  const aside = new Set(letters.map(({ key }) => key))
  const ahead = yield* toldAfter(yield* makeStoreSource(merchant), checkpoint)
  for (const customer of stored.customers) {
    const key = String(customer.id)
    if (ahead.has(key) || aside.has(key)) continue
    const record = records.get(key)
    const mirrored = byKey.get(record?.toKey ?? "")
    if (record === undefined) wrong.push(`up: the checkpoint is past customer ${key}, who has no record`)
    else if (mirrored === undefined) {
      // Its own tills may have removed it meanwhile.
      if (!told.has(record.toKey)) wrong.push(`up: customer ${key} is not at the vendor as ${record.toKey}`)
    } else if (deskKey(customer) !== null && textOf(mirrored) !== textOf(customer))
      wrong.push(`up: the vendor has ${textOf(mirrored)} where the store has ${textOf(customer)}`)
  }
  return wrong
})

/** Looks at the whole file; what is wrong, and how many local writes are stored. */
export const look = Effect.fnUntraced(function* (outside: Outside, memory: Memory) {
  const wrong: Array<string> = []
  const stored: Record<Shop, number> = { ...outside.acknowledged }
  for (const shop of ["hub", "till"] as const) {
    const store = yield* readStore(outside.merchants[shop])
    const desk = lookAtDesk(shop, outside.acknowledged[shop], store.customers, store.cards)
    stored[shop] = desk.stored
    wrong.push(
      ...desk.wrong,
      ...twice(
        `${shop}: external id`,
        store.customers.flatMap(({ externalIds }) => externalIds.map(({ key, system }) => `${system} ${key}`))
      ),
      ...twice(
        `${shop}: card`,
        store.cards.map(({ number }) => number)
      ),
      ...twice(
        `${shop}: customer`,
        store.customers.flatMap((one) => (deskKey(one) === null ? [] : [one.lastName ?? ""]))
      )
    )
    if (shop === "till") wrong.push(...(yield* lookAtVendor(outside, memory, store)))
    if (shop === "hub" || outside.bothWays) wrong.push(...(yield* lookAtMirror(shop, outside, memory, store)))
  }
  return { wrong, stored }
})

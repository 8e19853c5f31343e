/** Promises of the source, over the dialect's own server: everyone is read, and a reader that stops misses nothing. */
import { assert } from "@effect/vitest"
import {
  Cards,
  Checkpoint,
  type CustomerId,
  type CustomerRecord,
  Customers,
  type CustomerWithCards,
  type SourcePage,
  StoreId
} from "@tillbridge/domain"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { carriedInAnswers, type Field, textFields, valueAt } from "./DialectCarries.ts"
import { type DialectCapability, promise } from "./DialectCase.ts"
import { type EndOptions, mostPages, readEverything, sourceOf } from "./DialectEnds.ts"
import { load, recordsOf, townspeople } from "./DialectRecords.ts"
import { causeOf, openSite, overSockets, type Site, whileTimePasses } from "./DialectSite.ts"
import { listen } from "./DialectSocket.ts"
import type { Subject } from "./DialectSubject.ts"

const keyOfIn = ({ wire }: Subject) =>
  wire.keyOf ?? (({ customer }: CustomerWithCards) => String(customer.id))

/** Nothing, an empty list, or parts of which none is known. */
const isUnknown = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  (typeof value === "object" && Object.values(value).every((part) => part === null))

/** What is stored of a field and what was told of it agree; what is not known need not be told. */
const assertTold = (stored: CustomerWithCards, told: CustomerRecord, fields: ReadonlyArray<Field>) => {
  for (const { path } of fields) {
    const value = valueAt(stored.customer, path)
    if (isUnknown(value)) continue
    assert.deepStrictEqual(valueAt(told, path), value, `${path} of ${stored.customer.firstName}`)
  }
}

const everyoneOnce = Effect.fnUntraced(function* (subject: Subject, site: Site, options: EndOptions = {}) {
  const everyone = yield* load(site.store, site.merchant, townspeople)
  const fields = yield* carriedInAnswers(subject)
  const source = yield* sourceOf(subject, site, options)
  assert.strictEqual(
    source.capabilities.feed,
    subject.dialect.capabilities.feed,
    "the source's own feed kind"
  )
  const { changes, pages } = yield* readEverything(source)
  assert.deepStrictEqual(
    changes.map(({ source: { key } }) => key).sort(),
    everyone.map(keyOfIn(subject)).sort(),
    "the customers that were read"
  )
  assert.deepStrictEqual(
    pages.map(({ hasMore }) => hasMore),
    pages.map((_, index) => index < pages.length - 1),
    "hasMore of each page"
  )
  for (const { source: told } of changes)
    assert.strictEqual(told.system, source.system, "the system whose keys the source tells")
  for (const stored of everyone) {
    const change = changes.find(({ source: { key } }) => key === keyOfIn(subject)(stored))!
    assertTold(stored, change.customer, fields)
    if (!source.capabilities.carriesCards) continue
    assert.deepStrictEqual(
      change.cards.map(({ number }) => number),
      stored.cards.map(({ number }) => number),
      `cards of ${stored.customer.firstName}`
    )
  }
})

const overSocket = Effect.fnUntraced(function* (subject: Subject) {
  const site = yield* openSite(subject)
  const baseUrl = yield* listen(site.fetch)
  yield* everyoneOnce(subject, site, { http: overSockets, remote: { baseUrl } })
})

const resumes = Effect.fnUntraced(function* (subject: Subject) {
  const site = yield* openSite(subject)
  const everyone = (yield* load(site.store, site.merchant, townspeople)).map(keyOfIn(subject))
  const source = yield* sourceOf(subject, site)
  const { pages } = yield* readEverything(source)
  const keysOf = (some: typeof pages) =>
    some.flatMap(({ changes }) => changes.map(({ source: { key } }) => key))
  // A source that reads day by day has many pages, most of them empty.
  const telling = [...pages.entries()].filter(([, { changes, hasMore }]) => hasMore && changes.length > 0)
  for (const [index, { next }] of telling.slice(0, 8)) {
    // Another source, as after a restart: only the checkpoint is known.
    const rest = yield* readEverything(yield* sourceOf(subject, site), next)
    const missed = everyone.filter(
      (key) => !keysOf(pages.slice(0, index + 1)).includes(key) && !keysOf(rest.pages).includes(key)
    )
    assert.deepStrictEqual(missed, [], `missed by a reader that went on after page ${index + 1}`)
  }
  const seen = new Set<string>()
  let from: Checkpoint | null = null
  for (let step = 0; ; step++) {
    assert.isBelow(step, mostPages, "a reader that takes one page at a time never comes to an end")
    const [page]: ReadonlyArray<SourcePage> = yield* yield* whileTimePasses(
      Stream.runCollect(Stream.take(source.pages(from), 1))
    )
    if (page === undefined) break
    for (const { source: told } of page.changes) seen.add(told.key)
    from = page.next
    if (!page.hasMore) break
  }
  assert.deepStrictEqual([...seen].sort(), [...everyone].sort(), "read by taking one page at a time")
})

const garbage = [
  "",
  " ",
  "0",
  "-1",
  "1",
  "1e309",
  "null",
  "{}",
  "[]",
  "NaN",
  "p1.999999999.3.",
  "f1.1.99999999",
  "9999-99-99T99:99:99Z",
  "../../etc/passwd",
  "'; drop table customers; --",
  "&checkpoint=1#%00",
  "\u0001\u202e👩‍👩‍👧",
  "x".repeat(20_000)
]

const survivesGarbage = Effect.fnUntraced(function* (subject: Subject) {
  const site = yield* openSite(subject)
  yield* load(site.store, site.merchant, townspeople)
  const source = yield* sourceOf(subject, site)
  const { pages } = yield* readEverything(source)
  const bent = pages.flatMap(({ next }) => [
    next.slice(0, next.length / 2),
    `${next}${next}`,
    `${next}0`,
    next.replace(/[0-9]/g, "9"),
    next.replace(/[0-9]/g, "")
  ])
  for (const text of [...garbage, ...bent]) {
    const exit = yield* Effect.exit(readEverything(source, Checkpoint.make(text)))
    if (Exit.isSuccess(exit)) continue
    assert.isFalse(
      Cause.hasDies(exit.cause) || Cause.hasInterrupts(exit.cause),
      `the checkpoint ${JSON.stringify(text.slice(0, 60))} is neither refused nor read, but ${causeOf(exit)}`
    )
  }
})

/** Changes the store while somebody reads it: one who was read, one who was not, a new one, and one less. */
const upset = Effect.fnUntraced(function* (
  site: Site,
  read: CustomerId,
  unread: CustomerId,
  gone: CustomerId
) {
  const { merchant, store } = site
  const customers = Context.get(store, Customers)
  yield* TestClock.adjust("1 second")
  for (const id of [read, unread]) {
    yield* customers.save(merchant.id, {
      references: [{ by: "id", id }],
      createIfMissing: false,
      patch: { firstName: "Changed", lastName: "Changed", company: { name: "Changed" } },
      actor: null
    })
  }
  yield* TestClock.adjust("1 second")
  const now = yield* DateTime.now
  const made = yield* customers.save(merchant.id, {
    references: [],
    createIfMissing: true,
    patch: { firstName: "New", registeredAt: now },
    actor: null
  })
  yield* Context.get(store, Cards).save(merchant.id, {
    search: [],
    createIfMissing: true,
    patch: { number: "9900000000099", registeredAt: now, registeredIn: StoreId.make(1) },
    owner: { by: "id", id: made.entity.id },
    actor: null
  })
  yield* customers.remove(merchant.id, { by: "id", id: gone })
  yield* TestClock.adjust("1 second")
})

const follows = Effect.fnUntraced(function* (subject: Subject) {
  const site = yield* openSite(subject)
  const before = yield* load(site.store, site.merchant, townspeople)
  const keyOf = keyOfIn(subject)
  const source = yield* sourceOf(subject, site)
  let gone = ""
  const first = yield* readEverything(source, null, ({ changes }) =>
    Effect.suspend(() => {
      const told = new Set(changes.map(({ source: { key } }) => key))
      const readOnes = before.filter((record) => told.has(keyOf(record)))
      const unread = before.find((record) => !told.has(keyOf(record))) ?? before.at(-1)!
      const removed = readOnes.length > 1 ? readOnes[0]! : before[1]!
      const read = readOnes.at(-1) ?? before[0]!
      gone = keyOf(removed)
      return upset(site, read.customer.id, unread.customer.id, removed.customer.id)
    })
  )
  const keysOfFirst = new Set(first.changes.map(({ source: { key } }) => key))
  const missed = before.map(keyOf).filter((key) => key !== gone && !keysOfFirst.has(key))
  assert.deepStrictEqual(missed, [], "missed in the pass during which the store changed")

  yield* TestClock.adjust("1 second")
  const second = yield* readEverything(source, first.pages.at(-1)!.next)
  const newest = new Map([...first.changes, ...second.changes].map((change) => [change.source.key, change]))
  const carried = yield* carriedInAnswers(subject)
  const texts = carried.filter(({ path }) => textFields.some((field) => field.path === path))
  for (const stored of yield* recordsOf(site.store, site.merchant)) {
    const change = newest.get(keyOf(stored))
    if (change === undefined) return assert.fail(`${stored.customer.firstName} was never told`)
    // A window of registrations tells who came, not who changed.
    if (source.capabilities.feed !== "window") assertTold(stored, change.customer, texts)
  }
})

export const sourceCases = (): DialectCapability => ({
  name: "the source",
  cases: [
    promise("the source reads every customer of the server once, with what they have", (subject) =>
      Effect.flatMap(openSite(subject), (site) => everyoneOnce(subject, site))
    ),
    promise("it does so over a real socket", overSocket),
    promise("a reader that goes on at a checkpoint misses nobody, whichever page it stopped after", resumes),
    promise("a checkpoint that is not its own is refused or read, without a crash", survivesGarbage),
    promise("a reader that follows while customers change misses none of them", follows)
  ]
})

/** Promises of what a source tells of one record: when it was changed, and what becomes of one that cannot be read. */
import { assert } from "@effect/vitest"
import type { CustomerChange, CustomerWithCards, UnreadableRecord } from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as TestClock from "effect/testing/TestClock"
import { plain } from "./Case.ts"
import { type DialectCapability, promise } from "./DialectCase.ts"
import { readEverything, sourceOf } from "./DialectEnds.ts"
import { load, townspeople } from "./DialectRecords.ts"
import { type Answering, answeredBy, openSite, type Site } from "./DialectSite.ts"
import type { SpoiledRecord, Subject } from "./DialectSubject.ts"

const isNothing = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  (typeof value === "object" && Object.values(value).every(isNothing))

const saying = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(saying)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, part]) => (isNothing(part) ? [] : [[name, saying(part)]]))
  )
}

/** A change without what it says of nothing: whether a vendor's other records have a field is not always known. */
export const essence = (change: CustomerChange): unknown => saying(plain(change))

const modifiedAt = Effect.fnUntraced(function* (subject: Subject) {
  const site = yield* openSite(subject)
  yield* TestClock.adjust("90 minutes")
  const everyone = yield* load(site.store, site.merchant, townspeople)
  const newest = ({ cards, customer }: CustomerWithCards) =>
    Math.max(...[customer, ...cards].map(({ updatedAt }) => updatedAt.epochMilliseconds))
  const source = yield* sourceOf(subject, site)
  const { changes } = yield* readEverything(source)
  const keyOf = subject.wire.keyOf ?? (({ customer }: CustomerWithCards) => String(customer.id))
  for (const record of everyone) {
    const told = changes.find(({ source: { key } }) => key === keyOf(record))?.modifiedAt
    if (subject.tellsModifiedAt !== true && told === undefined) continue
    if (told === undefined) return assert.fail(`${record.customer.firstName}: the last change is not told`)
    // Vendors' stamps have whole seconds, and some count a card's change as one of its owner.
    const earliest = Math.floor(record.customer.updatedAt.epochMilliseconds / 1_000) * 1_000
    assert.isAtLeast(told.epochMilliseconds, earliest, `the last change of ${record.customer.firstName}`)
    assert.isAtMost(told.epochMilliseconds, newest(record), `the last change of ${record.customer.firstName}`)
  }
})

/** The site's answers with one record spoiled wherever it comes. */
const spoiled =
  (site: Site, { spoil }: SpoiledRecord, key: string): Answering =>
  async (request) => {
    const response = await site.fetch(request)
    const text = await response.text()
    const headers = new Headers(response.headers)
    headers.delete("content-length")
    return new Response(spoil(text, key), { status: response.status, headers })
  }

/** What of a customer may not be shown: texts long enough to be nobody else's. */
const valuesOf = (value: unknown): ReadonlyArray<string> => {
  if (typeof value === "string") return value.length > 3 ? [value] : []
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(valuesOf) : []
}

const assertUnreadable = (record: UnreadableRecord, bad: CustomerChange) => {
  if (record.source !== null)
    assert.deepStrictEqual(record.source, bad.source, "whom the unreadable record is of")
  assert.isNotEmpty(record.reason, "the reason")
  for (const value of valuesOf([bad.customer, bad.cards.map(({ number }) => number)]))
    assert.notInclude(record.reason, value, "the reason tells a value")
}

const oneBadRecord = Effect.fnUntraced(function* (subject: Subject) {
  const { spoiledRecord } = subject
  if (spoiledRecord === undefined) return assert.fail("the subject does not say how a record is spoiled")
  const site = yield* openSite(subject)
  yield* load(site.store, site.merchant, townspeople)
  const { changes: good } = yield* readEverything(yield* sourceOf(subject, site))
  const bad = good.filter(({ cards }) => cards.length < 2)[1]
  if (bad === undefined) return assert.fail("nobody to spoil")
  const http = answeredBy(spoiled(site, spoiledRecord, bad.source.key))
  const source = yield* sourceOf(subject, site, { http })
  const { changes, pages } = yield* readEverything(source)
  const others = good.filter((change) => change !== bad)
  assert.deepStrictEqual(changes.map(essence), others.map(essence), "the other customers")
  const unreadable = pages.flatMap((page) => page.unreadable ?? [])
  const [record] = unreadable
  if (record === undefined) return assert.fail("the record that cannot be read is lost")
  for (const one of unreadable) {
    assertUnreadable(one, bad)
    const again = source.reread(one.payload)
    assert.deepStrictEqual(again, Result.fail(one), "read again as it was")
  }
  const mended = Result.map(source.reread(spoiledRecord.mend(record.payload)), essence)
  assert.deepStrictEqual(mended, Result.succeed(essence(bad)), "read again once it can be read")
})

const notSpoiled = ({ spoiledRecord }: Subject): string | null =>
  spoiledRecord === undefined ? "the subject does not say how a record is spoiled" : null

export const toldCases = (): DialectCapability => ({
  name: "what the source tells of one record",
  cases: [
    promise("the last change that it tells is the one of the customer", modifiedAt),
    promise(
      "a record that cannot be read is told beside the others, without its values, and is read again once it can be",
      oneBadRecord,
      notSpoiled
    )
  ]
})

/** Promises of a destination about customers that are there already: who is found, written by their key, and removed. */
import { assert } from "@effect/vitest"
import { type CustomerChange, type CustomerDestination, type LookUp, SourceError } from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import { type DialectCapability, promise, takesNoWrites } from "./DialectCase.ts"
import { destinationOf, readEverything, sourceOf } from "./DialectEnds.ts"
import { load, recordsOf, townspeople } from "./DialectRecords.ts"
import { openSite } from "./DialectSite.ts"
import type { Subject } from "./DialectSubject.ts"
import { essence } from "./DialectTold.ts"

type Destination = CustomerDestination["Service"]
type Way = LookUp["by"]

const ways: ReadonlyArray<Way> = ["key", "externalId", "card", "phone", "email"]

/** What each way asks by to find this customer. */
const asksFor = (change: CustomerChange, destination: Destination): ReadonlyArray<LookUp> => {
  const { cards, customer, source } = change
  const text = (by: "card" | "phone" | "email", value: string | null | undefined): Array<LookUp> =>
    value == null ? [] : [{ by, value }]
  return [
    { by: "key", key: source.key },
    { by: "externalId", externalId: { system: destination.system, key: source.key } },
    ...(customer.externalIds ?? []).map((externalId): LookUp => ({ by: "externalId", externalId })),
    ...cards.flatMap(({ number }) => text("card", number)),
    ...text("phone", customer.phone),
    ...text("email", customer.email)
  ]
}

/** What nobody is known by. */
const nobody: Readonly<Record<Way, LookUp>> = {
  key: { by: "key", key: "987654321" },
  externalId: { by: "externalId", externalId: { system: "SHOP", key: "nobody's" } },
  card: { by: "card", value: "9911111111111" },
  phone: { by: "phone", value: "+99911111111" },
  email: { by: "email", value: "nobody@example.test" }
}

const shownOf = (by: LookUp): string => JSON.stringify(by)

const finds = Effect.fnUntraced(function* (subject: Subject) {
  const site = yield* openSite(subject)
  yield* load(site.store, site.merchant, townspeople)
  const { changes } = yield* readEverything(yield* sourceOf(subject, site))
  const destination = yield* destinationOf(subject, site)
  const byKey = new Map(changes.map((change) => [change.source.key, change]))
  for (const change of changes) {
    for (const by of asksFor(change, destination)) {
      if (!destination.lookUps.includes(by.by)) continue
      const found = yield* destination.lookUp(by)
      const keys = found.map(({ source }) => source.key)
      assert.include(keys, change.source.key, `found by ${shownOf(by)}`)
      // Several people may have one phone; a key, an external id and a card are one person's.
      if (by.by !== "phone" && by.by !== "email") assert.lengthOf(found, 1, `found by ${shownOf(by)}`)
      for (const one of found) {
        const told = byKey.get(one.source.key)
        assert.deepStrictEqual(essence(one), told && essence(told), `as told by ${shownOf(by)}`)
      }
    }
  }
  for (const way of ways) {
    if (destination.lookUps.includes(way)) {
      assert.deepStrictEqual(yield* destination.lookUp(nobody[way]), [], `nobody, by ${way}`)
      continue
    }
    const error = yield* Effect.flip(destination.lookUp(nobody[way]))
    assert.isTrue(
      error instanceof SourceError && error.reason._tag === "Refused",
      `by ${way}, which it lacks`
    )
  }
})

const writesByKey = Effect.fnUntraced(function* (subject: Subject) {
  const site = yield* openSite(subject)
  const before = yield* load(site.store, site.merchant, townspeople)
  const { changes } = yield* readEverything(yield* sourceOf(subject, site))
  const destination = yield* destinationOf(subject, site)
  const { key } = changes[1]!.source
  const own = { system: destination.system, key }
  const customer = {
    firstName: "Known",
    lastName: "Already",
    email: "known@example.test",
    company: { name: "Known" }
  }
  for (const change of [
    { source: { system: "elsewhere", key: "41" }, customer: { ...customer, externalIds: [own] }, cards: [] },
    { source: own, customer, cards: [] }
  ]) {
    const written = yield* destination.putCustomer(change)
    assert.deepStrictEqual(written, { key, isNew: false }, "the customer whose key is known")
    const after = yield* recordsOf(site.store, site.merchant)
    assert.lengthOf(after, before.length, "customers in the store")
  }
  const { changes: now } = yield* readEverything(yield* sourceOf(subject, site))
  const told = now.find((change) => change.source.key === key)
  assert.include(JSON.stringify(told?.customer), "Known", "what was written")
})

const removes = Effect.fnUntraced(function* (subject: Subject) {
  const site = yield* openSite(subject)
  yield* load(site.store, site.merchant, townspeople)
  const { changes } = yield* readEverything(yield* sourceOf(subject, site))
  const destination = yield* destinationOf(subject, site)
  const keysOf = (some: ReadonlyArray<CustomerChange>) => some.map(({ source }) => source.key).sort()
  const [gone, ...others] = changes
  for (const what of ["removed", "removed once more"]) {
    yield* destination.removeCustomer(gone!.source.key)
    const { changes: left } = yield* readEverything(yield* sourceOf(subject, site))
    assert.deepStrictEqual(keysOf(left), keysOf(others), what)
  }
})

const refusesToRemove = Effect.fnUntraced(function* (subject: Subject) {
  const site = yield* openSite(subject)
  yield* load(site.store, site.merchant, townspeople)
  const { changes } = yield* readEverything(yield* sourceOf(subject, site))
  const destination = yield* destinationOf(subject, site)
  const before = yield* site.everything
  const error = yield* Effect.flip(destination.removeCustomer(changes[0]!.source.key))
  assert.strictEqual(error.reason._tag, "Refused", "a removal that the vendor has no call for")
  assert.deepStrictEqual(yield* site.everything, before, "the store after it")
})

const canRemove = ({ dialect }: Subject): boolean => dialect.capabilities.canDeleteCustomer

export const lookUpCases = (): DialectCapability => ({
  name: "customers that are there already",
  cases: [
    promise(
      "whom the destination looks up is told as the source tells them; nobody is an empty list, a way it lacks is refused",
      finds,
      takesNoWrites
    ),
    promise(
      "a customer who has a key of the destination's own is written under it",
      writesByKey,
      takesNoWrites
    ),
    promise("a customer is removed by the key, and once more is no failure", removes, (subject) =>
      canRemove(subject) ? takesNoWrites(subject) : "customers cannot be removed at this vendor"
    ),
    promise("a removal that the vendor has no call for is refused", refusesToRemove, (subject) =>
      canRemove(subject) ? "customers can be removed at this vendor" : takesNoWrites(subject)
    )
  ]
})

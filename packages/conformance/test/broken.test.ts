import { assert, describe, it } from "@effect/vitest"
import {
  CardRepository,
  ChangeFeed,
  CredentialRepository,
  CustomerRepository,
  MerchantRepository,
  type Repositories,
  UnitOfWork
} from "@tillbridge/domain"
import { BigDecimal, DateTime, Effect, type Layer } from "effect"
import {
  type Break,
  broken,
  customersLoading,
  eachText,
  feedThat,
  orOfAnother,
  withoutFilter
} from "./breaking.ts"
import { breaksOfModified } from "./breaksOfModified.ts"
import { breaksOfSync } from "./breaksOfSync.ts"
import { failuresOf, storeCapabilities } from "../src/index.ts"

const nothing = "every case must pass"

const breaks: ReadonlyArray<Break> = [
  ["trims text", eachText((text) => text.trim()), "every text field of a customer"],
  [
    "turns a text that looks like a number into a number and back",
    eachText((text) => (/^[+-]?\d+(\.\d+)?$/.test(text) ? String(Number(text)) : text)),
    "every text field of a customer"
  ],
  ["normalises accents", eachText((text) => text.normalize("NFC")), "any well-formed text"],
  [
    "cuts notes at 16,383 characters",
    customersLoading((c) => ({ ...c, notes: c.notes?.slice(0, 16_383) ?? null })),
    "20,000"
  ],
  [
    "keeps money as a binary fraction",
    customersLoading((c) => ({
      ...c,
      accumulatedSales: BigDecimal.fromStringUnsafe(String(Number(BigDecimal.format(c.accumulatedSales))))
    })),
    "money is exact"
  ],
  [
    "cuts milliseconds",
    customersLoading((c) => ({
      ...c,
      createdAt: DateTime.makeUnsafe(Math.floor(c.createdAt.epochMilliseconds / 1_000) * 1_000)
    })),
    "instants keep their milliseconds"
  ],
  ["drops the extensions", customersLoading((c) => ({ ...c, extensions: {} })), "extensions"],
  [
    "keeps the writes of a failed unit",
    broken(UnitOfWork, () => ({ atomically: (effect) => effect })),
    "a unit that fails at its end leaves nothing"
  ],
  [
    "keeps the writes of an interrupted unit",
    broken(UnitOfWork, (good) => ({
      atomically: (effect) =>
        Effect.uninterruptibleMask((restore) =>
          Effect.flatMap(good.atomically(Effect.exit(restore(effect))), (exit) => exit)
        )
    })),
    "interrupted from outside"
  ],
  [
    "gives another merchant's customer to whoever knows its external id",
    broken(CustomerRepository, (good) => ({
      owners: (merchant, ids) => orOfAnother(merchant, (one) => good.owners(one, ids))
    })),
    "a new merchant sees nothing of another"
  ],
  [
    "lists another merchant's cards",
    broken(CardRepository, (good) => ({
      list: (merchant, window) => orOfAnother(merchant, (one) => good.list(one, window))
    })),
    "a new merchant sees nothing of another"
  ],
  [
    "lists another merchant's groups",
    broken(MerchantRepository, (good) => ({
      entries: (merchant, directory) => orOfAnother(merchant, (one) => good.entries(one, directory))
    })),
    "a new merchant sees nothing of another"
  ],
  [
    "reads another merchant's feed",
    broken(ChangeFeed, (good) => ({
      read: (merchant, after, limit) => orOfAnother(merchant, (one) => good.read(one, after, limit))
    })),
    "a new merchant sees nothing of another"
  ],
  [
    "lists another merchant's credentials",
    broken(CredentialRepository, (good) => ({ list: () => good.list(null) })),
    "a new merchant sees nothing of another"
  ],
  [
    "forgets a tombstone",
    feedThat((changes) => changes.filter(({ _tag }) => _tag !== "CustomerRemoved")),
    "stays in the feed as removed"
  ],
  ["tells the newest change first", feedThat((changes) => [...changes].reverse()), "positions ascend"],
  [
    "leaves out the last change of a full page",
    feedThat((changes, limit) => changes.slice(0, limit - 1)),
    "pages of any size"
  ],
  [
    "shows a change only after later ones have been read",
    broken(ChangeFeed, (good) => {
      const shownBefore = new Set<string>()
      return {
        read: (merchant, after, limit) =>
          Effect.map(good.read(merchant, after, limit), (changes) =>
            changes.filter(({ position }, index) => {
              const name = `${merchant} ${position}`
              const isLate = position % 5 === 0 && index < changes.length - 1 && !shownBefore.has(name)
              shownBefore.add(name)
              return !isLate
            })
          )
      }
    }),
    "a reader that follows the feed"
  ],
  [
    "gives positions out of order",
    broken(ChangeFeed, (good) => ({
      claim: (merchant, claim) =>
        Effect.map(good.claim(merchant, claim), (claimed) => ({
          ...claimed,
          position: (claimed.position ^ 1) as typeof claimed.position
        }))
    })),
    "positions ascend"
  ],
  [
    "shows the writes of a unit that is still open",
    // Each write is committed on its own, and a failed unit is not undone: what a store without transactions does.
    broken(UnitOfWork, () => ({ atomically: (effect) => effect })),
    "nobody outside sees the writes"
  ],
  ...(["id", "externalId", "phone", "email", "hasPhone", "hasEmail"] as const).map(
    (name) =>
      [`ignores the filter ${name}`, withoutFilter(name), "whatever is written in whatever order"] as const
  ),
  [
    "finds e-mail addresses by exact letter case",
    broken(CustomerRepository, (good) => ({
      refs: (merchant, filter, window) =>
        Effect.gen(function* () {
          const refs = yield* good.refs(merchant, filter, window)
          if (filter.email === undefined) return refs
          const found = yield* good.getMany(
            merchant,
            refs.map(({ id }) => id)
          )
          return refs.filter(({ id }) => found.some((one) => one.id === id && one.email === filter.email))
        })
    })),
    "an e-mail finds in any letter case"
  ],
  [
    "starts a window after an id with that id",
    broken(CustomerRepository, (good) => ({
      refs: (merchant, filter, window) =>
        good.refs(
          merchant,
          filter,
          "after" in window && window.after !== null
            ? { ...window, after: (window.after - 1) as typeof window.after }
            : window
        )
    })),
    "windows of either kind"
  ],
  [
    "says nothing when an external id is taken",
    broken(CustomerRepository, (good) => ({
      put: (merchant, writes) =>
        Effect.catchTag(good.put(merchant, writes), "AlreadyTaken", () => Effect.void)
    })),
    "an external id of another customer is refused"
  ],
  [
    "makes a group twice",
    broken(MerchantRepository, (good) => ({
      addEntry: (merchant, directory, name) =>
        Effect.flatMap(good.entries(merchant, directory), (entries) =>
          Effect.map(good.addEntry(merchant, directory, `${name}${entries.length}`), (entry) => ({
            ...entry,
            name
          }))
        )
    })),
    "is made once however often"
  ],
  [
    "includes the end of a period",
    broken(CardRepository, (good) => ({
      registered: (merchant, period, stores, window) =>
        good.registered(
          merchant,
          { ...period, until: DateTime.makeUnsafe(period.until.epochMilliseconds + 1) },
          stores,
          window
        )
    })),
    "a period has its first millisecond"
  ],
  [
    "lists a period by id",
    broken(CardRepository, (good) => ({
      registered: (merchant, period, stores, window) =>
        Effect.map(good.registered(merchant, period, stores, window), (cards) =>
          cards.toSorted((a, b) => a.id - b.id)
        )
    })),
    "a period lists by registration"
  ],
  [
    "goes on after an instant, not after a card",
    broken(CardRepository, (good) => ({
      registered: (merchant, period, stores, { after, limit }) =>
        good.registered(merchant, period, stores, {
          after: after && { ...after, id: Number.MAX_SAFE_INTEGER as typeof after.id },
          limit
        })
    })),
    "windows of any size give each card once"
  ],
  [
    "forgets that a credential was revoked",
    broken(CredentialRepository, () => ({ revoke: () => Effect.succeed(true) })),
    "a revoked credential says so"
  ]
]

const failing = (layer: Layer.Layer<Repositories>, only: string) => {
  const cases = storeCapabilities({ runs: 60, shrink: false, patience: 200, seed: 20261122 })
    .flatMap((capability) => capability.cases)
    .filter(({ title }) => only === nothing || title.includes(only))
  assert.isNotEmpty(cases, `no case is called ${only}`)
  return Effect.provide(failuresOf(cases), layer, { local: true })
}

describe("the kit goes red on a store that", () => {
  for (const [title, layer, expected] of [...breaks, ...breaksOfModified, ...breaksOfSync]) {
    it.live(
      title,
      () => Effect.map(failing(layer, expected), (failures) => assert.isNotEmpty(failures)),
      60_000
    )
  }
})

describe("the kit stays green on a store that", () => {
  it.live(
    "is wrapped in the same way and changes nothing",
    () =>
      Effect.map(
        failing(
          broken(CustomerRepository, () => ({})),
          nothing
        ),
        (failures) => assert.deepStrictEqual(failures, [])
      ),
    60_000
  )
})

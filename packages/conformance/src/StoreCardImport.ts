/** Batches of cards, written through the domain's service on the store's repositories. */
import { assert } from "@effect/vitest"
import {
  AlreadyTaken,
  type CardImport,
  type CardImportOutcome,
  Cards,
  type CardPatch,
  type CustomerId,
  type MerchantId,
  type Repositories
} from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { type Capability, plain, randomCase, type Settings, testCase } from "./Case.ts"
import { modified } from "./ModifiedReader.ts"
import type { Random } from "./Random.ts"
import {
  addCard,
  addCards,
  addCustomer,
  addCustomers,
  allChanges,
  changeCards,
  idsOf,
  inUnit,
  makeMerchant
} from "./Records.ts"

const withCards = <A, E, R>(body: (cards: Cards["Service"]) => Effect.Effect<A, E, R>) =>
  Effect.provide(Effect.flatMap(Cards, body), Cards.layer, { local: true })

const importing = (merchant: MerchantId, batch: ReadonlyArray<CardImport>) =>
  withCards((cards) => cards.importBatch(merchant, batch, null))

/** A batch of one card, through the service that saves single cards. */
const saving = (merchant: MerchantId, { card, owner }: CardImport) =>
  withCards((cards) => {
    const { customerId: _theirs, ...patch } = card.patch
    return cards.save(merchant, {
      search: [
        { by: "number", number: card.number },
        ...(patch.externalIds ?? []).map((externalId) => ({ by: "externalId" as const, externalId }))
      ],
      createIfMissing: true,
      patch: { ...patch, number: card.number },
      ...(card.typeName === null ? {} : { type: { name: card.typeName } }),
      ...(owner === undefined ? {} : { owner: owner && { by: "id", id: owner } }),
      actor: null
    })
  })

const listed = (merchant: MerchantId) =>
  withCards((cards) => cards.list(merchant, { after: null, limit: 1_000 }))

/** Without what tells when and in which order it was written. */
const contents = (merchant: MerchantId) =>
  Effect.map(listed(merchant), (cards) =>
    cards.map(({ activatedAt, blockedAt, createdAt: _made, registeredAt: _registered, ...card }) => ({
      ...(plain({ ...card, version: 0, updatedAt: 0 }) as object),
      isActivated: activatedAt !== null,
      isBlocked: blockedAt !== null
    }))
  )

const record = (
  number: string,
  patch: CardPatch = {},
  typeName: string | null = null
): CardImport["card"] => ({
  number,
  patch,
  typeName
})

const tags = (outcomes: ReadonlyArray<CardImportOutcome>) => outcomes.map(({ _tag }) => _tag)

const refusals = (outcomes: ReadonlyArray<CardImportOutcome>) =>
  outcomes.map((outcome) => (outcome._tag === "Rejected" ? outcome.error._tag : null))

const nobody = 999 as CustomerId

const randomCard = (random: Random, owners: ReadonlyArray<CustomerId>): CardImport => {
  const externalIds = ["s", "t"].flatMap((system) =>
    random.chance(0.4) ? { system, key: `k${random.below(4)}` } : []
  )
  const patch: CardPatch = {
    ...(externalIds.length > 0 ? { externalIds } : {}),
    ...(random.chance(0.3) ? { status: random.pick(["new", "active", "blocked"] as const) } : {}),
    ...(random.chance(0.3) ? { barcode: random.pick([null, "X", "Y"]) } : {}),
    ...(random.chance(0.2) ? { customerId: random.pick([...owners, nobody]) } : {})
  }
  const card = record(`${random.below(6)}`, patch, random.pick([null, null, "Gold", "Silver"]))
  return random.chance(0.4) ? { card } : { card, owner: random.pick([null, ...owners, ...owners, nobody]) }
}

const people = (count: number) =>
  Effect.gen(function* () {
    const { id } = yield* makeMerchant()
    const made = yield* addCustomers(
      id,
      Array.from({ length: count }, () => ({}))
    )
    return { merchant: id, ids: made.map((customer) => customer.id) }
  })

const sameAsOneByOne = (random: Random) =>
  Effect.gen(function* () {
    const [one, other] = [yield* people(3), yield* people(3)]
    for (let round = 0; round < 3; round++) {
      const batch = Array.from({ length: random.integer(1, 12) }, () => randomCard(random, one.ids))
      const outcomes = yield* importing(one.merchant, batch)
      const saved: Array<string | null> = []
      for (const single of batch) {
        const exit = yield* Effect.exit(Effect.flip(saving(other.merchant, single)))
        saved.push(Exit.isSuccess(exit) ? (exit.value as { readonly _tag: string })._tag : null)
      }
      assert.deepStrictEqual(refusals(outcomes), saved)
      assert.deepStrictEqual(yield* contents(one.merchant), yield* contents(other.merchant))
    }
  })

const repeatingChangesNothing = (random: Random) =>
  Effect.gen(function* () {
    const { ids, merchant } = yield* people(3)
    // Each card is named by one record: where several name one, the earlier ones are changes again.
    const batch = Array.from({ length: 8 }, (_, index): CardImport => ({
      ...randomCard(random, ids),
      card: record(`n${index}`, { externalIds: [{ system: "s", key: `${index}` }], status: "active" }, "Gold")
    }))
    const first = yield* importing(merchant, batch)
    const [before, positions] = [yield* allChanges(merchant), yield* modified(merchant, {})]
    const again = yield* importing(merchant, batch)
    assert.deepStrictEqual(
      tags(again),
      tags(first).map((tag) => (tag === "Rejected" ? "Rejected" : "Unchanged"))
    )
    assert.deepStrictEqual(plain(yield* allChanges(merchant)), plain(before))
    assert.deepStrictEqual(plain(yield* modified(merchant, {})), plain(positions))
  })

export const cardImportCases = (settings: Settings): Capability<Repositories> => ({
  name: "batches of cards",
  cases: [
    randomCase(
      "a batch of cards is stored as the same cards saved one by one",
      settings,
      Math.max(4, Math.ceil(settings.runs / 3)),
      sameAsOneByOne
    ),
    randomCase(
      "repeating a batch of cards changes nothing",
      settings,
      Math.max(3, Math.ceil(settings.runs / 10)),
      repeatingChangesNothing
    ),
    testCase(
      "a card is matched by its number, then by its external ids, and keeps the owner that the batch does not name",
      Effect.gen(function* () {
        const { ids, merchant } = yield* people(2)
        const till = (key: string) => ({ system: "till", key })
        const old = yield* addCard(merchant, { number: "1", externalIds: [till("a")], customerId: ids[0]! })
        const outcomes = yield* importing(merchant, [
          { card: record("1", { status: "active", customerId: ids[1]! }) },
          { card: record("2", { externalIds: [till("a")] }) },
          { card: record("1", { externalIds: [till("b")] }), owner: ids[1]! },
          { card: record("3", { customerId: ids[1]! }) }
        ])
        assert.deepStrictEqual(tags(outcomes), ["Updated", "Updated", "Created", "Created"])
        const alone = yield* importing(merchant, [{ card: record("4", { externalIds: [till("a")] }) }])
        assert.deepStrictEqual(alone, [{ _tag: "Updated", id: old.id }])
        assert.deepStrictEqual(
          (yield* listed(merchant)).map(({ customerId, id, number, status }) => [
            id,
            number,
            status,
            customerId
          ]),
          [
            [old.id, "4", "active", ids[0]],
            [old.id + 1, "1", "new", ids[1]],
            [old.id + 2, "3", "new", null]
          ]
        )
      })
    ),
    testCase(
      "a card that cannot be stored is told at its place, and the others are stored",
      Effect.gen(function* () {
        const { ids, merchant } = yield* people(1)
        const till = (key: string) => ({ system: "till", key })
        yield* addCard(merchant, { number: "taken", externalIds: [till("taken")] })
        const outcomes = yield* importing(merchant, [
          { card: record("1"), owner: ids[0]! },
          { card: record("2"), owner: nobody },
          { card: record(" ") },
          { card: record("9".repeat(65)) },
          { card: record("1", { externalIds: [till("taken")] }) },
          { card: record("3", {}, "x".repeat(256)) },
          { card: record("4", {}, "Gold") }
        ])
        assert.deepStrictEqual(refusals(outcomes), [
          null,
          "UnknownReference",
          "InvalidField",
          "InvalidField",
          "AlreadyTaken",
          "InvalidField",
          null
        ])
        const cards = yield* listed(merchant)
        assert.deepStrictEqual(
          cards.map(({ number, type }) => [number, type?.name]),
          [
            ["taken", undefined],
            ["1", undefined],
            ["4", "Gold"]
          ]
        )
      })
    ),
    testCase(
      "whoever gets or loses a card by a batch counts as changed, each at a position of its own",
      Effect.gen(function* () {
        const { ids, merchant } = yield* people(5)
        const [anna, boris, clara, dora] = ids
        yield* addCard(merchant, { number: "moves", customerId: anna! })
        yield* addCard(merchant, { number: "goes", customerId: clara! })
        const before = (yield* modified(merchant, {})).at(-1)!.position
        yield* importing(merchant, [
          { card: record("moves"), owner: boris! },
          { card: record("goes"), owner: null },
          { card: record("new"), owner: dora! }
        ])
        const found = yield* modified(merchant, { after: before })
        assert.sameMembers(
          found.map(({ id }) => id),
          [anna, boris, clara, dora]
        )
        assert.strictEqual(new Set(found.map(({ position }) => position)).size, 4)
      })
    ),
    testCase(
      "700 cards in one batch are stored, each once",
      Effect.gen(function* () {
        const { ids, merchant } = yield* people(1)
        const batch = Array.from({ length: 700 }, (_, index): CardImport => ({
          card: record(`n${index}`, { externalIds: [{ system: "s", key: `${index}` }] }),
          owner: ids[0]!
        }))
        assert.deepStrictEqual(new Set(tags(yield* importing(merchant, batch))), new Set(["Created"]))
        assert.deepStrictEqual(new Set(tags(yield* importing(merchant, batch))), new Set(["Unchanged"]))
        assert.lengthOf(yield* listed(merchant), 700)
      })
    ),
    testCase(
      "cards that exchange their numbers in one write",
      Effect.gen(function* () {
        const { merchant } = yield* people(0)
        const cards = yield* Effect.forEach(["1", "2", "3"], (number) => addCard(merchant, { number }))
        const next = ["2", "3", "1"]
        yield* changeCards(
          merchant,
          cards.map((card, index) => [card, { number: next[index]! }])
        )
        assert.deepStrictEqual(
          (yield* listed(merchant)).map(({ number }) => number),
          next
        )
      })
    ),
    testCase(
      "a write of many of which the last has another's external id is refused whole",
      Effect.gen(function* () {
        const { ids, merchant } = yield* people(1)
        const named = (key: string) => ({ externalIds: [{ system: "s", key }] })
        const keys = [...Array.from({ length: 30 }, (_, index) => `new ${index}`), "taken"]
        yield* addCard(merchant, { number: "1", ...named("taken") })
        const anna = yield* addCustomer(merchant, named("taken"))
        const attempts = [
          ["customer external id", addCustomers(merchant, keys.map(named))],
          [
            "card external id",
            addCards(
              merchant,
              keys.map((key) => ({ number: `card ${key}`, ...named(key) }))
            )
          ]
        ] as const
        for (const [what, attempt] of attempts) {
          const error = yield* Effect.flip(attempt as Effect.Effect<unknown, unknown, Repositories>)
          assert.instanceOf(error, AlreadyTaken)
          assert.strictEqual((error as AlreadyTaken).what, what)
        }
        assert.deepStrictEqual(yield* idsOf(merchant), [ids[0], anna.id])
        assert.lengthOf(yield* listed(merchant), 1)
      })
    ),
    testCase(
      "a batch in a unit that fails leaves nothing",
      Effect.gen(function* () {
        const { ids, merchant } = yield* people(1)
        const before = yield* modified(merchant, {})
        yield* Effect.flip(
          inUnit(
            Effect.andThen(
              importing(merchant, [{ card: record("1", {}, "Gold"), owner: ids[0]! }]),
              Effect.fail("no")
            )
          )
        )
        assert.deepStrictEqual(yield* listed(merchant), [])
        assert.deepStrictEqual(yield* modified(merchant, {}), before)
      })
    )
  ]
})

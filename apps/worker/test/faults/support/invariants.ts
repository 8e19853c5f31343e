/** What holds after every fault, whatever it was. */
import { assert } from "@effect/vitest"
import type { Checkpoint } from "@tillbridge/domain"
import { Effect, Stream } from "effect"
import { DatabaseSync } from "node:sqlite"
import { link, type World } from "./world.ts"

export interface Allowed {
  /** Keys at the vendor of customers that were changed here: they may differ, and must still be as they were made. */
  readonly local?: ReadonlyMap<string, string>
  /** Runs of the link after the faults until both sides agree. */
  readonly cycles?: number
}

const keysFrom = (world: World, from: Checkpoint | null) =>
  Stream.runFold(
    world.remote().source.pages(from),
    () => new Set<string>(),
    (keys, { changes, unreadable }) => {
      for (const { source } of changes) keys.add(source.key)
      for (const { source } of unreadable ?? []) if (source !== null) keys.add(source.key)
      return keys
    }
  )

/** I4: whoever is not told from the checkpoint on is here. */
const checkpointNotAhead = Effect.fnUntraced(function* (world: World) {
  const { checkpoint } = yield* world.state
  const all = yield* keysFrom(world, null)
  const ahead = checkpoint === null ? all : yield* keysFrom(world, checkpoint)
  const here = yield* world.byKey
  const aside = new Set((yield* world.letters).map(({ key }) => key))
  const lost = [...all].filter((key) => !ahead.has(key) && !here.has(key) && !aside.has(key))
  assert.deepStrictEqual(lost, [], "I4: the checkpoint is ahead of what was written")
})

const rows = (world: World) =>
  Effect.gen(function* () {
    const everybody = yield* world.everybody()
    const owned = yield* Effect.orDie(
      world.cards.ofCustomers(
        world.merchant,
        everybody.map(({ id }) => id)
      )
    )
    return JSON.stringify([everybody, owned])
  })

/** I7: letters replayed twice change nothing the second time. */
const replayIsIdempotent = Effect.fnUntraced(function* (world: World) {
  const letters = yield* world.letters
  if (letters.length === 0) return
  const { size } = yield* world.byKey
  yield* world.replay(letters)
  world.replayed.push((yield* world.byKey).size - size)
  const once = yield* rows(world)
  yield* world.replay(yield* world.letters)
  assert.strictEqual(yield* rows(world), once, "I7: a second replay changed something")
})

/** I6: every record of every run was counted once. */
const accounted = Effect.fnUntraced(function* (world: World) {
  for (const { counts } of yield* world.journal) {
    const sum = counts.created + counts.updated + counts.unchanged + counts.kept + counts.deadLettered
    assert.strictEqual(counts.seen, sum, `I6: ${JSON.stringify(counts)}`)
  }
})

/** I1 and I3: as many as were made, each once, with each card once. */
const eachOnce = Effect.fnUntraced(function* (world: World) {
  const everybody = yield* world.everybody()
  const keys = everybody.flatMap(({ externalIds }) =>
    externalIds.filter(({ system }) => system === link.from).map(({ key }) => key)
  )
  assert.strictEqual(new Set(keys).size, keys.length, "I3: an external id stands twice")
  const journal = yield* world.journal
  const replayed = world.replayed.reduce((sum, count) => sum + count, 0)
  const made = journal.reduce((sum, { counts }) => sum + counts.created - counts.removed, replayed)
  assert.strictEqual(keys.length, made, "I1: not as many customers as were made")
  const owned = yield* Effect.orDie(
    world.cards.ofCustomers(
      world.merchant,
      everybody.map(({ id }) => id)
    )
  )
  const numbers = owned.map(({ number }) => number)
  assert.strictEqual(new Set(numbers).size, numbers.length, "I3: a card stands twice")
})

const wrote = ({
  cards,
  created,
  removed,
  updated
}: { [K in "cards" | "created" | "removed" | "updated"]: number }) => ({
  cards,
  created,
  removed,
  updated
})

const nothing = { cards: 0, created: 0, removed: 0, updated: 0 }

/** I5, I2 and I1 of edits: both sides agree soon, but for what was edited here, and then nothing moves any more. */
const converges = Effect.fnUntraced(function* (world: World, { cycles = 2, local = new Map() }: Allowed) {
  const differing = Effect.gen(function* () {
    const { found, summary } = yield* world.compare
    const rest = found.filter(({ key, sign }) => sign !== "*" || !local.has(key ?? ""))
    return { rest, summary }
  })
  for (let cycle = 1; ; cycle++) {
    yield* world.run()
    const { rest, summary } = yield* differing
    if (rest.length === 0) {
      assert.isAbove(summary.counts["="], 0, "nobody was compared")
      break
    }
    assert.isBelow(cycle, cycles, `I5: still different: ${JSON.stringify(rest.slice(0, 5))}`)
  }
  // Everything once more, as news; edits would be lost by that, by intent.
  const again = yield* world.run({ full: local.size === 0 })
  assert.deepStrictEqual(wrote(again.counts), nothing, "I4: reading again wrote something")
  const here = yield* world.byKey
  for (const [key, notes] of local) assert.strictEqual(here.get(key)?.notes, notes, "I2: an edit was lost")
})

/** I10: nobody's data and no secret in anything that was said. */
const nothingTold = Effect.fnUntraced(function* (world: World) {
  const journal = yield* world.journal
  const { paused } = yield* world.state
  const said = [
    ...world.heard(),
    ...journal.map(({ error }) => error ?? ""),
    paused ?? "",
    ...world.listed.map(({ key, kind, name, reason }) => `${kind} ${name} ${key} ${reason}`)
  ].join("\n")
  const told = (yield* world.site.secrets).filter((secret) => said.includes(secret))
  assert.deepStrictEqual(told, [], "I10")
})

/** I11. */
const fileIsWhole = (world: World) => {
  const database = new DatabaseSync(world.file, { readOnly: true })
  try {
    const found = database.prepare("PRAGMA integrity_check").all()
    assert.deepStrictEqual(JSON.parse(JSON.stringify(found)), [{ integrity_check: "ok" }], "I11")
  } finally {
    database.close()
  }
}

/** Those that can be asserted without reading anything from the vendor again. */
export const standing = Effect.fnUntraced(function* (world: World) {
  yield* accounted(world)
  yield* eachOnce(world)
  assert.strictEqual(yield* world.bystander, world.bystanderBefore, "I9: another merchant was touched")
  yield* nothingTold(world)
  fileIsWhole(world)
})

/** Ends the faults and asserts all that must hold. The world's remote is opened anew, as by a restart. */
export const invariants = Effect.fnUntraced(function* (world: World, allowed: Allowed = {}) {
  yield* world.site.sim.faults.clear
  yield* world.reopen
  world.listed.push(...(yield* world.letters))
  yield* accounted(world)
  yield* eachOnce(world)
  yield* checkpointNotAhead(world)
  yield* replayIsIdempotent(world)
  yield* converges(world, allowed)
  // One without a key may be of anybody: it waits for a person.
  const named = (yield* world.letters).filter(({ key }) => key !== null)
  assert.deepStrictEqual(named, [], "a dead letter stayed, although all is told well")
  yield* standing(world)
})

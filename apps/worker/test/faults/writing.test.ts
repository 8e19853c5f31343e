/** Faults of a vendor that is written to: nobody twice, nobody missing, and nothing said again that was said. */
import { assert, layer } from "@effect/vitest"
import { check, makeStoreSource, runLink } from "@tillbridge/sync"
import { Context, Effect, Layer } from "effect"
import { makeSite, type Site } from "./support/site.ts"
import { makeWorld, type World } from "./support/world.ts"

class Till extends Context.Service<Till, Site>()("Till") {}
class Feed extends Context.Service<Feed, Site>()("Feed") {}

const layerSites = Layer.mergeAll(
  Layer.effect(Till, makeSite({ dialect: "virtpos", customers: 1 })),
  Layer.effect(Feed, makeSite({ dialect: "polaris", customers: 1 }))
)

const out = { from: "store", to: "acme" } as const
const people = 12

let row = 0

/** Twelve customers of the store with a card each, whom no row before had. */
const fill = Effect.fnUntraced(function* ({ cards, customers, merchant }: World) {
  const first = ++row * 100
  for (let at = first; at < first + people; at++) {
    const { entity } = yield* customers.save(merchant, {
      references: [],
      createIfMissing: true,
      patch: {
        firstName: `Name ${at}`,
        lastName: "Ecureuil",
        mobilePhone: `+33677${String(at).padStart(6, "0")}`
      },
      actor: 1
    })
    yield* cards.save(merchant, {
      search: [],
      createIfMissing: true,
      patch: { number: String(3_100_000_000 + at), status: "active" },
      owner: { by: "id", id: entity.id },
      actor: 1
    })
  }
  return first
}, Effect.orDie)

const write = (world: World) =>
  Effect.gen(function* () {
    return yield* runLink({
      merchant: world.merchant,
      link: out,
      source: yield* makeStoreSource(world.merchant, `store${row}`),
      destination: world.remote().destination!,
      owner: "test"
    })
  }).pipe(world.listen, world.inStore)

const compare = (world: World) =>
  Effect.gen(function* () {
    const { counts, fields } = yield* check({
      merchant: world.merchant,
      link: out,
      first: yield* makeStoreSource(world.merchant, `store${row}`),
      second: world.remote().source
    })
    const different = fields.flatMap((told) => (told.different > 0 ? [told.field] : []))
    return { different, missing: counts["+"], found: counts["="] + counts["*"] }
  }).pipe(world.inStore)

/** Customers and cards of this row at the vendor. */
const there = Effect.fnUntraced(function* ({ sim }: Site, first: number) {
  const refs = yield* sim.customers.refs(sim.merchant.id, {}, { after: null, limit: 10_000 })
  const all = yield* sim.customers.getMany(
    sim.merchant.id,
    refs.map(({ id }) => id)
  )
  const own = all.filter(
    ({ firstName }) =>
      /^Name \d+$/.test(firstName ?? "") && Math.floor(Number(firstName!.slice(5)) / 100) * 100 === first
  )
  const cards = yield* sim.cards.ofCustomers(
    sim.merchant.id,
    own.map(({ id }) => id)
  )
  return {
    names: own.map(({ firstName }) => firstName).sort(),
    numbers: cards.map(({ number }) => number).sort()
  }
}, Effect.orDie)

const wanted = (first: number, carriesCards: boolean) => ({
  names: Array.from({ length: people }, (_, at) => `Name ${first + at}`).sort(),
  numbers: carriesCards
    ? Array.from({ length: people }, (_, at) => String(3_100_000_000 + first + at)).sort()
    : []
})

const rows: ReadonlyArray<readonly [string, ReadonlyArray<string>]> = [
  ["answers to writes get lost after they were carried out", ["reset=middle@every=3,op=write"]],
  ["503 and 429 now and then", ["status=503@every=4,op=write", "429=0@every=5,op=write"]],
  ["503 from the tenth write on", ["status=503@after=9,op=write"]],
  ["an answer that is a page for people", ["html@nth=6,op=write"]],
  ["answers that never come", ["blackhole@nth=5,op=write"]],
  ["a session or key that is good for nothing any more", ["401@nth=4,op=write"]]
]

layer(layerSites, { excludeTestServices: true })("writing", (it) => {
  const sites = { virtpos: Effect.service(Till), polaris: Effect.service(Feed) }
  for (const [what, site] of Object.entries(sites))
    for (const [name, faults] of rows)
      it.effect(`${what}: ${name}`, () =>
        Effect.gen(function* () {
          const world = yield* makeWorld(yield* site, { settings: `timeout = "500 millis"` })
          const first = yield* fill(world)
          yield* world.site.set(...faults)
          yield* Effect.exit(write(world))
          yield* world.site.sim.faults.clear
          yield* world.reopen
          const log = yield* Effect.orDie(world.repository.runs(world.merchant, out, 10))
          for (const { counts } of log)
            assert.strictEqual(
              counts.seen,
              counts.created + counts.updated + counts.unchanged + counts.kept + counts.deadLettered
            )
          yield* write(world)
          yield* write(world)
          assert.deepStrictEqual(yield* there(world.site, first), wanted(first, what === "virtpos"))
          assert.deepStrictEqual(yield* compare(world), {
            // Polaris tells cards and takes none: they are not compared there.
            different: [],
            missing: 0,
            found: people
          })
          const writes = () =>
            world.site.sim.requests.log().filter(({ operation }) => operation === "write").length
          const before = writes()
          yield* write(world)
          assert.strictEqual(writes(), before, "it was written once more")
          const said = world.heard().join("\n")
          const told = (yield* world.site.secrets).filter((secret) => said.includes(secret))
          assert.deepStrictEqual(told, [])
          assert.notInclude(said, "Ecureuil")
        }).pipe(Effect.scoped)
      )
})

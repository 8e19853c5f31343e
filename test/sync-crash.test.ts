/**
 * Programs that mirror two vendors while the shop's tills write, killed with `kill -9` at stages of a run and at any
 * moment; after each the file is looked at. `TILLBRIDGE_SEED` repeats what is chosen, not the machine's timing.
 */
import { afterAll, assert, describe, it } from "vitest"
import { Effect } from "effect"
import { seedOf } from "../packages/conformance/src/Random.ts"
import { bugs, type Bug, type Stage } from "./crash/plan.ts"
import { makePrograms } from "./crash/programs.ts"
import { makeWorld } from "./crash/world.ts"

const kills = Number(process.env["TILLBRIDGE_KILLS"] ?? 15)
const seed = seedOf()
/** Also mirrors back what is mirrored out of the store. */
const bothWays = process.env["TILLBRIDGE_BOTH_WAYS"] === "1"
/** Rounds between two times at which both sides are brought to agree. */
const EVERY = 50

const programs = makePrograms()
afterAll(() => programs.stop())

const median = (values: ReadonlyArray<number>): string =>
  values.length === 0 ? "-" : `${Math.round([...values].sort((a, b) => a - b)[values.length >> 1]!)} ms`

const again = (round: number) =>
  `round ${round} of seed ${seed}; again with TILLBRIDGE_SEED=${seed} TILLBRIDGE_KILLS=${round}`

describe("a mirror whose program is killed", () => {
  it(
    `keeps every promise through ${kills} kills from seed ${seed}`,
    { timeout: 60_000 + kills * 5_000 },
    () =>
      Effect.gen(function* () {
        const world = yield* makeWorld({ seed, programs, bothWays, bug: null })
        const at = new Map<string, number>()
        const opened: Array<number> = []
        const went: Array<number> = []
        for (let round = 1; round <= kills; round++) {
          const { ended, wrong } = yield* world.round()
          assert.deepStrictEqual(wrong, [], `${ended.at ?? "at any moment"}: ${again(round)}`)
          at.set(ended.at ?? "any moment", (at.get(ended.at ?? "any moment") ?? 0) + 1)
          if (ended.openMillis !== null) opened.push(ended.openMillis)
          if (ended.onMillis !== null) went.push(ended.onMillis)
          if (round % 100 === 0 && round < kills) console.log(`${round} of ${kills} kills`)
          if (round % EVERY === 0 || round === kills)
            assert.deepStrictEqual(yield* world.calm, [], `calm after ${again(round)}`)
        }
        const where = [...at].sort(([, a], [, b]) => b - a).map(([stage, count]) => `  ${count} ${stage}`)
        console.log(
          [
            `killed at:`,
            ...where,
            `restarts: open after ${median(opened)}, first page after ${median(went)} (a lease runs out first)`,
            `${kills} kills, seed ${seed}, ${world.written()} acknowledged writes: nothing lost, nothing twice, both sides agree`
          ].join("\n")
        )
      }).pipe(Effect.scoped, Effect.runPromise)
  )
})

/** At which stage a planted fault is caught soonest. */
const soonest: Record<Bug, Stage> = {
  "checkpoint before data": "rows written",
  "transactions in pieces": "rows written",
  "acknowledged before written": "local write begun",
  "records forgotten": "page committed",
  "made anew each time": "customer taken",
  "lease for ever": "lease taken"
}

describe("a fault planted into the program", () => {
  for (const bug of bugs)
    it(`is caught: ${bug}`, { timeout: 120_000 }, () =>
      Effect.gen(function* () {
        const world = yield* makeWorld({ seed, programs, bothWays, bug })
        const found: Array<string> = []
        for (let round = 0; found.length === 0 && round < 15; round++)
          found.push(...(yield* world.round(soonest[bug])).wrong)
        assert.isNotEmpty(found)
        console.log(`${bug}: ${found[0]}`)
      }).pipe(Effect.scoped, Effect.runPromise)
    )
})

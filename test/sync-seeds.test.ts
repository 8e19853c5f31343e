/** Simulated lives of a mirror, all faults on: a failing one is run again by `TILLBRIDGE_SEED=<its seed>`. */
import { assert, describe, it } from "vitest"
import { Effect } from "effect"
import { seedOf } from "../packages/conformance/src/Random.ts"
import { oneLife } from "./support/seedWorld.ts"

const lives = Number(process.env["TILLBRIDGE_LIVES"] ?? 40)
const first = seedOf()

describe("a mirror", () => {
  it(
    `keeps its promises through ${lives} lives from seed ${first} on`,
    { timeout: 60_000 + lives * 2_000 },
    async () => {
      for (let seed = first; seed < first + lives; seed++) {
        const { broken, log } = await Effect.runPromise(oneLife(seed))
        assert.deepStrictEqual(broken, [], `seed ${seed}:\n${log.join("\n")}`)
      }
    }
  )
})

/** Simulated lives of a mirror, all faults on: a failing one is run again by `TILLBRIDGE_SEED=<its seed>`. */
import { assert, describe, it } from "vitest"
import { Effect } from "effect"
import { seedOf } from "../packages/conformance/src/Random.ts"
import { oneLife } from "./support/seedWorld.ts"

const lives = Number(process.env["TILLBRIDGE_LIVES"] ?? 40)
const first = seedOf()

/** So many failures are told before a run of many lives gives up. */
const MOST = 5

describe("a mirror", () => {
  it(
    `keeps its promises through ${lives} lives from seed ${first} on`,
    { timeout: 60_000 + lives * 2_000 },
    async () => {
      const failed: Array<string> = []
      for (let seed = first; seed < first + lives && failed.length < MOST; seed++) {
        const { broken, log } = await Effect.runPromise(oneLife(seed))
        if (broken.length > 0)
          failed.push(
            `${broken.join("; ")}: again with TILLBRIDGE_SEED=${seed} TILLBRIDGE_LIVES=1\n${log.join("\n")}`
          )
      }
      assert.deepStrictEqual(failed, [], failed.join("\n\n"))
    }
  )
})

/** One row of a fault matrix: a first run that meets faults, how it ends, and everything that must hold afterwards. */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { type Allowed, invariants } from "./invariants.ts"
import type { Site } from "./site.ts"
import { makeWorld, reasonOf, type WorldOptions } from "./world.ts"

export interface Row {
  readonly name: string
  readonly faults: ReadonlyArray<string>
  /** "complete", or why the run fails. */
  readonly ends: string
  /** Customers that the run has written by then; everybody where it is complete. */
  readonly written?: number
  /** Requests that it makes at most. */
  readonly requests?: number
  readonly options?: WorldOptions
  readonly allowed?: Allowed
}

export const meets = Effect.fnUntraced(function* (site: Site, row: Row) {
  const world = yield* makeWorld(site, row.options)
  yield* site.set(...row.faults)
  const before = site.sim.requests.count()
  const ended = yield* world.run().pipe(
    Effect.as("complete"),
    Effect.catch((error) => Effect.succeed(reasonOf(error)))
  )
  const requests = site.sim.requests.count() - before
  const written = (yield* world.byKey).size
  const expected = row.written ?? (yield* site.ids).length
  assert.deepStrictEqual({ ended, written }, { ended: row.ends, written: expected })
  if (row.requests !== undefined) assert.isAtMost(requests, row.requests)
  yield* invariants(world, row.allowed)
})

/** The kit bites: each way to break a dialect turns the case red that speaks of it. */
import { assert, describe, it } from "@effect/vitest"
import { Customers } from "@tillbridge/domain"
import { Effect } from "effect"
import { dialectCapabilities, failuresOf, type Subject } from "../src/index.ts"
import { answering, codingRead, paging, standingOn, takingFor, writing } from "./breakingDialect.ts"
import { breaksOfEnds } from "./breaksOfEnds.ts"
import { breaksOfServer } from "./breaksOfServer.ts"
import { layerOf, toySubject } from "./toySubject.ts"

const failing = (subject: Subject, title: string) => {
  const cases = dialectCapabilities()
    .flatMap((capability) => capability.cases)
    .filter((one) => one.title.includes(title))
  assert.strictEqual(cases.length, 1, `one case is called ${title}`)
  return Effect.provide(failuresOf(cases), layerOf(subject))
}

describe("the kit goes red on a dialect that", () => {
  for (const [title, broken, expected] of [...breaksOfServer, ...breaksOfEnds]) {
    it.live(
      title,
      () =>
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* failing(toySubject, expected), [], "red without the break")
          assert.isNotEmpty(yield* failing(broken(toySubject), expected))
        }),
      60_000
    )
  }
})

describe("the kit stays green on a dialect that", () => {
  it.live(
    "is wrapped in the same ways and changes nothing",
    () => {
      const wrapped = [
        standingOn(Customers, () => ({})),
        answering(() => ({})),
        takingFor("HEAD", "HEAD"),
        paging((page) => page),
        writing(() => ({})),
        codingRead((told) => told)
      ].reduce((subject, wrap) => wrap(subject), toySubject)
      const cases = dialectCapabilities().flatMap((capability) => capability.cases)
      return Effect.map(Effect.provide(failuresOf(cases), layerOf(wrapped)), (failures) =>
        assert.deepStrictEqual(failures, [])
      )
    },
    60_000
  )
})

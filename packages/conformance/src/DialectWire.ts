/** Promises about what is said: the vendor's own examples, its calls, and its ways to choose customers. */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { assertGood, type DialectCapability, promise, shown, toldBy } from "./DialectCase.ts"
import { load, townspeople } from "./DialectRecords.ts"
import { openSite } from "./DialectSite.ts"
import type { Subject, WireExample } from "./DialectSubject.ts"

const holds = Effect.fnUntraced(function* (subject: Subject, example: WireExample) {
  const { ask, merchant, send, store } = yield* openSite(subject)
  yield* load(store, merchant, example)
  for (const [index, exchange] of example.exchanges.entries()) {
    const { as, body, headers = {}, request, status } = exchange
    const answer = yield* (as === "nobody" ? send : ask)(request)
    const what = `${example.mark} example "${example.title}" (${example.source}), exchange ${index + 1}`
    assert.strictEqual(answer.status, status, `${what}: ${shown(answer)}`)
    for (const name in headers) assert.strictEqual(answer.headers[name], headers[name], `${what}: ${name}`)
    if (typeof body === "string") assert.strictEqual(answer.text, body, what)
    else assert.match(answer.text, body, what)
  }
})

export const wireCases = (): DialectCapability => ({
  name: "what is said",
  cases: [
    promise("every example of the vendor gets the answer that it shows, to the letter", (subject) => {
      assert.isNotEmpty(subject.wire.examples, "there is no example")
      return Effect.forEach(subject.wire.examples, (example) => Effect.scoped(holds(subject, example)), {
        discard: true
      })
    }),

    promise(
      "a good request of each call succeeds; a write changes something, and nothing else does",
      (subject) =>
        Effect.forEach(
          subject.wire.calls,
          Effect.fnUntraced(function* ({ name, needs, request }) {
            const { ask, everything, merchant, send, store } = yield* openSite(subject)
            const [about] = yield* load(store, merchant, townspeople)
            const before = yield* everything
            assertGood(subject, yield* (needs === null ? send : ask)(request(about!)), name)
            const after = yield* everything
            if (needs === "read" || needs === null)
              assert.deepStrictEqual(after, before, `${name} changed something`)
            else assert.notDeepEqual(after, before, `${name} changed nothing`)
          }, Effect.scoped),
          { discard: true }
        )
    ),

    promise("each filter chooses exactly its customers", (subject) =>
      Effect.gen(function* () {
        const { ask, merchant, store } = yield* openSite(subject)
        const everyone = yield* load(store, merchant, townspeople)
        const keyOf = subject.wire.keyOf ?? (({ customer }) => String(customer.id))
        for (const { name, request, selects } of subject.wire.filters) {
          let asked = 0
          for (const wanted of everyone) {
            const asking = request(wanted)
            if (asking === null) continue
            asked++
            const expected = everyone.filter((candidate) => selects(candidate, wanted)).map(keyOf)
            assert.include(expected, keyOf(wanted), `the filter ${name} must select whom it asks for`)
            const told = toldBy(subject, yield* ask(asking), `the filter ${name}`)
            assert.deepStrictEqual(
              [...told].sort(),
              expected.sort(),
              `the filter ${name} for ${wanted.customer.firstName} (${asking.target})`
            )
          }
          assert.isAbove(asked, 0, `the filter ${name} was never asked for`)
        }
      })
    )
  ]
})

import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { Credentials } from "../src/index.ts"
import { chosen, open } from "./countedHash.ts"
import { makeMerchant } from "./support.ts"

const guess = (n: number) => Redacted.make(`tb_${String(n).padStart(43, "0")}`)

describe("guessing keys", () => {
  it.effect("does not make the callers with a good chosen key pay for its slow hash again", () =>
    Effect.gen(function* () {
      const { asked, services } = yield* open
      yield* Effect.gen(function* () {
        const credentials = yield* Credentials
        const merchant = yield* makeMerchant()
        yield* credentials.create(chosen(merchant.id, "MySecret"))
        for (let n = 0; n < 1_500; n++) yield* Effect.flip(credentials.authenticate("till", null, guess(n)))
        yield* TestClock.adjust("1 minute")
        const before = asked.times
        yield* credentials.authenticate("till", null, Redacted.make("MySecret"))
        assert.strictEqual(asked.times, before)
      }).pipe(Effect.provide(services))
    })
  )

  it.effect("with chosen-looking keys fills a short queue, and what is beyond it is told to come again", () =>
    Effect.gen(function* () {
      const { held, services } = yield* open
      yield* Effect.gen(function* () {
        const credentials = yield* Credentials
        const merchant = yield* makeMerchant()
        yield* credentials.create(chosen(merchant.id, "MySecret"))
        held.gate = yield* Deferred.make<void>()
        const guesses = yield* Effect.forEach(
          Array.from({ length: 40 }, (_, n) => n),
          (n) =>
            Effect.forkChild(Effect.flip(credentials.authenticate("till", null, Redacted.make(`guess ${n}`))))
        )
        yield* Effect.yieldNow
        // Known callers are answered meanwhile.
        yield* credentials.authenticate("till", null, Redacted.make("MySecret"))
        yield* Deferred.succeed(held.gate, undefined)
        const errors = yield* Effect.forEach(guesses, Fiber.join)
        const busy = errors.filter((error) => error._tag === "StorageError")
        assert.strictEqual(busy.length, 24)
        assert.isTrue(busy.every((error) => error.isRetryable))
        assert.strictEqual(errors.length - busy.length, 16)
        const later = yield* Effect.flip(credentials.authenticate("till", null, Redacted.make("guess 99")))
        assert.strictEqual(later._tag, "NotAuthenticated")
      }).pipe(Effect.provide(services))
    })
  )
})

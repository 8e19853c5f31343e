import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { Credentials, NotAuthenticated, TooManyAttempts } from "../src/index.ts"
import { chosen, open } from "./countedHash.ts"
import { makeMerchant } from "./support.ts"

const home = "192.0.2.1"
const elsewhere = "198.51.100.7"

const prove = (secret: string, from: string | null, login: string | null = null, dialect = "till") =>
  Effect.flatMap(Credentials, (credentials) =>
    credentials.authenticate(dialect, login, Redacted.make(secret), from)
  )

/** How a wrong secret is answered. */
const guess = (n: number, from: string | null, login: string | null = null, dialect = "till") =>
  Effect.map(Effect.flip(prove(`guess ${n}`, from, login, dialect)), (error): number | string =>
    error._tag === "TooManyAttempts" ? error.retryAfterMillis : error._tag
  )

const guesses = (count: number, from: (n: number) => string | null, login: string | null = null) =>
  Effect.forEach(
    Array.from({ length: count }, (_, n) => n),
    (n) => guess(n, from(n), login)
  )

const wrong = (count: number): Array<number | string> =>
  Array.from({ length: count }, () => "NotAuthenticated")

/** Runs on credentials of its own: a key MySecret of its till, and a login anna with the same secret. */
const withAnna = (test: (asked: { readonly times: number }) => Effect.Effect<void, unknown, Credentials>) =>
  Effect.gen(function* () {
    const { asked, services } = yield* open
    const anna = Effect.gen(function* () {
      const credentials = yield* Credentials
      const merchant = yield* makeMerchant()
      yield* credentials.create(chosen(merchant.id, "MySecret"))
      yield* credentials.create(chosen(merchant.id, "MySecret", "anna"))
      yield* test(asked)
    })
    yield* Effect.provide(anna, services)
  })

/** As after a restart: the credentials are there, and none was proved in this process. */
const restarted = (test: (asked: { readonly times: number }) => Effect.Effect<void, unknown, Credentials>) =>
  Effect.gen(function* () {
    const { asked, restarted, services } = yield* open
    const run = Effect.gen(function* () {
      const merchant = yield* makeMerchant()
      const credentials = yield* Credentials
      yield* credentials.create(chosen(merchant.id, "MySecret"))
      yield* credentials.create(chosen(merchant.id, "MySecret", "anna"))
      yield* Effect.provide(test(asked), restarted)
    })
    yield* Effect.provide(run, services)
  })

describe("failed proofs from an address", () => {
  it.effect("are ten, then each is told when to come again and costs no digest", () =>
    withAnna((asked) =>
      Effect.gen(function* () {
        const before = asked.times
        assert.deepStrictEqual(yield* guesses(10, () => home), wrong(10))
        assert.strictEqual(asked.times, before + 10)
        assert.deepStrictEqual(yield* guesses(100, () => home), Array(100).fill(6_000))
        assert.strictEqual(asked.times, before + 10)
        yield* TestClock.adjust("2500 millis")
        assert.strictEqual(yield* guess(0, home), 3_500)
        yield* TestClock.adjust("3500 millis")
        assert.strictEqual(yield* guess(0, home), "NotAuthenticated")
        assert.strictEqual(yield* guess(0, home), 6_000)
        yield* TestClock.adjust("1 minute")
        assert.deepStrictEqual(yield* guesses(11, () => home), [...wrong(10), 6_000])
        yield* TestClock.adjust("10 days")
        assert.deepStrictEqual(yield* guesses(11, () => home), [...wrong(10), 6_000])
      })
    )
  )

  it.effect("do not count for another address, nor where the address is not known", () =>
    withAnna(() =>
      Effect.gen(function* () {
        yield* guesses(20, () => home)
        assert.deepStrictEqual(yield* guesses(10, () => elsewhere), wrong(10))
        assert.deepStrictEqual(yield* guesses(50, () => null), wrong(50))
        assert.deepStrictEqual(yield* guesses(50, (n) => `203.0.113.${n}`), wrong(50))
      })
    )
  )

  it.effect("count for every dialect together", () =>
    withAnna(() =>
      Effect.gen(function* () {
        for (let n = 0; n < 10; n++) yield* guess(n, home, null, `dialect ${n % 4}`)
        assert.strictEqual(yield* guess(11, home, null, "till"), 6_000)
        assert.strictEqual(yield* guess(11, home, "boris", "another"), 6_000)
      })
    )
  )

  it.effect("count also when the secret is empty, endless or another's generated key", () =>
    withAnna(() =>
      Effect.gen(function* () {
        for (const secret of ["", "x".repeat(600), `tb_${"A".repeat(43)}`]) {
          for (let n = 0; n < 3; n++)
            assert.instanceOf(yield* Effect.flip(prove(secret, home)), NotAuthenticated)
        }
        assert.strictEqual(yield* guess(1, home), "NotAuthenticated")
        for (const secret of ["", "x".repeat(600), `tb_${"A".repeat(43)}`, "MySecre"])
          assert.instanceOf(yield* Effect.flip(prove(secret, home)), TooManyAttempts)
      })
    )
  )

  it.effect("keep nobody out who proved itself before, from wherever", () =>
    restarted((asked) =>
      Effect.gen(function* () {
        yield* prove("MySecret", home)
        yield* guesses(50, () => home)
        yield* TestClock.adjust("3 seconds")
        const before = asked.times
        yield* prove("MySecret", home)
        yield* TestClock.adjust("2 seconds")
        yield* prove("MySecret", home)
        assert.strictEqual(asked.times, before)
      })
    )
  )

  it.effect("keep one out for a while who comes for the first time, right or wrong", () =>
    restarted((asked) =>
      Effect.gen(function* () {
        yield* guesses(10, () => home)
        const before = asked.times
        const error = yield* Effect.flip(prove("MySecret", home))
        assert.instanceOf(error, TooManyAttempts)
        assert.strictEqual(asked.times, before)
        yield* prove("MySecret", elsewhere)
        yield* prove("MySecret", home)
      })
    )
  )

  it.effect("are not forgotten because somebody there proves itself, and a good proof does not count", () =>
    restarted(() =>
      Effect.gen(function* () {
        yield* guesses(9, () => home)
        for (let n = 0; n < 30; n++) {
          yield* prove("MySecret", home)
          yield* prove("MySecret", home, "anna")
        }
        assert.deepStrictEqual(yield* guesses(3, () => home), ["NotAuthenticated", 6_000, 6_000])
      })
    )
  )

  it.effect("that wait for their digest together are ten all the same", () =>
    Effect.gen(function* () {
      const { asked, held, services } = yield* open
      yield* Effect.gen(function* () {
        held.gate = yield* Deferred.make<void>()
        const running = yield* Effect.forEach(
          Array.from({ length: 16 }, (_, n) => n),
          (n) => Effect.forkChild(guess(n, home))
        )
        yield* Effect.yieldNow
        yield* Deferred.succeed(held.gate, undefined)
        const told = yield* Effect.forEach(running, Fiber.join)
        assert.isAtMost(asked.times, 11, "the last may start before the one before it is counted")
        assert.deepStrictEqual(told.slice(0, asked.times), wrong(asked.times))
        assert.deepStrictEqual(told.slice(asked.times), Array(16 - asked.times).fill(6_000))
      }).pipe(Effect.provide(services))
    })
  )

  it.effect("end the credit of a credential that was revoked", () =>
    withAnna(() =>
      Effect.gen(function* () {
        const credentials = yield* Credentials
        const { credentialId } = yield* prove("MySecret", home)
        yield* guesses(10, () => home)
        yield* credentials.revoke(credentialId)
        assert.instanceOf(yield* Effect.flip(prove("MySecret", home)), NotAuthenticated)
        assert.instanceOf(yield* Effect.flip(prove("MySecret", home)), TooManyAttempts)
      })
    )
  )
})

describe("failed proofs for a login", () => {
  it.effect("are twenty from however many addresses, then one every 45 seconds", () =>
    restarted((asked) =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* guesses(20, (n) => `192.0.2.${n}`, "anna"), wrong(20))
        const before = asked.times
        assert.deepStrictEqual(yield* guesses(30, (n) => `198.51.100.${n}`, "anna"), Array(30).fill(45_000))
        assert.deepStrictEqual(yield* guesses(30, () => null, "anna"), Array(30).fill(45_000))
        assert.instanceOf(yield* Effect.flip(prove("MySecret", null, "anna")), TooManyAttempts)
        assert.strictEqual(asked.times, before)
        yield* TestClock.adjust("45 seconds")
        yield* prove("MySecret", null, "anna")
        assert.deepStrictEqual(yield* guesses(2, () => null, "anna"), ["NotAuthenticated", 45_000])
        yield* TestClock.adjust("15 minutes")
        assert.deepStrictEqual(yield* guesses(21, () => null, "anna"), [...wrong(20), 45_000])
      })
    )
  )

  it.effect("count for that login in that dialect, and for one that nobody has as well", () =>
    withAnna(() =>
      Effect.gen(function* () {
        yield* guesses(20, () => null, "nobody")
        assert.strictEqual(yield* guess(1, null, "nobody"), 45_000)
        assert.strictEqual(yield* guess(1, null, "anna"), "NotAuthenticated")
        assert.strictEqual(yield* guess(1, null, "Nobody"), "NotAuthenticated")
        assert.strictEqual(yield* guess(1, null, "nobody", "another"), "NotAuthenticated")
        assert.deepStrictEqual(yield* guesses(100, () => null), wrong(100))
      })
    )
  )

  it.effect("keep nobody out who proved itself before", () =>
    withAnna(() =>
      Effect.gen(function* () {
        yield* guesses(40, (n) => `192.0.2.${n}`, "anna")
        yield* TestClock.adjust("3 seconds")
        yield* prove("MySecret", home, "anna")
      })
    )
  )
})

import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { inspect } from "node:util"
import {
  type AlreadyTaken,
  CredentialId,
  CredentialRepository,
  Credentials,
  type InvalidField,
  type MerchantId,
  MerchantNotFound,
  type NewCredential,
  NotAuthenticated,
  NotPermitted,
  requireScope,
  UnitOfWork
} from "../src/index.ts"
import { layer, makeMerchant } from "./support.ts"

const secret = (text: string) => Redacted.make(text)

const create = (merchantId: MerchantId, request: Partial<NewCredential> = {}) =>
  Effect.flatMap(Credentials, (credentials) =>
    credentials.create({
      merchantId,
      dialect: "x",
      login: null,
      secret: null,
      label: null,
      scopes: ["read"],
      ...request
    })
  )

const prove = (dialect: string, login: string | null, text: string) =>
  Effect.flatMap(Credentials, (credentials) => credentials.authenticate(dialect, login, secret(text)))

describe("a credential", () => {
  it.effect("gets a key of its own, which opens its merchant with its rights", () =>
    Effect.gen(function* () {
      const merchant = yield* makeMerchant({ name: "Anna's" })
      const [one, other] = [
        yield* create(merchant.id, { scopes: ["read", "write"] }),
        yield* create(merchant.id)
      ]
      const key = Redacted.value(one.secret)
      assert.match(key, /^tb_[A-Za-z0-9_-]{43}$/)
      assert.notStrictEqual(key, Redacted.value(other.secret))
      const principal = yield* prove("x", null, key)
      assert.deepStrictEqual(principal, {
        credentialId: one.credential.id,
        merchant,
        scopes: ["read", "write"]
      })
      assert.strictEqual(
        (yield* prove("x", null, Redacted.value(other.secret))).credentialId,
        other.credential.id
      )
    }).pipe(Effect.provide(layer))
  )

  it.effect("may have a secret that somebody chose, with or without a login", () =>
    Effect.gen(function* () {
      const { id } = yield* makeMerchant()
      const key = yield* create(id, { secret: secret("demo") })
      const login = yield* create(id, { login: "demo", secret: secret("demo") })
      assert.strictEqual((yield* prove("x", null, "demo")).credentialId, key.credential.id)
      assert.strictEqual((yield* prove("x", "demo", "demo")).credentialId, login.credential.id)
      assert.strictEqual(Redacted.value(key.secret), "demo")
    }).pipe(Effect.provide(layer))
  )

  it.effect(
    "that is wrong, revoked, another dialect's or empty is refused with one and the same answer",
    () =>
      Effect.gen(function* () {
        const { id } = yield* makeMerchant()
        const key = Redacted.value((yield* create(id)).secret)
        yield* create(id, { login: "anna", secret: secret("secret") })
        const revoked = yield* create(id)
        yield* (yield* Credentials).revoke(revoked.credential.id)
        const attempts: ReadonlyArray<readonly [string, string | null, string]> = [
          ["x", null, ""],
          ["x", null, "wrong"],
          ["x", null, `${key.slice(0, -1)}${key.endsWith("A") ? "B" : "A"}`],
          ["x", null, key.toLowerCase()],
          ["x", null, ` ${key}`],
          ["x", null, "x".repeat(100_000)],
          ["y", null, key],
          ["", null, key],
          ["x", "anna", key],
          ["x", "anna", "Secret"],
          ["x", "Anna", "secret"],
          ["x", null, "secret"],
          ["y", "anna", "secret"],
          ["x", null, Redacted.value(revoked.secret)]
        ]
        for (const [dialect, login, text] of attempts) {
          const error = yield* Effect.flip(prove(dialect, login, text))
          assert.instanceOf(error, NotAuthenticated)
          assert.deepStrictEqual(JSON.stringify(error), JSON.stringify(new NotAuthenticated()))
          assert.strictEqual(error.message, "invalid credentials")
        }
      }).pipe(Effect.provide(layer))
  )

  it.effect(
    "stops working at once when it is revoked, even after it has just been used; the others work on",
    () =>
      Effect.gen(function* () {
        const { id } = yield* makeMerchant()
        const credentials = yield* Credentials
        const [one, other] = [yield* create(id, { secret: secret("one") }), yield* create(id)]
        yield* prove("x", null, "one")
        assert.isTrue(yield* credentials.revoke(one.credential.id))
        assert.instanceOf(yield* Effect.flip(prove("x", null, "one")), NotAuthenticated)
        yield* prove("x", null, Redacted.value(other.secret))
        const revoked = (yield* credentials.list(id)).map(({ revokedAt }) => revokedAt !== null)
        assert.deepStrictEqual(revoked, [true, false])
        assert.isTrue(yield* credentials.revoke(one.credential.id), "revoking again is fine")
        assert.isFalse(yield* credentials.revoke(CredentialId.make(404)))
      }).pipe(Effect.provide(layer))
  )

  it.effect(
    "proved earlier is looked up by its id as it is now: revoked, unknown or another dialect's is refused",
    () =>
      Effect.gen(function* () {
        const merchant = yield* makeMerchant({ name: "Anna's" })
        const credentials = yield* Credentials
        const { credential } = yield* create(merchant.id, { login: "anna", secret: secret("secret") })
        const principal = { credentialId: credential.id, merchant, scopes: ["read"] as const }
        assert.deepStrictEqual(yield* credentials.current("x", credential.id), principal)
        const others = [
          credentials.current("y", credential.id),
          credentials.current("x", CredentialId.make(404))
        ]
        for (const other of others) assert.instanceOf(yield* Effect.flip(other), NotAuthenticated)
        assert.deepStrictEqual(yield* credentials.current("x", credential.id), principal)
        yield* credentials.revoke(credential.id)
        assert.instanceOf(yield* Effect.flip(credentials.current("x", credential.id)), NotAuthenticated)
      }).pipe(Effect.provide(layer))
  )

  it.effect("proved earlier and revoked by another process is refused within a second", () =>
    Effect.gen(function* () {
      const { id } = yield* makeMerchant()
      const credentials = yield* Credentials
      const { credential } = yield* create(id)
      yield* credentials.current("x", credential.id)
      const { atomically } = yield* UnitOfWork
      const repository = yield* CredentialRepository
      yield* atomically(repository.revoke(credential.id, yield* DateTime.now))
      yield* TestClock.adjust("999 millis")
      yield* credentials.current("x", credential.id)
      yield* TestClock.adjust("1 millis")
      assert.instanceOf(yield* Effect.flip(credentials.current("x", credential.id)), NotAuthenticated)
    }).pipe(Effect.provide(layer))
  )

  it.effect("cannot be made twice, for nobody, or with an empty or endless secret", () =>
    Effect.gen(function* () {
      const { id } = yield* makeMerchant()
      const other = yield* makeMerchant()
      yield* create(id, { secret: secret("demo") })
      for (const merchant of [id, other.id]) {
        const error = yield* Effect.flip(create(merchant, { secret: secret("demo") }))
        assert.strictEqual((error as AlreadyTaken).what, "credential")
      }
      yield* create(other.id, { secret: secret("demo"), dialect: "y" })
      for (const bad of ["", "x".repeat(513)]) {
        const error = yield* Effect.flip(create(id, { secret: secret(bad) }))
        assert.strictEqual((error as InvalidField).field, "secret")
      }
      assert.instanceOf(yield* Effect.flip(create(404 as MerchantId)), MerchantNotFound)
      assert.lengthOf(yield* (yield* Credentials).list(id), 1)
    }).pipe(Effect.provide(layer))
  )

  it.effect(
    "never shows its secret: not in JSON, not as text, not when inspected, and not after it was made",
    () =>
      Effect.gen(function* () {
        const { id } = yield* makeMerchant()
        const credentials = yield* Credentials
        const generated = yield* create(id)
        const chosen = yield* create(id, { login: "anna", secret: secret("hunter2-hunter2"), label: "till" })
        const texts = [Redacted.value(generated.secret), Redacted.value(chosen.secret)]
        const taken = yield* Effect.flip(create(id, { login: "anna", secret: secret("hunter2-hunter2") }))
        const refused = yield* Effect.flip(prove("y", "anna", "hunter2-hunter2"))
        const tooLong = yield* Effect.flip(create(id, { secret: secret("hunter2-hunter2".repeat(40)) }))
        const principal = yield* prove("x", "anna", "hunter2-hunter2")
        const told = [
          generated,
          chosen,
          taken,
          refused,
          tooLong,
          principal,
          yield* credentials.list(null),
          credentials
        ]
        for (const one of told) {
          for (const shown of [
            JSON.stringify(one),
            String(one),
            inspect(one, { depth: 20, showHidden: true })
          ]) {
            for (const text of texts) assert.notInclude(shown ?? "", text)
          }
        }
      }).pipe(Effect.provide(layer))
  )

  it.effect("is asked for each right by name", () =>
    Effect.gen(function* () {
      const { id } = yield* makeMerchant()
      const key = Redacted.value((yield* create(id, { scopes: ["read"] })).secret)
      const principal = yield* prove("x", null, key)
      yield* requireScope(principal, "read")
      const error = yield* Effect.flip(requireScope(principal, "balance"))
      assert.instanceOf(error, NotPermitted)
      assert.strictEqual(error.scope, "balance")
    }).pipe(Effect.provide(layer))
  )
})

/** Credentials: found by digest alone, unique, revocable. */
import { assert } from "@effect/vitest"
import { AlreadyTaken, CredentialId, CredentialRepository, type Repositories } from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type Capability, plain, testCase } from "./Case.ts"
import { addCredential, at, inUnit, makeMerchant, randomDigest, someTime } from "./Records.ts"

export const credentialCases = (): Capability<Repositories> => ({
  name: "credentials",
  cases: [
    testCase(
      "a credential is found by its digest, with its merchant and everything that was said of it",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const credentials = yield* CredentialRepository
        const digest = randomDigest()
        const said = {
          merchantId: merchant.id,
          dialect: "some dialect",
          login: "000123",
          label: "till 1",
          scopes: ["write", "read", "balance"] as const,
          createdAt: at("2024-02-29T12:34:56.789Z")
        }
        const made = yield* inUnit(credentials.insert(said, digest))
        assert.deepStrictEqual(plain(made), plain({ ...said, id: made.id, revokedAt: null }))
        const found = Option.getOrThrow(yield* credentials.byDigest(digest))
        assert.deepStrictEqual(plain(found), plain({ credential: made, merchant, digest }))
      })
    ),
    testCase(
      "a digest that differs in one bit, is a part of one or is empty finds nothing",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const credentials = yield* CredentialRepository
        const digest = randomDigest()
        yield* addCredential(merchant, digest)
        for (let byte = 0; byte < digest.length; byte++) {
          const other = digest.slice()
          other[byte]! ^= 1 << (byte % 8)
          assert.isTrue(Option.isNone(yield* credentials.byDigest(other)), `byte ${byte}`)
        }
        const others = [
          digest.slice(0, 31),
          digest.slice(0, 1),
          new Uint8Array(0),
          new Uint8Array([...digest, 0])
        ]
        for (const other of others) {
          assert.isTrue(Option.isNone(yield* credentials.byDigest(other)), `${other.length} bytes`)
        }
      })
    ),
    testCase(
      "a digest that exists is refused as taken, also for another merchant, and nothing is stored",
      Effect.gen(function* () {
        const first = yield* makeMerchant()
        const second = yield* makeMerchant()
        const credentials = yield* CredentialRepository
        const digest = randomDigest()
        const made = yield* addCredential(first, digest)
        for (const merchant of [first, second]) {
          const error = yield* Effect.flip(addCredential(merchant, digest))
          assert.instanceOf(error, AlreadyTaken)
          assert.strictEqual((error as AlreadyTaken).what, "credential")
        }
        assert.deepStrictEqual(plain(yield* credentials.list(first.id)), plain([made]))
        assert.deepStrictEqual(yield* credentials.list(second.id), [])
      })
    ),
    testCase(
      "a credential is found by its id, with its merchant and without its digest, also when it is revoked",
      Effect.gen(function* () {
        const credentials = yield* CredentialRepository
        const merchant = yield* makeMerchant({ name: "Own" })
        yield* addCredential(yield* makeMerchant({ name: "Other" }), randomDigest())
        const made = yield* addCredential(merchant, randomDigest(), { login: "anna", label: null })
        const found = Option.getOrThrow(yield* credentials.byId(made.id))
        assert.deepStrictEqual(plain(found), plain({ credential: made, merchant }))
        yield* inUnit(credentials.revoke(made.id, someTime))
        const revoked = Option.getOrThrow(yield* credentials.byId(made.id))
        assert.deepStrictEqual(plain(revoked.credential), plain({ ...made, revokedAt: someTime }))
        const nobody = yield* credentials.byId(CredentialId.make(made.id + 1_000_000))
        assert.isTrue(Option.isNone(nobody))
      })
    ),
    testCase(
      "a revoked credential says so at once, and revoking it again keeps the first date",
      Effect.gen(function* () {
        const merchant = yield* makeMerchant()
        const credentials = yield* CredentialRepository
        const digest = randomDigest()
        const other = yield* addCredential(merchant, randomDigest())
        const { id } = yield* addCredential(merchant, digest)
        const first = at("2024-03-01T00:00:00.001Z")
        assert.isTrue(yield* inUnit(credentials.revoke(id, first)))
        assert.isTrue(yield* inUnit(credentials.revoke(id, at("2025-01-01T00:00:00Z"))))
        const found = Option.getOrThrow(yield* credentials.byDigest(digest))
        assert.deepStrictEqual(plain(found.credential.revokedAt), plain(first))
        const listed = yield* credentials.list(merchant.id)
        assert.deepStrictEqual(plain(listed.find((one) => one.id === id)?.revokedAt), plain(first))
        assert.isNull(listed.find((one) => one.id === other.id)?.revokedAt)
      })
    ),
    testCase(
      "revoking a credential that does not exist says so",
      Effect.gen(function* () {
        const credentials = yield* CredentialRepository
        const { id } = yield* addCredential(yield* makeMerchant(), randomDigest())
        assert.isFalse(yield* inUnit(credentials.revoke(CredentialId.make(id + 1_000_000), someTime)))
      })
    ),
    testCase(
      "the list of all merchants has every credential and no digest",
      Effect.gen(function* () {
        const credentials = yield* CredentialRepository
        const made = [
          yield* addCredential(yield* makeMerchant(), randomDigest()),
          yield* addCredential(yield* makeMerchant(), randomDigest())
        ]
        const ids = new Set(made.map(({ id }) => id))
        const listed = (yield* credentials.list(null)).filter(({ id }) => ids.has(id))
        assert.deepStrictEqual(plain(listed), plain(made))
        assert.notProperty(listed[0], "digest")
      })
    ),
    testCase(
      "the salt of a database is at least 16 bytes and stays the same",
      Effect.gen(function* () {
        const credentials = yield* CredentialRepository
        const salt = yield* credentials.salt
        assert.isAtLeast(salt.length, 16)
        assert.isTrue(salt.some((byte) => byte !== 0))
        assert.deepStrictEqual([...(yield* credentials.salt)], [...salt])
      })
    )
  ]
})

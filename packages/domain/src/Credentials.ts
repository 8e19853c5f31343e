/**
 * Proving who calls. Keys that Tillbridge generates hold 256 random bits, for which one SHA-256 is enough; secrets
 * that people chose go through PBKDF2, off the main thread, one at a time and in a short queue: a caller whose secret
 * was good once does not wait there again, one who comes for the first time may be told to come again while others
 * guess. Proofs that fail are counted by address and login (see `Attempts.ts`); whoever proved itself since the process
 * started is let in whatever others do. Both digests depend on the database's own salt. Revoking works at once in the
 * process that revokes, and within a second in others.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Semaphore from "effect/Semaphore"
import * as Digest from "effect/crypto/Digest"
import * as Kdf from "effect/crypto/Kdf"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Base64Url from "effect/encoding/Base64Url"
import { type Attempt, makeAttempts } from "./Attempts.ts"
import type { Credential, Principal, Scope } from "./Credential.ts"
import { CredentialRepository, type OwnedCredential } from "./CredentialRepository.ts"
import {
  type AlreadyTaken,
  InvalidField,
  MerchantNotFound,
  NotAuthenticated,
  NotPermitted,
  StorageError,
  TooManyAttempts
} from "./errors.ts"
import type { CredentialId, MerchantId } from "./Ids.ts"
import { MerchantRepository } from "./MerchantRepository.ts"
import { UnitOfWork } from "./UnitOfWork.ts"

export interface NewCredential {
  readonly merchantId: MerchantId
  readonly dialect: string
  readonly login: string | null
  /** `null` has a key generated. */
  readonly secret: Redacted.Redacted | null
  readonly label: string | null
  readonly scopes: ReadonlyArray<Scope>
}

export interface CreatedCredential {
  readonly credential: Credential
  /** The only time the secret is told. */
  readonly secret: Redacted.Redacted
}

const generatedKey = /^tb_[A-Za-z0-9_-]{43}$/
/** Callers with a chosen secret that wait for its digest; more are sent away with a retryable error. */
const longestQueue = 16
/** Digests of secrets that opened something are kept for so many callers, so that only a caller's first request pays for one. */
const rememberedDigests = 1_000
/** How long a proof is taken for granted, so that the store is not asked at every request. */
const proofMillis = 1_000
/** Longer secrets are refused before any hashing. */
const longestSecret = 512

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!
  return difference === 0
}

/** What was proved within the last second, and by what. */
const makeProofs = () => {
  const proofs = new Map<string, { readonly principal: Principal; readonly at: number }>()
  return {
    get: (key: string, now: number): Principal | undefined => {
      const proof = proofs.get(key)
      return proof !== undefined && now >= proof.at && now < proof.at + proofMillis
        ? proof.principal
        : undefined
    },
    set: (key: string, principal: Principal, at: number): void => {
      if (proofs.size >= rememberedDigests) proofs.clear()
      proofs.set(key, { principal, at })
    },
    clear: () => proofs.clear()
  }
}

const principalOf = ({ credential, merchant }: OwnedCredential): Principal => ({
  credentialId: credential.id,
  merchant,
  scopes: credential.scopes
})

const identityOf = (dialect: string, login: string | null, secret: string) =>
  `${dialect}\u0000${login ?? ""}\u0000${secret}`

/** Fails with `NotPermitted` unless the principal holds the right. */
export const requireScope = (principal: Principal, scope: Scope): Effect.Effect<void, NotPermitted> =>
  principal.scopes.includes(scope) ? Effect.void : Effect.fail(new NotPermitted({ scope }))

export class Credentials extends Context.Service<
  Credentials,
  {
    readonly create: (
      request: NewCredential
    ) => Effect.Effect<CreatedCredential, AlreadyTaken | InvalidField | MerchantNotFound | StorageError>
    /**
     * The caller behind a key (`login` `null`) or a login and password. Every failure is the same `NotAuthenticated`.
     * `from` is the caller's network address: after 10 failures a minute from there, or 20 in 15 minutes for the login,
     * a credential that was not proved before in this process is answered `TooManyAttempts`, right or wrong.
     */
    readonly authenticate: (
      dialect: string,
      login: string | null,
      secret: Redacted.Redacted,
      from?: string | null
    ) => Effect.Effect<Principal, NotAuthenticated | TooManyAttempts | StorageError>
    /** The caller behind a credential that was proved earlier (a session, a token), as it is now. */
    readonly current: (
      dialect: string,
      id: CredentialId
    ) => Effect.Effect<Principal, NotAuthenticated | StorageError>
    readonly list: (merchant: MerchantId | null) => Effect.Effect<ReadonlyArray<Credential>, StorageError>
    /** `false` when there is no such credential. */
    readonly revoke: (id: CredentialId) => Effect.Effect<boolean, StorageError>
  }
>()("@tillbridge/domain/Credentials") {
  static readonly layerNoDeps = Layer.effect(
    Credentials,
    Effect.gen(function* () {
      const repository = yield* CredentialRepository
      const merchants = yield* MerchantRepository
      const { atomically } = yield* UnitOfWork
      const digests = yield* Digest.Digest
      const kdf = yield* Kdf.Kdf
      const random = yield* SecureRandom.SecureRandom
      const slowly = yield* Semaphore.make(1)
      const remembered = new Map<string, Uint8Array>()
      const proofs = makeProofs()
      const sessions = makeProofs()
      const attempts = makeAttempts()
      let revocations = 0
      let waiting = 0
      const encoder = new TextEncoder()

      /** `mayStart` is asked again when a slow digest's turn has come: others may have failed meanwhile. */
      const compute = Effect.fnUntraced(function* <E>(
        identity: string,
        secret: string,
        mayStart: Effect.Effect<void, E>
      ) {
        const salt = yield* repository.salt
        const input = encoder.encode(identity)
        if (generatedKey.test(secret)) {
          const salted = new Uint8Array(salt.length + input.length)
          salted.set(salt)
          salted.set(input, salt.length)
          return yield* digests.digest(Digest.sha256, salted)
        }
        if (waiting >= longestQueue)
          return yield* new StorageError({ operation: "credentials.digest", reason: "busy" })
        waiting++
        const derive = Effect.orDie(kdf.derive(Kdf.pbkdf2Sha256, input, { salt, length: 32 }))
        return yield* slowly
          .withPermit(Effect.andThen(mayStart, derive))
          .pipe(Effect.ensuring(Effect.sync(() => void waiting--)))
      })

      /** Only digests that opened something are kept: guesses must not push them out. */
      const remember = (identity: string, digest: Uint8Array) => {
        remembered.delete(identity)
        if (remembered.size >= rememberedDigests) remembered.delete(remembered.keys().next().value!)
        remembered.set(identity, digest)
      }

      const mayTry = (attempt: Attempt) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          const retryAfterMillis = attempts.wait(attempt, now)
          return retryAfterMillis > 0 ? Effect.fail(new TooManyAttempts({ retryAfterMillis })) : Effect.void
        })

      const digestOf = (identity: string, secret: string, attempt: Attempt) => {
        const known = remembered.get(identity)
        if (known !== undefined) return Effect.succeed(known)
        const allowed = mayTry(attempt)
        return Effect.andThen(allowed, compute(identity, secret, allowed))
      }

      const create = Effect.fnUntraced(function* (request: NewCredential) {
        const { dialect, label, login, merchantId, scopes } = request
        if (Option.isNone(yield* merchants.get(merchantId))) return yield* new MerchantNotFound()
        const secret =
          request.secret === null
            ? `tb_${Base64Url.encode(yield* random.randomBytes(32))}`
            : Redacted.value(request.secret)
        if (secret === "" || secret.length > longestSecret) {
          return yield* new InvalidField({
            field: "secret",
            reason: `must have 1 to ${longestSecret} characters`
          })
        }
        const identity = identityOf(dialect, login, secret)
        const digest = yield* compute(identity, secret, Effect.void)
        const credential = yield* atomically(
          repository.insert(
            { merchantId, dialect, login, label, scopes, createdAt: yield* DateTime.now },
            digest
          )
        )
        remember(identity, digest)
        return { credential, secret: Redacted.make(secret) }
      })

      const prove = Effect.fnUntraced(function* (attempt: Attempt, secret: string, now: number) {
        const { dialect, login } = attempt
        if (secret === "" || secret.length > longestSecret) {
          yield* mayTry(attempt)
          return yield* new NotAuthenticated()
        }
        const identity = identityOf(dialect, login, secret)
        const digest = yield* digestOf(identity, secret, attempt)
        const revocationsBefore = revocations
        const found = Option.getOrUndefined(yield* repository.byDigest(digest))
        const isGood =
          found !== undefined &&
          sameBytes(found.digest, digest) &&
          found.credential.dialect === dialect &&
          found.credential.revokedAt === null
        if (!isGood) {
          remembered.delete(identity)
          return yield* new NotAuthenticated()
        }
        remember(identity, digest)
        const principal = principalOf(found)
        // What was read before a revocation must not outlive it.
        if (revocations === revocationsBefore) proofs.set(identity, principal, now)
        return principal
      })

      const authenticate = (
        dialect: string,
        login: string | null,
        secret: Redacted.Redacted,
        from: string | null = null
      ) =>
        Effect.flatMap(
          Clock.currentTimeMillis,
          (now): Effect.Effect<Principal, NotAuthenticated | TooManyAttempts | StorageError> => {
            const text = Redacted.value(secret)
            const proved = proofs.get(identityOf(dialect, login, text), now)
            if (proved !== undefined) return Effect.succeed(proved)
            const attempt = { dialect, login, from }
            return Effect.tapErrorTag(prove(attempt, text, now), "NotAuthenticated", () =>
              Effect.map(Clock.currentTimeMillis, (then) => attempts.failed(attempt, then))
            )
          }
        )

      const look = Effect.fnUntraced(function* (
        dialect: string,
        id: CredentialId,
        session: string,
        now: number
      ) {
        const revocationsBefore = revocations
        const found = Option.getOrUndefined(yield* repository.byId(id))
        if (found?.credential.dialect !== dialect || found.credential.revokedAt !== null)
          return yield* new NotAuthenticated()
        const principal = principalOf(found)
        if (revocations === revocationsBefore) sessions.set(session, principal, now)
        return principal
      })

      const current = (dialect: string, id: CredentialId) =>
        Effect.flatMap(
          Clock.currentTimeMillis,
          (now): Effect.Effect<Principal, NotAuthenticated | StorageError> => {
            const session = `${dialect}\u0000${id}`
            const known = sessions.get(session, now)
            return known === undefined ? look(dialect, id, session, now) : Effect.succeed(known)
          }
        )

      const revoke = (id: CredentialId) =>
        atomically(Effect.flatMap(DateTime.now, (now) => repository.revoke(id, now))).pipe(
          Effect.tap(() =>
            Effect.sync(() => {
              revocations++
              proofs.clear()
              sessions.clear()
            })
          )
        )

      return Credentials.of({
        create,
        authenticate,
        current,
        list: repository.list,
        revoke
      })
    })
  )

  static readonly layer = this.layerNoDeps.pipe(
    Layer.provide([Digest.layerWebCrypto, Kdf.layerWebCrypto, SecureRandom.layerWebCrypto])
  )
}

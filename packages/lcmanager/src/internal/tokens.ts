/**
 * The token endpoint's two grants, and who a bearer is. An access token is a JWT with the claims that the vendor's server
 * puts there (OBSERVED: role, user, oper, and others where they are known) and two of ours: `cid`, the credential, by
 * which a revoked one is found out, and `sid`, the login. Lifetimes are the vendor's (OBSERVED in one revision).
 */
import { type CredentialId, type Credentials, NotAuthenticated, type Principal } from "@tillbridge/domain"
import type { Parameters } from "@tillbridge/wire"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { DIALECT } from "../LcmanagerCodec.ts"
import { type TokenError, TokenRefused } from "./errors.ts"
import { LEAST_KEY_BYTES, makeSigner } from "./jwt.ts"
import { type Login, makeRefreshTokens } from "./refreshTokens.ts"

export interface TokenOptions {
  /** Signs the tokens: 32 bytes or more as UTF-8. Default: random, so that a restart ends every token. */
  readonly secret?: Redacted.Redacted
  /** `iss` and `aud`. Default "tillbridge" and "lcmanager". */
  readonly issuer?: string
  readonly audience?: string
  /** Default 32 hours. */
  readonly accessLifetime?: Duration.Input
  /** Default 36 hours. */
  readonly refreshLifetime?: Duration.Input
  /** More claims, such as `partner`, `pos` and `poscode`, or another `role` than "Manager". */
  readonly claims?: Readonly<Record<string, string>>
  /** Refresh tokens that are kept, used ones included. Default 10,000, and 200 of one credential. */
  readonly mostRefreshTokens?: number
}

export interface TokenPair {
  readonly access_token: string
  readonly token_type: "bearer"
  readonly expires_in: number
  readonly refresh_token: string
}

/** Good tokens that need not be checked again. */
const remembered = 1_000

/** A token of another process may come from a clock that is a little ahead. */
const SKEW_SECONDS = 60

interface Known {
  readonly credential: CredentialId
  readonly login: string
  readonly endsAt: number
}

const secretBytes = (secret: Redacted.Redacted | undefined): Uint8Array<ArrayBuffer> => {
  if (secret === undefined) return crypto.getRandomValues(new Uint8Array(64))
  const bytes = new TextEncoder().encode(Redacted.value(secret))
  if (bytes.length < LEAST_KEY_BYTES)
    throw new Error(`the token secret must have ${LEAST_KEY_BYTES} bytes or more`)
  return bytes
}

const refused = (error: TokenRefused["error"], reason: string, isWrongPassword = false) =>
  new TokenRefused({ error, reason, isWrongPassword })

const badRefreshToken = refused("invalid_grant", "The refresh token is not valid.")

/** Said twice, they would leave open who is asking. */
const identities = ["grant_type", "username", "password", "refresh_token"] as const

export const makeTokens = Effect.fnUntraced(function* (
  credentials: Credentials["Service"],
  options: TokenOptions
) {
  const signer = yield* makeSigner(secretBytes(options.secret))
  const issuer = options.issuer ?? "tillbridge"
  const audience = options.audience ?? "lcmanager"
  const accessSeconds = Math.floor(Duration.toSeconds(options.accessLifetime ?? "32 hours"))
  const most = options.mostRefreshTokens ?? 10_000
  const refreshTokens = makeRefreshTokens({
    lifetimeMillis: Duration.toMillis(options.refreshLifetime ?? "36 hours"),
    most,
    mostOfOne: Math.max(1, Math.min(200, most))
  })
  const known = new Map<string, Known>()

  const issue = Effect.fnUntraced(function* (login: Login, { merchant }: Principal, now: number) {
    const seconds = Math.floor(now / 1000)
    const access = yield* signer.sign({
      role: "Manager",
      user: login.user,
      oper: String(merchant.id),
      ...options.claims,
      cid: login.credential,
      sid: login.id,
      iss: issuer,
      aud: audience,
      nbf: seconds,
      exp: seconds + accessSeconds
    })
    const pair: TokenPair = {
      access_token: access,
      token_type: "bearer",
      expires_in: accessSeconds,
      refresh_token: refreshTokens.issue(login, now)
    }
    return pair
  })

  const byPassword = Effect.fnUntraced(function* (user: string, password: string, from: string | null) {
    const principal = yield* credentials
      .authenticate(DIALECT, user, Redacted.make(password), from)
      .pipe(
        Effect.catchTag("NotAuthenticated", () =>
          Effect.fail(refused("invalid_grant", "The user name or password is incorrect.", true))
        )
      )
    const login: Login = { id: crypto.randomUUID(), credential: principal.credentialId, user }
    return yield* issue(login, principal, yield* Clock.currentTimeMillis)
  })

  const byRefreshToken = Effect.fnUntraced(function* (token: string) {
    const look = Effect.map(Clock.currentTimeMillis, (now) =>
      refreshTokens.look(token, now, now + accessSeconds * 1000)
    )
    const login = yield* look
    if (login === undefined) return yield* badRefreshToken
    const principal = yield* credentials
      .current(DIALECT, login.credential)
      .pipe(Effect.catchTag("NotAuthenticated", () => Effect.fail(badRefreshToken)))
    // Somebody else may have used it in the meantime.
    if ((yield* look) === undefined) return yield* badRefreshToken
    refreshTokens.use(token)
    const pair = yield* issue(login, principal, yield* Clock.currentTimeMillis)
    // Presented again while the new ones were made: they are good for nothing.
    if (refreshTokens.isOver(login, yield* Clock.currentTimeMillis)) return yield* badRefreshToken
    return pair
  })

  /** A pair of tokens for a grant. */
  const grant = (form: Parameters, from: string | null): Effect.Effect<TokenPair, TokenError> => {
    const repeated = form.repeatedIgnoreCase(identities)
    if (repeated !== undefined)
      return Effect.fail(refused("invalid_request", `${repeated} is given more than once`))
    switch (form.getIgnoreCase("grant_type")) {
      case "password":
        return byPassword(form.getIgnoreCase("username") ?? "", form.getIgnoreCase("password") ?? "", from)
      case "refresh_token":
        return byRefreshToken(form.getIgnoreCase("refresh_token") ?? "")
      case undefined:
        return Effect.fail(refused("invalid_request", "grant_type is missing"))
      default:
        return Effect.fail(refused("unsupported_grant_type", "The grant type is not supported."))
    }
  }

  const knownOf = (
    claims: Readonly<Record<string, unknown>> | undefined,
    seconds: number
  ): Known | undefined => {
    const { aud, cid, exp, iss, nbf, sid } = claims ?? {}
    if (iss !== issuer || aud !== audience || typeof cid !== "number" || typeof sid !== "string")
      return undefined
    if (typeof exp !== "number" || typeof nbf !== "number") return undefined
    return seconds < exp && nbf <= seconds + SKEW_SECONDS
      ? { credential: cid as CredentialId, login: sid, endsAt: exp }
      : undefined
  }

  const principalOf = ({ credential, login }: Known, now: number) =>
    refreshTokens.isOver({ credential, id: login }, now)
      ? Effect.fail(new NotAuthenticated())
      : credentials.current(DIALECT, credential)

  /** The caller behind an `Authorization` header. */
  const bearer = (header: string | undefined) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const token = /^Bearer +([\w.-]+) *$/i.exec(header ?? "")?.[1]
      if (token === undefined) return Effect.fail(new NotAuthenticated())
      const seconds = Math.floor(now / 1000)
      const seen = known.get(token)
      if (seen !== undefined && seconds < seen.endsAt) return principalOf(seen, now)
      return Effect.flatMap(signer.open(token), (claims) => {
        const found = knownOf(claims, seconds)
        if (found === undefined) return Effect.fail(new NotAuthenticated())
        if (known.size >= remembered) known.clear()
        known.set(token, found)
        return principalOf(found, now)
      })
    })

  return { grant, bearer }
})

/** The toy behind a login: its calls take, instead of a key, the token that a login and a password are given. */
import {
  type CredentialId,
  Credentials,
  NotAuthenticated,
  SourceError,
  Unauthorized
} from "@tillbridge/domain"
import { Effect, Layer, Option, Redacted, Result, Schema } from "effect"
import {
  HttpClient,
  HttpClientRequest,
  HttpRouter,
  type HttpServerRequest,
  HttpServerResponse
} from "effect/http"
import type { RemoteSite, Subject, WireAnswer } from "../src/index.ts"
import { standingOn } from "./breakingDialect.ts"
import { toyRefusal } from "./toyRoutes.ts"
import { toySubject } from "./toySubject.ts"

const Login = Schema.Struct({ user: Schema.String, password: Schema.String })
const decodeLogin = Schema.decodeUnknownResult(Schema.fromJsonString(Login))

const always = { "cache-control": "no-store", "x-content-type-options": "nosniff" }

/** Tokens are known to the process that gave them. */
const withSessions = (good: Subject): Subject => {
  const sessions = new Map<string, CredentialId>()
  const inside = standingOn(Credentials, ({ authenticate, current }) => ({
    authenticate: (dialect, login, secret, from) => {
      if (login !== null) return authenticate(dialect, login, secret, from)
      const id = sessions.get(Redacted.value(secret))
      return id === undefined ? Effect.fail(new NotAuthenticated()) : current(dialect, id)
    }
  }))(good).routes
  const login = HttpRouter.use(
    Effect.fnUntraced(function* (router) {
      const credentials = yield* Credentials
      const sign = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest) {
        const read = decodeLogin(yield* Effect.orDie(request.text))
        if (Result.isFailure(read)) return yield* new NotAuthenticated()
        const { password, user } = read.success
        const from = Option.getOrNull(request.remoteAddress)
        const who = yield* credentials.authenticate(good.dialect.id, user, Redacted.make(password), from)
        const token = `session${crypto.randomUUID()}`
        sessions.set(token, who.credentialId)
        return HttpServerResponse.text(JSON.stringify({ ok: "yes", token }), {
          headers: always,
          contentType: "application/json"
        })
      })
      yield* router.add("POST", "/till/login", (request) =>
        Effect.catch(sign(request), (error) => Effect.succeed(toyRefusal(error)))
      )
    })
  )
  return { ...good, routes: Layer.mergeAll(inside, login) }
}

const Token = Schema.Struct({ ok: Schema.Literal("yes"), token: Schema.NonEmptyString })
const decodeToken = Schema.decodeUnknownResult(Schema.fromJsonString(Token))

const loginOf = (user: string | null, password: string) => ({
  method: "POST",
  target: "/till/login",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ user, password })
})

/** Signs in first, then is the toy's own client with the token for its key. */
const signedIn = Effect.fnUntraced(function* (site: RemoteSite) {
  const refused = new SourceError({
    dialect: "toy",
    operation: "login",
    reason: new Unauthorized({ detail: "login" })
  })
  const { body, target } = loginOf(site.login, Redacted.value(site.secret))
  const http = yield* HttpClient.HttpClient
  const text = yield* http
    .execute(HttpClientRequest.post(`${site.baseUrl}${target}`).pipe(HttpClientRequest.bodyText(body)))
    .pipe(
      Effect.flatMap((response) => response.text),
      Effect.mapError(() => refused)
    )
  const token = decodeToken(text)
  if (Result.isFailure(token)) return yield* refused
  return { ...site, secret: Redacted.make(token.success.token) }
})

const read = ({ text }: WireAnswer) => decodeToken(text)

export const sessionToy: Subject = withSessions({
  ...toySubject,
  dialect: {
    ...toySubject.dialect,
    capabilities: { ...toySubject.dialect.capabilities, credentials: "login" }
  },
  source: (site) => Layer.unwrap(Effect.map(signedIn(site), toySubject.source)),
  destination: (site) => Layer.unwrap(Effect.map(signedIn(site), toySubject.destination!)),
  wire: {
    ...toySubject.wire,
    signIn: (send, { login, secret }) =>
      Effect.map(send(loginOf(login, secret)), (answer) => {
        const token = read(answer)
        return Result.isSuccess(token)
          ? { auth: { query: { key: token.success.token } } }
          : { refused: answer }
      })
  }
})

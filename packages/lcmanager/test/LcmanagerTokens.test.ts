/** The token endpoint, and which bearers are believed. */
import { assert, describe, it } from "@effect/vitest"
import { Credentials, StorageError, CredentialRepository, type Repositories } from "@tillbridge/domain"
import { Context, Effect, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { createHmac } from "node:crypto"
import {
  byPassword,
  form,
  grant,
  json,
  makeUser,
  noon,
  open,
  openRoutes,
  type Pair,
  pairOf,
  period,
  type Send
} from "./server.ts"

const secret = "0123456789abcdef0123456789abcdef"
const withSecret = { tokens: { secret: Redacted.make(secret) } }

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url")
const signed = (header: object, claims: object, key: string | Buffer = secret, hash = "sha256") => {
  const text = `${part(header)}.${part(claims)}`
  return `${text}.${createHmac(hash, key).update(text).digest("base64url")}`
}

const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString()) as Record<string, unknown>

const use = (send: Send, token: string | undefined, scheme = "Bearer") =>
  send(period, {
    method: "POST",
    headers: { ...json, ...(token === undefined ? {} : { authorization: `${scheme} ${token}` }) },
    body: "{}"
  })

const refresh = (send: Send, token: string) =>
  grant(send, { grant_type: "refresh_token", refresh_token: token })

const good = { alg: "HS256", typ: "JWT" }
const seconds = noon / 1000

const assertOAuth = (
  answer: { status: number; text: string; headers: Readonly<Record<string, string>> },
  status: number,
  error: string
) => {
  assert.deepStrictEqual(
    [answer.status, (JSON.parse(answer.text) as { error: string }).error],
    [status, error],
    answer.text
  )
  assert.strictEqual(answer.headers["content-type"], "application/json;charset=UTF-8")
  assert.strictEqual(answer.headers["cache-control"], "no-store")
}

describe("a login", () => {
  it.effect("gives a JWT of three parts with the vendor's claims, and a refresh token", () =>
    Effect.gen(function* () {
      const { merchant, send, user } = yield* open({
        tokens: {
          secret: Redacted.make(secret),
          claims: { partner: "7", pos: "12", role: "Director", cid: "999" }
        }
      })
      const answer = yield* byPassword(send, user)
      const pair = pairOf(answer)
      assert.deepStrictEqual(Object.keys(pair), ["access_token", "token_type", "expires_in", "refresh_token"])
      assert.deepStrictEqual([pair.token_type, pair.expires_in], ["bearer", 32 * 3600])
      assert.match(pair.refresh_token, /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
      assert.deepInclude(answer.headers, { "cache-control": "no-store", pragma: "no-cache" })
      const [header, body, signature] = pair.access_token.split(".")
      assert.deepStrictEqual(JSON.parse(Buffer.from(header!, "base64url").toString()), good)
      const { sid, ...claims } = claimsOf(pair.access_token)
      assert.match(String(sid), /^[0-9a-f-]{36}$/)
      assert.deepStrictEqual(claims, {
        role: "Director",
        user: "anna",
        oper: String(merchant.id),
        partner: "7",
        pos: "12",
        cid: user.id,
        iss: "tillbridge",
        aud: "lcmanager",
        nbf: seconds,
        exp: seconds + 32 * 3600
      })
      const expected = createHmac("sha256", secret).update(`${header}.${body}`).digest("base64url")
      assert.strictEqual(signature, expected, "another implementation signs the same")
      assert.notInclude(answer.text, user.password)
    })
  )

  it.effect("is refused alike whatever is wrong, without saying what", () =>
    Effect.gen(function* () {
      const { log, send, store, merchant, user } = yield* open()
      const revoked = yield* makeUser(store, merchant.id, "boris")
      yield* Context.get(store, Credentials).revoke(revoked.id)
      const answers = []
      for (const [login, password] of [
        [user.login, "CANARY"],
        ["CANARY", user.password],
        [revoked.login, revoked.password],
        ["", ""],
        [user.login, ""]
      ] as const) {
        answers.push(yield* byPassword(send, { login, password }))
      }
      answers.push(yield* grant(send, { grant_type: "password" }))
      for (const answer of answers) {
        assertOAuth(answer, 401, "invalid_grant")
        assert.deepStrictEqual(answer, answers[0]!)
      }
      assert.strictEqual(answers[0]!.headers["www-authenticate"], "Bearer")
      assert.deepStrictEqual(log, [])
    })
  )

  it.effect("of another kind, another body or said twice is OAuth's own refusal", () =>
    Effect.gen(function* () {
      const { send, user } = yield* open()
      const post = (body: string, headers: Readonly<Record<string, string>> = form) =>
        send("/ManagerLogin", { method: "POST", headers, body })
      assertOAuth(yield* post("grant_type=client_credentials"), 400, "unsupported_grant_type")
      assertOAuth(yield* post(""), 400, "invalid_request")
      assertOAuth(yield* post("username=a&password=b"), 400, "invalid_request")
      const whole = `grant_type=password&username=${user.login}&password=${user.password}`
      for (const more of [
        "&username=boris",
        "&PASSWORD=x",
        `&password=${user.password}`,
        "&grant_type=password"
      ])
        assertOAuth(yield* post(whole + more), 400, "invalid_request")
      assertOAuth(yield* post(`${whole}&x=%FF`), 400, "invalid_request")
      assertOAuth(yield* post(JSON.stringify({ grant_type: "password" }), json), 415, "invalid_request")
      assertOAuth(yield* post("x".repeat(70_000)), 413, "invalid_request")
      assert.strictEqual(
        (yield* post(`${whole}&operator=3&client_id=x`)).status,
        200,
        "other fields are passed over"
      )
      assert.strictEqual((yield* post(whole, { ...form, authorization: "Bearer junk" })).status, 200)
    })
  )

  it.effect("is locked after many wrong ones, and open again after the wait", () =>
    Effect.gen(function* () {
      const { send, store, merchant, user } = yield* open()
      const other = yield* makeUser(store, merchant.id, "boris")
      // In the form of generated ones: those that people choose cost a slow hash each.
      const wrong = (i: number) => ({ login: other.login, password: `tb_${String(i).padStart(43, "0")}` })
      let answer = yield* byPassword(send, wrong(0))
      for (let i = 1; answer.status === 401; i++) {
        assert.isBelow(i, 50)
        answer = yield* byPassword(send, wrong(i))
      }
      assertOAuth(answer, 429, "invalid_request")
      assert.match(answer.headers["retry-after"]!, /^[1-9]\d*$/)
      assert.strictEqual((yield* byPassword(send, wrong(99))).status, 429)
      assert.strictEqual((yield* byPassword(send, user)).status, 200, "others are not locked")
      yield* TestClock.adjust(`${Number(answer.headers["retry-after"])} seconds`)
      assert.strictEqual((yield* byPassword(send, other)).status, 200)
    })
  )
})

describe("a bearer", () => {
  it.effect("is believed only when everything of it holds", () =>
    Effect.gen(function* () {
      const { send, user } = yield* open(withSecret)
      const claims = {
        cid: user.id,
        sid: "a",
        iss: "tillbridge",
        aud: "lcmanager",
        nbf: seconds,
        exp: seconds + 60
      }
      const token = signed(good, claims)
      assert.strictEqual((yield* use(send, token)).status, 200)
      assert.strictEqual((yield* use(send, token, "bearer ")).status, 200)
      assert.strictEqual(
        (yield* use(send, signed({ ...good, kid: "1" }, { ...claims, nbf: seconds + 60 }))).status,
        200
      )
      const [header, body, signature] = token.split(".")
      const refused: ReadonlyArray<string | undefined> = [
        undefined,
        "",
        "x",
        "a.b.c",
        `${header}.${body}`,
        `${header}.${body}.`,
        `${header}.${body}.${signature}.${signature}`,
        `${header}.${body}.${signature!.slice(0, -2)}`,
        `${header}.${part({ ...claims, cid: 2 })}.${signature}`,
        `${part({ alg: "none" })}.${body}.`,
        `${part({ alg: "none" })}.${body}.${signature}`,
        signed({ alg: "none" }, claims),
        signed({ alg: "hs256" }, claims),
        signed({ alg: "HS512" }, claims, secret, "sha512"),
        signed({ alg: "HS512" }, claims),
        signed({ alg: "RS256" }, claims),
        signed({}, claims),
        signed(good, claims, `${secret.slice(1)}0`),
        signed(good, claims, ""),
        signed(good, { ...claims, iss: "other" }),
        signed(good, { ...claims, aud: "other" }),
        signed(good, { ...claims, aud: ["lcmanager"] }),
        signed(good, { ...claims, exp: seconds }),
        signed(good, { ...claims, exp: String(seconds + 60) }),
        signed(good, { ...claims, exp: undefined }),
        signed(good, { ...claims, nbf: seconds + 61 }),
        signed(good, { ...claims, nbf: undefined }),
        signed(good, { ...claims, cid: 999 }),
        signed(good, { ...claims, cid: String(user.id) }),
        signed(good, { ...claims, sid: undefined }),
        signed(good, [] as unknown as object),
        `${token}${"A".repeat(5_000)}`,
        user.password
      ]
      const first = yield* use(send, undefined)
      assert.deepStrictEqual(
        [first.status, first.headers["www-authenticate"], first.text],
        [401, "Bearer", `{"Message":"Authorization has been denied for this request."}`]
      )
      for (const one of refused) assert.deepStrictEqual(yield* use(send, one), first, one)
      for (const scheme of ["Basic", "Token", "Bearer x"])
        assert.deepStrictEqual(yield* use(send, token, scheme), first, scheme)
      const inXml = yield* send(period, { method: "POST", headers: { accept: "text/xml" }, body: "x" })
      assert.strictEqual(
        inXml.text,
        "<Error><Message>Authorization has been denied for this request.</Message></Error>"
      )
    })
  )

  it.effect("ends with its lifetime, with its credential and with the process's own secret", () =>
    Effect.gen(function* () {
      const { send, store, token, user } = yield* open({ tokens: { accessLifetime: "10 minutes" } })
      yield* TestClock.adjust("9 minutes")
      assert.strictEqual((yield* use(send, token)).status, 200)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* use(send, token)).status, 401)
      const again = pairOf(yield* byPassword(send, user)).access_token
      assert.strictEqual((yield* use(send, again)).status, 200)
      const restarted = yield* openRoutes(store)
      assert.strictEqual((yield* use(restarted.send, again)).status, 401, "of another process")
      yield* Context.get(store, Credentials).revoke(user.id)
      assert.strictEqual((yield* use(send, again)).status, 401)
    })
  )

  it.effect("of a process with the same secret is believed", () =>
    Effect.gen(function* () {
      const { store, token } = yield* open(withSecret)
      const other = yield* openRoutes(store, withSecret)
      assert.strictEqual((yield* use(other.send, token)).status, 200)
    })
  )

  it.effect("without the right to read is told so, and not sent to log in again", () =>
    Effect.gen(function* () {
      const { merchant, send, store } = yield* open()
      const idle = yield* makeUser(store, merchant.id, "idle", [])
      const answer = yield* use(send, pairOf(yield* byPassword(send, idle)).access_token)
      assert.deepStrictEqual(
        [answer.status, answer.text],
        [200, `{"Clients":[],"ErrorCode":3,"Message":"this user may not read data"}`]
      )
    })
  )
})

describe("a refresh token", () => {
  it.effect("is good once, and gives another pair of the same login", () =>
    Effect.gen(function* () {
      const { send, user } = yield* open()
      const first = pairOf(yield* byPassword(send, user))
      yield* TestClock.adjust("1 minute")
      const second = pairOf(yield* refresh(send, first.refresh_token))
      assert.notStrictEqual(second.refresh_token, first.refresh_token)
      assert.strictEqual(claimsOf(second.access_token)["sid"], claimsOf(first.access_token)["sid"])
      assert.strictEqual(claimsOf(second.access_token)["user"], "anna")
      assert.strictEqual((yield* use(send, second.access_token)).status, 200)
      assert.strictEqual((yield* use(send, first.access_token)).status, 200, "lives its time")
      assertOAuth(yield* refresh(send, "nothing"), 400, "invalid_grant")
      assertOAuth(yield* refresh(send, ""), 400, "invalid_grant")
      assertOAuth(yield* refresh(send, second.access_token), 400, "invalid_grant")
    })
  )

  it.effect("used again ends its login: whoever has it, all tokens of it are over", () =>
    Effect.gen(function* () {
      const { send, user } = yield* open()
      const first = pairOf(yield* byPassword(send, user))
      const elsewhere = pairOf(yield* byPassword(send, user))
      const second = pairOf(yield* refresh(send, first.refresh_token))
      const third = pairOf(yield* refresh(send, second.refresh_token))
      assertOAuth(yield* refresh(send, first.refresh_token), 400, "invalid_grant")
      assertOAuth(yield* refresh(send, third.refresh_token), 400, "invalid_grant")
      for (const { access_token } of [first, second, third] as ReadonlyArray<Pair>)
        assert.strictEqual((yield* use(send, access_token)).status, 401)
      assert.strictEqual((yield* use(send, elsewhere.access_token)).status, 200, "another login lives on")
      assert.strictEqual((yield* refresh(send, elsewhere.refresh_token)).status, 200)
    })
  )

  it.effect("used by two at once is good for one at most", () =>
    Effect.gen(function* () {
      const { send, user } = yield* open()
      const { refresh_token } = pairOf(yield* byPassword(send, user))
      const answers = yield* Effect.all(
        Array.from({ length: 8 }, () => refresh(send, refresh_token)),
        { concurrency: "unbounded" }
      )
      assert.isAtMost(answers.filter(({ status }) => status === 200).length, 1)
    })
  )

  it.effect("ends with its lifetime and with its credential", () =>
    Effect.gen(function* () {
      const { send, store, user } = yield* open({ tokens: { refreshLifetime: "1 hour" } })
      const [late, revoked] = [pairOf(yield* byPassword(send, user)), pairOf(yield* byPassword(send, user))]
      yield* TestClock.adjust("59 minutes")
      const renewed = pairOf(yield* refresh(send, revoked.refresh_token))
      yield* TestClock.adjust("1 minute")
      assertOAuth(yield* refresh(send, late.refresh_token), 400, "invalid_grant")
      yield* Context.get(store, Credentials).revoke(user.id)
      assertOAuth(yield* refresh(send, renewed.refresh_token), 400, "invalid_grant")
    })
  )

  it.effect("of one user never pushes out another's; the oldest of his own goes first", () =>
    Effect.gen(function* () {
      const { merchant, send, store, user } = yield* open({ tokens: { mostRefreshTokens: 400 } })
      const quiet = yield* makeUser(store, merchant.id, "quiet")
      const kept = pairOf(yield* byPassword(send, quiet))
      const oldest = pairOf(yield* byPassword(send, user))
      let newest = oldest
      for (let i = 0; i < 210; i++) newest = pairOf(yield* byPassword(send, user))
      assertOAuth(yield* refresh(send, oldest.refresh_token), 400, "invalid_grant")
      assert.strictEqual((yield* refresh(send, newest.refresh_token)).status, 200)
      assert.strictEqual((yield* refresh(send, kept.refresh_token)).status, 200)
    })
  )
})

describe("a store that fails", () => {
  const failing = (isDown: { now: boolean }) => (real: Context.Context<Repositories>) => {
    const repository = Context.get(real, CredentialRepository)
    const down = Effect.suspend(() =>
      Effect.fail(new StorageError({ operation: "CANARY", reason: "busy", cause: new Error("CANARY") }))
    )
    return Context.add(
      real,
      CredentialRepository,
      CredentialRepository.of({
        ...repository,
        byId: (id) => (isDown.now ? down : repository.byId(id)),
        byDigest: (digest) => (isDown.now ? down : repository.byDigest(digest))
      })
    )
  }

  it.effect("is 503 in OAuth's words, and costs no refresh token", () =>
    Effect.gen(function* () {
      const isDown = { now: false }
      const { send, token, user } = yield* open({}, failing(isDown))
      const { refresh_token } = pairOf(yield* byPassword(send, user))
      yield* TestClock.adjust("2 seconds")
      isDown.now = true
      for (const answer of [yield* refresh(send, refresh_token), yield* byPassword(send, user)]) {
        assertOAuth(answer, 503, "temporarily_unavailable")
        assert.strictEqual(answer.headers["retry-after"], "1")
        assert.notInclude(answer.text, "CANARY")
      }
      const report = yield* use(send, token)
      assert.deepStrictEqual(
        [report.status, report.text],
        [503, `{"Message":"The service is unavailable. Please try again later."}`]
      )
      isDown.now = false
      assert.strictEqual((yield* refresh(send, refresh_token)).status, 200)
    })
  )
})

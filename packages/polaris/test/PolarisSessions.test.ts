/** Logging in, staying in, and getting out: what a caller must prove, and for how long it holds. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import {
  type Answer,
  assertRefused,
  cookieOf,
  declaration,
  logIn,
  makeLogin,
  makeMerchant,
  open,
  openRoutes,
  post,
  postOf,
  put
} from "./server.ts"

const read = "/core/api/Client.GetClientsModified?codeMagasin=1&lastChanged=2024-01-01"

const basic = (text: string) => ({
  headers: { authorization: `Basic ${Buffer.from(text, "utf8").toString("base64")}` }
})

const setCookie = (answer: Answer) => answer.headers["set-cookie"] ?? ""

describe("ACL.Login", () => {
  it.effect("opens a session by GET and by POST, with a cookie that scripts and other sites do not get", () =>
    Effect.gen(function* () {
      const { login, send } = yield* open()
      const { password, user } = login
      const seen = new Set<string>()
      for (const answer of [
        yield* send(`/core/api/ACL.Login?user=${user}&password=${password}`),
        yield* send("/core/api/ACL.Login", postOf({ user, password })),
        yield* send(`/core/api/acl.login?USER=${user}`, post(`Password=${password}`))
      ]) {
        assert.deepStrictEqual([answer.status, answer.text], [200, `${declaration}<boolean>true</boolean>`])
        assert.match(
          setCookie(answer),
          /^PolarisSession=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Strict$/
        )
        seen.add(cookieOf(answer))
        assert.strictEqual((yield* send(read, { headers: { cookie: cookieOf(answer) } })).status, 200)
      }
      assert.strictEqual(seen.size, 3)
      const json = yield* send("/core/api/ACL.Login?output=json", postOf({ user, password }))
      assert.strictEqual(json.text, "true")
    })
  )

  it.effect("takes a password of any characters (DOC: values are URL-encoded)", () =>
    Effect.gen(function* () {
      const { merchant, send, store } = yield* open()
      yield* makeLogin(store, merchant.id, ["read"], { user: "test", password: "a & b:é" })
      const answer = yield* send("/core/api/ACL.Login", post("user=test&password=a%20%26%20b%3A%C3%A9"))
      assert.strictEqual(answer.status, 200)
      assert.strictEqual((yield* send(read, basic("test:a & b:é"))).status, 200)
      assert.strictEqual((yield* send(read, basic("test:a & b"))).status, 401)
    })
  )

  it.effect("every wrong login has the same answer, and no session", () =>
    Effect.gen(function* () {
      const { credentials, login, merchant, send, store } = yield* open()
      const other = yield* makeLogin(store, merchant.id, ["read"], { dialect: "virtpos", user: "elsewhere" })
      const revoked = yield* makeLogin(store, merchant.id)
      yield* credentials.revoke(revoked.id)
      const answers: Array<Answer> = []
      for (const [user, password] of [
        [login.user, `tb_${"A".repeat(43)}`],
        ["nobody", login.password],
        [other.user, other.password],
        [revoked.user, revoked.password],
        [login.user.toUpperCase(), login.password]
      ] as const) {
        answers.push(yield* send("/core/api/ACL.Login", postOf({ user, password })))
      }
      for (const answer of answers) {
        assertRefused(answer, 401, "NotAuthenticated")
        assert.strictEqual(setCookie(answer), "")
        assert.deepStrictEqual([answer.text, answer.headers], [answers[0]!.text, answers[0]!.headers])
      }
      assertRefused(yield* send("/core/api/ACL.Login?user=a"), 400, "MissingParameter")
      assertRefused(yield* send("/core/api/ACL.Login", post("password=b")), 400, "MissingParameter")
    })
  )

  it.effect("guessing is slowed down, for that login and not for others", () =>
    Effect.gen(function* () {
      const { merchant, send, store } = yield* open()
      const target = yield* makeLogin(store, merchant.id)
      const other = yield* makeLogin(store, merchant.id)
      const guess = (n: number) =>
        send(
          "/core/api/ACL.Login",
          postOf({ user: target.user, password: `tb_${String(n).padStart(43, "0")}` })
        )
      let answer = yield* guess(0)
      for (let n = 1; n < 40 && answer.status === 401; n++) answer = yield* guess(n)
      assertRefused(answer, 429, "TooManyAttempts")
      assert.isAtLeast(Number(answer.headers["retry-after"]), 1)
      yield* logIn(send, other)
      yield* TestClock.adjust("16 minutes")
      yield* logIn(send, target)
    })
  )
})

describe("a session", () => {
  it.effect("ends when it was not used for half an hour, and each use prolongs it", () =>
    Effect.gen(function* () {
      const { cookie, send } = yield* open()
      for (let n = 0; n < 4; n++) {
        yield* TestClock.adjust("29 minutes")
        assert.strictEqual((yield* send(read, { headers: { cookie } })).status, 200)
      }
      yield* TestClock.adjust("30 minutes")
      assertRefused(yield* send(read, { headers: { cookie } }), 401, "NotAuthenticated")
    })
  )

  it.effect("ends at ACL.Logout, and another one goes on", () =>
    Effect.gen(function* () {
      const { cookie, login, send } = yield* open()
      const other = yield* logIn(send, login)
      const out = yield* send("/core/api/ACL.Logout", { ...post(""), headers: { cookie } })
      assert.strictEqual(out.text, `${declaration}<boolean>true</boolean>`)
      assert.strictEqual(setCookie(out), "PolarisSession=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0")
      assertRefused(yield* send(read, { headers: { cookie } }), 401, "NotAuthenticated")
      assert.strictEqual((yield* send(read, { headers: { cookie: other } })).status, 200)
      assert.strictEqual((yield* send("/core/api/ACL.Logout?output=json")).text, "true")
    })
  )

  it.effect("ends when its credential is revoked, within a second", () =>
    Effect.gen(function* () {
      const { cookie, credentials, login, send } = yield* open()
      assert.strictEqual((yield* send(read, { headers: { cookie } })).status, 200)
      yield* credentials.revoke(login.id)
      yield* TestClock.adjust("1 second")
      assertRefused(yield* send(read, { headers: { cookie } }), 401, "NotAuthenticated")
      assertRefused(yield* send(read, basic(`${login.user}:${login.password}`)), 401, "NotAuthenticated")
    })
  )

  it.effect("is of one process, and no text that was not given is one", () =>
    Effect.gen(function* () {
      const { cookie, send, store } = yield* open()
      const other = yield* openRoutes(store)
      assertRefused(yield* other.send(read, { headers: { cookie } }), 401, "NotAuthenticated")
      for (const wrong of [
        "PolarisSession=",
        "PolarisSession=__proto__",
        `${cookie}x`,
        cookie.slice(0, -1),
        cookie.toUpperCase(),
        cookie.replace("PolarisSession", "polarissession"),
        "x".repeat(5_000)
      ]) {
        assertRefused(yield* send(read, { headers: { cookie: wrong } }), 401, "NotAuthenticated")
      }
      assert.strictEqual((yield* send(read, { headers: { cookie: `a=b; ${cookie}; c=d` } })).status, 200)
    })
  )

  it.effect("who opens too many ends his own oldest ones, not those of others", () =>
    Effect.gen(function* () {
      const { cookie, merchant, send, store } = yield* open({ maxSessionsOfOne: 3 })
      const greedy = yield* makeLogin(store, merchant.id)
      const cookies: Array<string> = []
      for (let n = 0; n < 5; n++) cookies.push(yield* logIn(send, greedy))
      const statuses: Array<number> = []
      for (const own of cookies) statuses.push((yield* send(read, { headers: { cookie: own } })).status)
      assert.deepStrictEqual(statuses, [401, 401, 200, 200, 200])
      assert.strictEqual((yield* send(read, { headers: { cookie } })).status, 200)
    })
  )

  it.effect("there are never more than the process may hold, and the longest unused go first", () =>
    Effect.gen(function* () {
      const { cookie, merchant, send, store } = yield* open({ maxSessions: 3 })
      const cookies: Array<string> = []
      for (let n = 0; n < 2; n++) cookies.push(yield* logIn(send, yield* makeLogin(store, merchant.id)))
      assert.strictEqual((yield* send(read, { headers: { cookie } })).status, 200)
      yield* logIn(send, yield* makeLogin(store, merchant.id))
      assert.strictEqual((yield* send(read, { headers: { cookie } })).status, 200)
      assert.strictEqual((yield* send(read, { headers: { cookie: cookies[0]! } })).status, 401)
      assert.strictEqual((yield* send(read, { headers: { cookie: cookies[1]! } })).status, 200)
    })
  )

  it.effect("the cookie's name, its mark for https and the idle time can be chosen", () =>
    Effect.gen(function* () {
      const { login, send } = yield* open({ cookieName: "sid", secureCookie: true, sessionIdle: "1 minute" })
      const answer = yield* send(
        "/core/api/ACL.Login",
        postOf({ user: login.user, password: login.password })
      )
      assert.match(setCookie(answer), /^sid=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/)
      const headers = { cookie: cookieOf(answer) }
      assert.strictEqual((yield* send(read, { headers })).status, 200)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* send(read, { headers })).status, 401)
    })
  )
})

describe("without a session", () => {
  it.effect("HTTP Basic will do, and a broken header does not", () =>
    Effect.gen(function* () {
      const { cookie, login, send } = yield* open()
      const { password, user } = login
      assert.strictEqual((yield* send(read, basic(`${user}:${password}`))).status, 200)
      for (const authorization of [
        "Basic",
        "Basic ",
        "Basic !!!",
        `Basic ${Buffer.from(user).toString("base64")}`,
        `Basic ${Buffer.from(`:${password}`).toString("base64")}`,
        `Basic ${Buffer.from([0xff, 0x3a, 0x61]).toString("base64")}`,
        `Bearer ${password}`,
        password
      ]) {
        const answer = yield* send(read, { headers: { authorization, cookie } })
        assertRefused(answer, 401, "NotAuthenticated")
        assert.strictEqual(answer.headers["www-authenticate"], `Basic realm="core/api", charset="UTF-8"`)
      }
    })
  )

  it.effect("no function of clients answers", () =>
    Effect.gen(function* () {
      const { send } = yield* open()
      for (const target of [
        read,
        "/core/api/Client.GetClient?CodeMagasin=1&IDClient=1",
        "/core/api/Client.PutClient?CodeMagasin=1&InfoClient=%7B%7D",
        "/core/api/Client.GetClient?user=a&password=b"
      ]) {
        assertRefused(yield* send(target), 401, "NotAuthenticated")
      }
    })
  )

  it.effect("a merchant's session opens that merchant's data only", () =>
    Effect.gen(function* () {
      const { call, send, store } = yield* open()
      yield* put(call, { Nom: "Secret" })
      const rival = yield* makeMerchant(store, "B")
      const cookie = yield* logIn(send, yield* makeLogin(store, rival.id))
      assert.notInclude((yield* send(read, { headers: { cookie } })).text, "Secret")
    })
  )
})

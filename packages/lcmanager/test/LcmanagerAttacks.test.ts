/** What costs the server more than it costs the caller, and what brings a login back that is over. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import {
  assertRefused,
  byPassword,
  cardsOf,
  grant,
  makeUser,
  open,
  type Pair,
  pairOf,
  period,
  Q,
  rowsOf,
  xml
} from "./server.ts"

type Server = Effect.Success<ReturnType<typeof open>>

/** Milliseconds of work, the least of three: others use the machine too. */
const fastest = Effect.fnUntraced(function* <A, E, R>(work: Effect.Effect<A, E, R>) {
  let least = Number.POSITIVE_INFINITY
  for (let run = 0; run < 3; run++) {
    const start = process.cpuUsage()
    yield* work
    const { system, user } = process.cpuUsage(start)
    least = Math.min(least, (user + system) / 1_000)
  }
  return least
})

const april = `"BegDate":"2024-04-01","EndDate":"2024-04-30","Registration":true`

describe("64 KiB of a body", () => {
  it.effect("with comments are read in one pass", () =>
    Effect.gen(function* () {
      const { add, ask } = yield* open()
      yield* add({ number: "1", at: "2024-04-10T00:00:00Z" })
      const bodies = [
        `//\n"${`\\"`.repeat(32_000)}`,
        "/*".repeat(32_000),
        `{"SiteCode":"${"/*".repeat(30_000)}"`,
        `//\n${"/".repeat(64_000)}`,
        `/**/${"/ ".repeat(32_000)}`
      ]
      for (const body of bodies) {
        const millis = yield* fastest(
          Effect.map(ask(body), (answer) =>
            assertRefused(answer, /^the body (cannot be read as JSON|is no JSON object)/)
          )
        )
        assert.isBelow(millis, 500, body.slice(0, 20))
      }
      for (const body of [
        `/* a "quote */{${april},"SiteCode":"// no /* comment */ \\" //"}// end`,
        `{// one "\r\n${april}/**/,/***/"SiteCode":"\\\\"/* \n // */}`
      ]) {
        assert.deepStrictEqual(cardsOf(yield* ask(body)), [1], body)
      }
    })
  )

  it.effect("full of namespaces cost no more than their parts", () =>
    Effect.gen(function* () {
      const { ask } = yield* open()
      const body = (prefixes: number, members: number) => {
        const declared = Array.from({ length: prefixes }, (_, i) => ` xmlns:a${i.toString(36)}=""`).join("")
        return `<ClientInfoPeriodRequest xmlns="${Q}"${declared}>${`<a xmlns=""/>`.repeat(members)}</ClientInfoPeriodRequest>`
      }
      const time = (text: string) =>
        fastest(Effect.map(ask(text, xml), (answer) => assert.include(answer.text, "<ErrorCode")))
      const parts = (yield* time(body(2_000, 1))) + (yield* time(body(1, 1_950)))
      assert.isBelow(yield* time(body(2_000, 1_950)), 2.5 * parts)
    })
  )
})

const refresh = ({ send }: Server, { refresh_token }: Pair) =>
  grant(send, { grant_type: "refresh_token", refresh_token })

const statusWith = ({ send }: Server, { access_token }: Pair) =>
  Effect.map(
    send(period, {
      method: "POST",
      headers: { authorization: `Bearer ${access_token}`, "content-type": "application/json" },
      body: "{}"
    }),
    ({ status }) => status
  )

describe("a login that is over", () => {
  it.effect("stays so for whoever won a race for its refresh token", () =>
    Effect.gen(function* () {
      const server = yield* open()
      for (let round = 0; round < 5; round++) {
        const pair = pairOf(yield* byPassword(server.send, server.user))
        const answers = yield* Effect.all(
          Array.from({ length: 5 }, () => refresh(server, pair)),
          { concurrency: "unbounded" }
        )
        const won = answers.filter(({ status }) => status === 200)
        assert.isAtMost(won.length, 1)
        assert.strictEqual(yield* statusWith(server, pair), 401)
        for (const answer of won) {
          const dead = pairOf(answer)
          assert.strictEqual(yield* statusWith(server, dead), 401)
          // A client that was given tokens for it would call, be refused and renew them for ever.
          assert.strictEqual((yield* refresh(server, dead)).status, 400)
        }
      }
    })
  )

  it.effect("is not brought back by what others do with theirs", () =>
    Effect.gen(function* () {
      const server = yield* open({ tokens: { mostRefreshTokens: 2 } })
      const other = yield* makeUser(server.store, server.merchant.id, "boris")
      const stolen = pairOf(yield* byPassword(server.send, server.user))
      const endLogin = Effect.fnUntraced(function* (pair: Pair) {
        assert.strictEqual((yield* refresh(server, pair)).status, 200)
        assert.strictEqual((yield* refresh(server, pair)).status, 400)
      })
      yield* endLogin(stolen)
      assert.strictEqual(yield* statusWith(server, stolen), 401)
      for (let i = 0; i < 5; i++) yield* endLogin(pairOf(yield* byPassword(server.send, other)))
      assert.strictEqual(yield* statusWith(server, stolen), 401)
    })
  )
})

describe("a token", () => {
  it.effect("has one spelling: none whose signature only decodes to the same bytes", () =>
    Effect.gen(function* () {
      const server = yield* open()
      const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
      const last = alphabet.indexOf(server.token.at(-1)!)
      assert.strictEqual(last % 4, 0)
      for (const more of [1, 2, 3]) {
        const access_token = server.token.slice(0, -1) + alphabet[last + more]
        assert.strictEqual(yield* statusWith(server, { access_token } as Pair), 401)
      }
      assert.deepStrictEqual(rowsOf(yield* server.ask({})), [])
    })
  )
})

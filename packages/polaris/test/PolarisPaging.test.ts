/** Following checkpoints: nobody is skipped, whatever is written meanwhile and however large the slices are. */
import { assert, describe, it } from "@effect/vitest"
import { CustomerId } from "@tillbridge/domain"
import { Effect, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { randomFrom, type Random, seedOf } from "@tillbridge/conformance"
import { assertRefused, logIn, open, openRoutes, put, type Slice, sliceIn } from "./server.ts"

const modified = "Client.GetClientsModified?codeMagasin=1&output=json&lastChanged="

type Server = Effect.Success<ReturnType<typeof open>>

/** What a client and its cards say, as a reader sees it. */
const shown = ({ DateModification: _, ...rest }: Readonly<Record<string, unknown>>) => JSON.stringify(rest)

/** One random write: a client, one of its cards, a card that moves, is blocked or goes. */
const scribble = Effect.fnUntraced(function* (server: Server, random: Random, n: number) {
  const { cards, customers, merchant } = server
  const who = () => CustomerId.make(random.integer(1, 12))
  const exists = (id: CustomerId) =>
    customers.find(merchant.id, { by: "id", id }).pipe(
      Effect.as(true),
      Effect.orElseSucceed(() => false)
    )
  const kind = random.integer(0, 9)
  if (kind < 4) {
    const id = who()
    const isThere = yield* exists(id)
    yield* customers.save(merchant.id, {
      references: isThere ? [{ by: "id", id }] : [],
      createIfMissing: !isThere,
      patch: { lastName: `N${n}` },
      actor: null
    })
  } else if (kind < 8) {
    const id = who()
    const number = String(random.integer(1, 6))
    yield* cards.save(merchant.id, {
      search: [{ by: "number", number }],
      createIfMissing: true,
      patch: {
        number,
        status: random.pick(["active", "blocked"] as const),
        ...((yield* exists(id)) ? { customerId: id } : {})
      },
      actor: null
    })
  } else if (kind === 8) {
    yield* Effect.ignore(cards.remove(merchant.id, [{ by: "number", number: String(random.integer(1, 6)) }]))
  } else {
    yield* TestClock.adjust(random.integer(0, 2_000))
  }
})

describe("following checkpoints", () => {
  const seed = seedOf()

  it.effect(`shows everybody at the newest state while others write (seed ${seed})`, () =>
    Effect.gen(function* () {
      const random = randomFrom(seed)
      for (let round = 0; round < 25; round++) {
        const server = yield* open({ sessionIdle: "1 day" })
        const { call } = server
        for (let n = random.integer(0, 25); n > 0; n--) yield* scribble(server, random, n)
        const copy = new Map<unknown, string>()
        let checkPoint: string | undefined
        let writes = random.integer(0, 60)
        for (let step = 0; ; step++) {
          assert.isBelow(step, 500, "comes to an end")
          const resume = checkPoint === undefined ? "" : `&checkPoint=${checkPoint}`
          const limit = random.integer(1, 4)
          const page: Slice = sliceIn(yield* call(`${modified}2020-01-01&limit=${limit}${resume}`))
          assert.isAtMost(page.clients.length, limit)
          for (const client of page.clients) copy.set(client["IDClient"], shown(client))
          checkPoint = page.checkPoint ?? checkPoint
          if (!page.hasMoreResults && writes === 0) break
          for (let n = random.integer(0, 3); n > 0 && writes > 0; n--) {
            yield* scribble(server, random, writes--)
          }
        }
        const truth = sliceIn(yield* call(`${modified}2020-01-01&limit=1000`))
        assert.deepStrictEqual(
          [...copy].sort(([a], [b]) => Number(a) - Number(b)),
          truth.clients
            .map((client) => [client["IDClient"], shown(client)] as const)
            .sort(([a], [b]) => Number(a) - Number(b)),
          `seed ${seed}, round ${round}`
        )
        const fresh = yield* openRoutes(server.store)
        const headers = { cookie: yield* logIn(fresh.send, server.login) }
        const uncached = yield* fresh.send(`/core/api/${modified}2020-01-01&limit=1000`, { headers })
        assert.deepStrictEqual(
          sliceIn(uncached).clients,
          truth.clients,
          "what is kept encoded is what is stored"
        )
      }
    })
  )
})

describe("a checkpoint", () => {
  const setup = Effect.fnUntraced(function* () {
    const server = yield* open({ secret: Redacted.make("0123456789abcdef") })
    for (let n = 0; n < 5; n++) yield* put(server.call, { Nom: `N${n}` })
    const { checkPoint } = sliceIn(yield* server.call(`${modified}2024-01-01&limit=2`))
    return { ...server, checkPoint: checkPoint ?? assert.fail("no checkpoint") }
  })

  it.effect("goes on only with the arguments it was made for; the limit may change", () =>
    Effect.gen(function* () {
      const { call, checkPoint } = yield* setup()
      for (const same of [
        "2024-01-01&limit=3",
        "2024-01-01T00:00:00",
        "01/01/2024",
        "2023-12-31T23:00:00Z"
      ]) {
        const page = sliceIn(yield* call(`${modified}${same}&checkPoint=${checkPoint}`))
        assert.deepStrictEqual(
          page.clients.map(({ IDClient }) => IDClient),
          [3, 4, 5],
          same
        )
      }
      for (const other of ["2024-01-02", "2024-01-01&prefixCle=SHOP", "2024-01-01T00:00:00.001"]) {
        assertRefused(
          yield* call(`${modified}${other}&checkPoint=${checkPoint}`.replace("&output=json", "")),
          400,
          "InvalidCheckPoint"
        )
      }
      assertRefused(
        yield* call(
          `Client.GetClientsModified?codeMagasin=2&lastChanged=2024-01-01&checkPoint=${checkPoint}`
        ),
        400,
        "InvalidCheckPoint"
      )
    })
  )

  it.effect("that was changed in any character is refused", () =>
    Effect.gen(function* () {
      const { call, checkPoint } = yield* setup()
      const target = "Client.GetClientsModified?codeMagasin=1&lastChanged=2024-01-01&checkPoint="
      for (let at = 0; at < checkPoint.length; at++) {
        const other = checkPoint[at] === "A" ? "B" : "A"
        const changed = checkPoint.slice(0, at) + other + checkPoint.slice(at + 1)
        assertRefused(yield* call(target + changed), 400, "InvalidCheckPoint")
      }
      for (const wrong of [
        checkPoint.slice(1),
        checkPoint.slice(0, -1),
        `${checkPoint}A`,
        "1",
        "AAAA",
        `${checkPoint}%3D`
      ]) {
        assertRefused(yield* call(target + wrong), 400, "InvalidCheckPoint")
      }
    })
  )

  it.effect("is taken by another process with the same secret, and by no other", () =>
    Effect.gen(function* () {
      const { checkPoint, login, store } = yield* setup()
      for (const [secret, status] of [
        [Redacted.make("0123456789abcdef"), 200],
        [Redacted.make("0123456789abcdeF"), 400],
        [undefined, 400]
      ] as const) {
        const other = yield* openRoutes(store, secret === undefined ? {} : { secret })
        const headers = { cookie: yield* logIn(other.send, login) }
        const answer = yield* other.send(`/core/api/${modified}2024-01-01&checkPoint=${checkPoint}`, {
          headers
        })
        assert.strictEqual(answer.status, status)
      }
    })
  )
})

/** A store that fails before or while an answer is written, and a server that has too much to do. */
import { assert, describe, it } from "@effect/vitest"
import { CardRepository, type Repositories, StorageError } from "@tillbridge/domain"
import { Context, Effect } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import { LcmanagerRoutes } from "../src/index.ts"
import { json, open, period, read } from "./server.ts"

const busy = new StorageError({ operation: "CANARY", reason: "busy", cause: new Error("CANARY") })

/** The store fails at this read of registrations and later ones; never when 0. */
const failingAt = (state: { at: number; made: number }) => (real: Context.Context<Repositories>) => {
  const cards = Context.get(real, CardRepository)
  return Context.add(
    real,
    CardRepository,
    CardRepository.of({
      ...cards,
      registered: (...args) =>
        Effect.suspend(() =>
          state.at > 0 && ++state.made >= state.at ? Effect.fail(busy) : cards.registered(...args)
        )
    })
  )
}

describe("a store that fails", () => {
  it.effect("before the answer begins is told; while it is written, the answer breaks off", () =>
    Effect.gen(function* () {
      const state = { at: 0, made: 0 }
      const { add, ask, bearer, fetch, log } = yield* open({}, failingAt(state))
      for (let n = 1; n <= 1_200; n++)
        yield* add({ number: String(n), at: new Date(Date.UTC(2024, 0, 1) + n * 1000).toISOString() })
      Object.assign(state, { at: 1, made: 0 })
      const early = yield* ask({ Registration: true })
      assert.deepStrictEqual([early.status, early.headers["retry-after"]], [503, "1"])
      assert.strictEqual(log.length, 1)
      Object.assign(state, { at: 3, made: 0 })
      const response = yield* Effect.promise(() =>
        fetch(period, { method: "POST", headers: { ...json, ...bearer }, body: `{"Registration":true}` })
      )
      assert.strictEqual(response.status, 200)
      const broken = yield* Effect.promise(() =>
        response.text().then(
          (text) => text,
          () => null
        )
      )
      assert.isNull(broken, "no reader takes it for a whole answer")
      assert.strictEqual(log.length, 2)
      state.at = 0
      assert.strictEqual((yield* ask({ Registration: true })).status, 200)
    })
  )
})

describe("a request that the server itself refuses", () => {
  it.effect("is answered in the words of whom it was for", () =>
    Effect.gen(function* () {
      const told = Effect.fnUntraced(function* (
        path: string,
        headers: Readonly<Record<string, string>> = {}
      ) {
        const request = HttpServerRequest.fromWeb(
          new Request(`http://till.test${path}`, { method: "POST", headers, body: "x" })
        )
        const response = HttpServerResponse.toWeb(LcmanagerRoutes.refusal(request, busy))
        const answer = yield* Effect.promise(() => read(response))
        assert.deepStrictEqual([answer.status, answer.headers["retry-after"]], [503, "1"])
        return answer.text
      })
      const message = "The service is unavailable. Please try again later."
      assert.strictEqual(yield* told(period), `{"Message":"${message}"}`)
      assert.strictEqual(
        yield* told(period, { accept: "text/xml" }),
        `<Error><Message>${message}</Message></Error>`
      )
      assert.strictEqual(
        yield* told("/WebService/a/managerLOGIN"),
        `{"error":"temporarily_unavailable","error_description":"${message}"}`
      )
    })
  )
})

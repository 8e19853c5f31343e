import { assert, describe, it } from "@effect/vitest"
import { Credentials } from "@tillbridge/domain"
import { Context, Effect, Option } from "effect"
import { HttpServerRequest } from "effect/http"
import { TestClock } from "effect/testing"
import { answerOf } from "../src/internal/errors.ts"
import { readCall } from "../src/internal/call.ts"
import { open } from "./server.ts"

/** How a request with a key is answered that came from an address. */
const opened = Effect.map(open(), ({ key, store }) => {
  const credentials = Context.get(store, Credentials)
  const asked = (apikey: string, from: string | null) => {
    const request = HttpServerRequest.fromWeb(new Request(`http://till.test/api/customer?apikey=${apikey}`))
    return readCall(request.modify({ remoteAddress: Option.fromNullOr(from) }), credentials, {
      dialect: "virtpos",
      getOnly: new Set()
    }).pipe(Effect.match({ onFailure: answerOf, onSuccess: () => "let in" as const }))
  }
  return { asked, key }
})

const wrong = { status: 200, info: "invalid apikey" }
const tooMany = (seconds: number) => ({
  status: 429,
  info: "too many attempts, try again later",
  headers: { "retry-after": String(seconds) }
})

describe("guessing keys", () => {
  it.effect(
    "is answered ten times a minute for an address; other addresses and known keys do not notice",
    () =>
      Effect.gen(function* () {
        const { asked, key } = yield* opened
        assert.strictEqual(yield* asked(key, "192.0.2.1"), "let in")
        const generated = (n: number) => `tb_${String(n).padStart(43, "0")}`
        for (let n = 0; n < 10; n++)
          assert.deepStrictEqual<unknown>(yield* asked(generated(n), "192.0.2.1"), wrong)
        assert.deepStrictEqual<unknown>(yield* asked(generated(10), "192.0.2.1"), tooMany(6))
        yield* TestClock.adjust("4500 millis")
        assert.deepStrictEqual<unknown>(yield* asked(generated(11), "192.0.2.1"), tooMany(2))
        assert.strictEqual(yield* asked(key, "192.0.2.1"), "let in")
        assert.deepStrictEqual<unknown>(yield* asked(generated(12), "198.51.100.1"), wrong)
        assert.deepStrictEqual<unknown>(yield* asked(generated(13), null), wrong)
        yield* TestClock.adjust("1500 millis")
        assert.deepStrictEqual<unknown>(yield* asked(generated(14), "192.0.2.1"), wrong)
        assert.deepStrictEqual<unknown>(yield* asked(generated(15), "192.0.2.1"), tooMany(6))
      })
  )
})

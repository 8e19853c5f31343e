/** What must not get out: another merchant's data, the inside of a failure, secrets. */
import { assert, describe, it } from "@effect/vitest"
import { CustomerId, CustomerRepository, StorageError } from "@tillbridge/domain"
import { Context, Effect } from "effect"
import {
  type Asked,
  assertRefused,
  logIn,
  makeLogin,
  makeMerchant,
  open,
  postOf,
  put,
  refused,
  sliceIn
} from "./server.ts"

const get = "Client.GetClient?CodeMagasin=1&IDClient=1"
const modified = "Client.GetClientsModified?codeMagasin=1&lastChanged=2024-01-01"
const write = postOf({
  CodeMagasin: "1",
  InfoClient: "<InfoClient><IDClient>1</IDClient><Nom>X</Nom></InfoClient>"
})

describe("another merchant's data", () => {
  it.effect("answers byte for byte as data that never existed, and is not touched", () =>
    Effect.gen(function* () {
      const { call, customers, send, store } = yield* open()
      const rival = yield* makeMerchant(store, "B", { stores: [1, 7] })
      const cookie = yield* logIn(send, yield* makeLogin(store, rival.id))
      const rivals = (target: string, asked: Asked = {}) =>
        send(`/core/api/${target}`, { ...asked, headers: { ...asked.headers, cookie } })
      for (let n = 0; n < 3; n++) yield* put(rivals, { Nom: "Secret", Cle: `K${n}` }, { prefixCle: "SHOP" })
      const before = (yield* rivals(modified)).text
      for (const [theirs, nobodys] of [
        ["IDClient=1&CodeMagasin=1", "IDClient=99&CodeMagasin=1"],
        ["Cle=K1&prefixCle=SHOP&CodeMagasin=1", "Cle=K9&prefixCle=SHOP&CodeMagasin=1"],
        ["IDClient=1&CodeMagasin=7", "IDClient=1&CodeMagasin=8"]
      ] as const) {
        for (const output of ["xml", "json"]) {
          const one = yield* call(`Client.GetClient?${theirs}&output=${output}`)
          const none = yield* call(`Client.GetClient?${nobodys}&output=${output}`)
          assert.deepStrictEqual([one.status, one.text, one.headers], [none.status, none.text, none.headers])
        }
      }
      assertRefused(yield* call("Client.PutClient", write), 404, "ClientNotFound")
      const page = sliceIn(yield* rivals(`${modified}&limit=1&output=json`))
      assertRefused(yield* call(`${modified}&checkPoint=${page.checkPoint}`), 400, "InvalidCheckPoint")
      // What it would have found by key is made anew, in the caller's own merchant only.
      assert.strictEqual(yield* put(call, { Nom: "Mine", Cle: "K1" }, { prefixCle: "SHOP" }), 1)
      assert.strictEqual((yield* rivals(modified)).text, before)
      const mine = (yield* call(modified)).text
      assert.notInclude(mine, "Secret")
      assert.include(mine, "Mine")
      const own = yield* customers.find(rival.id, { by: "id", id: CustomerId.make(1) })
      assert.strictEqual(own.lastName, "Secret")
    })
  )
})

describe("a broken store", () => {
  const failing = (reason: StorageError["reason"]) => (real: Context.Context<never>) => {
    const repositories = real as Context.Context<CustomerRepository>
    const repository = Context.get(repositories, CustomerRepository)
    const error = new StorageError({ operation: "CANARY", reason, cause: new Error("CANARY") })
    return Context.add(repositories, CustomerRepository, {
      ...repository,
      get: () => Effect.fail(error),
      modified: () => Effect.fail(error)
    })
  }

  it.effect("is 503 with Retry-After where a repeat may help, else 500, and says nothing of the inside", () =>
    Effect.gen(function* () {
      for (const [reason, status, code] of [
        ["busy", 503, "Unavailable"],
        ["corrupt", 500, "InternalError"]
      ] as const) {
        const { call, log } = yield* open({}, failing(reason) as never)
        for (const target of [get, modified]) {
          const answer = yield* call(target)
          assertRefused(answer, status, code)
          assert.notInclude(answer.text, "CANARY")
          assert.strictEqual(answer.headers["retry-after"], status === 503 ? "1" : undefined)
        }
        assert.lengthOf(log, 2)
      }
    })
  )

  it.effect("a defect is told as an error too", () =>
    Effect.gen(function* () {
      const { call, log } = yield* open({}, (real) =>
        Context.add(real, CustomerRepository, {
          ...Context.get(real, CustomerRepository),
          get: () => Effect.die(new Error("CANARY"))
        })
      )
      const answer = yield* call(`${get}&output=json`)
      assert.deepStrictEqual(
        [answer.status, answer.text],
        [500, refused.json("InternalError", "erreur interne")]
      )
      assert.lengthOf(log, 1)
    })
  )
})

describe("secrets", () => {
  it.effect("stand in no log and in no answer, whatever goes wrong", () =>
    Effect.gen(function* () {
      const { call, cookie, log, login, send } = yield* open()
      const { password, user } = login
      const token = cookie.slice(cookie.indexOf("=") + 1)
      const answers = [
        yield* send(`/core/api/ACL.Login?user=${user}&password=${password}&output=${password}`),
        yield* send(`/core/api/ACL.Login?user=${user}&password=${password}&password=x`),
        yield* send(`/core/api/ACL.Login?user=x${user}&password=${password}`),
        yield* send(`/core/api/ACL.Login?user=${user}&password=%zz${password}`),
        yield* call(`Client.GetClient?CodeMagasin=${password}&IDClient=1`),
        yield* call("Client.GetClient?CodeMagasin=1&IDClient=9")
      ]
      for (const answer of answers) {
        const shown = answer.text + JSON.stringify(answer.headers)
        assert.notInclude(shown, password)
        assert.notInclude(shown, token)
      }
      assert.deepStrictEqual(log, [])
    })
  )
})

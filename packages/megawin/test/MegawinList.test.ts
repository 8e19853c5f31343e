/** `GET /customer/list`: filters, which all must hold, and the list of everyone (notes, sections 3 and 8). */
import { assert, describe, it } from "@effect/vitest"
import {
  CustomerId,
  type CustomerPatch,
  type CustomerRecord,
  CustomerRepository,
  type Repositories
} from "@tillbridge/domain"
import { Context, Effect } from "effect"
import { assertRefused, customersIn, empty, keysIn, open } from "./server.ts"

const withCustomers = Effect.fnUntraced(function* (records: ReadonlyArray<CustomerRecord>) {
  const server = yield* open()
  yield* server.customers.importBatch(server.merchant.id, records, null)
  const keysOf = (query: string) => Effect.map(server.call(`/list${query}`), keysIn)
  return { ...server, keysOf }
})

const keyed = (key: string, email: string): CustomerRecord => ({
  email,
  externalIds: [{ system: "megawin", key }]
})

const many = (count: number): ReadonlyArray<CustomerRecord> =>
  Array.from({ length: count }, (_, index) => ({ firstName: `N${index + 1}`, lastName: '"\\]}}' }))

describe("filters", () => {
  it.effect("id_client, clcleunik and id all name the vendor's key, or the id of who has none", () =>
    Effect.gen(function* () {
      const { keysOf } = yield* withCustomers([keyed("K-1", "a@b"), { email: "c@d" }])
      for (const name of ["id_client", "clcleunik", "id"]) {
        assert.deepStrictEqual(yield* keysOf(`?${name}=K-1`), ["K-1"])
        assert.deepStrictEqual(yield* keysOf(`?${name}=2`), ["2"])
        for (const nobody of [
          "1",
          "3",
          "0",
          "-1",
          "02",
          "2.0",
          "1e0",
          "0x2",
          "9007199254740993",
          "K",
          "%27%20OR%201=1"
        ]) {
          assert.deepStrictEqual(yield* keysOf(`?${name}=${nobody}`), [], nobody)
        }
      }
    })
  )

  it.effect("hold together: a customer must agree with each of them", () =>
    Effect.gen(function* () {
      const { keysOf } = yield* withCustomers([keyed("A", "a@b"), keyed("B", "b@b"), keyed("C", "a@b")])
      assert.deepStrictEqual(yield* keysOf("?email=a@b"), ["A", "C"])
      assert.deepStrictEqual(yield* keysOf("?email=a@b&id_client=C"), ["C"])
      assert.deepStrictEqual(yield* keysOf("?email=b@b&id_client=C"), [])
      assert.deepStrictEqual(yield* keysOf("?id=A&clcleunik=A&id_client=A&email=a@b"), ["A"])
      assert.deepStrictEqual(yield* keysOf("?id=A&clcleunik=B"), [])
      assert.deepStrictEqual(yield* keysOf("?id=A&clcleunik=nobody"), [])
    })
  )

  it.effect("an e-mail is found in any letter case, as a whole", () =>
    Effect.gen(function* () {
      const { keysOf } = yield* withCustomers([keyed("A", "Anna@Shop.be"), keyed("B", "b@b")])
      assert.deepStrictEqual(yield* keysOf("?email=anna%40SHOP.BE"), ["A"])
      for (const wild of ["%25", "_nna%40shop.be", "*", "anna", "a@b%27%20OR%201=1--"]) {
        assert.deepStrictEqual(yield* keysOf(`?email=${wild}`), [], wild)
      }
    })
  )

  it.effect("an e-mail whose plus signs came as blanks is found, and only where nothing else is", () =>
    Effect.gen(function* () {
      const { keysOf } = yield* withCustomers([
        keyed("A", "a+b+c@x"),
        keyed("B", "a b@x"),
        keyed("C", "a+b@x")
      ])
      // As the client sends it: the sign is not encoded.
      assert.deepStrictEqual(yield* keysOf("?email=a+b+c@x"), ["A"])
      assert.deepStrictEqual(yield* keysOf("?email=a%2Bb%2Bc@x"), ["A"])
      assert.deepStrictEqual(yield* keysOf("?email=a+b@x"), ["B"])
      assert.deepStrictEqual(yield* keysOf("?email=a%2Bb@x"), ["C"])
      assert.deepStrictEqual(yield* keysOf("?email=a+b+c@x&id_client=C"), [])
    })
  )

  it.effect("an empty one is refused: a client that takes the first customer must not get anybody's", () =>
    Effect.gen(function* () {
      const { call } = yield* withCustomers([keyed("A", "a@b")])
      for (const name of ["id_client", "clcleunik", "id", "email"]) {
        for (const nothing of ["", "%20", "+"]) {
          assertRefused(yield* call(`/list?${name}=${nothing}`), `${name} must not be empty`)
        }
      }
      assert.strictEqual((yield* call("/list?id=undefined")).text, empty)
    })
  )

  it.effect("said twice are refused, also when they say the same", () =>
    Effect.gen(function* () {
      const { call } = yield* withCustomers([keyed("A", "a@b")])
      for (const name of ["id_client", "clcleunik", "id", "email"]) {
        assertRefused(yield* call(`/list?${name}=A&x=1&${name}=A`), `${name} is given more than once`)
      }
    })
  )

  it.effect("unknown names do not filter", () =>
    Effect.gen(function* () {
      const { keysOf } = yield* withCustomers([keyed("A", "a@b"), keyed("B", "b@b")])
      assert.deepStrictEqual(yield* keysOf("?page=1&limit=1&id_clients=A&__proto__=1&x"), ["A", "B"])
    })
  )

  it.effect("filter in any letter case, and are refused as a list: neither is to mean everybody", () =>
    Effect.gen(function* () {
      const { call, keysOf } = yield* withCustomers([keyed("A", "a@b"), keyed("B", "b@b")])
      for (const name of ["ID_CLIENT", "Id_Client", "CLCLEUNIK", "ID"]) {
        assert.deepStrictEqual(yield* keysOf(`?${name}=B`), ["B"])
        assert.deepStrictEqual(yield* keysOf(`?${name}=nobody`), [])
      }
      assert.deepStrictEqual(yield* keysOf("?Email=b@b"), ["B"])
      assertRefused(yield* call("/list?ID_CLIENT=A&id_client=B"), "id_client is given more than once")
      assertRefused(yield* call("/list?EMAIL="), "email must not be empty")
      for (const name of ["id_client[]", "ID_CLIENT%5B0%5D", "id_client["]) {
        assertRefused(yield* call(`/list?${name}=B`), "id_client must be a single value")
      }
      // Only ASCII letters fold.
      assert.deepStrictEqual(yield* keysOf("?%C4%B1d=A&ema%C4%B0l=x&clcleun%C4%B1%E2%84%AA=x"), ["A", "B"])
    })
  )
})

describe("the list of everyone", () => {
  for (const count of [0, 1, 499, 500, 501, 1_000, 1_001, 1_234]) {
    it.effect(`${count} customers come as one document, each once and in order`, () =>
      Effect.gen(function* () {
        const { call } = yield* withCustomers(many(count))
        for (const _ of [1, 2]) {
          const answer = yield* call("/list")
          assert.deepStrictEqual(
            customersIn(answer).map(({ clcleunik, firstName }) => [clcleunik, firstName]),
            Array.from({ length: count }, (_, index) => [`${index + 1}`, `N${index + 1}`])
          )
          assert.strictEqual(answer.headers["content-type"], "application/json; charset=utf-8")
        }
      })
    )
  }

  it.effect("a filter that many match is listed whole as well", () =>
    Effect.gen(function* () {
      const records = many(1_200).map((record, index) =>
        index % 2 === 0 ? { ...record, email: "a+b@c" } : record
      )
      const { call } = yield* withCustomers(records)
      const keys = Array.from({ length: 600 }, (_, index) => `${index * 2 + 1}`)
      assert.deepStrictEqual(keysIn(yield* call("/list?email=a%2Bb@c")), keys)
      assert.deepStrictEqual(keysIn(yield* call("/list?email=a+b@c")), keys)
    })
  )

  it.effect("long ones that are read at once are made in turns, and others need not wait for their end", () =>
    Effect.gen(function* () {
      let reading = 0
      let most = 0
      const turn = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      const { call, customers, merchant } = yield* open({}, (real) => {
        const repository = Context.get(real as Context.Context<CustomerRepository>, CustomerRepository)
        return Context.add(real as Context.Context<CustomerRepository>, CustomerRepository, {
          ...repository,
          getMany: (of, ids) =>
            Effect.gen(function* () {
              if (ids.length > 1) most = Math.max(most, ++reading)
              yield* turn
              if (ids.length > 1) reading--
              return yield* repository.getMany(of, ids)
            })
        }) as Context.Context<Repositories>
      })
      yield* customers.importBatch(merchant.id, many(1_600), null)
      const ended: Array<string> = []
      const asked = (target: string) =>
        Effect.tap(
          call(target),
          Effect.sync(() => ended.push(target))
        )
      const answers = yield* Effect.all(
        [...Array.from({ length: 6 }, () => "/list"), "/list?id=1"].map(asked),
        {
          concurrency: "unbounded"
        }
      )
      assert.deepStrictEqual(
        answers.map((answer) => customersIn(answer).length),
        [1_600, 1_600, 1_600, 1_600, 1_600, 1_600, 1]
      )
      assert.strictEqual(most, 1)
      assert.strictEqual(ended[0], "/list?id=1")
    })
  )
})

describe("what is kept encoded", () => {
  it.effect("is told anew when the customer changes, and when its key does", () =>
    Effect.gen(function* () {
      const { call, customers, merchant } = yield* withCustomers([{ firstName: "A" }, { firstName: "B" }])
      assert.deepStrictEqual(keysIn(yield* call("/list")), ["1", "2"])
      const change = (id: number, patch: CustomerPatch) =>
        customers.save(merchant.id, {
          references: [{ by: "id", id: CustomerId.make(id) }],
          createIfMissing: false,
          patch,
          actor: null
        })
      yield* change(2, { externalIds: [{ system: "megawin", key: "1" }] })
      // Nothing of customer 1 has changed, but its key is another's now.
      assert.deepStrictEqual(keysIn(yield* call("/list")), ["id:1", "1"])
      assert.deepStrictEqual(
        customersIn(yield* call("/list?id_client=1")).map(({ firstName }) => firstName),
        ["B"]
      )
      yield* change(1, { firstName: "A2" })
      yield* change(2, { externalIds: [{ system: "megawin", key: "9" }] })
      assert.deepStrictEqual(
        customersIn(yield* call("/list")).map(({ clcleunik, firstName }) => [clcleunik, firstName]),
        [
          ["1", "A2"],
          ["9", "B"]
        ]
      )
    })
  )
})

/** add, update and delete (notes, section 6). */
import { assert, describe, it } from "@effect/vitest"
import { CustomerRepository, externalKey, type Repositories } from "@tillbridge/domain"
import { Context, Deferred, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { assertRefused, customersIn, makeKey, makeMerchant, oneIn, open, post, postForm } from "./server.ts"
import { johnDoe } from "./support.ts"

const done = `{"success":"true","message":"Updated successfully."}`

const jan = {
  nom: "Peeters",
  prenom: "Jan",
  email: "jan.peeters@example.test",
  denomination: "Peeters BV",
  password: "s3"
}

const withJohn = Effect.fnUntraced(function* () {
  const server = yield* open()
  yield* server.customers.importBatch(server.merchant.id, [johnDoe], null)
  const john = Effect.map(server.call("/list?id_client=1"), oneIn)
  return { ...server, john }
})

describe("an update", () => {
  it.effect("sets each documented field, and leaves every other as it is", () =>
    Effect.gen(function* () {
      const { call, john } = yield* withJohn()
      const expected: Record<string, unknown> = { ...(yield* john) }
      for (const [name, value] of Object.entries({
        email: "new@example.test",
        firstName: "Jean",
        lastName: "Dupont",
        address: "Rue Neuve 1",
        zipcode: "1000",
        city: "Bruxelles",
        country: "BE",
        phone: "+3221",
        cellphone: "+3247",
        denomination: "Dupont SA",
        tvaNumber: "BE1",
        megawinapp_login: "jd",
        language: "fr"
      })) {
        assert.strictEqual((yield* call("/update", post({ id_client: 1, [name]: value }))).text, done, name)
        expected[name] = value
        assert.deepStrictEqual(yield* john, expected, name)
      }
    })
  )

  it.effect("clears with an empty text or null, and gives the vendor's default back", () =>
    Effect.gen(function* () {
      const { call, john } = yield* withJohn()
      const before = yield* john
      const names = [
        "firstName",
        "address",
        "city",
        "phone",
        "email",
        "denomination",
        "tvaNumber",
        "language"
      ]
      for (const [index, name] of names.entries()) {
        yield* call("/update", post({ id_client: "1", [name]: index % 2 === 0 ? "" : null }))
        assert.strictEqual((yield* john)[name], "", name)
      }
      yield* call("/update", post({ id_client: "1", showPrice: "", webRemise: "", megawinapp_login: "" }))
      const cleared = Object.fromEntries(names.map((name) => [name, ""]))
      assert.deepStrictEqual(yield* john, {
        ...before,
        ...cleared,
        showPrice: true,
        webRemise: 0,
        megawinapp_login: ""
      })
    })
  )

  it.effect("takes prices shown and the discount in each spelling, and refuses what is none", () =>
    Effect.gen(function* () {
      const { call, john } = yield* withJohn()
      for (const [value, told] of [
        ["0", false],
        ["1", true],
        [0, false],
        [true, true],
        ["false", false],
        ["TRUE", true]
      ] as const) {
        yield* call("/update", post({ id_client: 1, showPrice: value }))
        assert.strictEqual((yield* john)["showPrice"], told)
      }
      for (const [value, told] of [
        ["12.5", 12.5],
        [7, 7],
        ["100", 100],
        [" 3 ", 3],
        ["0.10", 0.1],
        ["0", 0]
      ] as const) {
        yield* call("/update", post({ id_client: 1, webRemise: value }))
        assert.strictEqual((yield* john)["webRemise"], told)
      }
      const before = yield* john
      for (const value of ["maybe", 2, "yes"]) {
        assertRefused(
          yield* call("/update", post({ id_client: 1, showPrice: value })),
          "showPrice must be 1 or 0"
        )
      }
      for (const value of ["1,5", "x", "1e2", "NaN", "5%", "0x1"]) {
        assertRefused(
          yield* call("/update", post({ id_client: 1, webRemise: value })),
          "webRemise must be a decimal number such as 10 or 12.5"
        )
      }
      for (const value of ["-1", "100.01", 101]) {
        assertRefused(
          yield* call("/update", post({ id_client: 1, webRemise: value })),
          "webRemise must be a percentage from 0 to 100"
        )
      }
      assertRefused(
        yield* call("/update", post({ id_client: 1, city: "x".repeat(1_001) })),
        "city must be at most 1000 characters long, without NUL"
      )
      for (const [value, what] of [
        [{ a: 1 }, "must be a single value"],
        [["Gent"], "must be a single value"],
        ["a\0b", "must not contain NUL or a lone surrogate"]
      ] as const) {
        assertRefused(yield* call("/update", post({ id_client: 1, city: value })), `city ${what}`)
      }
      assertRefused(
        yield* call("/update", post(`{"id_client":1,"city":"\\ud800"}`)),
        "city must not contain NUL or a lone surrogate"
      )
      assert.deepStrictEqual(yield* john, before)
    })
  )

  it.effect("ignores what it does not document, without a word", () =>
    Effect.gen(function* () {
      const { call, customers, john, merchant } = yield* withJohn()
      const before = yield* john
      const kept = yield* customers.getMany(merchant.id, [1 as never])
      const answer = yield* call(
        "/update",
        post({
          id_client: "1",
          login: "root",
          password: "hacked",
          customerNumber: "X",
          groupePrice: "VIP",
          addedDate: "1999-01-01",
          addHour: "00:00:00",
          clcleunik: "77",
          id: "78",
          notification_accepted: "0",
          nom: "X",
          accumulated_sales: "1",
          createdBy: 9,
          extensions: { megawin: {} },
          nothing: { deep: [1] }
        })
      )
      assert.strictEqual(answer.text, done)
      assert.deepStrictEqual(yield* john, before)
      assert.deepStrictEqual(yield* customers.getMany(merchant.id, [1 as never]), kept)
    })
  )

  it.effect("takes query, form and JSON, and what the body says before what the query says", () =>
    Effect.gen(function* () {
      const { call, john } = yield* withJohn()
      assert.strictEqual((yield* call("/update?id_client=1&city=A", { method: "POST" })).text, done)
      assert.strictEqual((yield* john)["city"], "A")
      assert.strictEqual((yield* call("/update", postForm("id_client=1&city=B+%26+C"))).text, done)
      assert.strictEqual((yield* john)["city"], "B & C")
      yield* call("/update?id_client=1&city=Q&country=FR", post({ city: "J" }))
      assert.deepStrictEqual([(yield* john)["city"], (yield* john)["country"]], ["J", "FR"])
      assertRefused(
        yield* call("/update?id_client=1", post({ id_client: 1 })),
        "id_client is given more than once"
      )
      assertRefused(
        yield* call("/update?email=a@b", postForm("id_client=1&email=a@b")),
        "email is given more than once"
      )
      for (const twice of [
        yield* call("/update?ID_CLIENT=2", post({ id_client: 1, city: "X" })),
        yield* call("/update", post({ id_client: 1, ID_CLIENT: 2, city: "X" })),
        yield* call("/update", postForm("id_client=1&Id_client=1&city=X"))
      ]) {
        assertRefused(twice, "id_client is given more than once")
      }
      assertRefused(
        yield* call("/update", post({ id_client: 1, email: "a@b", Email: "c@d" })),
        "email is given more than once"
      )
      assertRefused(yield* call("/update", post({ "id_client[]": 1 })), "id_client must be a single value")
    })
  )

  it.effect("with the address as it was told leaves its lines alone, also with blanks around them", () =>
    Effect.gen(function* () {
      const { call, customers, everything, merchant } = yield* open()
      const lines = { line1: " Dorpstraat 1", line2: "bus 2", line3: "B " }
      yield* customers.importBatch(merchant.id, [{ lastName: "A", address: lines }], null)
      const { address, version } = (yield* everything)[0]!
      const told = oneIn(yield* call("/list"))
      assert.strictEqual(told["address"], " Dorpstraat 1, bus 2, B ")
      yield* call("/update", post({ id_client: 1, address: told["address"] }))
      assert.deepStrictEqual(
        [(yield* everything)[0]?.address, (yield* everything)[0]?.version],
        [address, version]
      )
    })
  )

  it.effect("of nobody is refused", () =>
    Effect.gen(function* () {
      const { call, everything } = yield* withJohn()
      const before = yield* everything
      for (const id of ["2", "id:1", "0", "John", "999999999999999999999"]) {
        assertRefused(yield* call("/update", post({ id_client: id, city: "X" })), "customer not found")
      }
      for (const id of ["", " ", null]) {
        assertRefused(yield* call("/update", post({ id_client: id, city: "X" })), "id_client is required")
      }
      assertRefused(yield* call("/update", post({ clcleunik: "1", city: "X" })), "id_client is required")
      assert.deepStrictEqual(yield* everything, before)
    })
  )
})

describe("an add", () => {
  it.effect("keeps every documented field, and the customer is in the list", () =>
    Effect.gen(function* () {
      const { call } = yield* open()
      const answer = yield* call(
        "/add",
        post({ ...jan, megatech_GPR_No: "07", afficher_prix: 0, is_guest: 1, actif: "1", langue: "NL" })
      )
      assert.match(
        answer.text,
        /^\{"success":"true","message":"success","result":\{"customer":\[\{"login":"janpeeters","password":"locked-[\w-]{24}"\}\]\}\}$/
      )
      const told = oneIn(yield* call("/list?email=jan.peeters@example.test"))
      assert.deepStrictEqual(
        [told["lastName"], told["firstName"], told["denomination"], told["groupePrice"], told["language"]],
        ["Peeters", "Jan", "Peeters BV", "07", "NL"]
      )
      assert.deepStrictEqual(
        [told["showPrice"], told["login"], told["is_guest"], told["actif"], told["clcleunik"]],
        [false, "janpeeters", 1, 1, "1"]
      )
    })
  )

  it.effect("needs name, first name, e-mail, company and password, and says which is missing", () =>
    Effect.gen(function* () {
      const { call, everything } = yield* open()
      for (const name of ["nom", "prenom", "email", "denomination", "password"] as const) {
        for (const value of [undefined, "", "  ", null]) {
          assertRefused(yield* call("/add", post({ ...jan, [name]: value })), `${name} is required`)
        }
      }
      assertRefused(yield* call("/add", { method: "POST" }), "nom is required")
      for (const name of ["afficher_prix", "is_guest", "actif"]) {
        assertRefused(yield* call("/add", post({ ...jan, [name]: 3 })), `${name} must be 1 or 0`)
      }
      assertRefused(
        yield* call("/add", post({ ...jan, megatech_GPR_No: "x".repeat(256) })),
        "megatech_GPR_No must be at most 255 characters long, without NUL"
      )
      assert.deepStrictEqual(yield* everything, [])
    })
  )

  it.effect("of an e-mail that somebody has is refused, in any letter case, also of two at once", () =>
    Effect.gen(function* () {
      const { call, everything } = yield* open()
      const both = yield* Effect.all([call("/add", post(jan)), call("/add", post(jan))], { concurrency: 2 })
      assert.deepStrictEqual(both.map(({ text }) => text.startsWith(`{"success":"true"`)).sort(), [
        false,
        true
      ])
      assertRefused(
        yield* call("/add", post({ ...jan, email: "JAN.Peeters@example.test" })),
        "email belongs to another customer"
      )
      assert.strictEqual((yield* everything).length, 1)
    })
  )

  it.effect("waits for others of its merchant only, and not for long", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const { call, everything, send, store } = yield* open({}, (real) => {
        const repository = Context.get(real as Context.Context<CustomerRepository>, CustomerRepository)
        return Context.add(real as Context.Context<CustomerRepository>, CustomerRepository, {
          ...repository,
          refs: (of, filter, window) =>
            Effect.andThen(
              filter.email === "slow@a.be" ? Deferred.await(gate) : Effect.void,
              repository.refs(of, filter, window)
            )
        }) as Context.Context<Repositories>
      })
      const { key } = yield* makeKey(store, (yield* makeMerchant(store, "B")).id)
      const slow = yield* Effect.forkChild(call("/add", post({ ...jan, email: "slow@a.be" })), {
        startImmediately: true
      })
      const next = yield* Effect.forkChild(call("/add", post({ ...jan, email: "next@a.be" })), {
        startImmediately: true
      })
      const other = yield* send(`/customer/add?apikey=${key}`, post(jan))
      assert.include(other.text, `"message":"success"`)
      yield* TestClock.adjust("3 seconds")
      yield* Deferred.succeed(gate, undefined)
      assert.include((yield* Fiber.join(slow)).text, `"message":"success"`)
      const refused = yield* Fiber.join(next)
      assertRefused(refused, "temporary error, try again", 503)
      assert.strictEqual(refused.headers["retry-after"], "1")
      assert.strictEqual((yield* everything).length, 1)
      assert.include((yield* call("/add", post({ ...jan, email: "next@a.be" }))).text, `"message":"success"`)
    })
  )

  it.effect("makes a login that nobody else has, and an update cannot change it", () =>
    Effect.gen(function* () {
      const { call } = yield* open()
      for (const email of ["john.doe@a.be", "John_Doe@b.be", "j.ohndoe@c.be", "élan@d.be", "@e.be", "x"]) {
        yield* call("/add", post({ ...jan, email }))
      }
      assert.deepStrictEqual(
        customersIn(yield* call("/list")).map(({ login }) => login),
        ["johndoe", "johndoe2", "johndoe3", "lan", "customer", "customer2"]
      )
      // Who is gone gives the name back.
      yield* call("/delete?id_client=2", { method: "DELETE" })
      yield* call("/add", post({ ...jan, email: "johndoe@f.be" }))
      assert.strictEqual(oneIn(yield* call("/list?email=johndoe@f.be"))["login"], "johndoe2")
    })
  )

  it.effect('puts the customer into the price group, which is made when it is new, and "01" is none', () =>
    Effect.gen(function* () {
      const { call, everything } = yield* open()
      yield* call("/add", post({ ...jan, email: "a@b", megatech_GPR_No: "VIP" }))
      yield* call("/add", post({ ...jan, email: "b@b", megatech_GPR_No: "01" }))
      yield* call("/add", post({ ...jan, email: "c@b" }))
      const all = yield* everything
      assert.deepStrictEqual(
        all.map(({ group }) => group?.name),
        ["VIP", undefined, undefined]
      )
      assert.deepStrictEqual(
        all.map(({ externalIds }) => externalKey(externalIds, "megawin")),
        [null, null, null]
      )
      assert.deepStrictEqual(
        customersIn(yield* call("/list")).map(({ groupePrice }) => groupePrice),
        ["VIP", "01", "01"]
      )
    })
  )
})

describe("a delete", () => {
  it.effect("removes exactly whom id_client names, once", () =>
    Effect.gen(function* () {
      const { call, customers, everything, merchant } = yield* withJohn()
      yield* customers.importBatch(merchant.id, [{ firstName: "Other" }], null)
      const gone = yield* call("/delete/?id_client=1", { method: "DELETE" })
      assert.deepStrictEqual(
        [gone.status, gone.text],
        [200, `{"success":"true","message":"Deleted successfully."}`]
      )
      assertRefused(yield* call("/delete?id_client=1", { method: "DELETE" }), "customer not found")
      assert.deepStrictEqual(
        (yield* everything).map(({ firstName }) => firstName),
        ["Other"]
      )
    })
  )

  it.effect("of nobody or without id_client is refused", () =>
    Effect.gen(function* () {
      const { call, everything } = yield* withJohn()
      const before = yield* everything
      for (const query of ["", "?id_client=", "?id=1", "?clcleunik=1", "?email=jdoe@example.com"]) {
        assertRefused(yield* call(`/delete${query}`, { method: "DELETE" }), "id_client is required")
      }
      assertRefused(yield* call("/delete?id_client=7", { method: "DELETE" }), "customer not found")
      assertRefused(
        yield* call("/delete?id_client=1&id_client=1", { method: "DELETE" }),
        "id_client is given more than once"
      )
      assert.deepStrictEqual(yield* everything, before)
    })
  )
})

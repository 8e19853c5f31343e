/** Data that must stay what it is and where it is: passwords, stored attacks, and what belongs to another merchant. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect } from "effect"
import { StorageError, CustomerRepository } from "@tillbridge/domain"
import {
  type Asked,
  customersIn,
  makeKey,
  makeMerchant,
  oneIn,
  open,
  openRoutes,
  post,
  postForm,
  type Told
} from "./server.ts"

const CANARY = "canary-Pa55word"

const everythingIn = (value: unknown): string =>
  JSON.stringify(value, (_key, member: unknown) =>
    typeof member === "bigint"
      ? String(member)
      : member instanceof Map || member instanceof Set
        ? [...member]
        : member
  )

const passwordsIn = (told: ReadonlyArray<Told>) => told.map(({ password }) => String(password))

describe("passwords", () => {
  it.effect("that come in are neither kept, answered nor logged, and each is counted", () =>
    Effect.gen(function* () {
      const { call, dropped, everything, log, send, store, key } = yield* open()
      const add = { nom: "A", prenom: "B", email: "a@b", denomination: "C", password: CANARY }
      const answers = [
        yield* call("/add", post(add)),
        yield* call("/update", post({ id_client: 1, city: "X", password: CANARY, PASSWORD: CANARY })),
        yield* call("/update", postForm(`id_client=1&city=Y&password=${CANARY}`)),
        yield* call(`/update?id_client=1&city=Z&password=${CANARY}`, { method: "POST" }),
        yield* call("/update", post({ id_client: 1, customer: { Password: CANARY, motDePasse: CANARY } })),
        yield* call(`/list?password=${CANARY}`),
        yield* call("/list"),
        yield* send(`/customer/list?password=${CANARY}`),
        yield* call("/update", post(`{"id_client":1,"password":"${CANARY}"`)),
        yield* call("/add", post({ ...add, nom: "", email: "d@e" }))
      ]
      for (const answer of answers) {
        assert.notInclude(JSON.stringify([answer.text, answer.headers]), CANARY)
      }
      assert.strictEqual((yield* everything)[0]?.address.city, "Z")
      assert.notInclude(everythingIn(yield* everything), CANARY)
      const repository = Context.get(store, CustomerRepository)
      const refs = yield* repository.refs(1 as never, {}, { after: null, limit: 10 })
      assert.notInclude(
        everythingIn(
          yield* repository.getMany(
            1 as never,
            refs.map(({ id }) => id)
          )
        ),
        CANARY
      )
      assert.deepStrictEqual(log, [])
      assert.notInclude(everythingIn(answers.map(({ text }) => text)), key)
      // The one of a caller without a key counts as well; the one in a broken body was never read.
      assert.strictEqual(yield* dropped, 10)
    })
  )

  it.effect("that a file brought into the store by another way are not told either", () =>
    Effect.gen(function* () {
      const { call, customers, merchant } = yield* open()
      yield* customers.importBatch(
        merchant.id,
        [
          {
            extensions: {
              megawin: {
                password: CANARY,
                Passwd: CANARY,
                wachtwoord: CANARY,
                mdp_web: CANARY,
                extra: "told"
              }
            }
          }
        ],
        null
      )
      const answer = yield* call("/list")
      assert.notInclude(answer.text, CANARY)
      assert.strictEqual(oneIn(answer)["extra"], "told")
    })
  )

  it.effect("as they are told are long, never empty, each customer's own, and steady in one process", () =>
    Effect.gen(function* () {
      const { call, customers, merchant, store } = yield* open()
      yield* customers.importBatch(
        merchant.id,
        Array.from({ length: 1_100 }, (_, index) => ({ firstName: `N${index}` })),
        null
      )
      const told = passwordsIn(customersIn(yield* call("/list")))
      for (const password of told) assert.match(password, /^locked-[A-Za-z0-9_-]{24}$/)
      assert.strictEqual(new Set(told).size, 1_100)
      assert.deepStrictEqual(passwordsIn(customersIn(yield* call("/list"))), told)
      assert.strictEqual(oneIn(yield* call("/list?id=777"))["password"], told[776])
      // A change to the customer does not change it; another process has a secret of its own.
      yield* call("/update", post({ id_client: 777, city: "X" }))
      assert.strictEqual(oneIn(yield* call("/list?id=777"))["password"], told[776])
      const other = yield* openRoutes(store)
      const { key } = yield* makeKey(store, merchant.id)
      const others = JSON.parse((yield* other.send(`/customer/list?apikey=${key}`)).text) as {
        result: { customer: ReadonlyArray<Told> }
      }
      const elsewhere = passwordsIn(others.result.customer)
      assert.strictEqual(elsewhere.length, 1_100)
      assert.isFalse(elsewhere.some((password) => told.includes(password)))
    })
  )

  it.effect("of the same customer number at two merchants differ", () =>
    Effect.gen(function* () {
      const { call, customers, merchant, send, store } = yield* open()
      const other = yield* makeMerchant(store, "B")
      const { key } = yield* makeKey(store, other.id)
      yield* customers.importBatch(merchant.id, [{ firstName: "A" }], null)
      yield* customers.importBatch(other.id, [{ firstName: "A" }], null)
      const mine = oneIn(yield* call("/list"))
      const theirs = oneIn(yield* send(`/customer/list?apikey=${key}`))
      assert.strictEqual(mine["clcleunik"], theirs["clcleunik"])
      assert.notStrictEqual(mine["password"], theirs["password"])
    })
  )
})

describe("stored attacks", () => {
  const attacks = [
    '"},{"clcleunik":"9',
    "</script><script>alert(1)</script>",
    "a\u0001b",
    "line\nfeed\r\nand\ttab",
    "\u202egnp.exe",
    "=cmd|'/c'!A1",
    "\\u0000",
    "x\u2028\u2029\u007f\u0085",
    "\ufffe\uffff",
    "👩‍👩‍👧",
    "' OR 1=1 --"
  ]

  it.effect("come back as the text they are, with nothing added around them", () =>
    Effect.gen(function* () {
      const { call } = yield* open()
      for (const [index, text] of attacks.entries()) {
        yield* call(
          "/add",
          post({
            nom: text,
            prenom: text,
            email: `a${index}@b`,
            denomination: text,
            password: "x",
            megatech_GPR_No: text
          })
        )
      }
      const told = customersIn(yield* call("/list"))
      for (const name of ["lastName", "firstName", "denomination", "groupePrice"]) {
        assert.deepStrictEqual(
          told.map((customer) => customer[name]),
          attacks,
          name
        )
      }
    })
  )
})

describe("another merchant's data", () => {
  it.effect("answers byte for byte as data that never existed, and is not touched", () =>
    Effect.gen(function* () {
      const { call, customers, send, store } = yield* open()
      const rival = yield* makeMerchant(store, "B")
      const { key } = yield* makeKey(store, rival.id)
      const rivals = (target: string, asked?: Asked) =>
        send(`/customer${target}${target.includes("?") ? "&" : "?"}apikey=${key}`, asked)
      yield* customers.importBatch(
        rival.id,
        [
          { firstName: "Secret", email: "s@b", externalIds: [{ system: "megawin", key: "K1" }] },
          { firstName: "Too" }
        ],
        null
      )
      const before = (yield* rivals("/list")).text
      for (const [theirs, nobodys] of [
        ["/list?id_client=K1", "/list?id_client=K9"],
        ["/list?id=2", "/list?id=99"],
        ["/list?clcleunik=id:2", "/list?clcleunik=id:99"],
        ["/list?email=s@b", "/list?email=x@b"]
      ] as const) {
        const one = yield* call(theirs)
        const none = yield* call(nobodys)
        assert.deepStrictEqual([one.text, one.status, one.headers], [none.text, none.status, none.headers])
      }
      for (const id of ["K1", "2", "id:2"]) {
        const one = yield* call("/update", post({ id_client: id, city: "X" }))
        const gone = yield* call(`/delete?id_client=${id}`, { method: "DELETE" })
        assert.deepStrictEqual(
          [one.text, gone.text],
          Array(2).fill(`{"success":"false","message":"customer not found"}`)
        )
      }
      // Their e-mail is free here.
      const added = yield* call(
        "/add",
        post({ nom: "Mine", prenom: "B", email: "s@b", denomination: "C", password: "x" })
      )
      assert.include(added.text, `"success":"true"`)
      assert.strictEqual((yield* rivals("/list")).text, before)
      // Both have a customer 1: what is kept encoded must not be mixed up.
      assert.notInclude((yield* call("/list")).text, "Secret")
      assert.include((yield* rivals("/list")).text, "Secret")
    })
  )
})

describe("a store that fails", () => {
  const broken = (reason: "busy" | "corrupt") =>
    open({}, (real) =>
      Context.add(real, CustomerRepository, {
        ...Context.get(real, CustomerRepository),
        refs: () =>
          Effect.fail(new StorageError({ operation: "refs", reason, cause: new Error(`${CANARY} SELECT`) }))
      })
    )

  it.effect("is told in the envelope, with nothing of the inside, and logged without the request", () =>
    Effect.gen(function* () {
      const busy = yield* broken("busy")
      const answer = yield* busy.call("/list?email=person@example.test")
      assert.deepStrictEqual(
        [answer.status, answer.headers["retry-after"], answer.text],
        [503, "1", `{"success":"false","message":"temporary error, try again"}`]
      )
      const corrupt = yield* broken("corrupt")
      const other = yield* corrupt.call("/list?email=person@example.test")
      assert.deepStrictEqual(
        [other.status, other.text],
        [500, `{"success":"false","message":"internal error"}`]
      )
      assert.strictEqual(other.headers["access-control-allow-origin"], "*")
      assert.strictEqual(corrupt.log.length, 1)
      for (const line of [...busy.log, ...corrupt.log]) {
        assert.notInclude(line, corrupt.key)
        assert.notInclude(line, busy.key)
        assert.notInclude(line, "person@example.test")
      }
    })
  )
})

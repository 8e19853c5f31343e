/** Members that the domain has no word for: what of them is kept, and that a client is not filled with them. */
import { assert, describe, it } from "@effect/vitest"
import { CustomerId, CustomerRepository, type Repositories } from "@tillbridge/domain"
import { Context, Effect } from "effect"
import { customerChange, defaultNames } from "../src/index.ts"
import { outgoingClient } from "../src/PolarisCodec.ts"
import { assertRefused, open, postOf, put } from "./server.ts"

const get = "Client.GetClient?CodeMagasin=1&IDClient=1"
const zone = "Europe/Paris" as never

/** Lets everything else that is ready go first. */
const turn = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))

const secrets = {
  password: "CANARY",
  MotDePasse: "CANARY",
  mot_de_passe: "CANARY",
  MdpWeb: "CANARY",
  PWD: "CANARY"
}

describe("passwords of the web site", () => {
  it.effect("are neither stored nor told, at any depth", () =>
    Effect.gen(function* () {
      const { call, customers, merchant } = yield* open()
      const id = yield* put(call, {
        Nom: "D",
        NombrePassages: 3,
        Compte: { Login: "d", ...secrets },
        ...secrets
      })
      const stored = yield* customers.find(merchant.id, { by: "id", id })
      assert.deepStrictEqual(stored.extensions, { polaris: { NombrePassages: 3, Compte: { Login: "d" } } })
      // What another way has put there is not told either.
      yield* customers.save(merchant.id, {
        references: [{ by: "id", id }],
        createIfMissing: false,
        patch: { extensions: { polaris: { MotDePasse: "CANARY" } } },
        actor: null
      })
      for (const target of [get, `${get}&output=json`])
        assert.notInclude((yield* call(target)).text, "CANARY")
    })
  )

  it("of a site do not come into a record, and none goes out to a site", () => {
    const { customer } = customerChange(
      { IDClient: "1", Nom: "D", Compte: { Login: "d", ...secrets }, ...secrets },
      { system: "polaris", externalSystem: "SHOP", timeZone: zone, names: defaultNames }
    )
    assert.deepStrictEqual(customer.extensions, { polaris: { Compte: { Login: "d" } } })
    const out = outgoingClient(
      { extensions: { polaris: { MotDePasse: "CANARY", Autre: "x" } } },
      { names: defaultNames, timeZone: zone, withStore: false }
    )
    assert.deepStrictEqual(out, { Autre: "x" })
  })
})

describe("members that are only kept", () => {
  it.effect("fill a client up to a limit, however many calls bring them", () =>
    Effect.gen(function* () {
      const { call, customers, merchant } = yield* open()
      yield* put(call, { Nom: "D" })
      const more = (round: number, value: string) =>
        Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`m${round}_${n}`, value]))
      const write = (members: object) =>
        call(
          "Client.PutClient",
          postOf({ CodeMagasin: "1", InfoClient: JSON.stringify({ IDClient: 1, ...members }) })
        )
      for (let round = 0; round < 2; round++)
        yield* put(call, { IDClient: 1, ...more(round, "x".repeat(80)) })
      const before = (yield* call(get)).text
      const refused = yield* write({ Nom: "X", ...more(2, "x".repeat(80)) })
      assertRefused(refused, 400, "InvalidParameter")
      assert.include(refused.text, "InfoClient : trop de membres inconnus")
      assert.strictEqual((yield* call(get)).text, before)
      // The fields of the domain are not held up, and there is a way back.
      assert.strictEqual((yield* write({ Nom: "Y" })).status, 200)
      assert.strictEqual((yield* write(more(1, ""))).status, 200)
      assert.strictEqual((yield* write(more(2, "y"))).status, 200)
      const { lastName } = yield* customers.find(merchant.id, { by: "id", id: CustomerId.make(1) })
      assert.strictEqual(lastName, "Y")
    })
  )

  it.effect("are refused under a name that no store can carry", () =>
    Effect.gen(function* () {
      const { call } = yield* open()
      for (const name of ["A\\ud800", "A\\u0000"]) {
        const answer = yield* call(
          "Client.PutClient",
          postOf({ CodeMagasin: "1", InfoClient: `{"Nom":"D","${name}":"x"}` })
        )
        assertRefused(answer, 400, "InvalidParameter")
      }
      assertRefused(yield* call(get), 404, "ClientNotFound")
      const { customer } = customerChange(
        { IDClient: "1", "A\ud800": "x", B: "y" },
        { system: "polaris", externalSystem: "SHOP", timeZone: zone, names: defaultNames }
      )
      assert.deepStrictEqual(customer.extensions, { polaris: { B: "y" } })
    })
  )
})

describe("Client.PutClient", () => {
  it.effect("refuses a member beside its other name, as it would have to drop one of them", () =>
    Effect.gen(function* () {
      const { call } = yield* open()
      for (const record of [
        `{"Email":"a@b.fr","Mail":"c@d.fr"}`,
        `{"mail":"a@b.fr","MAIL":"c@d.fr"}`,
        "<InfoClient><Mail>a@b.fr</Mail><Email>a@b.fr</Email></InfoClient>"
      ]) {
        const answer = yield* call("Client.PutClient", postOf({ CodeMagasin: "1", InfoClient: record }))
        assertRefused(answer, 400, "InvalidParameter")
        assert.include(answer.text, "Email est donné plus d'une fois")
      }
    })
  )

  it.effect("two calls at once that make one client leave it the shop of the one that made it", () =>
    Effect.gen(function* () {
      const madeIn: Array<number | null> = []
      const { call, customers, merchant } = yield* open({}, (real) => {
        const repository = Context.get(real as Context.Context<CustomerRepository>, CustomerRepository)
        return Context.add(real as Context.Context<CustomerRepository>, CustomerRepository, {
          ...repository,
          owners: (of, ids) => Effect.tap(repository.owners(of, ids), turn),
          put: (of, changes) => {
            for (const { after, before } of changes) if (before === null) madeIn.push(after.registeredIn)
            return repository.put(of, changes)
          }
        }) as Context.Context<Repositories>
      })
      const write = (store: string) =>
        call(
          "Client.PutClient",
          postOf({ CodeMagasin: store, prefixCle: "SHOP", InfoClient: `{"Cle":"K","Nom":"N${store}"}` })
        )
      const answers = yield* Effect.all(["1", "2", "3"].map(write), { concurrency: "unbounded" })
      assert.deepStrictEqual(
        answers.map(({ status }) => status),
        [200, 200, 200]
      )
      const { registeredIn } = yield* customers.find(merchant.id, { by: "id", id: CustomerId.make(1) })
      assert.deepStrictEqual(madeIn, [registeredIn])
    })
  )
})

/** A simulated vendor with customers, and what of it must never be seen in a log or an error. */
import { Credentials, CustomerId, type CustomerPatch } from "@tillbridge/domain"
import { simulate, type SocketOptions } from "@tillbridge/server"
import { Context, Effect, Redacted } from "effect"

export const SECRET = "canary-secret-Vq81xo"

/** A customer of whom every word is found by a search. */
export const canary = {
  firstName: "Kanariella",
  lastName: "Zwitschervogel",
  email: "kanariella@zwitscher.example",
  phone: "+33698123407"
} as const

export type Site = Effect.Success<ReturnType<typeof makeSite>>

/** The dialect's simulator on a socket, with a credential of its own and one customer who is a canary. */
export const makeSite = Effect.fnUntraced(function* (options: SocketOptions) {
  const sim = yield* simulate(options)
  const { dialect, merchant } = sim
  yield* Context.get(sim.store, Credentials).create({
    merchantId: merchant.id,
    dialect,
    login: sim.credential.login === null ? null : "till",
    secret: Redacted.make(SECRET),
    label: null,
    scopes: ["read", "write", "balance"]
  })
  const save = (id: number | null, patch: CustomerPatch) =>
    Effect.orDie(
      Effect.map(
        sim.customers.save(merchant.id, {
          references: id === null ? [] : [{ by: "id", id: CustomerId.make(id) }],
          createIfMissing: id === null,
          patch,
          actor: null
        }),
        ({ entity }) => entity.id
      )
    )
  let added = 0
  /** Somebody new, with a card. */
  const add = Effect.fnUntraced(function* (patch: CustomerPatch = {}) {
    const index = ++added
    const id = yield* save(null, {
      firstName: "Ida",
      lastName: `Neuf ${index}`,
      mobilePhone: `+336770${String(index).padStart(5, "0")}`,
      externalIds: [{ system: "SHOP", key: `F${index}` }],
      ...patch
    })
    const number = String(2_900_000_000 + index)
    yield* Effect.orDie(
      sim.cards.save(merchant.id, {
        search: [{ by: "number", number }],
        createIfMissing: true,
        patch: { number, status: "active" },
        owner: { by: "id", id },
        actor: null
      })
    )
    return id
  })
  const ids = Effect.orDie(
    Effect.map(sim.customers.refs(merchant.id, {}, { after: null, limit: 100_000 }), (refs) =>
      refs.map(({ id }) => id)
    )
  )
  const canaryId = yield* add(canary)

  return {
    sim,
    canaryId,
    add,
    ids,
    /** Changes the customer at the vendor. */
    change: (id: number, patch: CustomerPatch) => save(id, patch),
    remove: (id: number) =>
      Effect.orDie(sim.customers.remove(merchant.id, { by: "id", id: CustomerId.make(id) })),
    /** So many customers changed, every time to something new. */
    touch: Effect.fnUntraced(function* (count: number) {
      const all = yield* ids
      for (const id of all.slice(0, count)) yield* save(id, { notes: `Touched ${++added}` })
    }),
    set: (...faults: ReadonlyArray<string>) => Effect.orDie(sim.faults.set(faults)),
    /** What must not be told: the secret, the canary, and how a hundred others are reached. */
    secrets: Effect.gen(function* () {
      const all = yield* Effect.orDie(sim.customers.getMany(merchant.id, (yield* ids).slice(0, 100)))
      const reached = all.flatMap(({ email, mobilePhone, phone }) => [email, mobilePhone, phone])
      return [SECRET, ...Object.values(canary), ...reached.flatMap((word) => word ?? [])]
    })
  }
})

/** A vendor's own people, and every content that each of them ever had: what a mirror may hold, and in which order. */
import { CustomerId, type Customer } from "@tillbridge/domain"
import type { Simulator } from "@tillbridge/server"
import { Effect } from "effect"
import type { Random } from "../../packages/conformance/src/Random.ts"

const textOf = ({ firstName, lastName }: Customer) => `${firstName ?? ""}/${lastName ?? ""}`

export const makePeople = Effect.fnUntraced(function* (simulator: Simulator, random: Random, fewest: number) {
  const { customers, merchant } = simulator
  /** By key, the oldest first. */
  const told = new Map<string, Array<string>>()
  /** Keys of those who are there. */
  const present = new Set<string>()
  let version = 0

  const everybody = Effect.gen(function* () {
    const refs = yield* customers.refs(merchant.id, {}, { after: null, limit: 100_000 })
    return yield* customers.getMany(
      merchant.id,
      refs.map(({ id }) => id)
    )
  })

  for (const one of yield* everybody) {
    told.set(String(one.id), [textOf(one)])
    present.add(String(one.id))
  }

  const save = Effect.fnUntraced(function* (key: string | null) {
    const n = ++version
    const { entity } = yield* customers.save(merchant.id, {
      references: key === null ? [] : [{ by: "id", id: CustomerId.make(Number(key)) }],
      createIfMissing: key === null,
      patch: { firstName: `v${n}`, lastName: `Person ${n}` },
      actor: 1
    })
    const own = String(entity.id)
    present.add(own)
    told.set(own, [...(told.get(own) ?? []), textOf(entity)])
  })

  /** A till of the vendor's changes, adds or removes somebody. */
  const change = Effect.suspend(() => {
    const kind = random.next()
    if (kind < 0.2 || present.size < fewest) return save(null)
    return save(random.pick([...present]))
  })

  const remove = Effect.suspend(() => {
    if (present.size < fewest) return Effect.void
    const key = random.pick([...present])
    present.delete(key)
    return Effect.asVoid(customers.remove(merchant.id, { by: "id", id: CustomerId.make(Number(key)) }))
  })

  return { told, present, everybody, change, remove, textOf }
})

export type People = Effect.Success<ReturnType<typeof makePeople>>

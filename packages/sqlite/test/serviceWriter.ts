// Saves customers with cards through the domain's services until it is killed, and prints what each save answered.
// argv: the file, and the number to start from.
import { Cards, Customers, layerDomain, Merchants, TimeZone } from "@tillbridge/domain"
import { Effect, Layer } from "effect"
import { writeSync } from "node:fs"
import { layer } from "../src/index.ts"

const [file, start] = process.argv.slice(2)
const acknowledge = (what: object) => writeSync(1, `${JSON.stringify(what)}\n`)

await Effect.runPromise(
  Effect.gen(function* () {
    const merchants = yield* Merchants
    const customers = yield* Customers
    const cards = yield* Cards
    const zone = TimeZone.make("Europe/Paris")
    const merchant =
      (yield* merchants.list)[0] ??
      (yield* merchants.create({ name: "crash", timeZone: zone, externalKeyPrefix: null }))
    for (let n = Number(start); ; n++) {
      const { entity: customer } = yield* customers.save(merchant.id, {
        references: [{ by: "externalId", externalId: { system: "crash", key: String(n) } }],
        createIfMissing: true,
        patch: { lastName: `last ${n}`, notes: "x".repeat(n % 3_000) },
        group: { name: `group ${n % 7}` },
        actor: null
      })
      acknowledge({ n, customer: customer.id, version: customer.version })
      const { entity: card } = yield* cards.save(merchant.id, {
        search: [],
        createIfMissing: true,
        patch: { number: `n${n}` },
        owner: { by: "id", id: customer.id },
        actor: null
      })
      acknowledge({ n, customer: customer.id, version: customer.version, card: card.id })
      if (n % 5 !== 0) continue
      const changed = yield* customers.save(merchant.id, {
        references: [{ by: "id", id: customer.id }],
        createIfMissing: false,
        patch: { firstName: `changed ${n}` },
        actor: null
      })
      acknowledge({ n, customer: customer.id, version: changed.entity.version })
    }
  }).pipe(Effect.provide(layerDomain.pipe(Layer.provide(layer({ path: file! })))))
)

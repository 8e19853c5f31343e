/** Two merchants with credentials for every dialect, and records that tell whose they are. */
import {
  Cards,
  Credentials,
  Customers,
  layerDomain,
  type Merchant,
  Merchants,
  type Scope,
  StoreId,
  StoreListId,
  TimeZone
} from "@tillbridge/domain"
import { layer } from "@tillbridge/sqlite"
import { Effect, Layer, Redacted } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { tempFolder } from "../support.ts"

export const dialects = ["virtpos", "polaris", "lcmanager", "megawin"] as const
export type DialectId = (typeof dialects)[number]

/** A caller: login where the dialect has one, and key or password. None of it may ever be seen outside. */
export interface Caller {
  readonly login: string
  readonly key: string
}

const caller = (login: string): Caller => ({ login, key: `CANARY-key-of-${login}` })

export const callers = {
  alpha: caller("alpha"),
  beta: caller("beta"),
  /** Of Alpha, and may only read. */
  reader: caller("reader"),
  /** Of Alpha, and may do nothing at all. */
  idle: caller("idle"),
  /** Of Alpha, and no more good. */
  revoked: caller("revoked")
} as const

const hasLogin = (dialect: DialectId) => dialect === "polaris" || dialect === "lcmanager"

/** In every name of every record: an answer that has it shows somebody. */
export const MARK = "Somebody"

/** What a shopper may call himself. */
export const HOSTILE = `]]>"'<script>alert(1)</script>&=cmd|' /C calc'!A0\u202e\n${MARK}`
/** It cannot stand in XML at all. */
export const CONTROL = `${MARK}\u0001\u000b`

const insert = (merchant: Merchant, count: number, name: string) =>
  Effect.gen(function* () {
    const customers = yield* Customers
    const cards = yield* Cards
    for (let i = 1; i <= count; i++) {
      const { entity } = yield* customers.save(merchant.id, {
        references: [],
        createIfMissing: true,
        patch: {
          firstName: `${name}${i}`,
          lastName: MARK,
          phone: `+7999000${name.length}${i}`,
          email: `${name.toLowerCase()}${i}@example.com`,
          externalIds: [
            { system: "SHOP", key: `${name}-${i}` },
            { system: "megawin", key: `${name}${i}` }
          ]
        },
        actor: null
      })
      yield* cards.save(merchant.id, {
        search: [],
        createIfMissing: true,
        patch: { number: `000${name.length}${i}`, registeredIn: StoreId.make(1) },
        owner: { by: "id", id: entity.id },
        actor: null
      })
    }
  })

const openFor = (merchant: Merchant, { key, login }: Caller, scopes: ReadonlyArray<Scope>) =>
  Effect.gen(function* () {
    const credentials = yield* Credentials
    const made = []
    for (const dialect of dialects) {
      const { credential } = yield* credentials.create({
        merchantId: merchant.id,
        dialect,
        login: hasLogin(dialect) ? login : null,
        secret: Redacted.make(key),
        label: null,
        scopes
      })
      made.push(credential.id)
    }
    return made
  })

let filled: Promise<Buffer> | undefined

/** Writes the shop's store to a file; making it is slow, so that it is made once and copied. */
export const fillShop = (file: string): Effect.Effect<void> =>
  Effect.promise(async () => {
    filled ??= Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const made = path.join(yield* tempFolder, "shop.sqlite")
          yield* makeShop(made)
          return fs.readFileSync(made)
        })
      )
    )
    fs.writeFileSync(file, await filled)
  })

/** Alpha has customers 1 to 4 and stores 1 and 2, Beta 1 to 8 and a store 77. Alpha's 4 has a hostile name, and so has the type of his card. */
const makeShop = (file: string) =>
  Effect.gen(function* () {
    const merchants = yield* Merchants
    const credentials = yield* Credentials
    const customers = yield* Customers
    const cards = yield* Cards
    const make = (name: string) =>
      merchants.create({ name, timeZone: TimeZone.make("Europe/Moscow"), externalKeyPrefix: "SHOP" })
    const alpha = yield* make("Alpha")
    const beta = yield* make("Beta")
    for (const [merchant, ids] of [
      [alpha, [1, 2]],
      [beta, [1, 77]]
    ] as const) {
      for (const id of ids)
        yield* merchants.putStore(merchant.id, { id: StoreId.make(id), name: `Store ${id}` })
      yield* merchants.putStoreList(merchant.id, {
        id: StoreListId.make(merchant === alpha ? 1 : 5),
        name: "all",
        storeIds: ids.map((id) => StoreId.make(id))
      })
    }
    yield* insert(alpha, 3, "Alpha")
    const hostile = yield* customers.save(alpha.id, {
      references: [],
      createIfMissing: true,
      patch: { firstName: HOSTILE, lastName: CONTROL, notes: HOSTILE },
      actor: null
    })
    yield* cards.save(alpha.id, {
      search: [],
      createIfMissing: true,
      patch: { number: "4", registeredIn: StoreId.make(1) },
      type: { name: HOSTILE },
      owner: { by: "id", id: hostile.entity.id },
      actor: null
    })
    yield* insert(beta, 8, "Beta")
    yield* openFor(alpha, callers.alpha, ["read", "write"])
    yield* openFor(beta, callers.beta, ["read", "write"])
    yield* openFor(alpha, callers.reader, ["read"])
    yield* openFor(alpha, callers.idle, [])
    for (const id of yield* openFor(alpha, callers.revoked, ["read", "write"])) yield* credentials.revoke(id)
  }).pipe(Effect.provide(layerDomain.pipe(Layer.provide(layer({ path: file })))))

import { Merchant, Merchants, NewMerchant, Store, StoreList } from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { rejected, usage } from "../Failure.ts"
import type { Session } from "../GlobalFlags.ts"
import { say, write, writeJson, writeLine } from "../Output.ts"
import { attempt } from "../settings/Settings.ts"
import { withStore } from "../store/Database.ts"
import { chooseMerchant } from "../store/MerchantChoice.ts"
import { table } from "../Table.ts"
import { firstIssue } from "../transfer/RecordDecoder.ts"
import { didYouMean } from "../Suggest.ts"

const encode = Schema.encodeSync(Merchant)
const decode = Schema.decodeUnknownResult(NewMerchant)

interface Create {
  readonly name: string
  readonly timeZone: string | undefined
  readonly externalKeyPrefix: string | undefined
}

export const create = (input: Create, session: Session) =>
  Effect.gen(function* () {
    const timeZone = input.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone
    const decoded = decode({ name: input.name, timeZone, externalKeyPrefix: input.externalKeyPrefix ?? null })
    if (decoded._tag === "Failure") {
      const { field, reason } = firstIssue(decoded.failure)
      const flag =
        { name: "--name", timeZone: "--time-zone", externalKeyPrefix: "--external-key-prefix" }[field] ??
        field
      const hint = field === "timeZone" ? didYouMean(timeZone, Intl.supportedValuesOf("timeZone")) : ""
      return yield* usage(`${flag} ${reason}.${hint}`)
    }
    yield* withStore(
      session,
      (settings) =>
        Effect.gen(function* () {
          const merchant = yield* (yield* Merchants).create(decoded.success)
          if (session.json) return yield* writeJson(encode(merchant))
          yield* writeLine(
            `Merchant ${merchant.id} "${merchant.name}" (${merchant.timeZone}) in ${settings.databasePath}`
          )
          yield* say(
            "Next: tillbridge credentials create --dialect virtpos, or tillbridge customers import FILE"
          )
        }),
      { mayCreate: true }
    )
  })

export const list = (_: object, session: Session) =>
  withStore(session, () =>
    Effect.gen(function* () {
      const merchants = yield* (yield* Merchants).list
      if (session.json)
        return yield* write(merchants.map((one) => `${JSON.stringify(encode(one))}\n`).join(""))
      if (merchants.length === 0)
        return yield* say("No merchant yet. Make one: tillbridge merchants create --name NAME")
      const rows = merchants.map((one) => [one.id, one.name, one.timeZone, one.externalKeyPrefix])
      yield* write(table(["ID", "NAME", "TIME ZONE", "KEY PREFIX"], rows))
    })
  )

/** As JSON says them: the kind first, because one list holds both. */
const storeDocument = (store: Store) => ({ kind: "store", ...store })
const storeListDocument = (list: StoreList) => ({ kind: "store list", ...list })

interface OfMerchant {
  readonly merchant: string | undefined
}

export const stores = (input: OfMerchant, session: Session) =>
  withStore(session, (settings) =>
    Effect.gen(function* () {
      const merchant = yield* chooseMerchant(input.merchant, settings)
      const merchants = yield* Merchants
      const found = yield* merchants.stores(merchant.id)
      const lists = yield* merchants.storeLists(merchant.id)
      if (session.json) {
        const documents = [...found.map(storeDocument), ...lists.map(storeListDocument)]
        return yield* write(documents.map((one) => `${JSON.stringify(one)}\n`).join(""))
      }
      if (found.length === 0 && lists.length === 0)
        return yield* say("No store yet. Make one: tillbridge merchants put-store --id N --name TEXT")
      yield* write(
        table(
          ["STORE", "NAME"],
          found.map((one) => [one.id, one.name])
        )
      )
      if (lists.length === 0) return
      const rows = lists.map((one) => [one.id, one.name, one.storeIds.join(",")])
      yield* write(`\n${table(["LIST", "NAME", "STORES"], rows)}`)
    })
  )

interface PutStore extends OfMerchant {
  readonly id: number
  readonly name: string
}

const decodeStore = Schema.decodeUnknownResult(Store)
const decodeStoreList = Schema.decodeUnknownResult(StoreList)

/** What the flags say, or the first thing wrong with them; a field is called as its flag is. */
const checked = <A>(decoded: Result.Result<A, Schema.SchemaError>): A => {
  if (Result.isSuccess(decoded)) return decoded.success
  const { field, reason } = firstIssue(decoded.failure)
  throw usage(`--${field.startsWith("storeIds") ? "stores" : field} ${reason}`)
}

export const putStore = Effect.fnUntraced(function* (input: PutStore, session: Session) {
  const store = yield* attempt(() => checked(decodeStore({ id: input.id, name: input.name })))
  yield* withStore(session, (settings) =>
    Effect.gen(function* () {
      const merchant = yield* chooseMerchant(input.merchant, settings)
      yield* (yield* Merchants).putStore(merchant.id, store)
      if (session.json) return yield* writeJson(storeDocument(store))
      yield* writeLine(`Store ${store.id} "${store.name}" of "${merchant.name}" is stored`)
    })
  )
})

interface PutStoreList extends PutStore {
  readonly stores: string
}

const storeIdsOf = (given: string): ReadonlyArray<number> =>
  given.split(",").map((part) => {
    const word = part.trim()
    if (!/^[0-9]+$/.test(word))
      throw usage(`--stores must be numbers of stores, comma separated, not "${given}"`)
    return Number(word)
  })

const listOf = ({ id, name, stores: given }: PutStoreList): StoreList =>
  checked(decodeStoreList({ id, name, storeIds: [...new Set(storeIdsOf(given))] }))

export const putStoreList = Effect.fnUntraced(function* (input: PutStoreList, session: Session) {
  const list = yield* attempt(() => listOf(input))
  yield* withStore(session, (settings) =>
    Effect.gen(function* () {
      const merchant = yield* chooseMerchant(input.merchant, settings)
      const merchants = yield* Merchants
      const refuse = Effect.gen(function* () {
        const known = new Set((yield* merchants.stores(merchant.id)).map(({ id }) => id))
        const unknown = list.storeIds.filter((id) => !known.has(id))
        return yield* rejected(
          `"${merchant.name}" has no store ${unknown.join(", ")}. ` +
            "Make it first: tillbridge merchants put-store --id N --name TEXT"
        )
      })
      yield* merchants.putStoreList(merchant.id, list).pipe(Effect.catchTag("UnknownReference", () => refuse))
      if (session.json) return yield* writeJson(storeListDocument(list))
      yield* writeLine(
        `Store list ${list.id} "${list.name}" of "${merchant.name}" holds ${list.storeIds.join(", ")}`
      )
    })
  )
})

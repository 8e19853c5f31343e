import {
  AlreadyTaken,
  type CardId,
  type CardReference,
  CardRepository,
  type CardWindow,
  type CardWrite,
  type CustomerId,
  type ExternalId,
  type LoyaltyCard,
  type LoyaltyPeriod,
  type MerchantId,
  type RegistrationWindow,
  type StoreId
} from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as SqlClient from "effect/sql/SqlClient"
import type * as Statement from "effect/sql/Statement"
import { cardColumns, cardFromRow, type CardRow, pushCardValues } from "./cardRow.ts"
import { makeExternalIds } from "./externalIds.ts"
import { makeKeyList } from "./keyLists.ts"
import { inParts, makeMultiRow, overwrite } from "./multiRow.ts"
import { makeStoring } from "./StorageFailures.ts"
import { makeTouchedOwners } from "./touchedOwners.ts"

/** Cards in the table `cards`, their external ids also in `card_external_ids`. */
export const layerCards = Layer.effect(
  CardRepository,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const storing = yield* makeStoring
    const upsert = makeMultiRow(sql, {
      table: "cards",
      columns: cardColumns,
      suffix: overwrite(["merchant_id", "id"], cardColumns)
    })
    const externalIds = makeExternalIds(sql, "card_external_ids", "card_id")
    const touchedOwners = makeTouchedOwners(sql)
    const keyList = makeKeyList(sql)

    const selected = (condition: Statement.Fragment) =>
      Effect.map(sql<CardRow>`SELECT * FROM cards WHERE ${condition}`, (rows) => rows.map(cardFromRow))

    const is = (merchant: MerchantId, reference: CardReference): Statement.Fragment => {
      switch (reference.by) {
        case "id":
          return sql`id = ${reference.id}`
        case "number":
          return sql`number = ${reference.number}`
        case "externalId":
          return sql`id = (SELECT card_id FROM card_external_ids WHERE merchant_id = ${merchant}
  AND system = ${reference.externalId.system} AND key = ${reference.externalId.key})`
        case "barcode":
          // Found first and ordered then: the other way round, SQLite reads every card in the order of the ids.
          return sql`id IN (SELECT id FROM cards WHERE merchant_id = ${merchant} AND barcode = ${reference.barcode}
  UNION ALL SELECT id FROM cards WHERE merchant_id = ${merchant} AND ean13 = ${reference.barcode}) ORDER BY id LIMIT 1`
      }
    }

    const pageOf = ({ after, limit }: CardWindow) => sql`id > ${after ?? 0} ORDER BY id LIMIT ${limit}`

    const registered = (
      merchant: MerchantId,
      { from, until }: LoyaltyPeriod,
      stores: ReadonlyArray<StoreId> | null,
      { after, limit }: RegistrationWindow
    ) => {
      const all: Array<Statement.Fragment> = [
        sql`merchant_id = ${merchant}`,
        sql`registered_at < ${until.epochMilliseconds}`
      ]
      // One lower bound, so that the index is entered at the right place.
      if (after === null || after.registeredAt.epochMilliseconds < from.epochMilliseconds) {
        all.push(sql`registered_at >= ${from.epochMilliseconds}`)
      } else {
        all.push(sql`(registered_at, id) > (${after.registeredAt.epochMilliseconds}, ${after.id})`)
      }
      if (stores !== null) all.push(stores.length === 0 ? sql`1 = 0` : sql.in("registered_in", stores))
      return sql`${sql.and(all)} ORDER BY registered_at, id LIMIT ${limit}`
    }

    /** `+id`: by the plain id, SQLite reads every card in that order instead of finding the owners' few. */
    const ofCustomers = (merchant: MerchantId, customers: ReadonlyArray<CustomerId>) =>
      customers.length === 0
        ? Effect.succeed([])
        : selected(sql`merchant_id = ${merchant} AND ${sql.in("customer_id", customers)} ORDER BY +id`)

    const named = Effect.fnUntraced(function* (
      merchant: MerchantId,
      numbers: ReadonlyArray<string>,
      ids: ReadonlyArray<ExternalId>
    ) {
      const byId = new Map<CardId, LoyaltyCard>()
      const add = (from: Statement.Fragment) =>
        Effect.map(sql<CardRow>`SELECT c.* FROM ${from}`, (rows) => {
          for (const row of rows) byId.set(row.id as CardId, cardFromRow(row))
        })
      for (const some of inParts(numbers))
        yield* add(sql`${keyList(some)} CROSS JOIN cards AS c
WHERE c.merchant_id = ${merchant} AND c.number = k.value`)
      for (const [system, own] of Map.groupBy(ids, (id) => id.system)) {
        for (const some of inParts(own)) {
          yield* add(sql`${keyList(some.map(({ key }) => key))} CROSS JOIN card_external_ids AS e
CROSS JOIN cards AS c
WHERE e.merchant_id = ${merchant} AND e.system = ${system} AND e.key = k.value
  AND c.merchant_id = ${merchant} AND c.id = e.card_id`)
        }
      }
      return [...byId.values()]
    })

    /** Numbers that one of the writes gives up, from which another may take them: they must not meet on the way. */
    const vacate = Effect.fnUntraced(function* (merchant: MerchantId, ids: ReadonlyArray<number>) {
      for (const id of ids) {
        yield* sql`UPDATE cards SET number = ${`\u0001${id}`} WHERE merchant_id = ${merchant} AND id = ${id}`
      }
    })

    /** The writer holds the merchant's counter, so nobody takes a number between this look and the write. */
    const takeNumbers = Effect.fnUntraced(function* (merchant: MerchantId, writes: ReadonlyArray<CardWrite>) {
      const owners = new Map<string, number>()
      const written = new Set<number>()
      const taken: Array<string> = []
      for (const { after, before } of writes) {
        if ((owners.get(after.number) ?? after.id) !== after.id) return false
        owners.set(after.number, after.id)
        written.add(after.id)
        if (before?.number !== after.number) taken.push(after.number)
      }
      const given: Array<number> = []
      for (const some of inParts(taken)) {
        const rows = yield* sql`SELECT c.id, c.number FROM ${keyList(some)} CROSS JOIN cards AS c
WHERE c.merchant_id = ${merchant} AND c.number = k.value`.values
        for (const [id, number] of rows) {
          if (owners.get(number as string) === id) continue
          if (!written.has(id as number)) return false
          given.push(id as number)
        }
      }
      yield* vacate(merchant, given)
      return true
    })

    return CardRepository.of({
      find: (merchant, reference) =>
        selected(sql`merchant_id = ${merchant} AND ${is(merchant, reference)}`).pipe(
          Effect.map((cards) => Option.fromUndefinedOr(cards[0])),
          storing("cards.find")
        ),
      named: (merchant, numbers, ids) => named(merchant, numbers, ids).pipe(storing("cards.named")),
      ofCustomers: (merchant, customers) =>
        ofCustomers(merchant, customers).pipe(storing("cards.ofCustomers")),
      list: (merchant, window) =>
        selected(sql`merchant_id = ${merchant} AND ${pageOf(window)}`).pipe(storing("cards.list")),
      registered: (merchant, period, stores, window) =>
        selected(registered(merchant, period, stores, window)).pipe(storing("cards.registered")),
      put: (merchant, writes) =>
        Effect.gen(function* () {
          if (!(yield* takeNumbers(merchant, writes))) return yield* new AlreadyTaken({ what: "card number" })
          yield* upsert(writes, (out, { after }) => pushCardValues(out, merchant, after))
          if (!(yield* externalIds.update(merchant, writes))) {
            return yield* new AlreadyTaken({ what: "card external id" })
          }
          yield* touchedOwners.of(merchant, writes)
        }).pipe(storing("cards.put")),
      remove: (merchant, card, position, at) =>
        Effect.gen(function* () {
          yield* externalIds.forget(merchant, card.externalIds)
          yield* sql`DELETE FROM cards WHERE merchant_id = ${merchant} AND id = ${card.id}`
          if (card.customerId !== null) yield* touchedOwners.one(merchant, card.customerId, { position, at })
          yield* sql`INSERT INTO removals (merchant_id, position, entity, entity_id, removed_at)
VALUES (${merchant}, ${position}, 'card', ${card.id}, ${at.epochMilliseconds})
ON CONFLICT (merchant_id, entity, entity_id) DO UPDATE SET position = excluded.position, removed_at = excluded.removed_at`
        }).pipe(storing("cards.remove"))
    })
  })
)

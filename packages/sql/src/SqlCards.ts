import {
  AlreadyTaken,
  type CardReference,
  CardRepository,
  type CardWindow,
  type CustomerId,
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
import { makeMultiRow, overwrite } from "./multiRow.ts"
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

    /** The writer holds the merchant's counter, so nobody takes a number between this look and the write. */
    const numbersAreFree = Effect.fnUntraced(function* (
      merchant: MerchantId,
      writes: ReadonlyArray<{
        readonly before: { number: string } | null
        readonly after: { id: number; number: string }
      }>
    ) {
      const owners = new Map<string, number>()
      for (const { after, before } of writes) {
        if ((owners.get(after.number) ?? after.id) !== after.id) return false
        owners.set(after.number, after.id)
        if (before?.number === after.number) continue
        const rows = yield* sql`SELECT 1 FROM cards
WHERE merchant_id = ${merchant} AND number = ${after.number} AND id <> ${after.id}`
        if (rows.length > 0) return false
      }
      return true
    })

    return CardRepository.of({
      find: (merchant, reference) =>
        selected(sql`merchant_id = ${merchant} AND ${is(merchant, reference)}`).pipe(
          Effect.map((cards) => Option.fromUndefinedOr(cards[0])),
          storing("cards.find")
        ),
      ofCustomers: (merchant, customers) =>
        ofCustomers(merchant, customers).pipe(storing("cards.ofCustomers")),
      list: (merchant, window) =>
        selected(sql`merchant_id = ${merchant} AND ${pageOf(window)}`).pipe(storing("cards.list")),
      registered: (merchant, period, stores, window) =>
        selected(registered(merchant, period, stores, window)).pipe(storing("cards.registered")),
      put: (merchant, writes) =>
        Effect.gen(function* () {
          if (!(yield* numbersAreFree(merchant, writes)))
            return yield* new AlreadyTaken({ what: "card number" })
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

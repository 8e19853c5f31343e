import {
  type Change,
  type ChangePosition,
  ChangeFeed,
  type CardId,
  type CustomerId,
  type MerchantId,
  StorageError
} from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import type * as SqlError from "effect/sql/SqlError"
import { cardFromRow, type CardRow } from "./cardRow.ts"
import { customerFromRow, type CustomerRow } from "./customerRow.ts"
import { makeStoring } from "./StorageFailures.ts"

/**
 * The feed is no table of its own: each customer and card carries the position of its newest change, and `removals`
 * those of deletions. A claim updates the merchant's row, whose lock is held until the transaction ends: writers of
 * one merchant commit in the order of their positions, on every database.
 */
export const layerChangeFeed = Layer.effect(
  ChangeFeed,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const storing = yield* makeStoring

    /** A page, or `null` when a change of it moved to a later position while it was read. */
    const readOnce = Effect.fnUntraced(function* (
      merchant: MerchantId,
      after: ChangePosition,
      limit: number
    ) {
      // One statement decides what belongs to the page: between three, a change could move past a boundary.
      const page = yield* sql<{ kind: string; position: number; id: number }>`SELECT * FROM (
  SELECT * FROM (SELECT 'customer' AS kind, version AS position, id FROM customers
    WHERE merchant_id = ${merchant} AND version > ${after} ORDER BY version LIMIT ${limit}) AS c
  UNION ALL
  SELECT * FROM (SELECT 'card', version, id FROM cards
    WHERE merchant_id = ${merchant} AND version > ${after} ORDER BY version LIMIT ${limit}) AS d
  UNION ALL
  SELECT * FROM (SELECT 'removed ' || entity, position, entity_id FROM removals
    WHERE merchant_id = ${merchant} AND position > ${after} AND (entity <> 'customer' OR NOT EXISTS (
      SELECT 1 FROM customers WHERE merchant_id = ${merchant} AND id = removals.entity_id))
    ORDER BY position LIMIT ${limit}) AS r
) AS changes ORDER BY position LIMIT ${limit}`
      const idsOf = (kind: string) => page.filter((row) => row.kind === kind).map(({ id }) => id)
      const [customerIds, cardIds] = [idsOf("customer"), idsOf("card")]
      const customers = new Map(
        customerIds.length === 0
          ? []
          : (yield* sql<CustomerRow>`SELECT * FROM customers
WHERE merchant_id = ${merchant} AND ${sql.in("id", customerIds)}`).map((row) => [
              row.id as number,
              customerFromRow(row)
            ])
      )
      const cards = new Map(
        cardIds.length === 0
          ? []
          : (yield* sql<CardRow>`SELECT * FROM cards
WHERE merchant_id = ${merchant} AND ${sql.in("id", cardIds)}`).map((row) => [
              row.id as number,
              cardFromRow(row)
            ])
      )
      const changes = page.flatMap(({ id, kind, position: at }): ReadonlyArray<Change> => {
        const position = at as ChangePosition
        switch (kind) {
          case "customer": {
            // Changed or removed again since: it is now at a later position.
            const customer = customers.get(id)
            return customer?.version === position ? [{ _tag: "CustomerChanged", position, customer }] : []
          }
          case "card": {
            const card = cards.get(id)
            return card?.version === position ? [{ _tag: "CardChanged", position, card }] : []
          }
          case "removed customer":
            return [{ _tag: "CustomerRemoved", position, id: id as CustomerId }]
          default:
            return [{ _tag: "CardRemoved", position, id: id as CardId }]
        }
      })
      return changes.length === page.length ? changes : null
    })

    // A page with holes would look like the last one.
    const read = (
      merchant: MerchantId,
      after: ChangePosition,
      limit: number
    ): Effect.Effect<ReadonlyArray<Change>, SqlError.SqlError> =>
      Effect.flatMap(readOnce(merchant, after, limit), (changes) =>
        changes === null ? read(merchant, after, limit) : Effect.succeed(changes)
      )

    return ChangeFeed.of({
      claim: (merchant, { cards = 0, changes, customerIdAtLeast = 0, customers = 0 }) =>
        sql<{ position: number; customer: number; card: number }>`UPDATE merchants SET
  next_position = next_position + ${changes},
  next_customer_id = CASE WHEN next_customer_id > ${customerIdAtLeast} THEN next_customer_id
    ELSE ${customerIdAtLeast} + 1 END + ${customers},
  next_card_id = next_card_id + ${cards},
  customers_revision = customers_revision + ${customers + customerIdAtLeast > 0 ? 1 : 0}
WHERE id = ${merchant} AND (${customers} = 0 OR ${customerIdAtLeast} < 9007199254740992 - ${customers}
  AND next_customer_id <= 9007199254740992 - ${customers})
RETURNING next_position - ${changes} AS position,
  CASE WHEN next_customer_id > 9007199254740991 AND ${customers} = 0 THEN 9007199254740991
    ELSE next_customer_id - ${customers} END AS customer,
  next_card_id - ${cards} AS card`.pipe(
          // A record may bring the largest id there is: then none is left to give, and everything else goes on.
          Effect.filterOrFail(
            (rows) => rows.length > 0,
            () => new StorageError({ operation: "feed.claim", reason: "full" })
          ),
          Effect.map((rows) => {
            const { card, customer, position } = rows[0]!
            return {
              position: position as ChangePosition,
              customerId: customer as CustomerId,
              cardId: card as CardId
            }
          }),
          storing("feed.claim")
        ),
      removals: (merchant, after, limit) =>
        sql`SELECT position, entity_id FROM removals
WHERE merchant_id = ${merchant} AND entity = 'customer' AND position > ${after} AND NOT EXISTS (
  SELECT 1 FROM customers WHERE merchant_id = ${merchant} AND id = removals.entity_id)
ORDER BY position LIMIT ${limit}`.values.pipe(
          Effect.map((rows) =>
            rows.map(([position, id]) => ({ position: position as ChangePosition, id: id as CustomerId }))
          ),
          storing("feed.removals")
        ),
      read: (merchant, after, limit) => read(merchant, after, limit).pipe(storing("feed.read"))
    })
  })
)

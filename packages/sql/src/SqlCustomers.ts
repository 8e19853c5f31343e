import type { CustomerId } from "@tillbridge/domain"
import {
  AlreadyTaken,
  type ChangePosition,
  type CustomerFilter,
  type CustomerRef,
  CustomerRepository,
  emailKey,
  type ExternalId,
  type ListWindow,
  type MerchantId,
  type ModifiedCustomer,
  type ModifiedPage,
  type ModifiedQuery,
  phoneKey
} from "@tillbridge/domain"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as SqlClient from "effect/sql/SqlClient"
import type * as Statement from "effect/sql/Statement"
import {
  changedColumns,
  customerColumns,
  customerFromRow,
  type CustomerRow,
  pushCustomerValues
} from "./customerRow.ts"
import { makeExternalIds } from "./externalIds.ts"
import { makeKeyList } from "./keyLists.ts"
import { inParts, makeMultiRow, overwrite } from "./multiRow.ts"
import { makePageStarts } from "./pageStarts.ts"
import { makeQuietPositions } from "./quietPositions.ts"
import { makeStoring } from "./StorageFailures.ts"

/** Customers in the table `customers`, their external ids also in `customer_external_ids`. */
export const layerCustomers = Layer.effect(
  CustomerRepository,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const storing = yield* makeStoring
    const upsert = makeMultiRow(sql, {
      table: "customers",
      columns: customerColumns,
      suffix: overwrite(["merchant_id", "id"], customerColumns)
    })
    const externalIds = makeExternalIds(sql, "customer_external_ids", "customer_id")
    const keyList = makeKeyList(sql)

    const where = (merchant: MerchantId, filter: CustomerFilter): Statement.Fragment => {
      const all: Array<string | Statement.Fragment> = [sql`merchant_id = ${merchant}`]
      const { email, externalId, hasEmail, hasPhone, id, phone } = filter
      if (id !== undefined) all.push(sql`id = ${id}`)
      if (externalId !== undefined) {
        all.push(sql`id IN (SELECT customer_id FROM customer_external_ids
  WHERE merchant_id = ${merchant} AND system = ${externalId.system} AND key = ${externalId.key})`)
      }
      // A phone without a digit, an address of blanks: the key is null, and nothing equals null. Ids first, as for
      // external ids: a page is in their order, and SQLite would read every customer for it.
      if (phone !== undefined) {
        const key = phoneKey(phone)
        all.push(sql`id IN (SELECT id FROM customers WHERE merchant_id = ${merchant} AND phone_key = ${key}
  UNION ALL SELECT id FROM customers WHERE merchant_id = ${merchant} AND mobile_phone_key = ${key})`)
      }
      if (email !== undefined) {
        all.push(sql`id IN (SELECT id FROM customers
  WHERE merchant_id = ${merchant} AND email_key = ${emailKey(email)})`)
      }
      if (hasPhone !== undefined) {
        all.push(
          hasPhone
            ? "(phone IS NOT NULL OR mobile_phone IS NOT NULL)"
            : "phone IS NULL AND mobile_phone IS NULL"
        )
      }
      if (hasEmail !== undefined) all.push(hasEmail ? "email IS NOT NULL" : "email IS NULL")
      return sql.and(all)
    }

    const pageOf = (window: ListWindow): Statement.Fragment =>
      "offset" in window
        ? sql`ORDER BY id LIMIT ${window.limit} OFFSET ${window.offset}`
        : sql`AND id > ${window.after ?? 0} ORDER BY id LIMIT ${window.limit}`

    const asArray = sql.literal(
      sql.onDialectOrElse({ pg: () => "json_agg", orElse: () => "json_group_array" })
    )
    const numbers = (json: unknown): ReadonlyArray<number> =>
      JSON.parse((json as string | null) ?? "[]") as Array<number>

    /** A page of ids and versions as two values: a driver makes hundreds of small ones far more slowly. */
    const refsAndRevision = (merchant: MerchantId, filter: CustomerFilter, window: ListWindow) =>
      Effect.map(
        sql`SELECT ${asArray}(id), ${asArray}(version), (SELECT customers_revision FROM merchants WHERE id = ${merchant})
FROM (SELECT id, version FROM customers WHERE ${where(merchant, filter)} ${pageOf(window)}) AS page`.values,
        ([row]) => {
          const versions = numbers(row?.[1])
          const refs = numbers(row?.[0]).map((id, index): CustomerRef => ({
            id: id as CustomerId,
            version: versions[index] as ChangePosition
          }))
          return { refs, revision: row?.[2] as number }
        }
      )

    const refsWhere = (merchant: MerchantId, filter: CustomerFilter, window: ListWindow) =>
      Effect.map(refsAndRevision(merchant, filter, window), (found) => found.refs)

    const refOf = (merchant: MerchantId, id: CustomerId) =>
      Effect.map(
        sql`SELECT id, version FROM customers WHERE merchant_id = ${merchant} AND id = ${id}`.values,
        (rows) =>
          rows.map(([own, version]): CustomerRef => ({
            id: own as CustomerId,
            version: version as ChangePosition
          }))
      )

    const isInUnit = Effect.map(Effect.serviceOption(sql.transactionService), Option.isSome)

    const pageStarts = makePageStarts()

    /** The whole list by offset: goes on after the last id of the page before, where that is still known. */
    const refsOfList = Effect.fnUntraced(function* (
      merchant: MerchantId,
      window: { offset: number; limit: number }
    ) {
      // What a unit of work sees may be undone, and its revision is then counted again for another list.
      if (yield* isInUnit) return yield* refsWhere(merchant, {}, window)
      const start = pageStarts.find(merchant, window.offset)
      if (start !== undefined) {
        const found = yield* refsAndRevision(merchant, {}, { after: start.after, limit: window.limit })
        if (found.revision === start.revision) return pageStarts.learn(merchant, window, found)
      }
      return pageStarts.learn(merchant, window, yield* refsAndRevision(merchant, {}, window))
    })

    const refs = (merchant: MerchantId, filter: CustomerFilter, window: ListWindow) => {
      if ("offset" in window) {
        const conditions = Object.keys(filter).length
        if (conditions === 0) return refsOfList(merchant, window)
        if (conditions === 1 && filter.id !== undefined && window.offset === 0 && window.limit > 0) {
          return refOf(merchant, filter.id)
        }
      }
      return refsWhere(merchant, filter, window)
    }

    const get = (merchant: MerchantId, id: CustomerId) =>
      sql<CustomerRow>`SELECT * FROM customers WHERE merchant_id = ${merchant} AND id = ${id}`.pipe(
        Effect.map((rows) => Option.map(Option.fromUndefinedOr(rows[0]), customerFromRow))
      )

    const getMany = Effect.fnUntraced(function* (merchant: MerchantId, ids: ReadonlyArray<CustomerId>) {
      const byId = new Map<number, CustomerRow>()
      for (const some of inParts(ids)) {
        const rows = yield* sql<CustomerRow>`SELECT * FROM customers
WHERE merchant_id = ${merchant} AND ${sql.in("id", some)}`
        for (const row of rows) byId.set(row.id as number, row)
      }
      return ids.flatMap((id) => {
        const row = byId.get(id)
        return row === undefined ? [] : customerFromRow(row)
      })
    })

    const owners = Effect.fnUntraced(function* (merchant: MerchantId, ids: ReadonlyArray<ExternalId>) {
      const bySystem = Map.groupBy(ids, ({ system }) => system)
      const found: Array<ExternalId & { readonly customerId: CustomerId }> = []
      for (const [system, list] of bySystem) {
        for (const keys of inParts([...new Set(list.map(({ key }) => key))])) {
          const rows = yield* sql`SELECT e.key, e.customer_id
FROM ${keyList(keys)} CROSS JOIN customer_external_ids AS e
WHERE e.merchant_id = ${merchant} AND e.system = ${system} AND e.key = k.value`.values
          for (const [key, customerId] of rows)
            found.push({ system, key: key as string, customerId: customerId as CustomerId })
        }
      }
      return found
    })

    const positionOf = ([id, version, position, at]: ReadonlyArray<unknown>): ModifiedCustomer => ({
      id: id as CustomerId,
      version: version as ChangePosition,
      position: position as ChangePosition,
      at: DateTime.makeUnsafe(at as number)
    })

    const positions = Effect.fnUntraced(function* (merchant: MerchantId, ids: ReadonlyArray<CustomerId>) {
      const byId = new Map<CustomerId, ModifiedCustomer>()
      for (const some of inParts(ids)) {
        const rows = yield* sql`SELECT id, version, touched, touched_at FROM customers
WHERE merchant_id = ${merchant} AND ${sql.in("id", some)}`.values
        for (const row of rows) byId.set(row[0] as CustomerId, positionOf(row))
      }
      return ids.flatMap((id) => byId.get(id) ?? [])
    })

    /** One statement, so that the page is of one moment. */
    const touchedSince = (merchant: MerchantId, since: number, after: number, limit: number) =>
      Effect.map(
        sql`SELECT id, version, touched, touched_at FROM customers WHERE merchant_id = ${merchant}
  AND touched > ${after} AND touched_at >= ${since} ORDER BY touched LIMIT ${limit + 1}`.values,
        (rows): ModifiedPage => ({
          customers: rows.slice(0, limit).map(positionOf),
          hasMore: rows.length > limit
        })
      )

    const quietPositions = makeQuietPositions()

    const modified = Effect.fnUntraced(function* (
      merchant: MerchantId,
      { after, limit, since: { epochMilliseconds: since } }: ModifiedQuery
    ) {
      // Before the page: what comes in between may change since then.
      const [[newest] = [0]] = yield* sql`SELECT max(touched) FROM customers WHERE merchant_id = ${merchant}`
        .values
      const quiet = quietPositions.find(merchant, since, Number(newest ?? 0))
      const page = yield* touchedSince(merchant, since, Math.max(after, quiet), limit)
      // What a unit of work sees may be undone.
      if (after <= quiet && limit > 0 && !(yield* isInUnit)) {
        const [first] = page.customers
        quietPositions.learn(merchant, since, first === undefined ? Number(newest ?? 0) : first.position - 1)
      }
      return page
    })

    return CustomerRepository.of({
      refs: (merchant, filter, window) => refs(merchant, filter, window).pipe(storing("customers.refs")),
      count: (merchant, filter) =>
        sql<{ n: number }>`SELECT count(*) AS n FROM customers WHERE ${where(merchant, filter)}`.pipe(
          Effect.map((rows) => Number(rows[0]?.n ?? 0)),
          storing("customers.count")
        ),
      get: (merchant, id) => get(merchant, id).pipe(storing("customers.get")),
      getMany: (merchant, ids) => getMany(merchant, ids).pipe(storing("customers.getMany")),
      owners: (merchant, ids) => owners(merchant, ids).pipe(storing("customers.owners")),
      modified: (merchant, query) => modified(merchant, query).pipe(storing("customers.modified")),
      positions: (merchant, ids) => positions(merchant, ids).pipe(storing("customers.positions")),
      put: (merchant, writes) =>
        Effect.gen(function* () {
          const [write] = writes
          if (writes.length === 1 && write !== undefined && write.before !== null) {
            // Naming only what changed leaves the indexes of the rest alone: most of what an update would cost.
            const changed = changedColumns(merchant, write.before, write.after)
            yield* sql`UPDATE customers SET ${sql.update(changed)} WHERE merchant_id = ${merchant} AND id = ${write.after.id}`
          } else {
            yield* upsert(writes, (out, { after }) => pushCustomerValues(out, merchant, after))
          }
          if (!(yield* externalIds.update(merchant, writes))) {
            return yield* new AlreadyTaken({ what: "customer external id" })
          }
        }).pipe(storing("customers.put")),
      remove: (merchant, customer, position, at) =>
        Effect.gen(function* () {
          yield* externalIds.forget(merchant, customer.externalIds)
          yield* sql`DELETE FROM customers WHERE merchant_id = ${merchant} AND id = ${customer.id}`
          yield* sql`UPDATE merchants SET customers_revision = customers_revision + 1 WHERE id = ${merchant}`
          yield* sql`INSERT INTO removals (merchant_id, position, entity, entity_id, removed_at)
VALUES (${merchant}, ${position}, 'customer', ${customer.id}, ${at.epochMilliseconds})
ON CONFLICT (merchant_id, entity, entity_id) DO UPDATE SET position = excluded.position, removed_at = excluded.removed_at`
        }).pipe(storing("customers.remove"))
    })
  })
)

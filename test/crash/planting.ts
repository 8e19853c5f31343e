/** Faults for the program to be caught with: each breaks one promise of a mirror. */
import {
  type CustomerDestination,
  type CustomerSource,
  type Lease,
  type Link,
  type MerchantId,
  type Repositories,
  SyncRepository,
  UnitOfWork
} from "@tillbridge/domain"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { openDriver, type OpenDriver } from "../../packages/sqlite/src/SqliteDriver.ts"
import type { Bug } from "./plan.ts"

/** Commits after every statement that writes. */
const inPieces: OpenDriver = (path, options) => {
  const driver = openDriver(path, options)
  const split = <A>(sql: string, rows: A): A => {
    if (driver.inTransaction() && /^\s*(insert|update|delete|with)\b/i.test(sql)) {
      driver.exec("COMMIT")
      driver.exec("BEGIN IMMEDIATE")
    }
    return rows
  }
  return {
    ...driver,
    rows: (sql, params) => split(sql, driver.rows(sql, params)),
    values: (sql, params) => split(sql, driver.values(sql, params))
  }
}

const nameOf = ({ from, to }: Link) => `${from}>${to}`

export const planter = (bug: Bug | null) => {
  const leases = new Map<string, Lease>()
  let written = 0

  /** The store as a careless program has it. */
  const careless = (from: Context.Context<Repositories>): Context.Context<Repositories> => {
    const sync = Context.get(from, SyncRepository)
    return Context.add(from, SyncRepository, {
      ...sync,
      acquire: (merchant, link, request) =>
        Effect.tap(
          sync.acquire(
            merchant,
            link,
            bug === "lease for ever"
              ? { ...request, until: DateTime.add(request.now, { hours: 1 }) }
              : request
          ),
          (lease) => Effect.sync(() => leases.set(nameOf(link), lease))
        ),
      putRecords: (merchant, link, records) =>
        sync.putRecords(merchant, link, bug === "records forgotten" ? records.slice(1) : records)
    })
  }

  /** Tells where it is going before what was told is written. */
  const source = (
    from: CustomerSource["Service"],
    store: Context.Context<Repositories>,
    merchant: MerchantId,
    link: Link
  ): CustomerSource["Service"] =>
    bug !== "checkpoint before data"
      ? from
      : {
          ...from,
          pages: (checkpoint) =>
            Stream.tap(from.pages(checkpoint), ({ next }) =>
              Effect.gen(function* () {
                const lease = leases.get(nameOf(link))
                if (lease === undefined) return
                const repository = Context.get(store, SyncRepository)
                const { atomically } = Context.get(store, UnitOfWork)
                const state = yield* repository.state(merchant, link)
                yield* atomically(repository.advance(merchant, lease, { ...state, checkpoint: next }))
              }).pipe(Effect.ignore)
            )
        }

  const destination = (to: CustomerDestination["Service"]): CustomerDestination["Service"] =>
    bug !== "made anew each time"
      ? to
      : {
          ...to,
          lookUp: () => Effect.succeed([]),
          putCustomer: (change) =>
            to.putCustomer({
              ...change,
              source: { ...change.source, key: `${change.source.key}-${process.pid}-${written++}` },
              customer: {
                ...change.customer,
                externalIds: (change.customer.externalIds ?? []).filter(({ system }) => system === to.system)
              }
            })
        }

  const driver = bug === "transactions in pieces" ? { driver: inPieces } : {}
  return { store: careless, source, destination, driver }
}

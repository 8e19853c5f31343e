/** The export: windows of customers as NDJSON or CSV, into standard output or a file that appears when complete. */
import {
  closeSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync
} from "node:fs"
import {
  Customer,
  type CustomerFilter,
  type CustomerId,
  Customers,
  type MerchantId
} from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import { Failure, type Stopped, systemReason } from "../Failure.ts"
import { write } from "../Output.ts"
import { formatRecord, guard } from "./CsvText.ts"
import { cellsOf, headingOf } from "./CustomerColumns.ts"
import { refuseTarget } from "./Target.ts"

export const encodeCustomer = Schema.encodeSync(Customer)

/** Customers in ascending id, some hundreds at a time. */
export const eachWindow = Effect.fnUntraced(function* <E, R>(
  merchant: MerchantId,
  filter: CustomerFilter,
  use: (customers: ReadonlyArray<Customer>) => Effect.Effect<void, E, R>
) {
  const customers = yield* Customers
  const limit = 500
  let after: CustomerId | null = null
  while (true) {
    const refs: Effect.Success<ReturnType<typeof customers.refs>> = yield* customers.refs(merchant, filter, {
      after,
      limit
    })
    if (refs.length > 0)
      yield* use(
        yield* customers.getMany(
          merchant,
          refs.map(({ id }) => id)
        )
      )
    if (refs.length < limit) return
    after = refs.at(-1)!.id
  }
})

/** Takes the next piece of the output. */
export type Sink = (text: string | Uint8Array) => Effect.Effect<void, Failure | Stopped>

/** Systems beyond so many share one column of JSON. */
const mostSystems = 50

/** Writes all customers of a merchant and tells how many there were. */
export const exportTo = Effect.fnUntraced(function* (
  merchant: MerchantId,
  format: "ndjson" | "csv",
  raw: boolean,
  sink: Sink
) {
  let rows = 0
  if (format === "ndjson") {
    yield* eachWindow(merchant, {}, (found) => {
      rows += found.length
      return sink(found.map((one) => `${JSON.stringify(encodeCustomer(one))}\n`).join(""))
    })
    return rows
  }
  // A column for each system needs all of them before the heading: customers are read twice.
  const systems = new Set<string>()
  yield* eachWindow(merchant, {}, (found) =>
    Effect.sync(() => {
      for (const one of found)
        for (const { system } of one.externalIds) if (systems.size < mostSystems) systems.add(system)
    })
  )
  const sorted = [...systems].sort()
  const finished = raw ? (cell: string) => cell : guard
  yield* sink(formatRecord(headingOf(sorted).map(finished)))
  yield* eachWindow(merchant, {}, (found) => {
    rows += found.length
    return sink(found.map((one) => formatRecord(cellsOf(encodeCustomer(one), sorted).map(finished))).join(""))
  })
  return rows
})

const unwritable = (file: string) => (cause: unknown) =>
  new Failure({ kind: "usage", message: `cannot write ${file}: ${systemReason(cause)}`, cause })

/** What a path names, behind links; `null` when there is nothing yet. */
const targetOf = (file: string): { readonly path: string; readonly isDevice: boolean } => {
  try {
    const path = realpathSync(file)
    return { path, isDevice: !statSync(path).isFile() }
  } catch {
    return { path: file, isDevice: false }
  }
}

/**
 * Writes through a temporary neighbour, so that the name holds the whole file or what it held before. Never over the
 * database.
 */
export const intoFile = <A, E, R>(
  file: string,
  database: string,
  use: (sink: Sink) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | Failure, R> =>
  Effect.suspend((): Effect.Effect<A, E | Failure, R> => {
    const refused = refuseTarget(file, database)
    if (refused !== null) return Effect.fail(refused)
    const { isDevice, path } = targetOf(file)
    const place = isDevice ? path : `${path}.${process.pid}.tmp`
    const attempt = <B>(run: () => B) => Effect.try({ try: run, catch: unwritable(file) })
    return Effect.acquireUseRelease(
      attempt(() => openSync(place, isDevice ? "w" : "wx", 0o600)),
      (handle) =>
        Effect.gen(function* () {
          const result = yield* use((text) => attempt(() => writeAll(handle, text)))
          if (!isDevice) {
            yield* attempt(() => {
              fsyncSync(handle)
              renameSync(place, path)
            })
          }
          return result
        }),
      (handle, exit) =>
        Effect.sync(() => {
          closeSync(handle)
          if (!isDevice && Exit.isFailure(exit)) rmSync(place, { force: true })
        })
    )
  })

const writeAll = (handle: number, text: string | Uint8Array): void => {
  const bytes = typeof text === "string" ? Buffer.from(text) : text
  for (let at = 0; at < bytes.length;) at += writeSync(handle, bytes, at)
}

export const toOutput: Sink = write

/**
 * Which SQLite driver the store should use: the domain's own repositories over node:sqlite and over better-sqlite3,
 * in this process, in turn. Not part of the bench; run it again after a new Node or driver: npm run build && node
 * apps/bench/src/RepositoryDrivers.ts
 */
import {
  type CustomerId,
  type CustomerRecord,
  Customers,
  layerDomain,
  Merchants,
  TimeZone
} from "@tillbridge/domain"
import { layer, type OpenDriver } from "@tillbridge/sqlite"
import Better from "better-sqlite3"
import { Effect, Layer, References } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { median } from "./Comparison.ts"

const betterSqlite: OpenDriver = (path, { readOnly }) => {
  const database = new Better(path, { readonly: readOnly, timeout: 0 })
  const cache = new Map<string, Better.Statement>()
  const prepared = (sql: string): Better.Statement => {
    let statement = cache.get(sql)
    if (statement === undefined) cache.set(sql, (statement = database.prepare(sql)))
    return statement
  }
  const read = (sql: string, params: ReadonlyArray<unknown>, arrays: boolean) => {
    const statement = prepared(sql)
    if (statement.reader) return statement.raw(arrays).all(...params)
    statement.run(...params)
    return []
  }
  return {
    rows: (sql, params) => read(sql, params, false),
    values: (sql, params) => read(sql, params, true) as unknown as Array<Array<unknown>>,
    exec: (sql) => void database.exec(sql),
    inTransaction: () => database.inTransaction,
    close: () => void database.close()
  }
}

const drivers: Readonly<Record<string, OpenDriver | undefined>> = {
  "node:sqlite": undefined,
  "better-sqlite3": betterSqlite
}

const customers = 10_000
const rounds = 5
const batch = 500

const recordOf = (n: number): CustomerRecord => ({
  externalIds: [{ system: "shop", key: `k${n}` }],
  firstName: `Имя ${n % 50}`,
  lastName: `Orlova ${n % 70}`,
  email: `customer${n}@example.com`,
  phone: `+7999${String(n).padStart(7, "0")}`,
  birthDate: { day: (n % 28) + 1, month: (n % 12) + 1, year: 1950 + (n % 50) }
})

const cpuMicros = (): number => {
  const { system, user } = process.cpuUsage()
  return system + user
}

const measure = Effect.gen(function* () {
  const service = yield* Customers
  const merchant = yield* (yield* Merchants).create({
    name: "Bench",
    timeZone: TimeZone.make("UTC"),
    externalKeyPrefix: null
  })
  const figures: Record<string, number> = {}
  const timed = <E, R>(name: string, times: number, act: (turn: number) => Effect.Effect<unknown, E, R>) =>
    Effect.gen(function* () {
      const before = cpuMicros()
      for (let turn = 0; turn < times; turn++) yield* act(turn)
      figures[name] = (cpuMicros() - before) / times
    })
  const ids = (turn: number) =>
    Array.from({ length: 200 }, (_, n) => (((turn * 200 + n) % customers) + 1) as CustomerId)
  yield* timed(`import of ${batch}`, customers / batch, (turn) =>
    service.importBatch(
      merchant.id,
      Array.from({ length: batch }, (_, n) => recordOf(turn * batch + n)),
      null
    )
  )
  yield* timed("ids and versions of a page of 200", 500, (turn) =>
    service.refs(merchant.id, {}, { offset: (turn % 50) * 200, limit: 200 })
  )
  yield* timed("200 whole customers", 100, (turn) => service.getMany(merchant.id, ids(turn)))
  yield* timed("version of one by id", 5_000, (turn) =>
    service.refs(merchant.id, { id: ((turn % customers) + 1) as CustomerId }, { offset: 0, limit: 1 })
  )
  yield* timed("update of one, durable", 500, (turn) =>
    service.save(merchant.id, {
      references: [{ by: "id", id: (turn + 1) as CustomerId }],
      createIfMissing: false,
      patch: { notes: `turn ${turn}` },
      actor: null
    })
  )
  return figures
})

const folder = mkdtempSync(join(tmpdir(), "tillbridge-drivers-"))
try {
  const results: Record<string, Array<Record<string, number>>> = {}
  for (let round = 0; round <= rounds; round++) {
    for (const [name, driver] of Object.entries(drivers)) {
      const path = join(folder, `${name.replace(":", "-")}-${round}.sqlite`)
      const store = layer(driver === undefined ? { path } : { path, driver })
      const figures = await Effect.runPromise(
        measure.pipe(
          Effect.provide(Layer.provide(layerDomain, store)),
          Effect.provideService(References.TracerEnabled, false)
        )
      )
      if (round > 0) (results[name] ??= []).push(figures)
    }
  }
  const names = Object.keys(results)
  process.stdout.write(
    `CPU µs, median of ${rounds} rounds\n${"".padEnd(36)}${names.map((name) => name.padStart(16)).join("")}\n`
  )
  for (const row of Object.keys(results[names[0]!]![0]!)) {
    const cells = names.map((name) =>
      median(results[name]!.map((figures) => figures[row]!))
        .toFixed(1)
        .padStart(16)
    )
    process.stdout.write(`${row.padEnd(36)}${cells.join("")}\n`)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

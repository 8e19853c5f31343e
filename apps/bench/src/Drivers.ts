/**
 * Which SQLite driver the baselines should use: the same statements on node:sqlite and on better-sqlite3,
 * in this process, in turn. Not part of the bench; run it again after a new Node or driver: node
 * apps/bench/src/Drivers.ts
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import Better from "better-sqlite3"
import {
  columns,
  createTable,
  pragmas,
  selectById,
  selectPage,
  updateById,
  upsert
} from "./baselines/CustomersTable.ts"
import { json } from "./baselines/Encoding.ts"
import { median } from "./Comparison.ts"
import { type Customer, customerOf } from "./Customers.ts"

type Row = Record<string, unknown>

interface Statement {
  readonly all: (...values: ReadonlyArray<unknown>) => Array<Row>
  readonly get: (...values: ReadonlyArray<unknown>) => Row | undefined
  readonly run: (...values: ReadonlyArray<unknown>) => unknown
}

interface Database {
  readonly prepare: (sql: string) => Statement
  readonly exec: (sql: string) => unknown
  readonly close: () => unknown
}

const rounds = 7
const customers = 10_000
const rowsPerStatement = 50

const valuesOf = (customer: Customer): ReadonlyArray<unknown> => [
  1,
  ...columns.map((column) => customer[column])
]

const fill = (database: Database): void => {
  const statement = database.prepare(upsert(rowsPerStatement))
  database.exec("BEGIN")
  for (let from = 1; from <= customers; from += rowsPerStatement) {
    statement.run(
      ...Array.from({ length: rowsPerStatement }, (_, row) => valuesOf(customerOf(from + row))).flat()
    )
  }
  database.exec("COMMIT")
}

/** Each case answers what is timed, and how often that is done a round. */
const cases: Readonly<
  Record<string, (database: Database) => readonly [times: number, act: (turn: number) => void]>
> = {
  "page of 200, rows only": (database) => {
    const statement = database.prepare(selectPage)
    return [200, (turn) => statement.all(1, 200, (turn % 50) * 200)]
  },
  "page of 200, as JSON bytes": (database) => {
    const statement = database.prepare(selectPage)
    return [200, (turn) => json.list(statement.all(1, 200, (turn % 50) * 200))]
  },
  "one by id": (database) => {
    const statement = database.prepare(selectById)
    return [20_000, (turn) => statement.get(1 + ((turn * 7_919) % customers), 1)]
  },
  "update, durable": (database) => {
    const [read, write] = [database.prepare(selectById), database.prepare(updateById)]
    const [begin, commit] = [database.prepare("BEGIN IMMEDIATE"), database.prepare("COMMIT")]
    const act = (turn: number): void => {
      begin.run()
      const { age: _, ...row } = read.get(1 + ((turn * 7_919) % customers), 1) ?? {}
      write.run({ ...row, fname: `Name ${turn}` })
      commit.run()
    }
    return [1_000, act]
  },
  "upsert of 10,000 (a second time)": (database) => [1, () => fill(database)]
}

const cpuMs = (): number => {
  const used = process.cpuUsage()
  return (used.user + used.system) / 1000
}

const folder = mkdtempSync(join(tmpdir(), "tillbridge-drivers-"))
const databases = {
  "node:sqlite": new DatabaseSync(join(folder, "node.sqlite")) as unknown as Database,
  "better-sqlite3": new Better(join(folder, "better.sqlite")) as unknown as Database
}
for (const database of Object.values(databases)) {
  for (const pragma of pragmas) database.exec(`PRAGMA ${pragma}`)
  database.exec(createTable)
  fill(database)
}

process.stdout.write(`Node ${process.version}: CPU-microseconds each, median of ${rounds}\n`)
for (const [name, make] of Object.entries(cases)) {
  const figures = Object.entries(databases).map(([driver, database]) => {
    const [times, act] = make(database)
    return { driver, times, act, costs: [] as Array<number> }
  })
  for (let round = 0; round <= rounds; round++) {
    for (const { times, act, costs } of figures) {
      const before = cpuMs()
      for (let turn = 0; turn < times; turn++) act(round * times + turn)
      if (round > 0) costs.push(((cpuMs() - before) * 1000) / times)
    }
  }
  const shown = figures.map(({ driver, costs }) => `${driver} ${median(costs).toFixed(1).padStart(9)}`)
  process.stdout.write(`${name.padEnd(34)}${shown.join("   ")}\n`)
}
for (const database of Object.values(databases)) database.close()
rmSync(folder, { recursive: true })

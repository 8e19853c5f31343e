/**
 * The whole list by offset, against a model: at every moment a page is exactly what counting through the ids gives,
 * whatever was inserted and removed between two pages, by this store, by another connection or by another process.
 */
import { assert, describe, it } from "@effect/vitest"
import {
  addCustomer,
  changeCustomer,
  inUnit,
  makeMerchant,
  randomFrom,
  removeCustomer
} from "@tillbridge/conformance"
import {
  type Customer,
  CustomerRepository,
  Customers,
  layerDomain,
  type MerchantId,
  type Repositories
} from "@tillbridge/domain"
import { layer } from "@tillbridge/sqlite"
import { Context, Effect, Layer } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import * as readline from "node:readline"
import { fileURLToPath } from "node:url"
import { DatabaseSync } from "node:sqlite"

const tempFile = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "tillbridge-pages-"))),
  (folder) => Effect.sync(() => fs.rmSync(folder, { recursive: true, force: true }))
).pipe(Effect.map((folder) => path.join(folder, "store.sqlite")))

const open = (file: string) =>
  Layer.build(Layer.fresh(Layer.provideMerge(layerDomain, layer({ path: file }))))
type Store = Context.Context<Repositories | Customers>

/** What the database itself says, counted from the first row. */
const counting = (file: string) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => new DatabaseSync(file, { readOnly: true })),
      (database) => Effect.sync(() => database.close())
    ),
    (database) => {
      const page = database.prepare(
        "SELECT id, version FROM customers WHERE merchant_id = ? ORDER BY id LIMIT ? OFFSET ?"
      )
      return (merchant: MerchantId, offset: number, limit: number) =>
        page
          .all(merchant, limit, offset)
          .map(({ id, version }) => ({ id: id as number, version: version as number }))
    }
  )

const pageOf = (store: Store, merchant: MerchantId, offset: number, limit: number) =>
  Effect.map(Context.get(store, CustomerRepository).refs(merchant, {}, { offset, limit }), (refs) =>
    refs.map(({ id, version }) => ({ id: id as number, version: version as number }))
  )

/** A process that does one thing at a time, when it is asked. */
const otherProcess = (file: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(
        process.execPath,
        [
          "--conditions=@tillbridge/source",
          "--disable-warning=ExperimentalWarning",
          fileURLToPath(new URL("otherWriter.ts", import.meta.url)),
          file
        ],
        { stdio: ["pipe", "pipe", "inherit"] }
      )
      const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]()
      return {
        child,
        tell: (what: object) =>
          Effect.promise(async () => {
            child.stdin.write(`${JSON.stringify(what)}\n`)
            assert.strictEqual((await lines.next()).value, "done")
          })
      }
    }),
    ({ child }) =>
      Effect.promise(async () => {
        child.kill("SIGKILL")
        if (child.exitCode === null && child.signalCode === null) await once(child, "close")
      })
  )

describe("paging through the whole list by offset", () => {
  it.live(
    "gives at every page what counting from the start gives, whoever inserts and removes",
    () =>
      Effect.gen(function* () {
        const seed = Date.now() % 2 ** 31
        console.log(`pageStarts: seed ${seed}`)
        const random = randomFrom(seed)
        const file = yield* tempFile
        const here: Store = yield* open(file)
        const there: Store = yield* open(file)
        const other = yield* otherProcess(file)
        const plainly = yield* counting(file)
        const merchant = (yield* Effect.provide(makeMerchant(), here)).id
        const second = (yield* Effect.provide(makeMerchant(), here)).id
        const within = (store: Store) => Context.get(store, CustomerRepository)
        const anyOf = Effect.fnUntraced(function* (store: Store) {
          const list = plainly(merchant, 0, 1_000_000)
          const chosen = list[random.below(list.length)]
          if (chosen === undefined) return undefined
          const [customer] = yield* within(store).getMany(merchant, [chosen.id as Customer["id"]])
          return customer
        })

        const steps: ReadonlyArray<(store: Store) => Effect.Effect<unknown, unknown>> = [
          (store) => Effect.provide(addCustomer(merchant), store),
          (store) => Effect.provide(addCustomer(second), store),
          (store) =>
            Effect.flatMap(anyOf(store), (customer) =>
              customer === undefined ? Effect.void : Effect.provide(removeCustomer(merchant, customer), store)
            ),
          (store) =>
            Effect.flatMap(anyOf(store), (customer) =>
              customer === undefined
                ? Effect.void
                : Effect.provide(
                    changeCustomer(merchant, customer, { firstName: String(random.below(1e6)) }),
                    store
                  )
            ),
          // A record that brings its own id, between others or far beyond them.
          (store) => {
            const id = (1 + random.below(random.below(4) === 0 ? 10_000 : 200)) as Customer["id"]
            return Context.get(store, Customers).importBatch(merchant, [{ id, firstName: "imported" }], null)
          },
          () => other.tell({ merchant, add: 1 + random.below(3) }),
          () => {
            const list = plainly(merchant, 0, 1_000_000)
            return list.length === 0
              ? Effect.void
              : other.tell({ merchant, remove: list[random.below(list.length)]!.id })
          },
          // A unit that reads pages in the middle of its work and then fails: nothing it saw may be remembered.
          (store) =>
            Effect.provide(
              inUnit(
                Effect.gen(function* () {
                  yield* addCustomer(merchant)
                  const list = yield* pageOf(store, merchant, 0, 1_000_000)
                  for (let offset = 0; offset < list.length; offset += 3)
                    yield* pageOf(store, merchant, offset, 3)
                  return yield* Effect.fail("undone" as const)
                })
              ),
              store
            ).pipe(Effect.ignore)
        ]

        for (let batch = 0; batch < 4; batch++) {
          yield* Context.get(here, Customers).importBatch(
            merchant,
            Array.from({ length: 10 }, () => ({})),
            null
          )
        }
        const limits = [2, 3, 7, 10]
        let pages = 0
        for (let round = 0; round < 60; round++) {
          const limit = limits[random.below(limits.length)]!
          for (let offset = random.below(3) * limit; ; offset += limit) {
            for (const store of random.below(2) === 0 ? [here] : [here, there]) {
              const found = yield* pageOf(store, merchant, offset, limit)
              assert.deepStrictEqual(
                found,
                plainly(merchant, offset, limit),
                `seed ${seed}, page at ${offset}`
              )
              pages++
            }
            if (plainly(merchant, offset, limit).length < limit) break
            if (random.below(3) === 0) {
              yield* steps[random.below(steps.length)]!(random.below(2) === 0 ? here : there)
            }
          }
        }
        assert.isAbove(pages, 300)
      }),
    60_000
  )

  it.live("remembers nothing of a unit that is undone, even when the next one counts the same", () =>
    Effect.gen(function* () {
      const file = yield* tempFile
      const store: Store = yield* open(file)
      const merchant = (yield* Effect.provide(makeMerchant(), store)).id
      const removing = yield* Effect.provide(
        Effect.forEach([1, 2, 3, 4, 5, 6], () => addCustomer(merchant)),
        store
      )
      const undone = inUnit(
        Effect.gen(function* () {
          yield* removeCustomer(merchant, removing[0]!)
          yield* pageOf(store, merchant, 0, 2)
          return yield* Effect.fail("undone" as const)
        })
      )
      yield* Effect.ignore(Effect.provide(undone, store))
      yield* Effect.provide(removeCustomer(merchant, removing[5]!), store)
      assert.deepStrictEqual(
        (yield* pageOf(store, merchant, 2, 2)).map(({ id }) => id),
        removing.slice(2, 4).map(({ id }) => id as number)
      )
    })
  )
})

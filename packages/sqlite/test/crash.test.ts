import { afterAll, assert, describe, it } from "@effect/vitest"
import { crashSuite } from "@tillbridge/conformance"
import { layerDomain, Cards, CustomerId, Customers, Feed, MerchantId } from "@tillbridge/domain"
import { Effect, Layer } from "effect"
import { once } from "node:events"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { layer } from "../src/index.ts"
import { ask, startProgram, tempFile } from "./support.ts"

const crashes = Number(process.env["TILLBRIDGE_CRASHES"] ?? 15)

/** SQLite's own look at every page and index of the file, each time before the store is opened. */
const sound = (file: string) =>
  Layer.effectDiscard(
    Effect.sync(() => {
      const database = fs.existsSync(file) ? ask(file, "PRAGMA integrity_check") : "ok"
      assert.strictEqual(database, "ok")
    })
  )

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "tillbridge-sqlite-crash-"))
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))
const suiteFile = path.join(folder, "suite.sqlite")

crashSuite("SQLite", {
  spawnWriter: (start) => startProgram("crashWriter.ts", [suiteFile, String(start)]),
  open: layer({ path: suiteFile }).pipe(Layer.provide(sound(suiteFile))),
  rounds: Math.ceil(crashes / 3)
})

/** A writer through the domain's services: what each save answered is what it acknowledges. */
const killed = Effect.fnUntraced(function* (file: string, from: number, acks: number, delay: number) {
  const child = startProgram("serviceWriter.ts", [file, String(from)])
  let text = ""
  yield* Effect.promise(async () => {
    for await (const chunk of child.stdout!.setEncoding("utf8")) {
      text += chunk
      if (text.split("\n").length > acks && !child.killed) {
        await new Promise((resolve) => setTimeout(resolve, delay))
        child.kill("SIGKILL")
      }
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit")
  })
  assert.strictEqual(child.signalCode, "SIGKILL")
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Acknowledged)
})

interface Acknowledged {
  readonly n: number
  readonly customer: number
  readonly version: number
  readonly card?: number
}

describe("the domain's services after kill -9", () => {
  it.live(
    "customers and cards that were answered are there, each with its place in the feed",
    () =>
      Effect.gen(function* () {
        const file = yield* tempFile
        const seed = Date.now() % 2 ** 31
        console.log(`services: seed ${seed}`)
        let state = seed
        const below = (bound: number) =>
          (state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff) % bound
        const all: Array<Acknowledged> = []
        for (let round = 0; round < crashes; round++) {
          all.push(...(yield* killed(file, (all.at(-1)?.n ?? 0) + 1_000, 1 + below(30), below(20))))
          assert.strictEqual(ask(file, "PRAGMA integrity_check"), "ok")
          yield* Effect.gen(function* () {
            const customers = yield* Customers
            const cards = yield* Cards
            const merchant = MerchantId.make(1)
            const { changes } = yield* (yield* Feed).page(merchant, null, 1_000_000)
            const inFeed = new Map(
              changes.flatMap((change) =>
                change._tag === "CustomerChanged" ? [[Number(change.customer.id), change] as const] : []
              )
            )
            assert.strictEqual(new Set(changes.map(({ position }) => position)).size, changes.length)
            for (const { card, customer, n, version } of all) {
              const found = yield* customers.find(merchant, { by: "id", id: CustomerId.make(customer) })
              assert.strictEqual(found.lastName, `last ${n}`)
              assert.deepStrictEqual(found.externalIds, [{ system: "crash", key: String(n) }])
              assert.isAtLeast(found.version, version)
              assert.deepStrictEqual(inFeed.get(customer)?.position, found.version)
              if (card === undefined) continue
              const own = yield* cards.find(merchant, [{ by: "number", number: `n${n}` }])
              assert.strictEqual(own.id as number, card)
              assert.strictEqual(own.customerId as number, customer)
            }
          }).pipe(Effect.provide(Layer.fresh(layerDomain.pipe(Layer.provideMerge(layer({ path: file }))))))
        }
        assert.isAbove(all.length, 0)
      }),
    20_000 + crashes * 10_000
  )
})

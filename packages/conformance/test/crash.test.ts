import { assert, describe, it } from "@effect/vitest"
import { CardRepository, layerMemory } from "@tillbridge/domain"
import { Cause, Effect, Exit, Layer } from "effect"
import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { crashCases, crashMerchant, crashWrite, crashWriter, removeCard } from "../src/index.ts"

const program = fileURLToPath(new URL("fixtures/writer.mjs", import.meta.url))

/** The lines of the file that were written whole. */
const linesOf = (
  path: string
): ReadonlyArray<{ readonly n: number; readonly customer?: true; readonly card?: true }> =>
  existsSync(path)
    ? readFileSync(path, "utf8")
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line))
    : []

/** Opens the file: a store in memory into which it is read. A unit that lacks its card has it taken away. */
const open = (path: string) =>
  Layer.provideMerge(
    Layer.effectDiscard(
      Effect.gen(function* () {
        const merchant = yield* crashMerchant
        const cards = yield* CardRepository
        const lines = linesOf(path)
        for (const line of lines) {
          if (line.customer !== true) continue
          yield* crashWrite(merchant, line.n)
          if (lines.some(({ card, n }) => card === true && n === line.n)) continue
          const [newest] = (yield* cards.list(merchant.id, { after: null, limit: 1_000_000 })).slice(-1)
          yield* removeCard(merchant.id, newest!)
        }
      })
    ),
    layerMemory
  )

const outcome = (mistake: string) =>
  Effect.acquireUseRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "tillbridge-crash-"))),
    (folder) => {
      const path = join(folder, "store.jsonl")
      const [crash] = crashCases({
        spawnWriter: (start) =>
          spawn(process.execPath, [program, path, String(start), mistake], {
            stdio: ["ignore", "pipe", "inherit"]
          }),
        open: open(path),
        rounds: 8,
        acknowledgements: 6
      })
      return Effect.exit(crash!.run)
    },
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
  )

const reasonOf = (exit: Exit.Exit<void, unknown>) =>
  Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "it passed"

describe("the crash suite", () => {
  it.live(
    "passes a store that syncs before it acknowledges",
    () => Effect.map(outcome("none"), (exit) => assert.isTrue(Exit.isSuccess(exit), reasonOf(exit))),
    60_000
  )
  it.live(
    "catches a store that acknowledges before it writes",
    () =>
      Effect.map(outcome("ack-first"), (exit) =>
        assert.include(reasonOf(exit), "acknowledged before the kill")
      ),
    60_000
  )
  it.live(
    "catches a store that forgets a part of what it acknowledged",
    () =>
      Effect.map(outcome("forgets"), (exit) =>
        assert.include(reasonOf(exit), "acknowledged before the kill")
      ),
    60_000
  )
  it.live(
    "catches a store that writes one unit in two parts",
    () => Effect.map(outcome("no-unit"), (exit) => assert.include(reasonOf(exit), "half-written unit")),
    60_000
  )
  it.live(
    "catches a writer that ends by itself instead of being killed",
    () => Effect.map(outcome("stops"), (exit) => assert.include(reasonOf(exit), "ended by itself")),
    60_000
  )
  it.live("names the seed when it fails", () =>
    Effect.map(outcome("forgets"), (exit) => assert.match(reasonOf(exit), /with seed \d+/))
  )
  it.effect("brings a writer for any store that acknowledges each number after it is stored", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      const exit = yield* Effect.exit(
        crashWriter(5, (line) => {
          lines.push(line)
          if (lines.length === 3) throw new Error("killed")
        })
      )
      assert.isTrue(Exit.isFailure(exit))
      assert.deepStrictEqual(lines, ["ack 5\n", "ack 6\n", "ack 7\n"])
      const cards = yield* CardRepository
      const { id } = yield* crashMerchant
      const stored = yield* cards.list(id, { after: null, limit: 10 })
      assert.deepStrictEqual(
        stored.map(({ number }) => number),
        ["crash-5", "crash-6", "crash-7"]
      )
    }).pipe(Effect.provide(layerMemory))
  )
})

/** The command line without a process of its own, and a shop with simulated vendors to try it on. */
import { NodeServices } from "@effect/platform-node"
import { layerDomain, type MerchantId, Merchants, TimeZone } from "@tillbridge/domain"
import { type SimulationOptions, simulate, type Simulator } from "@tillbridge/server"
import { layer as layerSqlite } from "@tillbridge/sqlite"
import { Effect, Exit, Fiber, Layer, Scope } from "effect"
import { createHash } from "node:crypto"
import fs, { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { syncBuiltinESMExports } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { endingOf, run } from "../../src/index.ts"

export interface Said {
  readonly code: number
  readonly stdout: string
  /** What was said to people, with the line of a failure at its end. */
  readonly stderr: string
}

export interface Going {
  readonly ended: Promise<Said>
  /** As Ctrl-C does. */
  readonly interrupt: () => void
  readonly stdout: () => string
}

const output = process.stdout
const writeOut = output.write
const writeErr = fs.writeSync

/** Runs one command line; no two at the same time. */
export const start = (args: ReadonlyArray<string>): Going => {
  let stdout = ""
  let stderr = ""
  output.write = ((text: string | Uint8Array, done: () => void) => {
    stdout += Buffer.from(text as string).toString("utf8")
    done()
    return true
  }) as typeof output.write
  fs.writeSync = ((handle: number, data: string, ...rest: ReadonlyArray<never>) => {
    if (handle !== 2) return writeErr(handle, data, ...rest)
    stderr += data
    return data.length
  }) as typeof fs.writeSync
  syncBuiltinESMExports()
  const fiber = Effect.runFork(run(args).pipe(Effect.provide(NodeServices.layer)))
  const ended = Effect.runPromise(Fiber.await(fiber)).then((exit) => {
    output.write = writeOut
    fs.writeSync = writeErr
    syncBuiltinESMExports()
    const { cause, exitCode, kind, message } = endingOf(exit)
    if (kind === "internal") throw new Error(stderr, { cause })
    return { code: exitCode, stdout, stderr: message === null ? stderr : `${stderr}tillbridge: ${message}\n` }
  })
  return { ended, interrupt: () => fiber.interruptUnsafe(), stdout: () => stdout }
}

/** Every row of every table of a store, as a digest. */
export const contentOf = (file: string): string => {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    const hash = createHash("sha256")
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all()
    for (const { name } of tables) {
      hash.update(`${String(name)}\n`)
      for (const row of database.prepare(`SELECT * FROM "${String(name)}"`).iterate())
        hash.update(JSON.stringify(Object.values(row)))
    }
    return hash.digest("hex")
  } finally {
    database.close()
  }
}

/** A folder with a store of one merchant, settings, and simulated vendors that end with it. */
export const makeShop = async () => {
  const folder = mkdtempSync(join(tmpdir(), "tillbridge-sync-"))
  const scope = Effect.runSync(Scope.make())
  const path = (name: string) => join(folder, name)
  const database = path("store.sqlite")
  const services = await Effect.runPromise(
    Layer.build(layerDomain.pipe(Layer.provideMerge(layerSqlite({ path: database })))).pipe(
      Scope.provide(scope)
    )
  )
  const merchant = await Effect.runPromise(
    Effect.flatMap(Merchants, (merchants) =>
      merchants.create({ name: "Corner shop", timeZone: TimeZone.make("UTC"), externalKeyPrefix: null })
    ).pipe(Effect.provide(services))
  )

  const vendor = async (name: string, options: SimulationOptions) => {
    const file = path(`${name}.vendor.sqlite`)
    const simulator: Simulator = await Effect.runPromise(
      simulate({ ...options, store: layerSqlite({ path: file }) }).pipe(Scope.provide(scope))
    )
    return { simulator, file }
  }

  const settings = (text: string) => {
    writeFileSync(path("tillbridge.toml"), `database = "sqlite:store.sqlite"\n${text}`)
  }

  const begin = (line: string): Going =>
    start([...line.split(" ").filter((word) => word !== ""), "--config", path("tillbridge.toml")])

  return {
    path,
    database,
    merchant: merchant.id as MerchantId,
    /** On the shop's own store. */
    inStore: <A, E>(
      effect: Effect.Effect<
        A,
        E,
        Layer.Success<typeof layerDomain> | Layer.Success<ReturnType<typeof layerSqlite>>
      >
    ) => Effect.runPromise(Effect.provide(effect, services)),
    vendor,
    settings,
    begin,
    run: (line: string): Promise<Said> => begin(line).ended,
    close: async () => {
      await Effect.runPromise(Scope.close(scope, Exit.void))
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

export type Shop = Awaited<ReturnType<typeof makeShop>>

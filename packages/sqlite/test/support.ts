import type { Repositories } from "@tillbridge/domain"
import { type Context, Effect, Layer } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { DatabaseSync } from "node:sqlite"
import { fileURLToPath } from "node:url"
import { layer } from "../src/index.ts"

/** A folder of its own for one test, removed afterwards. */
export const tempFolder = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "tillbridge-sqlite-"))),
  (folder) => Effect.sync(() => fs.rmSync(folder, { recursive: true, force: true }))
)

/** The path of a database that does not exist yet. */
export const tempFile = Effect.map(tempFolder, (folder) => path.join(folder, "store.sqlite"))

/** Starts a program of this folder on the sources. */
export const startProgram = (name: string, args: ReadonlyArray<string>, uid?: number): ChildProcess =>
  spawn(
    process.execPath,
    [
      "--conditions=@tillbridge/source",
      "--disable-warning=ExperimentalWarning",
      fileURLToPath(new URL(name, import.meta.url)),
      ...args
    ],
    { stdio: ["pipe", "pipe", "inherit"], ...(uid === undefined ? {} : { uid, gid: uid }) }
  )

/** A program of this folder that is killed, if it still runs, when the scope closes. */
export const program = (name: string, args: ReadonlyArray<string>, uid?: number) =>
  Effect.acquireRelease(
    Effect.sync(() => startProgram(name, args, uid)),
    (child) =>
      Effect.promise(async () => {
        if (child.exitCode !== null || child.signalCode !== null) return
        child.kill("SIGKILL")
        await once(child, "close")
      })
  )

/** Waits for a line that a program prints. */
export const printed = (child: ChildProcess, line: string) =>
  Effect.callback<void, Error>((resume) => {
    let text = ""
    child.stdout!.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk
      if (text.split("\n").includes(line)) resume(Effect.void)
    })
    child.once("close", (code, signal) =>
      resume(Effect.fail(new Error(`ended with ${code ?? signal} before it printed "${line}": ${text}`)))
    )
  })

/**
 * A process that holds a file: it runs `sql` (such as BEGIN EXCLUSIVE) and keeps its connection. `release` ends it by
 * a kill, which frees the lock as a crash does.
 */
export const holder = Effect.fnUntraced(function* (file: string, sql: string) {
  const child = yield* program("hold.ts", [file, sql])
  yield* printed(child, "held")
  return { release: () => void child.kill("SIGKILL"), child }
})

/** The store on a file until the scope closes. */
export const openStore = (file: string) => Layer.build(Layer.fresh(layer({ path: file })))

export interface OpenStore {
  readonly context: Context.Context<Repositories>
  /** The store's own connections, the writing one first. */
  readonly connections: ReadonlyArray<DatabaseSync>
}

/** The store, with the connections it opened: what a connection is set to can only be asked on that connection. */
export const openWithConnections = (file: string) =>
  Effect.suspend(() => {
    const seen = new Set<DatabaseSync>()
    const { exec } = DatabaseSync.prototype
    DatabaseSync.prototype.exec = function (this: DatabaseSync, sql: string) {
      seen.add(this)
      exec.call(this, sql)
    }
    return openStore(file).pipe(
      Effect.map((context): OpenStore => ({ context, connections: [...seen].filter((one) => one.isOpen) })),
      Effect.ensuring(Effect.sync(() => (DatabaseSync.prototype.exec = exec)))
    )
  })

/** One value out of a database file, by a connection of its own (one that may first undo what a crash left). */
export const ask = (file: string, sql: string): unknown => {
  const database = new DatabaseSync(file)
  try {
    const row = database.prepare(sql).get()
    return row === undefined ? undefined : Object.values(row)[0]
  } finally {
    database.close()
  }
}

export const run = (file: string, sql: string): void => {
  const database = new DatabaseSync(file)
  try {
    database.exec(sql)
  } finally {
    database.close()
  }
}

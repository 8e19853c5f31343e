import { assert, describe, it } from "@effect/vitest"
import { MerchantRepository, StorageError } from "@tillbridge/domain"
import { migrations } from "@tillbridge/sql"
import { Context, Effect, Result } from "effect"
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import type { DatabaseSync } from "node:sqlite"
import {
  ask,
  holder,
  openStore,
  openWithConnections,
  printed,
  program,
  run,
  tempFile,
  tempFolder
} from "./support.ts"

const merchants = (file: string) =>
  Effect.scoped(Effect.flatMap(openStore(file), (context) => Context.get(context, MerchantRepository).list))

/** Every file of the folder with a digest of its bytes. */
const bytesOf = (folder: string): ReadonlyArray<readonly [string, string]> =>
  fs.readdirSync(folder).map((name) => [
    name,
    createHash("sha256")
      .update(fs.readFileSync(path.join(folder, name)))
      .digest("hex")
  ])

const reasonOf = (file: string) =>
  Effect.map(Effect.result(merchants(file)), (result) => {
    if (Result.isSuccess(result)) return "opened"
    assert.instanceOf(result.failure, StorageError)
    return result.failure.reason
  })

/** A store of ours with enough in it to have several pages. */
const filled = (file: string) =>
  Effect.map(merchants(file), () =>
    run(
      file,
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
INSERT INTO settings SELECT 'name ' || i, printf('%0500d', i) FROM n; PRAGMA wal_checkpoint(TRUNCATE)`
    )
  )

const damage = (file: string, change: (bytes: Buffer) => Buffer) =>
  fs.writeFileSync(file, change(fs.readFileSync(file)))

const refusals: ReadonlyArray<readonly [string, string, (file: string) => Effect.Effect<unknown, unknown>]> =
  [
    [
      "garbage",
      "corrupt",
      (file) => Effect.sync(() => fs.writeFileSync(file, "not a database at all\n".repeat(500)))
    ],
    ["one byte", "corrupt", (file) => Effect.sync(() => fs.writeFileSync(file, "x"))],
    [
      "a store that lost its last pages",
      "corrupt",
      (file) =>
        Effect.map(filled(file), () =>
          damage(file, (bytes) => bytes.subarray(0, Math.floor(bytes.length / 2 / 4096) * 4096))
        )
    ],
    [
      "a store cut in the middle of a page",
      "corrupt",
      (file) => Effect.map(filled(file), () => damage(file, (bytes) => bytes.subarray(0, 4096 * 3 + 100)))
    ],
    [
      "a store with a damaged header",
      "corrupt",
      (file) => Effect.map(filled(file), () => damage(file, (bytes) => (bytes.fill(0xaa, 0, 16), bytes)))
    ],
    [
      "a store with a damaged schema page",
      "corrupt",
      (file) => Effect.map(filled(file), () => damage(file, (bytes) => (bytes.fill(0x55, 100, 4096), bytes)))
    ],
    [
      "another program's SQLite database",
      "corrupt",
      (file) => Effect.sync(() => run(file, "CREATE TABLE notes (text); INSERT INTO notes VALUES ('mine')"))
    ],
    [
      "another program's database with only a view",
      "corrupt",
      (file) => Effect.sync(() => run(file, "CREATE VIEW one AS SELECT 1"))
    ],
    [
      "another program's database whose migrations have the same table name as ours",
      "corrupt",
      (file) =>
        Effect.sync(() =>
          run(
            file,
            "CREATE TABLE schema_migrations (version TEXT); INSERT INTO schema_migrations VALUES ('20260101')"
          )
        )
    ],
    [
      "a store of a newer version",
      "newer-schema",
      (file) =>
        Effect.map(merchants(file), () =>
          run(file, "INSERT INTO schema_migrations VALUES (9999, 'from the future', 0)")
        )
    ],
    [
      "a store of a newer version that is not in WAL mode",
      "newer-schema",
      (file) =>
        Effect.map(merchants(file), () =>
          run(
            file,
            "INSERT INTO schema_migrations VALUES (9999, 'from the future', 0); PRAGMA journal_mode = DELETE"
          )
        )
    ]
  ]

describe("a file is refused and left as it was:", () => {
  for (const [title, reason, make] of refusals) {
    it.live(title, () =>
      Effect.gen(function* () {
        const folder = yield* tempFolder
        const file = path.join(folder, "store.sqlite")
        yield* make(file)
        const before = bytesOf(folder)
        assert.strictEqual(yield* reasonOf(file), reason)
        assert.deepStrictEqual(bytesOf(folder), before)
      })
    )
  }

  it.live("a path where only the write-ahead log of a lost database is left", () =>
    Effect.gen(function* () {
      const folder = yield* tempFolder
      const file = path.join(folder, "store.sqlite")
      fs.writeFileSync(`${file}-wal`, "left behind")
      assert.strictEqual(yield* reasonOf(file), "corrupt")
      assert.deepStrictEqual(fs.readdirSync(folder), ["store.sqlite-wal"])
    })
  )

  it.live("a directory", () =>
    Effect.gen(function* () {
      const folder = yield* tempFolder
      const file = path.join(folder, "store.sqlite")
      fs.mkdirSync(file)
      assert.strictEqual(yield* reasonOf(file), "unavailable")
      assert.deepStrictEqual(fs.readdirSync(folder), ["store.sqlite"])
      assert.deepStrictEqual(fs.readdirSync(file), [])
    })
  )

  it.live("a path below a file", () =>
    Effect.gen(function* () {
      const folder = yield* tempFolder
      fs.writeFileSync(path.join(folder, "file"), "x")
      assert.strictEqual(yield* reasonOf(path.join(folder, "file", "store.sqlite")), "unavailable")
      if (process.platform === "linux") {
        // Nothing can be made here, and asking Node for the folder with its parents would never end.
        assert.strictEqual(yield* reasonOf("/proc/nobody/store.sqlite"), "unavailable")
      }
      assert.deepStrictEqual(fs.readdirSync(folder), ["file"])
    })
  )

  it.live("a file that may not be read, and a folder that may not be written", () =>
    Effect.gen(function* () {
      // Nothing is forbidden to root, so the program runs as somebody else then.
      const nobody = process.getuid?.() === 0 ? 65_534 : undefined
      const folder = yield* tempFolder
      const file = path.join(folder, "store.sqlite")
      yield* filled(file)
      const before = bytesOf(folder)
      if (nobody !== undefined) for (const owned of [folder, file]) fs.chownSync(owned, nobody, nobody)
      const refused = Effect.fnUntraced(function* (path: string) {
        const child = yield* program("opener.ts", [path], nobody)
        child.stdin!.write("go\n")
        yield* printed(child, "refused read-only")
      })
      fs.chmodSync(file, 0)
      yield* refused(file)
      fs.chmodSync(file, 0o400)
      yield* refused(file)
      fs.chmodSync(folder, 0o500)
      yield* refused(path.join(folder, "other.sqlite"))
      fs.chmodSync(folder, 0o700)
      fs.chmodSync(file, 0o600)
      assert.deepStrictEqual(bytesOf(folder), before)
    })
  )
})

describe("a new file", () => {
  it.live("is for its owner alone, and so is what SQLite lays beside it", () =>
    Effect.gen(function* () {
      const folder = path.join(yield* tempFolder, "made", "too")
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* openStore(path.join(folder, "store.sqlite"))
          const modes = fs
            .readdirSync(folder)
            .map((name) => [name, fs.statSync(path.join(folder, name)).mode & 0o777])
          assert.deepStrictEqual(modes, [
            ["store.sqlite", 0o600],
            ["store.sqlite-shm", 0o600],
            ["store.sqlite-wal", 0o600]
          ])
        })
      )
      assert.deepStrictEqual(fs.readdirSync(folder), ["store.sqlite"], "the log is folded back at the end")
    })
  )

  it.live("is opened by two processes at the same moment", () =>
    Effect.gen(function* () {
      const file = yield* tempFile
      const children = yield* Effect.forEach([1, 2], () => program("opener.ts", [file]))
      yield* Effect.forEach(children, (child) => printed(child, "ready"), { concurrency: "unbounded" })
      for (const child of children) child.stdin!.write("go\n")
      yield* Effect.forEach(children, (child) => printed(child, "opened"), { concurrency: "unbounded" })
      assert.strictEqual(ask(file, "SELECT count(*) FROM schema_migrations"), migrations.length)
      assert.strictEqual(ask(file, "SELECT count(*) FROM merchants"), 2)
      assert.strictEqual(ask(file, "PRAGMA integrity_check"), "ok")
    })
  )
})

describe("a migration that is killed", () => {
  it.live("half-way leaves what was before, and the next one does it all", () =>
    Effect.gen(function* () {
      for (const steps of [0, 1, 5, migrations[0]!.statements.length]) {
        const file = yield* tempFile
        const half = migrations[0]!.statements.slice(0, steps).join(";")
        const log =
          "CREATE TABLE schema_migrations (id BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)"
        const { child, release } = yield* holder(
          file,
          `PRAGMA journal_mode = WAL; PRAGMA cache_size = 1; BEGIN IMMEDIATE; ${log}; ${half}`
        )
        const ended = new Promise((resolve) => child.once("close", resolve))
        release()
        yield* Effect.promise(() => ended)
        assert.strictEqual(ask(file, "SELECT count(*) FROM sqlite_schema"), 0)
        assert.deepStrictEqual(yield* merchants(file), [])
        assert.strictEqual(ask(file, "SELECT count(*) FROM schema_migrations"), migrations.length)
      }
    })
  )

  it.live("at a random moment of the real one never leaves a part", () =>
    Effect.gen(function* () {
      const whole = yield* Effect.gen(function* () {
        const file = yield* tempFile
        yield* merchants(file)
        return ask(file, "SELECT count(*) FROM sqlite_schema")
      })
      for (let round = 0; round < 4; round++) {
        const file = yield* tempFile
        const child = yield* program("opener.ts", [file])
        yield* printed(child, "ready")
        const ended = new Promise((resolve) => child.once("close", resolve))
        child.stdin!.write("go\n")
        yield* Effect.sleep(`${round * 4} millis`)
        child.kill("SIGKILL")
        yield* Effect.promise(() => ended)
        if (fs.existsSync(file)) assert.include([0, whole], ask(file, "SELECT count(*) FROM sqlite_schema"))
        yield* merchants(file)
        assert.strictEqual(ask(file, "SELECT count(*) FROM sqlite_schema"), whole)
        assert.strictEqual(ask(file, "PRAGMA integrity_check"), "ok")
      }
    })
  )
})

describe("the store's own connections", () => {
  it.live("are one that writes durably and one that cannot write", () =>
    Effect.gen(function* () {
      const { connections } = yield* openWithConnections(yield* tempFile)
      const value = (connection: DatabaseSync, pragma: string) =>
        Object.values(connection.prepare(`PRAGMA ${pragma}`).get() ?? {})[0]
      assert.lengthOf(connections, 2)
      const [writer, reader] = connections as [DatabaseSync, DatabaseSync]
      assert.strictEqual(value(writer, "journal_mode"), "wal")
      assert.strictEqual(
        value(writer, "synchronous"),
        2,
        "FULL: a commit that was answered survives a power cut"
      )
      assert.strictEqual(value(writer, "foreign_keys"), 1)
      assert.strictEqual(value(reader, "journal_mode"), "wal")
      assert.throws(() => reader.exec("CREATE TABLE x (y)"), /readonly/)
    })
  )
})

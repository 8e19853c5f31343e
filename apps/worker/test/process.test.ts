/** The real program on sockets, files and signals. */
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, it } from "@effect/vitest"
import { ChangePosition, Credentials, layerDomain, Merchants, TimeZone } from "@tillbridge/domain"
import { layer as layerSqlite } from "@tillbridge/sqlite"
import { simulate } from "@tillbridge/server"
import { Context, DateTime, Effect, Layer, Redacted } from "effect"

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))

const inherited = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(TILLBRIDGE_|NODE_OPTIONS|VITEST|FORCE_COLOR)/.test(name))
)

const makeFolder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "tillbridge-worker-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

const start = (folder: string, args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) => {
  const child = spawn(process.execPath, ["--conditions=@tillbridge/source", main, ...args], {
    cwd: folder,
    env: {
      ...inherited,
      NODE_COMPILE_CACHE: join(tmpdir(), "tillbridge-cli-compile-cache"),
      TILLBRIDGE_DATABASE: `sqlite:${join(folder, "store.sqlite")}`,
      ...env
    }
  })
  let stdout = ""
  let stderr = ""
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text))
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text))
  const ended = new Promise<{
    readonly code: number | null
    readonly stdout: string
    readonly stderr: string
  }>((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })))
  return { child, ended, said: () => stdout, logged: () => stderr }
}

const run = (...args: Parameters<typeof start>) => Effect.promise(() => start(...args).ended)

const isText = (text: string | null): text is string => text !== null && text.length > 4

interface OnceLine {
  readonly link: string
  readonly counts: { readonly unchanged: number } | null
}

/** Far more than it takes, for machines that are busy with other tests. */
const patience = 60_000

/** Asks again until it is there. */
const until = async <A>(ask: () => Promise<A | undefined>): Promise<A> => {
  for (const end = performance.now() + patience; performance.now() < end;) {
    const found = await ask()
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error("it did not happen in time")
}

const makeStore = (folder: string) =>
  Effect.gen(function* () {
    const merchants = yield* Merchants
    const timeZone = TimeZone.make("Europe/Paris")
    return yield* merchants.create({ name: "Chez Nous", timeZone, externalKeyPrefix: null })
  }).pipe(
    Effect.provide(Layer.provide(layerDomain, layerSqlite({ path: join(folder, "store.sqlite") }))),
    Effect.scoped
  )

it.live(
  "mirrors links into the store, tells what it does, and stops when it is told",
  () =>
    Effect.gen(function* () {
      const folder = yield* makeFolder
      yield* makeStore(folder)
      const shop = yield* simulate({ dialect: "virtpos", customers: 40 })
      const cafe = yield* simulate({ dialect: "megawin", customers: 30 })
      const issued = yield* Context.get(shop.store, Credentials).create({
        merchantId: shop.merchant.id,
        dialect: "virtpos",
        login: null,
        secret: null,
        label: null,
        scopes: ["read", "write"]
      })
      const secret = Redacted.value(issued.secret)
      const wrong = "no-such-key-8d1f6c"
      const virtpos = (name: string, url: string, variable: string) =>
        `[remotes.${name}]\ndialect = "virtpos"\nurl = "${url}"\nkey = { env = "${variable}" }\ntime-zone = "Europe/Paris"\nretry = { times = 0 }\n`
      const settings = [
        virtpos("shop", shop.url, "SHOP_KEY"),
        `[remotes.cafe]\ndialect = "megawin"\nurl = "${cafe.url}"\nkey = { env = "CAFE_KEY" }\ntime-zone = "Europe/Paris"\n`,
        '[links.shop]\nfrom = "shop"\nto = "store"\nevery = "30s"\n',
        '[links.cafe]\nfrom = "cafe"\nto = "store"\n',
        virtpos("away", "http://127.0.0.1:9", "SHOP_KEY"),
        virtpos("locked", shop.url, "WRONG_KEY"),
        '[links.locked]\nfrom = "locked"\nto = "store"\n',
        '[links.away]\nfrom = "away"\nto = "store"\n'
      ]
      writeFileSync(join(folder, "tillbridge.toml"), settings.join("\n"))
      const env = { SHOP_KEY: secret, CAFE_KEY: cafe.credential.secret, WRONG_KEY: wrong }
      const worker = start(folder, ["--port", "0", "--json"], env)
      yield* Effect.addFinalizer(() => Effect.sync(() => worker.child.kill("SIGKILL")))

      const { url } = yield* Effect.promise(() =>
        until(async () => {
          const [line, rest] = worker.said().split("\n")
          return rest === undefined ? undefined : (JSON.parse(line!) as { readonly url: string })
        })
      )
      const ask = async (path: string) => {
        const answer = await fetch(`${url}${path}`)
        return { status: answer.status, text: await answer.text() }
      }
      const metrics = yield* Effect.promise(() =>
        until(async () => {
          const { text } = await ask("/metrics")
          const done = ["shop", "cafe"].every((name) =>
            text.includes(
              `tillbridge_link_runs_total{link="${name}",from="${name}",to="store",outcome="complete"} 1`
            )
          )
          const isPaused = text.includes('tillbridge_link_paused{link="locked",from="locked",to="store"} 1')
          const isAway = /link="away".*kind="unreachable"\} [1-9]/.test(text)
          return done && isPaused && isAway ? text : undefined
        })
      )
      assert.include(
        metrics,
        'tillbridge_link_rows_total{link="shop",from="shop",to="store",outcome="created"} 40\n'
      )
      assert.include(
        metrics,
        'tillbridge_link_rows_total{link="cafe",from="cafe",to="store",outcome="created"} 30\n'
      )
      assert.match(metrics, /tillbridge_remote_requests_total\{remote="shop"\} [1-9]/)
      assert.match(metrics, /tillbridge_store_up 1\n/)
      assert.match(metrics, /tillbridge_link_lag_seconds\{link="shop",from="shop",to="store"\} [0-9.]+\n/)
      for (const line of metrics.trimEnd().split("\n")) {
        if (!line.startsWith("# "))
          assert.match(line, /^[a-z_]+(\{[a-z]+="[a-z0-9_-]+"(,[a-z]+="[a-z0-9_-]+")*\})? [0-9.e+-]+$/)
      }
      const alive = yield* Effect.promise(() => ask("/healthz"))
      assert.deepStrictEqual(alive, { status: 200, text: "ok\n" })
      const ready = yield* Effect.promise(() => ask("/readyz"))
      assert.strictEqual(ready.status, 200)
      assert.match(ready.text, /^ready\npaused locked \(locked to store\): .*Unauthorized.*\n$/)
      assert.strictEqual((yield* Effect.promise(() => ask("/nothing"))).status, 404)
      const post = yield* Effect.promise(() => fetch(`${url}/metrics`, { method: "POST" }))
      assert.strictEqual(post.status, 405)

      worker.child.kill("SIGTERM")
      const { code, stderr, stdout } = yield* Effect.promise(() => worker.ended)
      assert.strictEqual(code, 0, stderr)
      const lines = stderr
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as { readonly message: string; readonly link?: string })
      assert.isTrue(lines.some(({ link, message }) => link === "shop" && message === "run complete"))

      const { customers } = yield* shop.customers.modified(shop.merchant.id, {
        since: DateTime.makeUnsafe(0),
        after: ChangePosition.make(0),
        limit: 40
      })
      const known = yield* shop.customers.getMany(
        shop.merchant.id,
        customers.map(({ id }) => id)
      )
      const people = known.flatMap(({ email, lastName, phone }) => [email, lastName, phone]).filter(isText)
      assert.isAbove(people.length, 40)
      for (const canary of [secret, wrong, ...people])
        for (const told of [metrics, ready.text, stderr, stdout]) assert.notInclude(told, canary)

      // Nothing of it is left running or locked: the same links run once more, and what is wrong is told by the code.
      const again = yield* run(folder, ["--once", "--json"], env)
      assert.strictEqual(again.code, 1)
      const told = again.stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as OnceLine)
      assert.deepStrictEqual(
        told.map(({ counts, link }) => [link, counts?.unchanged ?? null]),
        [
          ["shop", 40],
          ["cafe", 30],
          ["locked", null],
          ["away", null]
        ]
      )
    }).pipe(Effect.scoped),
  2 * patience
)

it.live(
  "names every mistake of the settings at once, and does not start",
  () =>
    Effect.gen(function* () {
      const folder = yield* makeFolder
      yield* makeStore(folder)
      writeFileSync(
        join(folder, "tillbridge.toml"),
        [
          '[remotes.shop]\ndialect = "virtpos"\nurl = "http://127.0.0.1:9"\nkey = { env = "NO_SUCH_KEY" }\ntime-zone = "Europe/Paris"',
          '[remotes.cafe]\ndialect = "megawin"\nkey = { file = "no-such-file" }\ntime-zone = "Mars/Base"',
          '[remotes.club]\ndialect = "lcmanager"\nurl = "https://127.0.0.1:9"\nuser = "ann"\npassword = { env = "HOME" }',
          '[links.a]\nfrom = "shop"\nto = "store"',
          '[links.b]\nfrom = "shop"\nto = "stores"',
          '[links.c]\nfrom = "shop"\nto = "store"\nmerchant = "Chez Vous"',
          '[links.d]\nfrom = "store"\nto = "shop"\nevery = "soon"'
        ].join("\n")
      )
      const { code, stderr, stdout } = yield* run(folder, [])
      assert.strictEqual(code, 2)
      assert.strictEqual(stdout, "")
      const lines = stderr.trimEnd().split("\n")
      const named = [
        "NO_SUCH_KEY",
        "remotes.cafe.time-zone",
        "links.b.to",
        'no merchant "Chez Vous"',
        "links.d.every"
      ]
      for (const word of named)
        assert.isTrue(
          lines.some((line) => line.includes(word)),
          `${word} in ${stderr}`
        )
      for (const line of lines) assert.match(line, /^tillbridge-worker: /)
    }).pipe(Effect.scoped),
  2 * patience
)

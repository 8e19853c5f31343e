/** The worker as a process that is stopped for longer than its lease, goes on, and is told to end within a page. */
import { assert, it } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { spawn } from "node:child_process"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { invariants } from "./support/invariants.ts"
import { makeSite, type Site } from "./support/site.ts"
import { link, makeFolder, makeWorld, type World, writeSettings } from "./support/world.ts"

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url))

const inherited = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(TILLBRIDGE_|NODE_OPTIONS|VITEST|FORCE_COLOR)/.test(name))
)

const start = (settings: string, file: string) => {
  const child = spawn(
    process.execPath,
    ["--conditions=@tillbridge/source", main, "--config", settings, "--port", "0", "--json"],
    {
      cwd: dirname(settings),
      env: {
        ...inherited,
        NODE_COMPILE_CACHE: join(tmpdir(), "tillbridge-cli-compile-cache"),
        TILLBRIDGE_DATABASE: `sqlite:${file}`
      }
    }
  )
  let logged = ""
  child.stdout.setEncoding("utf8").on("data", (text: string) => (logged += text))
  child.stderr.setEncoding("utf8").on("data", (text: string) => (logged += text))
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve))
  return { child, ended, logged: () => logged }
}

/** Asks again until it is so. */
const until = (what: string, isSo: () => boolean, left = 1_500): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (isSo()) return Effect.void
    if (left === 0) return Effect.die(new Error(`it did not happen: ${what}`))
    return Effect.andThen(Effect.sleep(20), until(what, isSo, left - 1))
  })

/** Requests that were held up by a fault, since the last look. */
const held = ({ sim }: Site) => sim.requests.log().filter(({ faults }) => faults.includes("latency")).length

/** Whoever holds the lease is taken for dead, as after two minutes. */
const takeOver = ({ merchant, repository }: World) =>
  Effect.gen(function* () {
    const now = DateTime.add(yield* DateTime.now, { minutes: 2 })
    yield* repository.release(
      merchant,
      yield* repository.acquire(merchant, link, { owner: "other", now, until: now })
    )
  })

it.live(
  "a worker that slept past its lease writes nothing, goes on by itself, and ends within a page when it is told",
  () =>
    Effect.gen(function* () {
      const site = yield* makeSite({ dialect: "virtpos", customers: 39 })
      const world = yield* makeWorld(site)
      const folder = yield* makeFolder
      const settings = writeSettings(
        folder,
        site,
        `[links.acme]\nfrom = "acme"\nto = "store"\nevery = "1s"\nmerchant = ${world.merchant}`
      )
      // The third page is late.
      yield* site.set("latency=1500ms@nth=4")
      const worker = start(settings, world.file)
      yield* Effect.addFinalizer(() => Effect.sync(() => worker.child.kill("SIGKILL")))
      yield* until("a page is waited for", () => held(site) === 1)
      worker.child.kill("SIGSTOP")
      assert.isBelow((yield* world.byKey).size, 40)

      // What it will read when it wakes is older than what another one has written by then.
      yield* until("the page is told", () => site.sim.requests.log().every(({ status }) => status !== null))
      yield* site.touch(40)
      yield* takeOver(world)
      yield* world.run({ owner: "other" })
      yield* world.run({ owner: "other" })
      assert.strictEqual((yield* world.byKey).size, 40)
      const before = JSON.stringify(yield* world.everybody())
      // Runs that come after are to wait within their second page.
      site.sim.requests.forget()
      yield* site.set("latency=2s@nth=2,op=list")
      worker.child.kill("SIGCONT")
      yield* until("the overtaken run ended", () => worker.logged().includes("another worker took over"))
      assert.strictEqual(JSON.stringify(yield* world.everybody()), before, "I8: it wrote after all")

      yield* until("the next run waits for a page", () => held(site) === 1)
      const told = Date.now()
      worker.child.kill("SIGTERM")
      assert.strictEqual(yield* Effect.promise(() => worker.ended), 0)
      assert.isBelow(Date.now() - told, 20_000)
      const [last] = yield* world.journal
      assert.strictEqual(last?.outcome, "interrupted")

      const said = worker.logged()
      for (const secret of yield* site.secrets) assert.notInclude(said, secret)
      yield* invariants(world)
    }).pipe(Effect.scoped),
  60_000
)

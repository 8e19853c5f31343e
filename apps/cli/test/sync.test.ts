/** Links from the command line: a simulated VirtualPOS on a socket and the shop's own store in a file. */
import { CustomerId, SyncRepository } from "@tillbridge/domain"
import { DateTime, Effect } from "effect"
import { readFileSync, writeFileSync } from "node:fs"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { ndjson } from "./support/cli.ts"
import { contentOf, makeShop, type Shop } from "./support/inProcess.ts"

const PEOPLE = 30

let shop: Shop
let till: Awaited<ReturnType<Shop["vendor"]>>

const settings = (url: string) => `
[remotes.till]
dialect = "virtpos"
url = "${url}"
key = { env = "SYNC_TEST_KEY" }
time-zone = "Europe/Moscow"
page-size = 10
retry = { times = 0 }

[remotes.report]
dialect = "lcmanager"
url = "${url}"
user = "demo"
password = { env = "SYNC_TEST_KEY" }

[links.home]
from = "till"
to = "store"
max-delete = 10
match = ["phone"]
country = "FR"
`

const fresh = async () => {
  shop = await makeShop()
  till = await shop.vendor("till", { dialect: "virtpos", customers: PEOPLE, cards: 0 })
  shop.settings(settings(till.simulator.url))
}

const hashes = () => [contentOf(shop.database), contentOf(till.file)]

beforeAll(() => {
  process.env["SYNC_TEST_KEY"] = "demo"
})
afterAll(() => {
  delete process.env["SYNC_TEST_KEY"]
})

describe("sync run", () => {
  beforeAll(fresh)
  afterAll(() => shop.close())

  it("tells in a dry run what it would do and writes nothing anywhere", async () => {
    const before = hashes()
    const told = await shop.run("sync run till store --dry-run --diffs 2")
    expect(told.code, told.stderr).toBe(0)
    expect(told.stdout).toMatch(/^till → store +CUSTOMERS\ncreate +30\nupdate +0\n/)
    expect(told.stdout).toContain("\n+ create 1\n+ create 2\n… and 28 more: --diffs N shows more\n")
    expect(told.stdout).toContain("\nwould create 30, update 0, remove 0 on store (from till)\n")
    expect(told.stderr).toContain(
      `Nothing was written. To apply it:\n  tillbridge sync run till store --config ${shop.path("tillbridge.toml")}\n`
    )
    const events = ndjson((await shop.run("sync run till store --dry-run --json")).stdout)
    expect(events.map(({ event }) => event)).toEqual([
      "started",
      ...[1, 2, 3, 4].flatMap((page) => [
        ...Array.from({ length: page < 4 ? 10 : 0 }, () => "planned"),
        "page"
      ]),
      "done"
    ])
    expect(events.at(-1)).toMatchObject({
      from: "till",
      to: "store",
      dryRun: true,
      plan: {
        create: 30,
        update: 0,
        unchanged: 0,
        keep: 0,
        remove: 0,
        conflict: 0,
        setAside: 0,
        notRemovable: 0
      }
    })
    expect(hashes()).toEqual(before)
  })

  it("finishes the page at Ctrl-C, says how to resume, and goes on there", async () => {
    const going = shop.begin("sync run till store --json")
    await vi.waitUntil(() => going.stdout().includes('"event":"page"'), { interval: 1 })
    going.interrupt()
    const { code, stderr, stdout } = await going.ended
    expect(code).toBe(130)
    const last = ndjson(stdout).at(-1)!
    expect(last).toMatchObject({ event: "interrupted", seen: last["created"] })
    const pages = Number(last["pages"])
    expect([10, 20]).toContain(last["seen"])
    expect(stderr).toContain(`It goes on at page ${pages + 1} with: tillbridge sync run till store --config`)
    const rest = await shop.run("sync run till store")
    expect(rest.code, rest.stderr).toBe(0)
    expect(rest.stdout).toMatch(new RegExp(`^till → store: ${PEOPLE - 10 * pages} customers told: `))
    const again = await shop.run("sync run till store")
    expect(again.stdout).toMatch(/^till → store: 30 customers told: 0 created, 0 updated, 30 unchanged, /)
    const { code: agree } = await shop.run("check till store")
    expect(agree).toBe(0)
  })

  it("shows in what customers differ, applies that, and is loud about nothing told", async () => {
    await shop.run("sync run store till")
    await shop.run("customers put --id 2 --first-name Zoe --json")
    const before = hashes()
    const plan = await shop.run("sync run store till --dry-run --country fr")
    expect(plan.stdout).toMatch(/\n\* update 2\n {4}firstName {2}"[^"]+" → "Zoe"\n/)
    expect(plan.stdout).toContain("would create 0, update 1, remove 0 on till (from store)")
    expect(plan.stderr).toContain("  tillbridge sync run store till --country fr --config")
    expect(hashes()).toEqual(before)
    const differ = await shop.run("check store till")
    expect(differ).toMatchObject({ code: 1 })
    expect(differ.stdout).toMatch(/^\* 2 {2}firstName\n/)
    expect(differ.stdout).toContain("\nfirstName differs in 1 of 30\nstore and till differ.\n")
    const applied = await shop.run("sync run store till")
    expect(applied.stdout).toMatch(/^store → till: 1 customer told: 0 created, 1 updated, /)
    const nothing = await shop.run("sync run store till")
    expect(nothing.stdout).toContain("0 customers told")
    expect(nothing.stderr).toContain("0 customers told: nothing changed at store since the last run.")
    expect((await shop.run("check store till --json")).code).toBe(0)
  })

  it("removes nobody beyond --max-delete without the command that confirms it", async () => {
    const { customers, merchant } = till.simulator
    for (let id = 1; id <= 6; id++)
      await Effect.runPromise(customers.remove(merchant.id, { by: "id", id: CustomerId.make(id) }))
    const first = await shop.run("sync run till store")
    expect(first.code, first.stderr).toBe(0)
    expect(first.stderr).toContain("6 customers known from before were not told by till this time")
    const plan = await shop.run("sync run till store --dry-run --diffs 0")
    expect(plan.stdout).toContain("would create 0, update 0, remove 6 on store (from till)")
    expect(plan.stderr).toContain(
      "6 customers of 30 would be removed, and only 10 % may be without confirmation."
    )
    expect(plan.stderr).toContain("tillbridge sync run till store --max-delete 20 --config")
    const stopped = await shop.run("sync run till store")
    expect(stopped.code).toBe(1)
    expect(stopped.stdout).toMatch(/^till → store, stopped: 24 customers told/)
    expect(stopped.stderr).toContain(
      "nothing was removed. If they are meant to go: tillbridge sync run till store --max-delete 20"
    )
    const paused = await shop.run("sync status")
    expect(paused.stdout).toMatch(/^till → store +waits for you/m)
    expect(paused.stderr).toContain("till → store waits for you: 6 of 30 customers are gone from till")
    const confirmed = await shop.run("sync run till store --max-delete 20")
    expect(confirmed.code, confirmed.stderr).toBe(0)
    expect(confirmed.stdout).toContain(" 6 removed, ")
    expect((await shop.run("check till store")).code).toBe(0)
  })

  it.each([
    ["sync run till till", 2, '"till" stands on both sides'],
    ["sync run tlil store", 2, 'there is no remote "tlil". Did you mean "till"?'],
    ["sync run store report", 2, "report cannot be written to"],
    ["sync run till store --match card,fone", 2, '--match cannot be "fone"'],
    ["sync run till store --country XX", 2, "--country must be a country's two letters"],
    ["sync run till store --max-delete 101", 2, "--max-delete must be a percentage from 0 to 100"],
    ["sync status till", 2, "say both ends"],
    ["sync reset till store", 2, "repeat with --yes"],
    ["check till sotre", 2, 'Did you mean "store"?'],
    ["check till store --all", 2, "--all goes with --combined"]
  ])("%s is refused", async (line, code, message) => {
    const ended = await shop.run(line)
    expect(ended.stderr).toContain(message)
    expect(ended).toMatchObject({ code, stdout: "" })
  })
})

describe("a run that cannot go on", () => {
  beforeAll(fresh)
  afterAll(() => shop.close())

  it("waits at Ctrl-C for a page that is half written at a vendor", async () => {
    const rows = Array.from(
      { length: 40 },
      (_, at) => `{"externalIds":[{"system":"s","key":"${at}"}],"lastName":"New"}`
    )
    writeFileSync(shop.path("new.ndjson"), rows.join("\n"))
    await shop.run(`customers import ${shop.path("new.ndjson")} --json`)
    await Effect.runPromise(till.simulator.faults.set(["latency=20ms@op=write"]))
    const before = till.simulator.requests.count()
    const going = shop.begin("sync run store till")
    await vi.waitUntil(() => till.simulator.requests.count() > before + 3, { interval: 1 })
    going.interrupt()
    const { code, stderr, stdout } = await going.ended
    await Effect.runPromise(till.simulator.faults.clear)
    expect(code).toBe(130)
    expect(stdout).toMatch(/^store → till, interrupted: 40 customers told: 40 created, /)
    expect(stderr).toMatch(
      /^Finishing the page that is being written\..*\n1 page is saved\. It goes on at page 2 with: /
    )
    expect((await shop.run("sync run store till")).stdout).toContain("0 customers told")
  })

  it("tells who holds the link, and until when", async () => {
    const link = { from: "till", to: "store" }
    const lease = await shop.inStore(
      Effect.flatMap(SyncRepository, (repository) =>
        repository.acquire(shop.merchant, link, {
          owner: "tillbridge-worker on north",
          now: DateTime.makeUnsafe(Date.now()),
          until: DateTime.makeUnsafe("2099-01-02T03:04:05Z")
        })
      )
    )
    const ended = await shop.run("sync run till store")
    expect(ended).toMatchObject({ code: 3, stdout: "" })
    expect(ended.stderr).toContain(
      "till → store is being synchronised by tillbridge-worker on north, which holds it until 2099-01-02T03:04:05.000Z"
    )
    const status = JSON.parse((await shop.run("sync status till store --json")).stdout) as Record<
      string,
      unknown
    >
    expect(status["lease"]).toEqual({
      owner: "tillbridge-worker on north",
      until: "2099-01-02T03:04:05.000Z"
    })
    expect(await shop.run("sync reset till store --yes")).toMatchObject({ code: 3 })
    await shop.inStore(
      Effect.flatMap(SyncRepository, (repository) => repository.release(shop.merchant, lease))
    )
  })

  it("says what failed, and that the same command goes on", async () => {
    await Effect.runPromise(till.simulator.faults.set(["status=503@op=list,after=3"]))
    const failed = await shop.run("sync run till store")
    expect(failed.code).toBe(3)
    expect(failed.stderr).toMatch(
      /tillbridge: till failed with HTTP 503 in \S+\. [12] pages? (is|are) saved\. It goes on at page [23] with: tillbridge sync run till store/
    )
    await Effect.runPromise(till.simulator.faults.set(["reset"]))
    const broken = await shop.run("sync run till store --json")
    expect(broken.code).toBe(3)
    expect(ndjson(broken.stdout).map(({ event }) => event)).toEqual(["started", "stopped"])
    await Effect.runPromise(till.simulator.faults.set(["zero-rows"]))
    await shop.run("sync reset till store --yes")
    const none = await shop.run("sync run till store")
    expect(none.code).toBe(0)
    expect(none.stderr).toContain("0 CUSTOMERS TOLD.")
    await Effect.runPromise(till.simulator.faults.clear)
    process.env["SYNC_TEST_KEY"] = "wrong"
    const refused = await shop.run("sync run till store")
    process.env["SYNC_TEST_KEY"] = "demo"
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain("till does not accept the credential")
    expect(refused.stderr).toContain("tillbridge remotes test till")
    expect((await shop.run("sync run till store")).code).toBe(0)
  })
})

describe("sync state, status and reset", () => {
  beforeAll(fresh)
  afterAll(() => shop.close())

  it("give the same bytes after a round, and refuse what is not this link's", async () => {
    await shop.run("sync run till store")
    const first = await shop.run("sync state get till store")
    const document = JSON.parse(first.stdout) as Record<string, unknown>
    expect(document).toEqual({
      form: "tillbridge/link-state",
      version: 1,
      from: "till",
      to: "store",
      checkpoint: "p1.1.10.",
      sweep: 2,
      sweeping: false,
      paused: null
    })
    writeFileSync(shop.path("state.json"), first.stdout)
    expect(await shop.run("sync reset till store --yes")).toMatchObject({ code: 0 })
    expect((await shop.run("sync state get till store")).stdout).toContain('"checkpoint": null')
    const set = `sync state set till store ${shop.path("state.json")}`
    expect(await shop.run(set)).toMatchObject({ code: 0 })
    expect((await shop.run("sync state get till store")).stdout).toBe(
      readFileSync(shop.path("state.json"), "utf8")
    )
    const before = contentOf(shop.database)
    for (const [change, reason] of [
      [{ from: "store", to: "till" }, "it is the state of store → till, not of till → store"],
      [{ version: 2 }, "it was written by a newer version of Tillbridge"],
      [{ form: "other" }, "it is not the state of a link"],
      [{ sweep: 0 }, '"sweep" must be a whole number, 1 or more'],
      [{ checkpoint: 5 }, '"checkpoint" must be'],
      [{ swep: 1 }, 'unknown field "swep". Did you mean "sweep"?']
    ] as const) {
      writeFileSync(shop.path("state.json"), JSON.stringify({ ...document, ...change }))
      const refused = await shop.run(set)
      expect(refused).toMatchObject({ code: 2 })
      expect(refused.stderr).toContain(reason)
    }
    expect(contentOf(shop.database)).toBe(before)
  })

  it("show links that were run and those only set, and forget everything when asked to", async () => {
    const [status] = ndjson((await shop.run("sync status --json")).stdout)
    expect(status).toMatchObject({
      from: "till",
      to: "store",
      records: 30,
      deadLetters: 0,
      lease: null,
      paused: null,
      lastRun: { outcome: "complete", error: null, counts: { seen: 30, created: 30 } }
    })
    expect(status!["lagSeconds"]).toBeLessThan(60)
    const page = await shop.run("sync status till store")
    expect(page.stdout).toMatch(/^link: +till → store\nstate: +complete\n/)
    expect(await shop.run("sync reset till store --all --yes")).toMatchObject({
      code: 0,
      stdout: "till → store is forgotten: the next run matches customers anew\n"
    })
    expect((await shop.run("sync status")).stdout).toMatch(/^till → store +never run +0 +0 +beginning$/m)
    const again = await shop.run("sync run till store")
    expect(again.stdout).toContain("30 customers told: 0 created, ")
  })
})

/** Dead letters and checks from the command line: a simulated VirtualPOS on a socket and the shop's own store. */
import { CustomerId, type NewDeadLetter, SyncRepository, UnitOfWork } from "@tillbridge/domain"
import { DateTime, Effect } from "effect"
import { readFileSync } from "node:fs"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { payloadValue } from "../src/sync/Mask.ts"
import { ndjson } from "./support/cli.ts"
import { contentOf, makeShop, type Shop } from "./support/inProcess.ts"

let shop: Shop
let till: Awaited<ReturnType<Shop["vendor"]>>
const link = { from: "till", to: "store" }

/** What a till told of somebody whose name nobody may read unasked. */
const told = { id: "77", fname: "Marguerite", phone: "+33 6 12 34 56 78" }
const CANARY = /Marguerite|12 34 56|Sokolova/

const setAside = (...letters: ReadonlyArray<NewDeadLetter>) =>
  shop.inStore(
    Effect.gen(function* () {
      const repository = yield* SyncRepository
      const { atomically } = yield* UnitOfWork
      yield* atomically(
        repository.putDeadLetters(shop.merchant, link, letters, DateTime.makeUnsafe(Date.now() - 7_200_000))
      )
    })
  )

const letter = (name: string, more: Partial<NewDeadLetter> = {}): NewDeadLetter => ({
  name,
  key: name,
  kind: "unreadable",
  reason: "birth_day: must be a number",
  payload: JSON.stringify(told),
  ...more
})

beforeAll(async () => {
  process.env["LETTERS_TEST_KEY"] = "demo"
  shop = await makeShop()
  till = await shop.vendor("till", { dialect: "virtpos", customers: 5, cards: 0 })
  shop.settings(`
[remotes.till]
dialect = "virtpos"
url = "${till.simulator.url}"
key = { env = "LETTERS_TEST_KEY" }
time-zone = "Europe/Moscow"
`)
})
afterAll(async () => {
  delete process.env["LETTERS_TEST_KEY"]
  await shop.close()
})

describe("dead letters", () => {
  it("are listed without what they hold, and shown masked unless revealed", async () => {
    await setAside(
      letter("77"),
      letter("#x", { key: null, payload: "<customer><name>Sokolova</name></customer>" }),
      letter("78", { kind: "refused", reason: "email: is too long", payload: null })
    )
    const list = await shop.run("dead-letters list")
    expect(list.stdout).toMatch(/^ID  LINK +KEY  KIND +REASON +TRIES  AGE\n/)
    expect(list.stdout).toMatch(
      /\n 1 {2}till → store {2}77 +unreadable {2}birth_day: must be a number +1 {2}2 h 0 min\n/
    )
    const json = await shop.run("dead-letters list --kind refused --json")
    expect(ndjson(json.stdout)).toEqual([
      expect.objectContaining({
        id: 3,
        from: "till",
        to: "store",
        key: "78",
        kind: "refused",
        kept: false,
        attempts: 1
      })
    ])
    const masked = await shop.run("dead-letters show 1")
    expect(masked.stdout).toContain('"fname": "xxxxxxxxxx",\n  "phone": "+99 9 99 99 99 99"\n')
    const xml = await shop.run("dead-letters show 2 --json")
    expect(JSON.parse(xml.stdout)).toMatchObject({
      revealed: false,
      payload: "<customer><name>xxxxxxxx</name></customer>"
    })
    for (const { stderr, stdout } of [list, json, masked, xml]) expect(stdout + stderr).not.toMatch(CANARY)
    const revealed = await shop.run("dead-letters show 1 --reveal --json")
    expect(JSON.parse(revealed.stdout)).toMatchObject({ revealed: true, payload: told })
    expect(revealed.stderr).toContain("personal data")
    expect((await shop.run("dead-letters show 3")).stderr).toContain("too large to be kept")
  })

  it("are replayed one by one, and dropped", async () => {
    const replayed = await shop.run("dead-letters replay --all --json")
    expect(replayed.code).toBe(1)
    const events = ndjson(replayed.stdout)
    expect(events.map(({ id, result }) => [id, result])).toEqual([
      [1, "done"],
      [2, "again"],
      [3, "lost"],
      [undefined, undefined]
    ])
    expect(events.at(-1)).toEqual({ event: "done", letters: 3, done: 1, overtaken: 0, again: 1, lost: 1 })
    expect(replayed.stdout + replayed.stderr).not.toMatch(CANARY)
    const found = await shop.run("customers list --external-id till:77 --json")
    expect(ndjson(found.stdout)).toEqual([expect.objectContaining({ firstName: "Marguerite" })])
    const left = ndjson((await shop.run("dead-letters list --json")).stdout)
    expect(left.map(({ attempts, id }) => [id, attempts])).toEqual([
      [2, 2],
      [3, 1]
    ])
    expect(await shop.run("dead-letters drop 2")).toMatchObject({ code: 2 })
    expect(await shop.run("dead-letters drop 2 --yes")).toMatchObject({
      code: 0,
      stdout: "1 dead letter is thrown away\n"
    })
    expect((await shop.run("dead-letters replay 2")).stderr).toContain("there is no dead letter 2")
    expect(JSON.parse((await shop.run("dead-letters drop --all --yes --json")).stdout)).toEqual({
      dropped: 1
    })
    expect((await shop.run("dead-letters list")).stderr).toBe("Nothing is set aside.\n")
    expect(await shop.run("dead-letters replay --all")).toMatchObject({ code: 0 })
  })

  it.each([
    ["dead-letters replay", "say which: ID..., or --all"],
    ["dead-letters replay 1 --all", "give numbers or --all, not both"],
    ["dead-letters drop 1 --from till --yes", "--from, --to and --kind go with --all"],
    ["dead-letters show x1", "ID must be a number"]
  ])("%s is refused", async (line, message) => {
    const { code, stderr } = await shop.run(line)
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)])
  })

  it("end a run with 1, and say where to look", async () => {
    await Effect.runPromise(till.simulator.faults.set(["poison=1:type@op=list"]))
    const run = await shop.run("sync run till store")
    await Effect.runPromise(till.simulator.faults.clear)
    expect(run.code, run.stdout).toBe(1)
    expect(run.stderr).toMatch(/set aside\. Why: tillbridge dead-letters list --from till --to store\n/)
    const again = await shop.run("sync run till store")
    expect(again.code, again.stderr).toBe(0)
    expect((await shop.run("dead-letters list --from till --to store")).stderr).toBe(
      "Nothing is set aside.\n"
    )
  })
})

describe("a masked payload", () => {
  it.each([
    [
      '{"a":{"Name":"Ada","n":12.5,"ok":true,"none":null,"Ada Byron":[1]}}',
      { a: { Name: "xxx", n: 99.9, ok: true, none: null, "xxx xxxxx": [9] } }
    ],
    [
      "<c id=\"7\" n='Ж1'><![CDATA[Ada <1>]]><!--Ada--></c>",
      "<c id=\"9\" n='x9'><![CDATA[xxx <9>]]><!--xxx--></c>"
    ],
    ["<c><Ada Byron></c>", "<c><xxx xxxxx></c>"],
    ['{"name":"Ada', '{"xxxx":"xxx']
  ])("%s shows its shape only", (payload, masked) => {
    expect(payloadValue(payload, false)).toEqual(masked)
  })
})

describe("check", () => {
  it("tells by rclone's signs who differs in what, and writes nothing", async () => {
    const { customers, merchant } = till.simulator
    await shop.run("customers put --first-name Only --external-id shop:9 --json")
    await shop.run("customers put --external-id till:2 --first-name Zoe --json")
    await Effect.runPromise(customers.remove(merchant.id, { by: "id", id: CustomerId.make(1) }))
    const before = [contentOf(shop.database), contentOf(till.file)]
    const file = shop.path("combined.txt")
    const found = await shop.run(`check till store --combined ${file} --all`)
    expect(found.code).toBe(1)
    const lines = readFileSync(file, "utf8").trimEnd().split("\n").sort()
    expect(lines.map((line) => line[0]).join("")).toBe("*---===")
    expect(lines).toContain("* 2")
    expect(found.stdout).toContain("firstName differs in 1 of 4\n")
    const oneWay = await shop.run("check till store --one-way --json")
    const events = ndjson(oneWay.stdout)
    expect(events.slice(0, -1)).toEqual([{ event: "checked", sign: "*", key: "2", fields: ["firstName"] }])
    expect(events.at(-1)).toMatchObject({
      event: "done",
      a: "till",
      b: "store",
      agrees: false,
      counts: { same: 3, different: 1, onlyA: 0, onlyB: 3, unreadable: 0 }
    })
    const reverse = await shop.run("check store till --combined -")
    expect(reverse.stdout.split("\n").filter((line) => line.startsWith("+"))).toHaveLength(3)
    expect(reverse.stderr).toContain("store and till differ.")
    expect([contentOf(shop.database), contentOf(till.file)]).toEqual(before)
  })
})

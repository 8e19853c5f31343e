/** What is kept encoded is never old: every write by any way, and every midnight, shows at the next read. */
import { assert, describe, it } from "@effect/vitest"
import { CustomerId, CustomerRepository, type CustomerPatch, type CustomerRecord } from "@tillbridge/domain"
import { Clock, Context, Effect } from "effect"
import { TestClock } from "effect/testing"
import { type Answer, customersIn, noon, oneIn, open, openRoutes, post, type Send } from "./server.ts"
import { randomFrom, seedOf } from "@tillbridge/conformance"

const hour = 3_600_000
/** Moscow has been three hours ahead of UTC, all year, since 2014. */
const local = (millis: number) => new Date(millis + 3 * hour)
const stamp = (millis: number) => local(millis).toISOString().slice(0, 19).replace("T", " ")

describe("age", () => {
  it.effect("changes at the merchant's midnight, though the record itself did not", () =>
    Effect.gen(function* () {
      const { call } = yield* open()
      yield* call("/update?create_if_not_exist=1", post("fname=A&birth_day=16&birth_month=6&birth_year=1994"))
      const ages = Effect.all([call("?id=1"), call("?id=1"), call(""), call("?page=1")]).pipe(
        Effect.map((answers) => answers.map((answer) => oneIn(answer)["age"]))
      )
      assert.deepStrictEqual(yield* ages, ["29", "29", "29", "29"])
      // A second before midnight in Moscow, which is 21:00 in Greenwich.
      yield* TestClock.setTime(Date.UTC(2024, 5, 15, 20, 59, 59))
      assert.deepStrictEqual(yield* ages, ["29", "29", "29", "29"])
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* ages, ["30", "30", "30", "30"])
      const json = yield* call("?id=1&format=json")
      assert.include(json.text, `"age":"30"`)
      yield* TestClock.adjust("365 days")
      assert.deepStrictEqual(yield* ages, ["31", "31", "31", "31"])
    })
  )
})

describe("a page", () => {
  it.effect("that was read before asks the store for nothing but what changed since", () =>
    Effect.gen(function* () {
      const asked: Array<ReadonlyArray<number>> = []
      const { call, customers, merchant } = yield* open({}, (real) => {
        const repository = Context.get(real, CustomerRepository)
        const getMany: typeof repository.getMany = (id, ids) => {
          asked.push(ids)
          return repository.getMany(id, ids)
        }
        return Context.add(real, CustomerRepository, { ...repository, getMany })
      })
      yield* customers.importBatch(
        merchant.id,
        [{ firstName: "A" }, { firstName: "B" }, { firstName: "C" }],
        null
      )
      asked.length = 0
      const first = yield* call("")
      assert.strictEqual((yield* call("")).text, first.text)
      yield* call("/update?id=2&fname=X")
      assert.deepStrictEqual(
        customersIn((yield* call("?page=1")).text).map(({ fname }) => fname),
        ["A", "X", "C"]
      )
      assert.deepStrictEqual(asked, [[1, 2, 3], [2]])
    })
  )
})

interface Row {
  fname: string
  phone: string
  group: string
  year: string
  updated: number
}

const fieldsOf = (id: number, row: Row, now: number) => {
  const today = local(now)
  // Born on 1 July.
  const had = today.getUTCMonth() >= 6 ? 0 : 1
  return {
    id: String(id),
    fname: row.fname,
    phone: row.phone,
    group_name: row.group,
    age: row.year === "" ? "" : String(today.getUTCFullYear() - Number(row.year) - had),
    last_update_date: stamp(row.updated)
  }
}

type Told = Readonly<Record<string, string | null>>

const told = (answer: Answer, format: string): ReadonlyArray<Told> => {
  const records: ReadonlyArray<Told> =
    format === "xml"
      ? customersIn(answer.text)
      : (JSON.parse(answer.text) as { readonly customers: ReadonlyArray<Told> }).customers
  return records.map((record) => ({
    id: record["id"] ?? "",
    fname: record["fname"] ?? "",
    phone: record["phone"] ?? "",
    group_name: record["group_name"] ?? "",
    age: record["age"] ?? "",
    last_update_date: record["last_update_date"] ?? ""
  }))
}

describe("reads", () => {
  const seed = seedOf()

  for (const run of [0, 1, 2, 3]) {
    it.effect(
      `agree with a plain model after any writes, on servers with caches of their own (seed ${seed}, run ${run})`,
      () =>
        Effect.gen(function* () {
          const random = randomFrom(seed + run)
          const { call, customers, key, merchant, store } = yield* open()
          const none = yield* openRoutes(store, { cacheBytes: 0 })
          const small = yield* openRoutes(store, { cacheBytes: 6_000 })
          const through =
            (send: Send): Send =>
            (target, asked) =>
              send(`/api/customer${target}${target.includes("?") ? "&" : "?"}apikey=${key}`, asked)
          const servers = [call, through(none.send), through(small.send)]
          const model = new Map<number, Row>()
          let next = 1

          const change = (id: number, part: Partial<Row>, now: number) => {
            const row = model.get(id) ?? { fname: "", phone: "", group: "", year: "", updated: now }
            const changes =
              !model.has(id) || Object.entries(part).some(([name, value]) => row[name as keyof Row] !== value)
            model.set(id, { ...row, ...part, updated: changes ? now : row.updated })
          }

          const write = Effect.fnUntraced(function* () {
            const now = yield* Clock.currentTimeMillis
            const known = [...model.keys()]
            const id = known.length === 0 || random.chance(0.2) ? undefined : random.pick(known)
            const part: Partial<Row> = {}
            if (random.chance(0.6)) part.fname = random.pick(["Anna", "Petr", "<&>", ""])
            if (random.chance(0.4)) part.phone = random.pick(["1", "+7 999", ""])
            if (random.chance(0.3)) part.group = random.pick(["VIP", "New", ""])
            if (random.chance(0.3)) part.year = random.pick(["1990", "2000", ""])
            const patch: CustomerPatch = {
              ...(part.fname === undefined ? {} : { firstName: part.fname }),
              ...(part.phone === undefined ? {} : { phone: part.phone }),
              ...(part.year === undefined
                ? {}
                : {
                    birthDate:
                      part.year === "" ? { year: null } : { day: 1, month: 7, year: Number(part.year) }
                  })
            }
            const group =
              part.group === undefined ? {} : { group: part.group === "" ? null : { name: part.group } }
            const way = random.pick(["route", "route", "service", "import", "remove"] as const)
            if (way === "route") {
              const form = new URLSearchParams({
                ...(part.fname === undefined ? {} : { fname: part.fname }),
                ...(part.phone === undefined ? {} : { phone: part.phone }),
                ...(part.group === undefined ? {} : { group_name: part.group }),
                ...(part.year === undefined
                  ? {}
                  : { birth_year: part.year, ...(part.year && { birth_day: "1", birth_month: "7" }) })
              })
              const target = `/update?create_if_not_exist=1${id === undefined ? "" : `&id=${id}`}`
              assert.include(
                (yield* random.pick(servers)(target, post(form.toString()))).text,
                "<success>1</success>"
              )
            } else if (way === "service") {
              const references = id === undefined ? [] : [{ by: "id", id: CustomerId.make(id) } as const]
              yield* customers.save(merchant.id, {
                references,
                createIfMissing: true,
                patch,
                ...group,
                actor: 1
              })
            } else if (way === "import") {
              const record: CustomerRecord = {
                ...patch,
                ...group,
                ...(id === undefined ? {} : { id: CustomerId.make(id) })
              }
              yield* customers.importBatch(merchant.id, [record], 1)
            } else if (id !== undefined) {
              yield* customers.remove(merchant.id, { by: "id", id: CustomerId.make(id) })
              model.delete(id)
            }
            if (way !== "remove") change(id ?? next++, part, now)
          })

          const look = Effect.fnUntraced(function* () {
            const now = yield* Clock.currentTimeMillis
            const format = random.pick(["xml", "json"])
            const ids = [...model.keys()].sort((a, b) => a - b)
            const [query, wanted] = random.pick([
              ["", ids],
              ["&page=1&page_size=3", ids.slice(0, 3)],
              ["&page=2&page_size=3", ids.slice(3, 6)],
              ["&id=2", ids.filter((id) => id === 2)],
              ["&with_phone=true", ids.filter((id) => model.get(id)?.phone !== "")],
              ["&cards=true", ids]
            ] as const)
            const answer = yield* random.pick(servers)(`?format=${format}${query}`)
            assert.deepStrictEqual(
              told(answer, format),
              wanted.map((id) => fieldsOf(id, model.get(id) ?? assert.fail(), now))
            )
          })

          for (let step = 0; step < 300; step++) {
            const what = random.next()
            if (what < 0.4) yield* write()
            else if (what < 0.95) yield* look()
            else yield* TestClock.adjust(random.integer(0, 60) * hour)
          }
          assert.isAbove(yield* Clock.currentTimeMillis, noon)
        })
    )
  }
})

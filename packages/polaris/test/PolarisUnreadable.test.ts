/** Records that cannot be read: each is told by itself, with what it was, and the slice around it goes on. */
import { assert, describe, it } from "@effect/vitest"
import { CustomerSource, type SourcePage } from "@tillbridge/domain"
import { Effect, Layer, Result, Stream } from "effect"
import { layerPolarisSource, type PolarisOptions } from "../src/index.ts"
import { CANARY, layerOf, once } from "./clientSupport.ts"
import { fakeSite } from "./fakeSite.ts"

const formats = ["xml", "json"] as const

const open = Effect.fnUntraced(function* (options: Partial<PolarisOptions>) {
  const site = yield* fakeSite(CANARY)
  const layer = layerPolarisSource.pipe(Layer.provide(layerOf(site, { ...once, ...options })))
  const source = yield* Effect.provide(CustomerSource, yield* Layer.build(layer))
  return { site, source }
})

const keysOf = ({ changes }: SourcePage) => changes.map(({ source }) => source.key)

describe("one bad record among good ones", () => {
  for (const format of formats) {
    it.effect(`is told beside them, as ${format}, and can be read again once it is mended`, () =>
      Effect.gen(function* () {
        for (const [name, value, reason, mend] of [
          [
            "Nom",
            "SE\0CRET",
            /NUL|not allowed|not accepted|well-formed|character/i,
            (text: string) => text.replace(/\\u0000|\0/g, "")
          ],
          [
            "Remarque",
            "x".repeat(10_000_000),
            /^has more than can be kept$/,
            (text: string) => text.replace("x".repeat(10_000_000), "x")
          ]
        ] as const) {
          const { site, source } = yield* open({ format })
          for (const id of [1, 2, 3]) site.touch(id, "2024-06-01T10:00:00", { Nom: `N${id}` })
          site.touch(2, "2024-06-02T10:00:00", { Ville: "Lyon", [name]: value, MotDePasse: "hunter2" })
          const [page] = yield* Stream.runCollect(source.pages(null))
          if (page === undefined) return assert.fail("no page")
          assert.deepStrictEqual(keysOf(page), ["1", "3"], name)
          const [record, ...others] = page.unreadable ?? []
          if (record === undefined) return assert.fail("not told")
          assert.deepStrictEqual([record.source, others], [{ system: "polaris", key: "2" }, []])
          assert.match(record.reason, reason)
          assert.notInclude(record.reason, "CRET")
          assert.notInclude(record.payload, "hunter2")
          const again = source.reread(record.payload)
          assert.deepStrictEqual(Result.isFailure(again) && again.failure, record)
          const mended = source.reread(mend(record.payload))
          assert.deepStrictEqual(
            Result.map(mended, ({ customer, modifiedAt, source: from }) => [
              from.key,
              customer.address?.city,
              modifiedAt?.epochMilliseconds
            ]),
            Result.succeed(["2", "Lyon", Date.UTC(2024, 5, 2, 8, 0, 0)])
          )
        }
      })
    )

    it.effect(`a date or a member that nobody expects is kept and spoils nothing, as ${format}`, () =>
      Effect.gen(function* () {
        const { site, source } = yield* open({ format })
        site.touch(1, "2024-06-01T10:00:00", { Nom: "A" })
        site.touch(2, "yesterday", { Nom: "B", DateAnniversaire: "31/02/1990", Nouveau: "7" })
        const [page] = yield* Stream.runCollect(source.pages(null))
        assert.deepStrictEqual(page?.unreadable, undefined)
        assert.deepStrictEqual(
          page?.changes.map(({ customer, modifiedAt }) => [
            customer.lastName,
            modifiedAt?.epochMilliseconds,
            customer.extensions?.["polaris"]
          ]),
          [
            ["A", Date.UTC(2024, 5, 1, 8, 0, 0), undefined],
            ["B", undefined, { DateAnniversaire: "31/02/1990", Nouveau: "7" }]
          ]
        )
      })
    )
  }

  it.effect("numbers that no number holds cost their records and not the slice", () =>
    Effect.gen(function* () {
      const { site, source } = yield* open({ format: "json" })
      site.faults.push({
        kind: "body",
        body:
          `{"hasMoreResults":false,"clients":[{"IDClient":9223372036854775807,"Nom":"A"},` +
          `{"IDClient":99999999999999999999},{"IDClient":3,"Critere1":1e999},{"IDClient":4}]}`
      })
      const [page] = yield* Stream.runCollect(source.pages(null))
      assert.deepStrictEqual(keysOf(page!), ["9223372036854775807", "4"])
      // No client has the first number: whose record that is cannot be made out.
      assert.deepStrictEqual(
        page?.unreadable?.map(({ source: from }) => from?.key ?? null).sort(),
        ["3", null].sort()
      )
    })
  )
})

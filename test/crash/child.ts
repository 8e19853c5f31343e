// Mirrors two shops and writes as their own tills do, all at once and again and again, until it is killed.
// It gets its plan as a line on standard input once it has told that it is loaded.
import { Cards, Customers, layerDomain, MerchantId } from "@tillbridge/domain"
import { layer as layerSqlite } from "@tillbridge/sqlite"
import { makeStoreSource, runLink, type RunRequest } from "@tillbridge/sync"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { createInterface } from "node:readline"
import { cardOf, DESK, notesOf, type Plan, type Shop, writeOf } from "./plan.ts"
import { planter } from "./planting.ts"
import { reacher, stagedDestination, stagedSource, stagedStore, tell } from "./staging.ts"
import { openVendors } from "./vendors.ts"

const program = Effect.fnUntraced(function* (plan: Plan) {
  const { bug, full, leaseMillis, pageSize, urls } = plan
  const reach = reacher(plan.stop)
  const planted = planter(bug)
  let committed = false
  const opened = yield* Layer.build(layerSqlite({ path: plan.file, ...planted.driver }))
  tell("open")
  const careless = planted.store(opened)
  const store = stagedStore(careless, reach, () => {
    if (!committed) tell("went on")
    committed = true
  })
  const domain = yield* Layer.build(layerDomain.pipe(Layer.provide(Layer.succeedContext(store))))
  const services = Context.merge(store, domain)
  const customers = Context.get(domain, Customers)
  const cards = Context.get(domain, Cards)
  const vendors = yield* openVendors({ urls, pageSize, asking: reach("request made") })
  const merchants = { hub: MerchantId.make(plan.merchants.hub), till: MerchantId.make(plan.merchants.till) }

  const mirror = (shop: Shop, request: Pick<RunRequest, "link" | "source" | "destination" | "full">) =>
    Effect.gen(function* () {
      const merchant = merchants[shop]
      const source = planted.source(request.source, careless, merchant, request.link)
      yield* runLink({
        ...request,
        merchant,
        source: stagedSource(source, reach),
        owner: `program ${process.pid}`,
        lease: leaseMillis,
        maxDeletePercent: 100
      }).pipe(
        // Vendors fail, and a lease may be another's: the next run goes on.
        Effect.catch((error) =>
          error._tag === "StorageError"
            ? Effect.die(error)
            : Effect.sync(() => tell(`failed ${request.link.from} ${request.link.to} ${error._tag}`))
        )
      )
      yield* Effect.sleep(15)
    }).pipe(Effect.forever)

  const write = Effect.fnUntraced(function* (shop: Shop, n: number) {
    const merchant = merchants[shop]
    const doing = writeOf(shop, n)
    const externalId = { system: DESK, key: `d${doing.slot}` }
    switch (doing.kind) {
      case "save":
        return yield* customers.save(merchant, {
          references: [{ by: "externalId", externalId }],
          createIfMissing: true,
          patch: { firstName: `n${n}`, lastName: `Desk ${doing.slot}`, notes: notesOf(n) },
          actor: 1
        })
      case "card":
        return yield* cards.save(merchant, {
          search: [{ by: "number", number: cardOf(shop, doing.slot) }],
          createIfMissing: true,
          patch: { number: cardOf(shop, doing.slot), status: "active", barcode: `b${n}` },
          owner: { by: "externalId", externalId: { system: DESK, key: `d${doing.owner}` } },
          actor: 1
        })
      case "remove":
        return yield* customers
          .remove(merchant, { by: "externalId", externalId })
          .pipe(Effect.catchTag("CustomerNotFound", () => Effect.void))
    }
  })

  const desk = Effect.fnUntraced(function* (shop: Shop) {
    for (let n = plan.next[shop]; ; n++) {
      if (bug === "acknowledged before written") tell(`ack ${shop} ${n}`)
      yield* reach("local write begun")
      yield* write(shop, n)
      yield* reach("local write committed")
      tell(`ack ${shop} ${n}`)
      yield* Effect.sleep(4)
    }
  })

  const up = yield* Effect.provide(makeStoreSource(merchants.till), services)
  const destination = stagedDestination(planted.destination(vendors.tillDestination), reach)
  yield* Effect.all(
    [
      mirror("hub", { link: { from: "hub", to: "store" }, source: vendors.hub, destination: "store", full }),
      plan.bothWays
        ? mirror("till", { link: { from: "till", to: "store" }, source: vendors.till, destination: "store" })
        : Effect.void,
      mirror("till", { link: { from: "store", to: "till" }, source: up, destination }),
      desk("hub"),
      desk("till")
    ],
    { concurrency: "unbounded", discard: true }
  ).pipe(Effect.provide(services))
})

const lines = createInterface({ input: process.stdin })
// Nobody is left who would kill it.
lines.once("close", () => process.exit(3))
lines.once("line", (line) => {
  Effect.runPromiseExit(Effect.scoped(program(JSON.parse(line) as Plan))).then((exit) => {
    tell(
      `died ${exit._tag === "Failure" ? Cause.pretty(exit.cause).replaceAll("\n", " | ") : "without a cause"}`
    )
    process.exit(1)
  })
})
tell("loaded")

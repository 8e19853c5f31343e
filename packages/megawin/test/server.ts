/**
 * The drop-in server without sockets: the routes over a store in memory as a function from `Request` to `Response`,
 * on the test's clock, with its log kept. What it answers is read as bytes, so that nothing is forgiven on the way.
 */
import { assert } from "@effect/vitest"
import type { Cards } from "@tillbridge/domain"
import {
  Credentials,
  Customers,
  layerDomain,
  layerMemory,
  type MerchantId,
  Merchants,
  type Repositories,
  type Scope as Right,
  TimeZone
} from "@tillbridge/domain"
import { Cause, Clock, Context, Effect, Layer, Logger, Metric, Redacted } from "effect"
import { HttpRouter } from "effect/http"
import { TestClock } from "effect/testing"
import { MegawinRoutes } from "../src/index.ts"
import { droppedPasswords } from "../src/internal/passwords.ts"

export type Services = Repositories | Customers | Cards | Credentials | Merchants
export type RoutesOptions = NonNullable<Parameters<typeof MegawinRoutes.layer>[0]>

/** Where the tests begin: a Saturday noon in Brussels. */
export const noon = Date.UTC(2024, 5, 15, 10, 0, 0)
export const brussels = TimeZone.make("Europe/Brussels")

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: Uint8Array
  readonly text: string
}

export interface Asked {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array<ArrayBuffer>
}

export type Send = (target: string, asked?: Asked) => Effect.Effect<Answer>

/** A POST of JSON. */
export const post = (body: unknown): Asked => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: typeof body === "string" ? body : JSON.stringify(body)
})

/** A POST of an urlencoded form. */
export const postForm = (body: string): Asked => ({
  method: "POST",
  headers: { "content-type": "application/x-www-form-urlencoded" },
  body
})

const utf8 = new TextDecoder("utf-8", { fatal: true })

/** The whole answer; fails the test when its bytes are not UTF-8. */
export const read = async (response: Response): Promise<Answer> => {
  const bytes = new Uint8Array(await response.arrayBuffer())
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    bytes,
    text: utf8.decode(bytes)
  }
}

/** A store in memory with the domain on it; `change` may replace repositories under the domain's services. */
export const openStore = (
  change?: (real: Context.Context<Repositories>) => Context.Context<Repositories>
) => {
  const store =
    change === undefined ? layerMemory : Layer.effectContext(Effect.map(Layer.build(layerMemory), change))
  return Layer.build(layerDomain.pipe(Layer.provideMerge(store)))
}

/** One more server over a store: with a cache and a secret of its own, as another process has. */
export const openRoutes = Effect.fnUntraced(function* (
  store: Context.Context<Services>,
  options: RoutesOptions = {}
) {
  const clock = yield* Clock.Clock
  const log: Array<string> = []
  const metrics = new Map()
  const logger = Logger.make(({ cause, logLevel, message }) => {
    log.push(`${logLevel} ${String(message)} ${Cause.pretty(cause)}`)
  })
  const web = HttpRouter.toWebHandler(
    MegawinRoutes.layer(options).pipe(
      Layer.provideMerge(Layer.succeedContext(store)),
      Layer.provideMerge(Layer.succeed(Clock.Clock, clock)),
      Layer.provideMerge(Layer.succeed(Metric.MetricRegistry, metrics)),
      Layer.provideMerge(Layer.succeed(Logger.CurrentLoggers, new Set([logger])))
    ),
    { disableLogger: true }
  )
  yield* Effect.addFinalizer(() => Effect.promise(web.dispose))
  const fetch = (target: string, asked: Asked = {}) =>
    web.handler(new Request(`http://till.test${target}`, asked as RequestInit))
  const send: Send = (target, asked) => Effect.promise(() => fetch(target, asked).then(read))
  /** How many passwords were counted as dropped. */
  const dropped = Metric.value(droppedPasswords).pipe(
    Effect.provideService(Metric.MetricRegistry, metrics),
    Effect.map(({ count }) => count)
  )
  return { fetch, send, log, dropped }
})

export const makeMerchant = Effect.fnUntraced(function* (
  store: Context.Context<Services>,
  name: string,
  externalKeyPrefix: string | null = "SHOP"
) {
  return yield* Context.get(store, Merchants).create({ name, timeZone: brussels, externalKeyPrefix })
})

/** A new key, generated: those that people choose cost a slow hash each. */
export const makeKey = Effect.fnUntraced(function* (
  store: Context.Context<Services>,
  merchantId: MerchantId,
  scopes: ReadonlyArray<Right> = ["read", "write"],
  dialect = "megawin"
) {
  const created = yield* Context.get(store, Credentials).create({
    merchantId,
    dialect,
    login: null,
    secret: null,
    label: null,
    scopes
  })
  return { id: created.credential.id, key: Redacted.value(created.secret) }
})

/** A server with one merchant, at noon. `call` adds the merchant's key to the query. */
export const open = Effect.fnUntraced(function* (
  options: RoutesOptions = {},
  change?: (real: Context.Context<Repositories>) => Context.Context<Repositories>
) {
  yield* TestClock.setTime(noon)
  const store = yield* openStore(change)
  const merchant = yield* makeMerchant(store, "A")
  const { id: credential, key } = yield* makeKey(store, merchant.id)
  const routes = yield* openRoutes(store, options)
  /** `call("/update", post({ id_client: 1 }))` */
  const call: Send = (target, asked) =>
    routes.send(`/customer${target}${target.includes("?") ? "&" : "?"}apikey=${key}`, asked)
  const customers = Context.get(store, Customers)
  return {
    ...routes,
    call,
    store,
    merchant,
    key,
    credential,
    customers,
    /** Everything that is kept of customers. */
    everything: Effect.gen(function* () {
      const refs = yield* customers.refs(merchant.id, {}, { after: null, limit: 100_000 })
      return yield* customers.getMany(
        merchant.id,
        refs.map(({ id }) => id)
      )
    })
  }
})

/** The vendor's refusal, spelled out. */
export const refused = (message: string) => `{"success":"false","message":${JSON.stringify(message)}}`

export const empty = `{"success":"true","message":"Customers list","result":{"customer":[]}}`

export type Told = Readonly<Record<string, unknown>>

/** The customers of a list answer. */
export const customersIn = (answer: Answer): ReadonlyArray<Told> => {
  const body = JSON.parse(answer.text) as {
    readonly success: unknown
    readonly message: unknown
    readonly result: { readonly customer: ReadonlyArray<Told> }
  }
  assert.deepStrictEqual([body.success, body.message], ["true", "Customers list"], answer.text.slice(0, 300))
  assert.isTrue(Array.isArray(body.result.customer))
  return body.result.customer
}

export const keysIn = (answer: Answer) => customersIn(answer).map(({ clcleunik }) => clcleunik)

/** The one customer of a list. */
export const oneIn = (answer: Answer): Told => {
  const [first, ...others] = customersIn(answer)
  assert.deepStrictEqual(others, [])
  return first ?? assert.fail("no customer")
}

/** Refused by the application: 200, and exactly this text. */
export const assertRefused = (answer: Answer, message: string, status = 200) => {
  assert.strictEqual(answer.text, refused(message))
  assert.strictEqual(answer.status, status)
}

/**
 * The drop-in server without sockets: the routes over a store in memory as a function from `Request` to `Response`,
 * on the test's clock, with its log kept. What it answers is read as bytes, so that nothing is forgiven on the way.
 */
import { assert } from "@effect/vitest"
import {
  Cards,
  Credentials,
  Customers,
  layerDomain,
  layerMemory,
  type MerchantId,
  MerchantRepository,
  Merchants,
  type Repositories,
  type Scope as Right,
  TimeZone
} from "@tillbridge/domain"
import { parseXml, type XmlElement, xmlChild, xmlChildText } from "@tillbridge/wire"
import { Cause, Clock, Context, Effect, Layer, Logger, Redacted, Result } from "effect"
import { HttpRouter } from "effect/http"
import { TestClock } from "effect/testing"
import { XMLValidator } from "fast-xml-parser"
import { VirtposRoutes } from "../src/index.ts"

export type Services = Repositories | Customers | Cards | Credentials | Merchants
export type RoutesOptions = NonNullable<Parameters<typeof VirtposRoutes.layer>[0]>

/** Where the tests begin: a Saturday noon in Moscow. */
export const noon = Date.UTC(2024, 5, 15, 9, 0, 0)
export const noonText = "2024-06-15 12:00:00"

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

export const form = { "content-type": "application/x-www-form-urlencoded" }

/** A POST of an urlencoded form. */
export const post = (body: string): Asked => ({ method: "POST", headers: form, body })

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

/** One more server over a store: with a cache of its own, as another process has. */
export const openRoutes = Effect.fnUntraced(function* (
  store: Context.Context<Services>,
  options: RoutesOptions = {}
) {
  const clock = yield* Clock.Clock
  const log: Array<string> = []
  const logger = Logger.make(({ cause, logLevel, message }) => {
    log.push(`${logLevel} ${String(message)} ${Cause.pretty(cause)}`)
  })
  const web = HttpRouter.toWebHandler(
    VirtposRoutes.layer(options).pipe(
      Layer.provideMerge(Layer.succeedContext(store)),
      Layer.provideMerge(Layer.succeed(Clock.Clock, clock)),
      Layer.provideMerge(Layer.succeed(Logger.CurrentLoggers, new Set([logger])))
    ),
    { disableLogger: true }
  )
  yield* Effect.addFinalizer(() => Effect.promise(web.dispose))
  const fetch = (target: string, asked: Asked = {}) =>
    web.handler(new Request(`http://till.test${target}`, asked as RequestInit))
  const send: Send = (target, asked) => Effect.promise(() => fetch(target, asked).then(read))
  return { fetch, send, log }
})

export const makeMerchant = Effect.fnUntraced(function* (
  store: Context.Context<Services>,
  name: string,
  externalKeyPrefix: string | null = "SHOP"
) {
  const merchants = Context.get(store, Merchants)
  return yield* merchants.create({ name, timeZone: TimeZone.make("Europe/Moscow"), externalKeyPrefix })
})

/** A new key, generated: those that people choose cost a slow hash each. */
export const makeKey = Effect.fnUntraced(function* (
  store: Context.Context<Services>,
  merchantId: MerchantId,
  scopes: ReadonlyArray<Right> = ["read", "write"],
  chosen?: { readonly dialect?: string; readonly secret?: string }
) {
  const created = yield* Context.get(store, Credentials).create({
    merchantId,
    dialect: chosen?.dialect ?? "virtpos",
    login: null,
    secret: chosen?.secret === undefined ? null : Redacted.make(chosen.secret),
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
  /** `call("/update?id=1", post("fname=A"))` */
  const call: Send = (target, asked) =>
    routes.send(`/api/customer${target}${target.includes("?") ? "&" : "?"}apikey=${key}`, asked)
  return {
    ...routes,
    call,
    store,
    merchant,
    key,
    credential,
    customers: Context.get(store, Customers),
    cards: Context.get(store, Cards),
    directories: Context.get(store, MerchantRepository)
  }
})

export const declaration = `<?xml version="1.0" encoding="UTF-8"?>`

/** The bodies of the vendor's envelopes, spelled out. */
export const refused = {
  xml: (info: string) => `${declaration}<root><success>0</success><info>${info}</info></root>`,
  json: (info: string) => `{"success":0,"info":${JSON.stringify(info)}}`
} as const

export const written = (id: number, isNew: 0 | 1) =>
  `${declaration}<root><success>1</success><id>${id}</id><isnew>${isNew}</isnew></root>`

export const empty = `${declaration}<root><success>1</success><type>customer</type><count>0</count><customers/></root>`

/** The document as a tree, after two readers have agreed that it is XML. */
export const xml = (text: string): XmlElement => {
  assert.strictEqual(XMLValidator.validate(text), true, text.slice(0, 500))
  const parsed = parseXml(text, { maxBytes: 50_000_000, maxElements: 5_000_000 })
  return Result.isSuccess(parsed)
    ? parsed.success
    : assert.fail(`${parsed.failure.reason}: ${text.slice(0, 500)}`)
}

/** The customers of an XML list, each as name to text. */
export const customersIn = (text: string): ReadonlyArray<Readonly<Record<string, string>>> => {
  const root = xml(text)
  assert.strictEqual(xmlChildText(root, "success"), "1", text.slice(0, 500))
  const list = xmlChild(root, "customers")
  assert.isDefined(list, text.slice(0, 500))
  return (list?.children ?? []).map(fieldsOf)
}

export const fieldsOf = (element: XmlElement): Readonly<Record<string, string>> =>
  Object.fromEntries(element.children.map((child) => [child.name, child.text]))

export const idsIn = (text: string): ReadonlyArray<number> => customersIn(text).map(({ id }) => Number(id))

/** The one customer of a list. */
export const oneIn = (answer: Answer): Readonly<Record<string, string>> => {
  const [first, ...others] = customersIn(answer.text)
  assert.deepStrictEqual(others, [])
  return first ?? assert.fail("no customer")
}

/** Refused by the application: 200, and exactly this text. */
export const assertRefused = (answer: Answer, info: string, status = 200) => {
  assert.strictEqual(answer.text, refused.xml(info))
  assert.strictEqual(answer.status, status)
}

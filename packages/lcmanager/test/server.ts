/**
 * The drop-in server without sockets: the routes over a store in memory as a function from `Request` to `Response`,
 * on the test's clock, with its log kept. What it answers is read as bytes, so that nothing is forgiven on the way.
 */
import { assert } from "@effect/vitest"
import {
  type CardPatch,
  Cards,
  Credentials,
  CustomerId,
  Customers,
  layerDomain,
  layerMemory,
  type Merchant,
  type MerchantId,
  Merchants,
  type PeriodReport,
  type Repositories,
  type Scope as Right,
  StoreId,
  StoreListId,
  TimeZone
} from "@tillbridge/domain"
import { Cause, Clock, Context, DateTime, Effect, Layer, Logger, Redacted } from "effect"
import { HttpRouter } from "effect/http"
import { TestClock } from "effect/testing"
import { LcmanagerRoutes } from "../src/index.ts"

export type Services = Repositories | Customers | Cards | Credentials | Merchants | PeriodReport
export type RoutesOptions = NonNullable<Parameters<typeof LcmanagerRoutes.layer>[0]>

/** Where the tests begin: a Saturday noon in Moscow. */
export const noon = Date.UTC(2024, 5, 15, 9, 0, 0)

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

export const json = { "content-type": "application/json" }
export const form = { "content-type": "application/x-www-form-urlencoded" }
export const xml = { "content-type": "application/xml" }

export const period = "/api/client/ClientInfoPeriod"

/** The whole answer; its text where it is UTF-8. */
export const read = async (response: Response): Promise<Answer> => {
  const bytes = new Uint8Array(await response.arrayBuffer())
  const isUtf16 = response.headers.get("content-type")?.endsWith("utf-16") === true
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    bytes,
    text: new TextDecoder(isUtf16 ? "utf-16le" : "utf-8", { fatal: true }).decode(bytes)
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

/** One more server over a store, with tokens of its own as another process has. */
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
    LcmanagerRoutes.layer(options).pipe(
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
  return { handler: web.handler, fetch, send, log }
})

/** A merchant in Moscow with stores 1 to 3, list 1 being the first two. */
export const makeMerchant = Effect.fnUntraced(function* (
  store: Context.Context<Services>,
  name: string,
  timeZone = "Europe/Moscow"
) {
  const merchants = Context.get(store, Merchants)
  const merchant = yield* merchants.create({
    name,
    timeZone: TimeZone.make(timeZone),
    externalKeyPrefix: "SHOP"
  })
  for (const id of [1, 2, 3])
    yield* merchants.putStore(merchant.id, { id: StoreId.make(id), name: `Store ${id}` })
  yield* merchants.putStoreList(merchant.id, {
    id: StoreListId.make(1),
    name: "List",
    storeIds: [StoreId.make(1), StoreId.make(2)]
  })
  return merchant
})

/** A user whose password is generated: those that people choose cost a slow hash each. */
export const makeUser = Effect.fnUntraced(function* (
  store: Context.Context<Services>,
  merchantId: MerchantId,
  login = "anna",
  scopes: ReadonlyArray<Right> = ["read"]
) {
  const created = yield* Context.get(store, Credentials).create({
    merchantId,
    dialect: "lcmanager",
    login,
    secret: null,
    label: null,
    scopes
  })
  return { id: created.credential.id, login, password: Redacted.value(created.secret) }
})

export interface Pair {
  readonly access_token: string
  readonly token_type: string
  readonly expires_in: number
  readonly refresh_token: string
}

export const grant = (send: Send, fields: Readonly<Record<string, string>>, headers = {}) =>
  send("/ManagerLogin", {
    method: "POST",
    headers: { ...form, ...headers },
    body: new URLSearchParams(fields).toString()
  })

export const byPassword = (send: Send, user: { readonly login: string; readonly password: string }) =>
  grant(send, { grant_type: "password", username: user.login, password: user.password })

/** The tokens of a good answer. */
export const pairOf = (answer: Answer): Pair => {
  assert.strictEqual(answer.status, 200, answer.text)
  return JSON.parse(answer.text) as Pair
}

/** A registered card; its owner is made when it is not there. */
export const addCard = Effect.fnUntraced(function* (
  store: Context.Context<Services>,
  merchant: Merchant,
  card: {
    readonly number: string
    readonly at: string | null
    readonly owner?: number
    readonly store?: number | null
    readonly patch?: CardPatch
    readonly type?: string
  }
) {
  const customers = Context.get(store, Customers)
  if (card.owner !== undefined) {
    const id = CustomerId.make(card.owner)
    yield* customers.importBatch(merchant.id, [{ id, firstName: "A" }], null)
  }
  yield* Context.get(store, Cards).save(merchant.id, {
    search: [],
    createIfMissing: true,
    patch: {
      number: card.number,
      registeredAt: card.at === null ? null : DateTime.makeUnsafe(card.at),
      registeredIn: card.store === null ? null : StoreId.make(card.store ?? 1),
      status: "active",
      ...card.patch
    },
    ...(card.type === undefined ? {} : { type: { name: card.type } }),
    ...(card.owner === undefined ? {} : { owner: { by: "id" as const, id: CustomerId.make(card.owner) } }),
    actor: null
  })
})

/** A server with one merchant, at noon, and a caller who has logged in. */
export const open = Effect.fnUntraced(function* (
  options: RoutesOptions = {},
  change?: (real: Context.Context<Repositories>) => Context.Context<Repositories>
) {
  yield* TestClock.setTime(noon)
  const store = yield* openStore(change)
  const merchant = yield* makeMerchant(store, "A")
  const user = yield* makeUser(store, merchant.id)
  const routes = yield* openRoutes(store, options)
  const base = options.basePath ?? ""
  const based: Send = (target, asked) => routes.send(base + target, asked)
  const token = pairOf(yield* byPassword(based, user)).access_token
  const bearer = { authorization: `Bearer ${token}` }
  /** Asks for a period; a body that is an object is sent as JSON. */
  const ask = (
    body: object | string | Uint8Array<ArrayBuffer>,
    headers: Readonly<Record<string, string>> = json
  ) =>
    based(period, {
      method: "POST",
      headers: { ...bearer, ...headers },
      body: typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body)
    })
  const add = (card: Parameters<typeof addCard>[2]) => addCard(store, merchant, card)
  return { ...routes, send: based, ask, add, bearer, token, store, merchant, user }
})

export interface Row {
  readonly Client: number | null
  readonly Card: number | null
  readonly OutNumber: number | null
  readonly Virtual: boolean | null
  readonly Card_Type: string | null
  readonly Card_Status: string | null
  readonly RegPos: number | null
  readonly RegPosName: string | null
  readonly RegDate: string | null
}

/** The rows of a good JSON answer. */
export const rowsOf = (answer: Answer): ReadonlyArray<Row> => {
  assert.strictEqual(answer.status, 200, answer.text)
  const body = JSON.parse(answer.text) as { Clients: ReadonlyArray<Row>; ErrorCode: number; Message: string }
  assert.deepStrictEqual([body.ErrorCode, body.Message], [0, ""], answer.text)
  return body.Clients
}

/** The card numbers of a good JSON answer. */
export const cardsOf = (answer: Answer): ReadonlyArray<number | null> =>
  rowsOf(answer).map(({ Card }) => Card)

/** Refused by the application: these words in its JSON envelope. */
export const assertRefused = (answer: Answer, message: string | RegExp, status = 200) => {
  const body = JSON.parse(answer.text) as Record<string, unknown>
  assert.deepStrictEqual([body["Clients"], body["ErrorCode"], answer.status], [[], 3, status], answer.text)
  assert.match(String(body["Message"]), typeof message === "string" ? new RegExp(`^${message}$`) : message)
}

export const Q = "http://schemas.datacontract.org/2004/07/LCManagerPartner.Implementation.Request"
export const P = "http://schemas.datacontract.org/2004/07/LCManagerPartner.Implementation.Response"
export const A = "http://schemas.datacontract.org/2004/07/LCManagerPartner.Implementation.Abstractions"
export const I = "http://www.w3.org/2001/XMLSchema-instance"

/** A request in XML with these members. */
export const requestXml = (members: string): string =>
  `<ClientInfoPeriodRequest xmlns:i="${I}" xmlns="${Q}">${members}</ClientInfoPeriodRequest>`

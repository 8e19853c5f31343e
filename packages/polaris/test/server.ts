/**
 * The drop-in server without sockets: the routes over a store in memory as a function from `Request` to `Response`,
 * on the test's clock, with its log kept. What it answers is read as bytes, so that nothing is forgiven on the way.
 */
import { assert } from "@effect/vitest"
import {
  type CardPatch,
  Cards,
  type CredentialId,
  Credentials,
  CustomerId,
  Customers,
  layerDomain,
  layerMemory,
  type MerchantId,
  Merchants,
  type Repositories,
  type Scope as Right,
  StoreId,
  TimeZone
} from "@tillbridge/domain"
import { parseXml, type XmlElement, xmlChild } from "@tillbridge/wire"
import { Cause, Clock, Context, Effect, Layer, Logger, Redacted, Result } from "effect"
import { HttpRouter } from "effect/http"
import { TestClock } from "effect/testing"
import { XMLValidator } from "fast-xml-parser"
import { PolarisRoutes } from "../src/index.ts"

export type Services = Repositories | Customers | Cards | Credentials | Merchants
export type RoutesOptions = NonNullable<Parameters<typeof PolarisRoutes.layer>[0]>

/** Where the tests begin: a Saturday noon in Paris, in summer time. */
export const noon = Date.UTC(2024, 5, 15, 10, 0, 0)
export const noonText = "2024-06-15T12:00:00"

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

/** A POST of these names and values. */
export const postOf = (values: Readonly<Record<string, string>>): Asked =>
  post(new URLSearchParams(values).toString())

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

/** One more server over a store: with sessions and a cache of its own, as another process has. */
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
    PolarisRoutes.layer(options).pipe(
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
  return { fetch, send, log, handler: web.handler }
})

/** A merchant with stores 1, 2 and 3. */
export const makeMerchant = Effect.fnUntraced(function* (
  store: Context.Context<Services>,
  name: string,
  given: {
    readonly prefix?: string | null
    readonly stores?: ReadonlyArray<number>
    readonly zone?: string
  } = {}
) {
  const merchants = Context.get(store, Merchants)
  const merchant = yield* merchants.create({
    name,
    timeZone: TimeZone.make(given.zone ?? "Europe/Paris"),
    externalKeyPrefix: given.prefix === undefined ? "SHOP" : given.prefix
  })
  for (const id of given.stores ?? [1, 2, 3]) {
    yield* merchants.putStore(merchant.id, { id: StoreId.make(id), name: `Magasin ${id}` })
  }
  return merchant
})

export interface Login {
  readonly id: CredentialId
  readonly user: string
  readonly password: string
}

let logins = 0

/** A new login whose password is generated: those that people choose cost a slow hash each. */
export const makeLogin = Effect.fnUntraced(function* (
  store: Context.Context<Services>,
  merchantId: MerchantId,
  scopes: ReadonlyArray<Right> = ["read", "write"],
  chosen: { readonly dialect?: string; readonly user?: string; readonly password?: string } = {}
) {
  const user = chosen.user ?? `user${++logins}`
  const created = yield* Context.get(store, Credentials).create({
    merchantId,
    dialect: chosen.dialect ?? "polaris",
    login: user,
    secret: chosen.password === undefined ? null : Redacted.make(chosen.password),
    label: null,
    scopes
  })
  const login: Login = { id: created.credential.id, user, password: Redacted.value(created.secret) }
  return login
})

export const cookieOf = (answer: Answer): string => (answer.headers["set-cookie"] ?? "").split(";")[0] ?? ""

/** Logs in and gives the cookie back. */
export const logIn = Effect.fnUntraced(function* (send: Send, { password, user }: Login) {
  const answer = yield* send("/core/api/ACL.Login", postOf({ user, password }))
  assert.strictEqual(answer.status, 200, answer.text)
  return cookieOf(answer)
})

/** A server with one merchant, at noon. `call` is in a session of that merchant. */
export const open = Effect.fnUntraced(function* (
  options: RoutesOptions = {},
  change?: (real: Context.Context<Repositories>) => Context.Context<Repositories>
) {
  yield* TestClock.setTime(noon)
  const store = yield* openStore(change)
  const merchant = yield* makeMerchant(store, "A")
  const login = yield* makeLogin(store, merchant.id)
  const routes = yield* openRoutes(store, options)
  const cookie =
    options.basePath === undefined && options.cookieName === undefined ? yield* logIn(routes.send, login) : ""
  /** `call("Client.GetClient?CodeMagasin=1&IDClient=1")` */
  const call: Send = (target, asked = {}) =>
    routes.send(`/core/api/${target}`, { ...asked, headers: { ...asked.headers, cookie } })
  return {
    ...routes,
    call,
    cookie,
    store,
    merchant,
    login,
    customers: Context.get(store, Customers),
    cards: Context.get(store, Cards),
    credentials: Context.get(store, Credentials)
  }
})

/** Makes a client of these members and tells its number. */
export const put = Effect.fnUntraced(function* (
  call: Send,
  members: Readonly<Record<string, unknown>>,
  more: Readonly<Record<string, string>> = {}
) {
  const answer = yield* call(
    "Client.PutClient",
    postOf({ InfoClient: JSON.stringify(members), CodeMagasin: "1", output: "json", ...more })
  )
  assert.strictEqual(answer.status, 200, answer.text)
  return CustomerId.make(Number(answer.text))
})

export const anne = { Nom: "DURAND", Prenom: "Anne" }

/** Gives a client a card. */
export const addCard = (
  server: Effect.Success<ReturnType<typeof open>>,
  customerId: CustomerId,
  number: string,
  patch: CardPatch = {},
  typeName = "Or"
) =>
  server.cards.save(server.merchant.id, {
    search: [{ by: "number", number }],
    createIfMissing: true,
    patch: { number, customerId, ...patch },
    type: { name: typeName },
    actor: null
  })

export const declaration = `<?xml version="1.0" encoding="utf-8"?>`

/** The bodies of errors, spelled out. */
export const refused = {
  xml: (code: string, message: string) =>
    `${declaration}<Error><Code>${code}</Code><Message>${message}</Message></Error>`,
  json: (code: string, message: string) =>
    `{"Error":{"Code":${JSON.stringify(code)},"Message":${JSON.stringify(message)}}}`
} as const

/** The document as a tree, after two readers have agreed that it is XML. */
export const xml = (text: string): XmlElement => {
  assert.strictEqual(XMLValidator.validate(text), true, text.slice(0, 500))
  const parsed = parseXml(text, { maxBytes: 50_000_000, maxElements: 5_000_000 })
  return Result.isSuccess(parsed)
    ? parsed.success
    : assert.fail(`${parsed.failure.reason}: ${text.slice(0, 500)}`)
}

export const fieldsOf = (element: XmlElement): Readonly<Record<string, string>> =>
  Object.fromEntries(element.children.map((child) => [child.name, child.text]))

export interface Slice {
  readonly hasMoreResults: boolean
  readonly checkPoint?: string
  readonly clients: ReadonlyArray<Readonly<Record<string, unknown>>>
}

/** A slice in JSON. */
export const sliceIn = (answer: Answer): Slice => {
  assert.strictEqual(answer.status, 200, answer.text)
  return JSON.parse(answer.text) as Slice
}

export const idsIn = (answer: Answer): ReadonlyArray<number> =>
  sliceIn(answer).clients.map(({ IDClient }) => Number(IDClient))

/** A slice in XML as numbers of clients. */
export const idsInXml = (answer: Answer): ReadonlyArray<number> => {
  const root = xml(answer.text)
  assert.strictEqual(root.name, "FragmentedInfoClient", answer.text)
  return (xmlChild(root, "clients")?.children ?? []).map((client) =>
    Number(xmlChild(client, "IDClient")?.text)
  )
}

/** Refused: this status and code, in XML. */
export const assertRefused = (answer: Answer, status: number, code: string) => {
  const root = xml(answer.text)
  assert.deepStrictEqual([answer.status, root.name, xmlChild(root, "Code")?.text], [status, "Error", code])
  assert.strictEqual(answer.headers["content-type"], "text/xml; charset=utf-8")
}

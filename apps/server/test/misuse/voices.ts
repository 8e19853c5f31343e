/** How each dialect asks for the same thing, and how it tells that it refuses or that there is nobody. */
import { assert } from "vitest"
import { type Ask, basic, form, formHeaders, jsonHeaders, send, type Told } from "./wire.ts"
import { type Caller, type DialectId, MARK } from "./shop.ts"

export interface Voice {
  readonly id: DialectId
  /** One customer by id, or what comes nearest to it; of one kind of answer. */
  readonly customer: (id: string, caller: Caller) => Ask
  /** Everybody that the caller may see. */
  readonly everyone: (caller: Caller) => Ask
  /** A request of the most usual kind without anything that proves who asks. */
  readonly anonymous: Ask
  /** The text of an error; fails on an answer that is not the dialect's own envelope. */
  readonly errorOf: (told: Told) => string
  /** Whether an answer shows nobody, as one about an id that never was. */
  readonly showsNobody: (told: Told) => boolean
}

const withQuery = (path: string, fields: Readonly<Record<string, string>>): string =>
  `${path}?${form(fields)}`

const json = (told: Told): Record<string, unknown> => {
  assert.match(told.headers["content-type"] ?? "", /^application\/json; ?charset=utf-8$/i)
  return JSON.parse(told.text) as Record<string, unknown>
}

const isText = (value: unknown): value is string => typeof value === "string" && value.length > 0

const virtposError = (told: Told): string => {
  const xml =
    /^<\?xml version="1\.0" encoding="UTF-8"\?><root><success>0<\/success><info>([^<]+)<\/info><\/root>$/.exec(
      told.text
    )
  if (xml !== null) {
    assert.match(told.headers["content-type"] ?? "", /^application\/xml; ?charset=utf-8$/i)
    return xml[1]!
  }
  const { info, success, ...more } = json(told)
  assert.deepStrictEqual([success, more], [0, {}])
  assert.isTrue(isText(info))
  return String(info)
}

const virtpos: Voice = {
  id: "virtpos",
  customer: (id, { key }) => ({ path: withQuery("/api/customer", { apikey: key, format: "json", id }) }),
  everyone: ({ key }) => ({ path: withQuery("/api/customer", { apikey: key, format: "json" }) }),
  anonymous: { path: "/api/customer?format=json" },
  errorOf: virtposError,
  showsNobody: (told) => !told.text.includes(MARK)
}

const polarisError = (told: Told): string => {
  const xml =
    /^<\?xml version="1\.0" encoding="utf-8"\?><Error><Code>(\w+)<\/Code><Message>([^<]+)<\/Message><\/Error>$/.exec(
      told.text
    )
  if (xml !== null) {
    assert.match(told.headers["content-type"] ?? "", /^text\/xml; ?charset=utf-8$/i)
    return `${xml[1]}: ${xml[2]}`
  }
  const { Error, ...more } = json(told) as { Error: { Code: unknown; Message: unknown } }
  assert.deepStrictEqual([Object.keys(Error), more], [["Code", "Message"], {}])
  assert.isTrue(isText(Error.Code) && isText(Error.Message))
  return `${String(Error.Code)}: ${String(Error.Message)}`
}

const polarisHeaders = ({ key, login }: Caller) => ({ Authorization: basic(login, key) })

const polaris: Voice = {
  id: "polaris",
  customer: (id, who) => ({
    path: withQuery("/core/api/Client.GetClient", { CodeMagasin: "1", IDClient: id, output: "json" }),
    headers: polarisHeaders(who)
  }),
  everyone: (who) => ({
    path: withQuery("/core/api/Client.GetClientsModified", {
      lastChanged: "2000-01-01T00:00:00",
      codeMagasin: "1",
      limit: "1000",
      output: "json"
    }),
    headers: polarisHeaders(who)
  }),
  anonymous: { path: "/core/api/Client.GetClient?CodeMagasin=1&IDClient=1&output=json" },
  errorOf: polarisError,
  showsNobody: (told) => !told.text.includes(MARK)
}

const megawinError = (told: Told): string => {
  const { message, success, ...more } = json(told)
  assert.deepStrictEqual([success, more], ["false", {}])
  assert.isTrue(isText(message))
  return String(message)
}

const megawin: Voice = {
  id: "megawin",
  customer: (id, { key }) => ({ path: withQuery("/CUSTOMER/LIST/", { apikey: key, id_client: id }) }),
  everyone: ({ key }) => ({ path: withQuery("/customer/list", { apikey: key }) }),
  anonymous: { path: "/customer/list" },
  errorOf: megawinError,
  showsNobody: (told) => !told.text.includes(MARK)
}

/** A reply that was refused in ASP.NET's words, in the operation's own, or in OAuth's. */
const lcmanagerError = (told: Told): string => {
  const body = json(told)
  if (typeof body["error"] === "string") return `${body["error"]}: ${String(body["error_description"] ?? "")}`
  if ("ErrorCode" in body) {
    assert.notStrictEqual(body["ErrorCode"], 0)
    assert.deepStrictEqual(body["Clients"], [])
  } else assert.deepStrictEqual(Object.keys(body), ["Message"])
  assert.isTrue(isText(body["Message"]))
  return String(body["Message"])
}

const tokens = new Map<string, string>()

export const loginAsk = ({ key, login }: Caller): Ask => ({
  method: "POST",
  path: "/ManagerLogin",
  headers: formHeaders,
  body: form({ grant_type: "password", username: login, password: key })
})

/** Logs in at LCManager for the requests to come; the other dialects need nothing. */
export const logIn = async (port: number, caller: Caller): Promise<void> => {
  const told = await send(port, loginAsk(caller))
  assert.strictEqual(told.status, 200, told.text)
  tokens.set(caller.login, String(json(told)["access_token"]))
}

/** Logs in at another server, and has the first one's token again afterwards. */
export const loggedIn = async (port: number, caller: Caller, use: () => Promise<void>): Promise<void> => {
  const before = tokenOf(caller)
  await logIn(port, caller)
  try {
    await use()
  } finally {
    tokens.set(caller.login, before)
  }
}

export const tokenOf = ({ login }: Caller): string => tokens.get(login) ?? "none"

/** Registrations of all times, which have a card each. */
const period = { BegDate: "2000-01-01T00:00:00", EndDate: "2100-01-01T00:00:00", Registration: true }

export const periodAsk = (
  body: object | string,
  caller: Caller,
  more: Readonly<Record<string, string>> = {}
): Ask => ({
  method: "POST",
  path: "/api/client/ClientInfoPeriod",
  headers: { ...jsonHeaders, Authorization: `Bearer ${tokenOf(caller)}`, ...more },
  body: typeof body === "string" ? body : JSON.stringify(body)
})

const lcmanager: Voice = {
  id: "lcmanager",
  // There is no call for one customer: a list of stores is the id that a caller can give.
  customer: (id, who) =>
    periodAsk(`{"BegDate":"2000-01-01","EndDate":"2100-01-01","Registration":true,"RegPosList":${id}}`, who),
  everyone: (who) => periodAsk(period, who),
  anonymous: {
    method: "POST",
    path: "/api/client/ClientInfoPeriod",
    headers: jsonHeaders,
    body: JSON.stringify(period)
  },
  errorOf: lcmanagerError,
  showsNobody: (told) => {
    const body = json(told)
    return Array.isArray(body["Clients"]) && body["Clients"].length === 0
  }
}

export const voices: Readonly<Record<DialectId, Voice>> = { virtpos, polaris, lcmanager, megawin }

/** All that the caller may see, less what is new in every answer. */
export const seen = async (
  ask: (ask: Ask) => Promise<Told>,
  dialect: DialectId,
  caller: Caller
): Promise<string> => {
  const told = await ask(voices[dialect].everyone(caller))
  assert.strictEqual(told.status, 200, told.text)
  return told.text.replaceAll(/"(?:password|checkPoint)":"[^"]*"/gi, "")
}

/**
 * A Polaris site for tests: a real HTTP server on a free loopback port that keeps clients in memory, has sessions of
 * its own kind and fails on request. It is written from the protocol notes and shares no code with `src`.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { Effect } from "effect"

export interface Received {
  readonly method: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly form: Readonly<Record<string, string>>
  readonly headers: IncomingMessage["headers"]
}

/** What the next request of a function gets instead of an answer; `after` lets the site do the work first. */
export type Fault =
  | {
      readonly kind: "status"
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
      readonly after?: boolean
    }
  | { readonly kind: "body"; readonly body: string | Uint8Array; readonly type?: string }
  | { readonly kind: "reset" | "half" | "cut" | "slow"; readonly after?: boolean }
  | { readonly kind: "huge" }

export interface FakeClient {
  readonly IDClient: number
  /** Position of the newest change. */
  position: number
  /** Wall clock of the site, or nothing. */
  changed: string | null
  cle: string | null
  members: Readonly<Record<string, string>>
}

export interface FakeSite {
  readonly url: string
  /** Requests of functions, logins apart. */
  readonly received: Array<Received>
  readonly logins: Array<Received>
  readonly faults: Array<Fault>
  readonly loginFaults: Array<Fault>
  readonly clients: Array<FakeClient>
  password: string
  /** Ends every session. */
  readonly forget: () => void
  /** Adds or changes a client. */
  readonly touch: (id: number, changed: string | null, members?: Readonly<Record<string, string>>) => void
  /** Whether a write looks a client up by key. */
  findsByKey: boolean
  /** What the site's clock says in its Date header; nothing when `null`. */
  date: Date | null
  /** Milliseconds that a login takes. */
  loginDelay: number
  checkPointOf: (position: number, hasMore: boolean) => string | null
}

const escape = (text: string) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;")

const bodyOf = async (request: IncomingMessage) => {
  const chunks: Array<Buffer> = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()))
}

const xmlClient = (client: FakeClient) => {
  const { IDClient, changed, cle, members } = client
  const rest = Object.entries({
    ...(cle === null ? {} : { Cle: cle }),
    ...members,
    ...(changed === null ? {} : { DateModification: changed })
  })
  return `<InfoClient><IDClient>${IDClient}</IDClient>${rest
    .map(([name, value]) => `<${name}>${escape(value)}</${name}>`)
    .join("")}</InfoClient>`
}

const jsonClient = ({ IDClient, changed, cle, members }: FakeClient) => ({
  IDClient,
  ...(cle === null ? {} : { Cle: cle }),
  ...members,
  ...(changed === null ? {} : { DateModification: changed })
})

/** Starts a site that takes the user `rose`; it ends with the scope. */
export const fakeSite = (password: string) =>
  Effect.acquireRelease(
    Effect.promise(() => start(password)),
    ({ stop }) => Effect.promise(stop)
  ).pipe(Effect.map(({ site }) => site))

const error = (status: number, code: string) => ({
  status,
  xml: `<Error><Code>${code}</Code><Message>non</Message></Error>`,
  json: { Error: { Code: code, Message: "non" } }
})

interface Told {
  readonly status?: number
  readonly xml: string
  readonly json: unknown
}

const start = async (given: string): Promise<{ site: FakeSite; stop: () => Promise<void> }> => {
  const sessions = new Set<string>()
  let position = 0

  const byKey = (key: string | undefined) =>
    key === undefined ? undefined : site.clients.find(({ cle }) => cle === key)

  const getClient = (query: Received["query"]): Told => {
    const found =
      query["IDClient"] === undefined
        ? byKey(query["Cle"])
        : site.clients.find(({ IDClient }) => String(IDClient) === query["IDClient"])
    return found === undefined
      ? error(404, "ClientNotFound")
      : { xml: xmlClient(found), json: jsonClient(found) }
  }

  const modified = (query: Received["query"]): Told => {
    const after = Number(Buffer.from(query["checkPoint"] ?? "", "base64url").toString() || "0")
    if (Number.isNaN(after)) return error(400, "InvalidCheckPoint")
    const since = query["lastChanged"] ?? ""
    const found = site.clients
      .filter((client) => client.position > after && (client.changed === null || client.changed >= since))
      .sort((a, b) => a.position - b.position)
    const slice = found.slice(0, Number(query["limit"] ?? 100))
    const hasMore = found.length > slice.length
    const checkPoint = slice.length === 0 ? null : site.checkPointOf(slice.at(-1)!.position, hasMore)
    return {
      xml: `<FragmentedInfoClient><hasMoreResults>${hasMore}</hasMoreResults>${
        checkPoint === null ? "" : `<checkpoint>${checkPoint}</checkpoint>`
      }<Clients>${slice.map(xmlClient).join("")}</Clients></FragmentedInfoClient>`,
      json: { Clients: slice.map(jsonClient), checkpoint: checkPoint, hasMoreResults: hasMore }
    }
  }

  const put = (form: Received["form"]): Told => {
    const text = form["InfoClient"] ?? ""
    const members: Record<string, string> = text.startsWith("{")
      ? Object.fromEntries(
          Object.entries(JSON.parse(text) as object).map(([name, value]) => [name, String(value ?? "")])
        )
      : Object.fromEntries(
          [...text.matchAll(/<(\w+)(?:\/>|>([^<]*)<\/\1>)/g)].map(([, name = "", value = ""]) => [
            name,
            value
          ])
        )
    const { Cle, IDClient, ...rest } = members
    const found =
      IDClient !== undefined
        ? site.clients.find((client) => String(client.IDClient) === IDClient)
        : site.findsByKey && form["prefixCle"] !== undefined
          ? byKey(Cle)
          : undefined
    if (IDClient !== undefined && found === undefined) return error(404, "ClientNotFound")
    const id = found?.IDClient ?? Math.max(1000, ...site.clients.map((client) => client.IDClient)) + 1
    site.touch(id, "2024-06-15T12:00:00", { ...found?.members, ...rest })
    if (Cle !== undefined) site.clients.find((client) => client.IDClient === id)!.cle = Cle
    return { xml: `<long>${id}</long>`, json: id }
  }

  const answer = ({ form, path, query }: Received): Told => {
    switch (path.slice(path.lastIndexOf("/") + 1)) {
      case "Client.GetClient":
        return getClient(query)
      case "Client.GetClientsModified":
        return modified(query)
      case "Client.PutClient":
        return put(form)
      case "ACL.Logout":
        return { xml: "<boolean>true</boolean>", json: true }
      default:
        return error(404, "UnknownFunction")
    }
  }

  const fail = (fault: Fault, whole: string, response: ServerResponse) => {
    switch (fault.kind) {
      case "status":
        return response.writeHead(fault.status, { ...fault.headers }).end(fault.body ?? "<html>oops</html>")
      case "body":
        return response.writeHead(200, { "content-type": fault.type ?? "text/html" }).end(fault.body)
      case "reset":
        return response.destroy()
      case "half":
        // Declares more than it sends, then breaks off.
        response.writeHead(200, { "content-length": String(Buffer.byteLength(whole)) })
        response.write(whole.slice(0, whole.length / 2))
        return setTimeout(() => response.destroy(), 20)
      case "cut": {
        const half = Buffer.from(whole).subarray(0, Buffer.byteLength(whole) / 2)
        return response.writeHead(200, { "content-length": String(half.length) }).end(half)
      }
      case "slow":
        return response.writeHead(200).write(whole.slice(0, 5))
      case "huge": {
        response.writeHead(200)
        const chunk = Buffer.alloc(1024 * 1024, 0x20)
        const more = () => {
          while (!response.destroyed) if (!response.write(chunk)) return void response.once("drain", more)
        }
        response.on("error", () => {})
        return more()
      }
    }
  }

  const login = (received: Received, response: ServerResponse) => {
    site.logins.push(received)
    const fault = site.loginFaults.shift()
    if (fault !== undefined) return fail(fault, "", response)
    const { password, user } = { ...received.query, ...received.form }
    if (user !== "rose" || password !== site.password) {
      return response.writeHead(401).end(error(401, "BadLogin").xml)
    }
    const token = `t${Math.random().toString(36).slice(2)}`
    sessions.add(token)
    response.setHeader("set-cookie", [`.ASPXAUTH=${token}; path=/; HttpOnly`, "lang=fr; path=/core"])
    return response.end("")
  }

  const send = (received: Received, told: Told, response: ServerResponse, fault: Fault | undefined) => {
    const whole = received.query["output"] === "json" ? JSON.stringify(told.json) : told.xml
    if (fault !== undefined) return fail(fault, whole, response)
    return response.writeHead(told.status ?? 200).end(whole)
  }

  const serve = (received: Received, response: ServerResponse) => {
    if (received.path.endsWith("/ACL.Login")) {
      return setTimeout(() => login(received, response), site.loginDelay)
    }
    site.received.push(received)
    if ("doc" in received.query)
      return response.end(`<html>page of ${received.query["docType"] ?? "?"}</html>`)
    const token = /\.ASPXAUTH=([^;]*)/.exec(received.headers.cookie ?? "")?.[1] ?? ""
    const basic = `Basic ${Buffer.from(`rose:${site.password}`).toString("base64")}`
    if (!sessions.has(token) && received.headers.authorization !== basic) {
      return send(received, error(401, "NotLoggedIn"), response, undefined)
    }
    const fault = site.faults.shift()
    const isDone =
      fault === undefined || ("after" in fault && fault.after === true) || /half|cut/.test(fault.kind)
    return send(received, isDone ? answer(received) : { xml: "<a>    ", json: {} }, response, fault)
  }

  const server = createServer((request, response) => {
    response.sendDate = false
    if (site.date !== null) response.setHeader("date", site.date.toUTCString())
    void bodyOf(request).then((form) => {
      const url = new URL(request.url ?? "/", "http://x")
      serve(
        {
          method: request.method ?? "",
          path: url.pathname,
          query: Object.fromEntries(url.searchParams),
          form,
          headers: request.headers
        },
        response
      )
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const site: FakeSite = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: [],
    logins: [],
    faults: [],
    loginFaults: [],
    clients: [],
    password: given,
    forget: () => sessions.clear(),
    touch: (id, changed, members = {}) => {
      const found = site.clients.find(({ IDClient }) => IDClient === id)
      const state = { position: ++position, changed, members }
      if (found === undefined) site.clients.push({ IDClient: id, cle: null, ...state })
      else Object.assign(found, state)
    },
    findsByKey: true,
    date: null,
    loginDelay: 0,
    checkPointOf: (at) => Buffer.from(String(at)).toString("base64url")
  }
  return {
    site,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
}

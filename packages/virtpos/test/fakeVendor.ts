/**
 * A VirtualPOS site for tests: a real HTTP server on a free loopback port that keeps customers and cards in memory,
 * speaks both formats and fails on request. It is written from the protocol notes and shares no code with `src`.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { Effect } from "effect"

export interface Received {
  readonly method: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly body: Readonly<Record<string, string>>
  readonly headers: IncomingMessage["headers"]
}

type Row = Record<string, string>

/** What the next request gets instead of an answer; `after` lets the vendor do the work first. */
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

export interface FakeVendor {
  readonly url: string
  readonly received: Array<Received>
  readonly faults: Array<Fault>
  readonly customers: Array<Row>
  readonly cards: Array<Row>
  /** Called before each answer, for what changes at the vendor meanwhile. */
  onRequest: (request: Received) => void
  /** Whether an update finds customers by external_id; the real answer is unknown. */
  findsByExternalId: boolean
  paging: boolean
  /** Whether a list by phone or e-mail chooses. */
  filters: boolean
  /** Pages are never longer, whatever is asked for. */
  largestPage: number
}

const escape = (text: string) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;")

const xml = (name: string, value: unknown): string => {
  if (value === "" || value === null) return `<${name}/>`
  if (Array.isArray(value))
    return value.length === 0
      ? `<${name}/>`
      : `<${name}>${value.map((item) => xml(name.slice(0, -1), item)).join("")}</${name}>`
  if (typeof value === "object" && value !== null) {
    return `<${name}>${Object.entries(value)
      .map(([member, inner]) => xml(member, inner))
      .join("")}</${name}>`
  }
  return `<${name}>${escape(String(value))}</${name}>`
}

const bodyOf = async (request: IncomingMessage) => {
  const chunks: Array<Buffer> = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()))
}

/** Starts a site that takes the key `apiKey`; it ends with the scope. */
export const fakeVendor = (apiKey: string) =>
  Effect.acquireRelease(
    Effect.promise(() => start(apiKey)),
    ({ stop }) => Effect.promise(stop)
  ).pipe(Effect.map(({ vendor }) => vendor))

const start = async (apiKey: string): Promise<{ vendor: FakeVendor; stop: () => Promise<void> }> => {
  let customerId = 0
  let cardId = 0
  const nextCustomer = () =>
    String((customerId = Math.max(customerId, ...vendor.customers.map(({ id }) => Number(id))) + 1))

  const findCard = (query: Row) =>
    vendor.cards.find((card) => query["card_id"] !== undefined && card["card_id"] === query["card_id"]) ??
    vendor.cards.find((card) => query["uid"] !== undefined && card["uid"] === query["uid"]) ??
    vendor.cards.find(
      (card) => query["external_id"] !== undefined && card["external_id"] === query["external_id"]
    ) ??
    vendor.cards.find(
      (card) => query["card_barcode"] !== undefined && card["barcode"] === query["card_barcode"]
    )

  const list = (query: Row) => {
    let rows = vendor.customers.filter(
      (row) =>
        (query["id"] === undefined || row["id"] === query["id"]) &&
        (query["external_id"] === undefined || row["external_id"] === query["external_id"]) &&
        (!vendor.filters || query["phone"] === undefined || row["phone"] === query["phone"]) &&
        (!vendor.filters || query["email"] === undefined || row["email"] === query["email"])
    )
    if (vendor.paging && query["page_size"] !== undefined) {
      const size = Math.min(vendor.largestPage, Number(query["page_size"]))
      rows = rows.slice((Number(query["page"] ?? 1) - 1) * size, Number(query["page"] ?? 1) * size)
    }
    const customers = rows.map((row) =>
      query["cards"] === "true"
        ? { ...row, cards: vendor.cards.filter((card) => card["customer_id"] === row["id"]) }
        : row
    )
    // Twice the truth: nothing may depend on it.
    return { success: 1, type: "customer", count: customers.length * 2, customers }
  }

  const answer = ({ body, path, query }: Received): object => {
    if ((query["apikey"] ?? body["apikey"]) !== apiKey)
      return { success: 0, info: `Неверный apikey ${query["apikey"]}` }
    switch (path) {
      case "/base/api/customer":
        return list(query)
      case "/base/api/customer/update": {
        const row =
          vendor.customers.find((row) => row["id"] === query["id"]) ??
          (vendor.findsByExternalId
            ? vendor.customers.find(
                (row) => query["external_id"] !== undefined && row["external_id"] === query["external_id"]
              )
            : undefined)
        if (row !== undefined) {
          Object.assign(row, body)
          return { success: 1, id: row["id"], isnew: 0 }
        }
        if (query["create_if_not_exist"] !== "1") return { success: 0, info: "Клиент не найден" }
        const id = nextCustomer()
        vendor.customers.push({
          id,
          ...(query["external_id"] && { external_id: query["external_id"] }),
          ...body
        })
        return { success: 1, id, isnew: 1 }
      }
      case "/base/api/customer/updateCard":
      case "/base/api/customer/insertCard": {
        const card = path.endsWith("updateCard") ? findCard(query) : undefined
        const set = {
          ...(query["uid"] && { uid: query["uid"] }),
          ...(query["external_id"] && { external_id: query["external_id"] }),
          ...body
        }
        if (card !== undefined) {
          Object.assign(card, set)
          return { success: 1, id: card["card_id"], isnew: 0 }
        }
        if (path.endsWith("updateCard") && query["create_if_not_exist"] !== "1")
          return { success: 0, info: "Карта не найдена" }
        const card_id = String(++cardId)
        vendor.cards.push({ card_id, ...set } as Row)
        return { success: 1, id: card_id, isnew: 1 }
      }
      case "/base/api/customer/deleteCard": {
        const card = findCard(query)
        if (card === undefined) return { success: 0, info: "Карта не найдена" }
        vendor.cards.splice(vendor.cards.indexOf(card), 1)
        return { success: 1 }
      }
    }
    return { success: 0, info: "?" }
  }

  const written = (value: object, query: Row) =>
    query["format"] === "json"
      ? JSON.stringify(value)
      : `<?xml version="1.0" encoding="UTF-8"?>${xml("root", value)}`

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

  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const url = new URL(request.url ?? "/", "http://x")
      const query = Object.fromEntries(url.searchParams)
      const received = {
        method: request.method ?? "",
        path: url.pathname,
        query,
        body,
        headers: request.headers
      }
      vendor.received.push(received)
      vendor.onRequest(received)
      const fault = vendor.faults.shift()
      if (fault === undefined) return void response.end(written(answer(received), query))
      const isDone = "after" in fault && fault.after === true
      const whole =
        isDone || fault.kind === "half" || fault.kind === "cut"
          ? written(answer(received), query)
          : "<root>    "
      fail(fault, whole, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const vendor: FakeVendor = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/base`,
    received: [],
    faults: [],
    customers: [],
    cards: [],
    onRequest: () => {},
    findsByExternalId: true,
    paging: true,
    filters: true,
    largestPage: Infinity
  }
  return {
    vendor,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
}

/**
 * A Megawin account for tests: a real HTTP server on a free loopback port that keeps customers in memory, passwords in
 * clear, and fails on request. It is written from the protocol notes and shares no code with `src`.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { Effect } from "effect"

export interface Received {
  readonly method: string
  readonly path: string
  /** As it was written, with its escapes. */
  readonly search: string
  readonly query: Readonly<Record<string, string>>
  readonly body: Readonly<Record<string, unknown>>
  readonly headers: IncomingMessage["headers"]
}

type Row = Record<string, unknown>

/** What the next request gets instead of an answer; `after` lets the vendor do the work first. */
export type Fault =
  | {
      readonly kind: "status"
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly after?: boolean
    }
  | { readonly kind: "body"; readonly body: string | Uint8Array }
  | { readonly kind: "reset" | "half" | "cut" | "slow"; readonly after?: boolean }

export interface FakeVendor {
  readonly url: string
  readonly received: Array<Received>
  readonly faults: Array<Fault>
  readonly customers: Array<Row>
  /** Whether a list by e-mail chooses; the real answer is unknown. */
  filtersByEmail: boolean
  /** Whether success is told as a boolean, as some pages have it. */
  booleans: boolean
}

const bodyOf = async (request: IncomingMessage): Promise<Row> => {
  const chunks: Array<Buffer> = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString()
  return text === "" ? {} : (JSON.parse(text) as Row)
}

/** Starts an account that takes the key `apiKey`; it ends with the scope. */
export const fakeVendor = (apiKey: string) =>
  Effect.acquireRelease(
    Effect.promise(() => start(apiKey)),
    ({ stop }) => Effect.promise(stop)
  ).pipe(Effect.map(({ vendor }) => vendor))

const french: Readonly<Record<string, string>> = {
  nom: "lastName",
  prenom: "firstName",
  megatech_GPR_No: "groupePrice",
  afficher_prix: "showPrice",
  langue: "language"
}

const start = async (apiKey: string): Promise<{ vendor: FakeVendor; stop: () => Promise<void> }> => {
  const told = (success: boolean) => (vendor.booleans ? success : String(success))
  const no = (message: string) => ({ success: told(false), message })

  const answer = ({ body, method, path, query }: Received): object => {
    if (query["apikey"] !== apiKey) return no(`Clé API invalide: ${query["apikey"]}`)
    const id = query["id_client"] ?? body["id_client"]
    const row = vendor.customers.find(({ clcleunik }) => String(clcleunik) === id)
    switch (`${method} ${path}`) {
      case "GET /base/CUSTOMER/LIST/": {
        const customer = vendor.customers.filter(
          ({ clcleunik, email }) =>
            (id === undefined || String(clcleunik) === id) &&
            (!vendor.filtersByEmail || query["email"] === undefined || email === query["email"])
        )
        return { success: told(true), message: "Customers list", result: { customer } }
      }
      case "POST /base/customer/add": {
        for (const name of ["nom", "prenom", "email", "denomination", "password"]) {
          if (!body[name]) return no(`${name} manquant (${String(body["password"])})`)
        }
        if (vendor.customers.some(({ email }) => email === body["email"])) return no("email existe")
        const login = String(body["email"]).split("@")[0]!.replaceAll(".", "")
        const fields = Object.entries(body).map(([name, value]) => [french[name] ?? name, value] as const)
        vendor.customers.push({
          clcleunik: vendor.customers.length + 101,
          login,
          ...Object.fromEntries(fields)
        })
        return {
          success: told(true),
          message: "success",
          result: { customer: [{ login, password: body["password"] }] }
        }
      }
      case "POST /base/customer/update/": {
        if (row === undefined) return no("client inconnu")
        const { id_client: _, ...fields } = body
        Object.assign(row, fields)
        return { success: told(true), message: "Updated successfully." }
      }
      case "DELETE /base/customer/delete/":
        if (row === undefined) return no("client inconnu")
        vendor.customers.splice(vendor.customers.indexOf(row), 1)
        return { success: told(true), message: "deleted" }
    }
    return no("?")
  }

  const fail = (fault: Fault, whole: string, response: ServerResponse) => {
    switch (fault.kind) {
      case "status":
        return response.writeHead(fault.status, { ...fault.headers }).end("<html>oops</html>")
      case "body":
        return response.writeHead(200).end(fault.body)
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
    }
  }

  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const url = new URL(request.url ?? "/", "http://x")
      const received: Received = {
        method: request.method ?? "",
        path: url.pathname,
        search: url.search,
        query: Object.fromEntries(url.searchParams),
        body,
        headers: request.headers
      }
      vendor.received.push(received)
      const fault = vendor.faults.shift()
      if (fault === undefined) return void response.end(JSON.stringify(answer(received)))
      const isDone = "after" in fault && fault.after === true
      const needed = isDone || fault.kind === "half" || fault.kind === "cut"
      fail(fault, needed ? JSON.stringify(answer(received)) : `{"success":"true"`, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const vendor: FakeVendor = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/base`,
    received: [],
    faults: [],
    customers: [],
    filtersByEmail: true,
    booleans: false
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

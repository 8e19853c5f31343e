/**
 * A vendor's site for the rows of synchronising: the simulator of a dialect, and before it a tape that keeps what it
 * answered to each GET, so that from the second pass on a page costs the site next to nothing. Logins go through each
 * time, and so does whatever the tape has no room for. `GET /-/requests` tells how many came, logins aside.
 * Run as: node SiteProcess.ts --dialect ID --customers N; tells its parent the URL.
 */
import { simulate } from "@tillbridge/server"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { once } from "node:events"
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { parseArgs } from "node:util"

interface Answer {
  readonly status: number
  readonly headers: OutgoingHttpHeaders
  readonly body: Buffer
}

const tapeBytes = 600 * 1024 * 1024

/** Told by this server itself, or meant for one connection only. */
const ownHeaders = new Set(["connection", "content-length", "date", "keep-alive", "transfer-encoding"])

const headersOf = (headers: Headers): OutgoingHttpHeaders => ({
  ...Object.fromEntries([...headers].filter(([name]) => !ownHeaders.has(name) && name !== "set-cookie")),
  ...(headers.getSetCookie().length > 0 ? { "set-cookie": headers.getSetCookie() } : {})
})

const bodyOf = async (incoming: IncomingMessage): Promise<Buffer> => {
  const chunks: Array<Buffer> = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

const pass = async (vendor: string, incoming: IncomingMessage): Promise<Answer> => {
  const { method = "GET", url = "" } = incoming
  const headers = new Headers()
  for (const name of ["accept", "authorization", "content-type", "cookie"]) {
    const value = incoming.headers[name]
    if (typeof value === "string") headers.set(name, value)
  }
  const body = method === "GET" ? {} : { body: await bodyOf(incoming) }
  const answer = await fetch(vendor + url, { method, headers, ...body })
  return {
    status: answer.status,
    headers: headersOf(answer.headers),
    body: Buffer.from(await answer.arrayBuffer())
  }
}

const send = (outgoing: ServerResponse, { body, headers, status }: Answer): void => {
  outgoing.writeHead(status, { ...headers, "content-length": body.length })
  outgoing.end(body)
}

const listen = async (vendor: string): Promise<string> => {
  const tape = new Map<string, Answer>()
  let room = tapeBytes
  let requests = 0

  const answer = async (incoming: IncomingMessage): Promise<Answer> => {
    const { method, url = "" } = incoming
    if (url === "/-/requests") return { status: 200, headers: {}, body: Buffer.from(String(requests)) }
    if (!url.toLowerCase().includes("login")) requests++
    const kept = method === "GET" ? tape.get(url) : undefined
    if (kept !== undefined) return kept
    const made = await pass(vendor, incoming)
    if (method === "GET" && made.status === 200 && made.body.length < room) {
      room -= made.body.length
      tape.set(url, made)
    }
    return made
  }

  const server = createServer((incoming, outgoing) => {
    answer(incoming).then(
      (made) => send(outgoing, made),
      () => outgoing.destroy()
    )
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const { values: flags } = parseArgs({
  options: { dialect: { type: "string", default: "virtpos" }, customers: { type: "string", default: "1000" } }
})

process.once("disconnect", () => process.exit(0))
await Effect.gen(function* () {
  const ended = yield* Deferred.make<void>()
  process.once("SIGTERM", () => Deferred.doneUnsafe(ended, Effect.void))
  const vendor = yield* simulate({ dialect: flags.dialect, customers: Number(flags.customers) })
  const url = yield* Effect.promise(() => listen(vendor.url))
  process.send?.({ url })
  yield* Deferred.await(ended)
}).pipe(Effect.scoped, Effect.runPromise)
process.exit(0)

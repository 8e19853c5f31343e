/** A simulator behind a real socket of the loopback interface. */
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Cookies from "effect/http/Cookies"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { Readable } from "node:stream"
import { ListenError } from "../Server.ts"
import { type Answered, BrokenOff, travelling } from "./Delivered.ts"
import type { Exchange } from "./Exchange.ts"

const headersOf = ({ rawHeaders }: IncomingMessage): Headers => {
  const headers = new Headers()
  for (let i = 0; i < rawHeaders.length; i += 2) headers.append(rawHeaders[i]!, rawHeaders[i + 1]!)
  return headers
}

/** Nothing when it is no request that the routes could read. */
const requestOf = (incoming: IncomingMessage): HttpServerRequest.HttpServerRequest | undefined => {
  const { method = "GET", url = "" } = incoming
  try {
    const hasBody = method !== "GET" && method !== "HEAD"
    const body = hasBody
      ? { body: Readable.toWeb(incoming) as unknown as ReadableStream<Uint8Array>, duplex: "half" as const }
      : {}
    const request = new Request(`http://127.0.0.1${url}`, { method, headers: headersOf(incoming), ...body })
    return HttpServerRequest.fromWeb(request).modify({ url, remoteAddress: Option.some("127.0.0.1") })
  } catch {
    return undefined
  }
}

const writeHead = ({ cut, response }: Answered, outgoing: ServerResponse) => {
  const headers: Record<string, string | Array<string>> = { ...response.headers }
  // Cut between chunks: a length would tell.
  if (cut === "chunked") delete headers["content-length"]
  const cookies = Cookies.toSetCookieHeaders(response.cookies)
  if (cookies.length > 0) headers["set-cookie"] = cookies
  outgoing.writeHead(response.status, headers)
  outgoing.flushHeaders()
}

const write = (outgoing: ServerResponse, chunk: Uint8Array): Effect.Effect<void> =>
  Effect.callback((resume) => {
    outgoing.write(chunk, () => resume(Effect.void))
  })

const breakOff = (outgoing: ServerResponse, code: string) => {
  // What was written goes out before the end that it was not meant to have.
  if (code === "ECONNRESET") outgoing.socket?.resetAndDestroy()
  else outgoing.socket?.end()
}

const respond = (answered: Answered, outgoing: ServerResponse): Effect.Effect<void> => {
  writeHead(answered, outgoing)
  return travelling(answered).pipe(
    Stream.runForEach((chunk) => write(outgoing, chunk)),
    Effect.tap(() => Effect.sync(() => void outgoing.end())),
    Effect.catch((error) =>
      Effect.sync(() => breakOff(outgoing, error instanceof BrokenOff ? error.code : "UND_ERR_SOCKET"))
    )
  )
}

const handle = Effect.fnUntraced(function* (
  exchange: Exchange,
  incoming: IncomingMessage,
  outgoing: ServerResponse
) {
  const request = requestOf(incoming)
  if (request === undefined) return void outgoing.writeHead(400).end()
  const delivered = yield* exchange(request)
  switch (delivered._tag) {
    case "Answered":
      return yield* respond(delivered, outgoing)
    case "Reset":
      return void outgoing.socket?.resetAndDestroy()
    case "Silent":
      return yield* Effect.never
  }
})

/** Listens until the scope ends; gives the URL. */
export const listenOn = Effect.fnUntraced(function* (exchange: Exchange, host: string, port: number) {
  const run = yield* FiberSet.makeRuntime<never>()
  const server = createServer((incoming, outgoing) => {
    const fiber = run(handle(exchange, incoming, outgoing))
    outgoing.on("close", () => fiber.interruptUnsafe())
    outgoing.on("error", () => {})
  })
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      server.close()
      server.closeAllConnections()
    })
  )
  const address = yield* Effect.callback<AddressInfo, ListenError>((resume) => {
    server.once("error", (cause: NodeJS.ErrnoException) =>
      resume(Effect.fail(new ListenError({ host, port, code: cause.code ?? "unknown" })))
    )
    server.listen({ host, port }, () => resume(Effect.succeed(server.address() as AddressInfo)))
  })
  return `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`
})

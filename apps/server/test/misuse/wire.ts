/** Requests as bytes on a socket of their own, so that nothing puts right what a test means to be wrong. */
import * as net from "node:net"

export interface Ask {
  readonly method?: string
  /** The request target, as it is. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Network address that it comes from, as the proxy in front says. Default: one of its own. */
  readonly from?: string
}

export interface Told {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  readonly millis: number
}

let addresses = 0

/** An address that nothing came from before. */
export const newAddress = (): string => {
  const n = ++addresses
  return `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`
}

export const bytesOf = ({ body, from, headers = {}, method = "GET", path }: Ask): Buffer => {
  const sent = body === undefined ? undefined : Buffer.from(body as string)
  const lines = [
    `${method} ${path} HTTP/1.1`,
    "Host: shop.test",
    "Connection: close",
    `X-Forwarded-For: ${from ?? newAddress()}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(sent === undefined || "Transfer-Encoding" in headers ? [] : [`Content-Length: ${sent.length}`])
  ]
  const head = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1")
  return sent === undefined ? head : Buffer.concat([head, sent])
}

const unchunked = (body: Buffer): Buffer => {
  const parts: Array<Buffer> = []
  let at = 0
  for (;;) {
    const end = body.indexOf("\r\n", at)
    if (end < 0) throw new Error("the answer ends inside a chunk")
    const size = Number.parseInt(body.toString("latin1", at, end), 16)
    if (size === 0) return Buffer.concat(parts)
    parts.push(body.subarray(end + 2, end + 2 + size))
    at = end + 2 + size + 2
  }
}

export const parseAnswer = (bytes: Buffer, millis = 0): Told => {
  const end = bytes.indexOf("\r\n\r\n")
  if (end < 0) throw new Error(`no answer: "${bytes.toString("latin1").slice(0, 100)}"`)
  const [line = "", ...fields] = bytes.toString("latin1", 0, end).split("\r\n")
  const headers = Object.fromEntries(
    fields.map((field) => {
      const colon = field.indexOf(":")
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()]
    })
  )
  const rest = bytes.subarray(end + 4)
  const body = headers["transfer-encoding"] === "chunked" ? unchunked(rest) : rest
  return {
    status: Number(line.slice(9, 12)),
    headers,
    text: new TextDecoder("utf-8", { fatal: true }).decode(body),
    millis
  }
}

/** Sends bytes and gives all that comes back until the other side closes. */
export const sendBytes = (port: number, bytes: Uint8Array): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const chunks: Array<Buffer> = []
    const socket = net.connect({ port, host: "127.0.0.1" }, () => socket.write(bytes))
    socket.on("data", (chunk: Buffer) => chunks.push(chunk))
    // A body that is cut off breaks the connection behind the answer.
    socket.on("error", (error) => (chunks.length > 0 ? resolve(Buffer.concat(chunks)) : reject(error)))
    socket.on("close", () => resolve(Buffer.concat(chunks)))
  })

export const send = async (port: number, ask: Ask): Promise<Told> => {
  const started = performance.now()
  const bytes = await sendBytes(port, bytesOf(ask))
  return parseAnswer(bytes, performance.now() - started)
}

export const form = (fields: Readonly<Record<string, string>>): string =>
  new URLSearchParams(fields).toString()

export const formHeaders = { "Content-Type": "application/x-www-form-urlencoded" }
export const jsonHeaders = { "Content-Type": "application/json" }

export const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`

export const get = (target: string, headers: Readonly<Record<string, string>> = {}): Ask => ({
  path: target,
  headers
})

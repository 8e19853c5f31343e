/** A request of a row: as raw text for the loader, and asked once for what it answers. */
import type { Server } from "./Fleet.ts"
import { CommandFailed } from "./Subprocess.ts"

export interface Call {
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** With one it is a POST, without a GET. */
  readonly body?: string
}

export const form = { "Content-Type": "application/x-www-form-urlencoded" }

export const rawOf = (server: Server, { body, headers, path }: Call): string => {
  const lines = [
    `${body === undefined ? "GET" : "POST"} ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${server.port}`,
    ...Object.entries({ Accept: "*/*", ...headers }).map(([name, value]) => `${name}: ${value}`),
    ...(body === undefined ? [] : [`Content-Length: ${Buffer.byteLength(body)}`])
  ]
  return `${lines.join("\r\n")}\r\n\r\n${body ?? ""}`
}

export interface Answered {
  readonly text: string
  readonly headers: Headers
}

export const ask = async (server: Server, { body, headers, path }: Call): Promise<Answered> => {
  const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, {
    ...(headers === undefined ? {} : { headers }),
    ...(body === undefined ? {} : { body, method: "POST" })
  })
  const text = await answer.text()
  if (answer.status === 200) return { text, headers: answer.headers }
  const about = path.replace(server.apikey, "…")
  throw new CommandFailed(
    `${server.participant.name}: status ${answer.status} for ${about}: ${text.slice(0, 200)}`
  )
}

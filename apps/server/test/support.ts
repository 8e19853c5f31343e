import { Effect } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import * as net from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import type { ListenerLimits } from "../src/index.ts"

export interface ProgramOptions {
  /** A SQLite file; without one the demo. */
  readonly path?: string
  readonly host?: string
  readonly port?: number
  readonly limits?: Partial<ListenerLimits>
  readonly proxies?: ReadonlyArray<string>
}

export interface Running {
  readonly child: ChildProcess
  readonly url: string
  readonly port: number
  /** The folder that the process takes for temporary files. */
  readonly temp: string
  readonly stdout: () => string
  readonly stderr: () => string
  /** Waits for the end of the process. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>
}

export const tempFolder = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "tillbridge-server-"))),
  (folder) => Effect.sync(() => fs.rmSync(folder, { recursive: true, force: true }))
)

/** Starts the server program; it is killed, if it still runs, when the scope closes. */
export const start = Effect.fnUntraced(function* (options: ProgramOptions = {}) {
  const temp = yield* tempFolder
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(
        process.execPath,
        [
          "--conditions=@tillbridge/source",
          "--disable-warning=ExperimentalWarning",
          fileURLToPath(new URL("serverProgram.ts", import.meta.url)),
          JSON.stringify(options)
        ],
        { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, TMPDIR: temp } }
      )
    ),
    (child) =>
      Effect.promise(async () => {
        if (child.exitCode !== null || child.signalCode !== null) return
        child.kill("SIGKILL")
        await once(child, "close")
      })
  )
  let stdout = ""
  let stderr = ""
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk))
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk))
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) =>
    child.once("close", (code, signal) => resolve({ code, signal }))
  )
  return { child, temp, ended, stdout: () => stdout, stderr: () => stderr }
})

/** A server that listens. */
export const running = Effect.fnUntraced(function* (options: ProgramOptions = {}) {
  const started = yield* start(options)
  const url = yield* Effect.callback<string, Error>((resume) => {
    const look = () => {
      const found = /^listening (\S+)$/m.exec(started.stdout())
      if (found !== null) resume(Effect.succeed(found[1]!))
    }
    look()
    started.child.stdout.on("data", look)
    started.child.once("close", (code, signal) =>
      resume(Effect.fail(new Error(`ended with ${code ?? signal}: ${started.stdout()}${started.stderr()}`)))
    )
  })
  const server: Running = { ...started, url, port: Number(new URL(url).port) }
  return server
})

/** Asks every few milliseconds until it holds; for what another process shows only from outside. */
export const eventually = async (
  holds: () => boolean | Promise<boolean>,
  what: string,
  millis = 30_000
): Promise<void> => {
  const until = performance.now() + millis
  while (!(await holds())) {
    if (performance.now() > until) throw new Error(`never happened: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 15))
  }
}

/** A socket that keeps what it gets. */
export interface Raw {
  readonly socket: net.Socket
  readonly text: () => string
  readonly bytes: () => number
  /** Milliseconds from the connection to its end. */
  readonly closed: Promise<number>
}

export const connect = (port: number, options: { readonly keep?: boolean } = {}): Promise<Raw> =>
  new Promise((resolve, reject) => {
    const chunks: Array<Buffer> = []
    let count = 0
    const socket = net.connect({ port, host: "127.0.0.1" })
    const started = performance.now()
    const closed = new Promise<number>((done) =>
      socket.once("close", () => done(performance.now() - started))
    )
    socket.on("data", (chunk: Buffer) => {
      count += chunk.length
      if (options.keep !== false) chunks.push(chunk)
    })
    socket.on("error", reject)
    socket.once("connect", () =>
      resolve({ socket, closed, bytes: () => count, text: () => Buffer.concat(chunks).toString("utf8") })
    )
  })

/** Whether nobody takes a new connection any more. */
export const isRefusing = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = net.connect({ port, host: "127.0.0.1" })
    socket.once("connect", () => resolve((socket.destroy(), false)))
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code === "ECONNREFUSED"))
  })

/** Sends bytes as they are, and gives what comes back until the other side closes. */
export const exchange = async (port: number, bytes: string): Promise<string> => {
  const raw = await connect(port)
  raw.socket.write(bytes)
  await raw.closed
  return raw.text()
}

/** Splits what came on one connection into its answers. Only content-length framing, which all but long lists have. */
export const answersIn = (
  text: string
): ReadonlyArray<{ readonly status: number; readonly head: string; readonly body: string }> => {
  const answers: Array<{ status: number; head: string; body: string }> = []
  let rest = Buffer.from(text)
  for (;;) {
    const end = rest.indexOf("\r\n\r\n")
    if (end < 0) return answers
    const head = rest.subarray(0, end).toString()
    const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0)
    if (rest.length < end + 4 + length) return answers
    answers.push({
      status: Number(head.slice(9, 12)),
      head,
      body: rest.subarray(end + 4, end + 4 + length).toString()
    })
    rest = rest.subarray(end + 4 + length)
  }
}

/** The lines of the access log so far. */
export const logOf = (server: Running): ReadonlyArray<Record<string, unknown>> =>
  server
    .stderr()
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Record<string, unknown>)

export const metric = (text: string, name: string): number => {
  const found = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "m").exec(text)
  if (found === null) throw new Error(`no ${name}`)
  return Number(found[1])
}

export const metricsOf = (server: Running): Promise<string> =>
  fetch(`${server.url}/metrics`).then((response) => response.text())

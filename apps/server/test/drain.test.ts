import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as http from "node:http"
import * as path from "node:path"
import { answersIn, connect, eventually, isRefusing, logOf, running, tempFolder } from "./support.ts"

interface Tally {
  answered: number
  closing: number
  refused: number
  /** Requests that were sent whole on an open connection and got no complete answer. */
  readonly lost: Array<string>
}

/** Sends one request after another on one connection as long as the server keeps it, and on new ones after that. */
const client = (port: number, tally: Tally, stopped: () => boolean, path: string): Promise<void> => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  const one = () =>
    new Promise<boolean>((resolve) => {
      let isSent = false
      let isOpen = false
      const request = http.get({ port, host: "127.0.0.1", agent, path }, (response) => {
        let length = 0
        response.on("data", (chunk: Buffer) => (length += chunk.length))
        response.on("close", () => {
          const isWhole = response.complete && (length > 0 || response.statusCode === 204)
          if (isWhole) tally.answered++
          else tally.lost.push(`cut after ${length} bytes`)
          if (response.headers.connection === "close") tally.closing++
          resolve(true)
        })
      })
      request.on("socket", (socket) => {
        if (socket.connecting) socket.once("connect", () => (isOpen = true))
        else isOpen = true
      })
      request.on("finish", () => (isSent = true))
      request.on("error", (error: NodeJS.ErrnoException) => {
        if (error.code === "ECONNREFUSED" || !isOpen) tally.refused++
        else if (isSent)
          tally.lost.push(`${error.code} ${request.reusedSocket ? "on a kept" : "on a new"} connection`)
        resolve(error.code !== "ECONNREFUSED")
      })
    })
  return (async () => {
    for (let goesOn = true; goesOn && !stopped();) goesOn = await one()
    agent.destroy()
  })()
}

describe("SIGTERM", () => {
  it.live(
    "under load loses no request that was sent, and ends the process",
    () =>
      Effect.gen(function* () {
        const server = yield* running()
        const tally: Tally = { answered: 0, closing: 0, refused: 0, lost: [] }
        let isStopped = false
        const paths = [
          "/api/customer?apikey=demo&format=json&page=1&page_size=200",
          "/api/customer?apikey=demo&id=7",
          "/healthz"
        ]
        const clients = Array.from({ length: 8 }, (_, index) =>
          client(server.port, tally, () => isStopped, paths[index % paths.length]!)
        )
        yield* Effect.promise(() => eventually(() => tally.answered > 200, "load"))
        const before = tally.answered
        const signalled = performance.now()
        server.child.kill("SIGTERM")
        const { code, signal } = yield* Effect.promise(() => server.ended)
        const took = performance.now() - signalled
        isStopped = true
        yield* Effect.promise(() => Promise.all(clients))
        assert.deepStrictEqual(tally.lost, [])
        assert.isAtLeast(tally.answered, before)
        assert.isAtLeast(tally.closing, 1, "clients are told to close")
        assert.isAtLeast(tally.refused, 8, "each client ends by finding nobody there")
        assert.isNull(signal)
        // What a signal is called at the end is for the program around `serve` to say.
        assert.include([0, 130, 143], code)
        assert.isBelow(took, 15_000)
        const logged = logOf(server)
        assert.isAtLeast(logged.length, tally.answered, "the log is written to its end")
        assert.deepStrictEqual(
          logged.filter((line) => "aborted" in line),
          []
        )
      }),
    120_000
  )

  it.live(
    "is answered by readiness, ends idle connections, and lets a request that is still being sent finish",
    () =>
      Effect.gen(function* () {
        const file = path.join(yield* tempFolder, "store.sqlite")
        const server = yield* running({ path: file })
        const { port } = server
        const idle = yield* Effect.promise(() => connect(port))
        idle.socket.write("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        const ready = yield* Effect.promise(() => connect(port))
        ready.socket.write("GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n")
        const sending = yield* Effect.promise(() => connect(port))
        sending.socket.write(
          "POST /api/customer HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 17\r\n\r\n"
        )
        yield* Effect.promise(() => eventually(() => idle.bytes() > 0 && ready.bytes() > 0, "first answers"))
        const signalled = performance.now()
        server.child.kill("SIGTERM")
        yield* Effect.promise(() => eventually(() => isRefusing(port), "new ones refused"))
        ready.socket.write("GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n")
        yield* Effect.promise(() => ready.closed)
        assert.deepStrictEqual(
          answersIn(ready.text()).map(({ body, status }) => [status, body]),
          [
            [200, "ready\n"],
            [503, "stopping\n"]
          ]
        )
        assert.match(answersIn(ready.text())[1]!.head, /^connection: close$/im)
        yield* Effect.promise(() => idle.closed)
        assert.isBelow(performance.now() - signalled, 15_000)
        assert.isNull(server.child.exitCode, "still waits for the one that is being sent")
        sending.socket.write("apikey=x&format=j")
        yield* Effect.promise(() => sending.closed)
        assert.lengthOf(answersIn(sending.text()), 1)
        assert.include(sending.text(), "invalid apikey")
        const { code } = yield* Effect.promise(() => server.ended)
        // What a signal is called at the end is for the program around `serve` to say.
        assert.include([0, 130, 143], code)
      }),
    120_000
  )

  it.live(
    "does not wait longer than its limit for a client that never finishes",
    () =>
      Effect.gen(function* () {
        const server = yield* running({ limits: { request: "2 seconds", headers: "2 seconds" } })
        const stuck = yield* Effect.promise(() => connect(server.port))
        stuck.socket.write("POST /api/customer HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
        yield* Effect.promise(() => fetch(`${server.url}/healthz`).then((answer) => answer.text()))
        const signalled = performance.now()
        server.child.kill("SIGTERM")
        yield* Effect.promise(() => server.ended)
        assert.isBelow(performance.now() - signalled, 15_000)
      }),
    120_000
  )
})

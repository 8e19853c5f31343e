/**
 * The loader: keep-alive connections over bare sockets, one request in flight on each, every answer drained.
 * It connects first and waits for "go", so that the runner can read the server's CPU clock in between.
 */
import { connect, type Socket } from "node:net"
import { AnswerReader } from "./AnswerReader.ts"
import type { FromLoader, Job, Shot, ToLoader } from "./Load.ts"

const tell = (message: FromLoader): boolean | undefined => process.send?.(message)

const open = (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true }, () => resolve(socket))
    socket.once("error", reject)
  })

const fire = (job: Job, sockets: ReadonlyArray<Socket>): void => {
  const raws = job.shots.map((shot) => Buffer.from(shot.raw))
  const problems: Array<string> = []
  const started = performance.now()
  const cpu = process.cpuUsage()
  let sent = 0
  let answered = 0
  let bytes = 0
  const finish = (): void => {
    const seconds = (performance.now() - started) / 1000
    const used = process.cpuUsage(cpu)
    for (const socket of sockets)
      socket
        .removeAllListeners()
        .on("error", () => {})
        .destroy()
    const loaderShare = (used.user + used.system) / 1e6 / seconds
    tell({ kind: "done", outcome: { seconds, bytes, problems: problems.slice(0, 5), loaderShare } })
  }
  const broke = (what: string): void => {
    problems.push(`connection ${what} after ${answered} answers`)
    finish()
  }
  for (const socket of sockets) {
    let shot = job.shots[0] as Shot
    const next = (): void => {
      if (sent >= job.total) return
      const index = (job.first + sent++) % raws.length
      shot = job.shots[index] as Shot
      socket.write(raws[index] as Buffer)
    }
    const reader = new AnswerReader(({ status, length }) => {
      bytes += length
      if (status !== 200) problems.push(`status ${status} for ${shot.raw.split("\r\n")[0]}`)
      else if (length < shot.shortest || length > shot.longest)
        problems.push(
          `${length} bytes for ${shot.raw.split("\r\n")[0]}, not ${shot.shortest} to ${shot.longest}`
        )
      if (++answered === job.total) finish()
      else next()
    })
    socket.removeAllListeners("error")
    socket.on("data", (data: Buffer) => reader.push(data))
    socket.once("error", (error) => broke(error.message))
    socket.once("close", () => broke("closed"))
    next()
  }
}

let waiting: { readonly job: Job; readonly sockets: ReadonlyArray<Socket> } | null = null

process.on("message", async (message: ToLoader) => {
  if (message.kind === "job") {
    const { job } = message
    const count = Math.min(job.connections, job.total)
    waiting = { job, sockets: await Promise.all(Array.from({ length: count }, () => open(job.port))) }
    tell({ kind: "connected" })
  } else if (waiting !== null) {
    const { job, sockets } = waiting
    waiting = null
    fire(job, sockets)
  }
})
process.once("disconnect", () => process.exit(0))

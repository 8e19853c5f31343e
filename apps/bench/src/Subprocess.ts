/**
 * Starting, pinning and stopping the processes of a run. Only what is started here is ever stopped, by its
 * pid.
 */
import { type ChildProcess, spawn, spawnSync, type StdioOptions } from "node:child_process"
import { once } from "node:events"
import { get } from "node:http"
import { createServer, type AddressInfo } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { reapedCpuMs } from "./Proc.ts"

export type Command = ReadonlyArray<string>

export class CommandFailed extends Error {}

/** Server and import share CPU 0, the loader has CPU 1: neither takes time from the other. */
export const serverCpu = 0
export const loaderCpu = 1

const canPin = (cpu: number): boolean => spawnSync("taskset", ["-c", String(cpu), "true"]).status === 0
export const isPinned = canPin(serverCpu) && canPin(loaderCpu)

const alive = new Set<ChildProcess>()

const root = new URL("../../..", import.meta.url).pathname

/** `node` in a command line means the Node that runs the bench, whatever the PATH says. */
export const launch = (command: Command, cpu: number, stdio: StdioOptions, home: string): ChildProcess => {
  const resolved = command[0] === "node" ? [process.execPath, ...command.slice(1)] : [...command]
  const [file = "", ...args] = isPinned ? ["taskset", "-c", String(cpu), ...resolved] : resolved
  // An own HOME keeps settings and data of the user who runs the bench out of it.
  const env = {
    ...process.env,
    NODE_ENV: "production",
    HOME: home,
    XDG_DATA_HOME: home,
    XDG_CONFIG_HOME: home
  }
  const child = spawn(file, args, { cwd: root, stdio, env })
  alive.add(child)
  child.once("exit", () => alive.delete(child))
  child.once("error", () => alive.delete(child))
  return child
}

export const stop = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const ended = once(child, "exit")
  child.kill("SIGTERM")
  const patience = globalThis.setTimeout(() => child.kill("SIGKILL"), 5_000)
  await ended
  clearTimeout(patience)
}

export const stopAll = (): Promise<unknown> => Promise.all([...alive].map(stop))

/** For signals and crashes, where nothing can be awaited. */
export const killAll = (): void => {
  for (const child of alive) child.kill("SIGKILL")
}

const keepTail = (child: ChildProcess): { text: string } => {
  const tail = { text: "" }
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    tail.text = (tail.text + chunk).slice(-2_000)
  })
  return tail
}

export interface Finished {
  readonly stdout: string
  readonly seconds: number
  readonly cpuMs: number
}

/** Runs a command to its end; `watch` sees its pid while it runs. */
export const run = async (
  command: Command,
  home: string,
  watch?: (pid: number) => void
): Promise<Finished> => {
  const cpuBefore = reapedCpuMs()
  const started = performance.now()
  const child = launch(command, serverCpu, ["ignore", "pipe", "pipe"], home)
  const tail = keepTail(child)
  let stdout = ""
  child.stdout
    ?.setEncoding("utf8")
    .on("data", (chunk: string) => (stdout = (stdout + chunk).slice(-1_000_000)))
  if (child.pid !== undefined) watch?.(child.pid)
  const [code] = (await once(child, "close")) as [number | null]
  if (code !== 0)
    throw new CommandFailed(`${command.join(" ")} ended with ${code}: ${tail.text || stdout}`.trim())
  return { stdout, seconds: (performance.now() - started) / 1000, cpuMs: reapedCpuMs() - cpuBefore }
}

export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, "close")
  return port
}

const statusOf = (port: number, path: string): Promise<number> =>
  new Promise((resolve) => {
    const request = get({ host: "127.0.0.1", port, path, agent: false }, (response) => {
      response.resume().once("end", () => resolve(response.statusCode ?? 0))
    })
    request.once("error", () => resolve(0)).setTimeout(5_000, () => request.destroy())
  })

export interface Started {
  readonly child: ChildProcess
  readonly pid: number
  /** Milliseconds from spawn to the first 200 of /readyz. */
  readonly readyMs: number
}

export const startServer = async (command: Command, port: number, home: string): Promise<Started> => {
  const began = performance.now()
  const child = launch(command, serverCpu, ["ignore", "ignore", "pipe"], home)
  const tail = keepTail(child)
  child.once("error", (error) => (tail.text += error.message))
  while ((await statusOf(port, "/readyz")) !== 200) {
    const isOver = child.exitCode !== null || child.signalCode !== null || child.pid === undefined
    if (isOver || performance.now() - began > 30_000) {
      await stop(child)
      throw new CommandFailed(`${command.join(" ")} was not ready: ${tail.text}`.trim())
    }
    await sleep(5)
  }
  return { child, pid: child.pid ?? 0, readyMs: performance.now() - began }
}

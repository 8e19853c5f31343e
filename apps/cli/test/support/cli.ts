/** Runs the real program, as a process of its own or in one that has loaded it once, on a folder of its own. */
import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Readable } from "node:stream"
import { fileURLToPath } from "node:url"
import type { Task } from "./host.ts"

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url))
const hostProgram = fileURLToPath(new URL("host.ts", import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly child: ChildProcessWithoutNullStreams
  readonly ended: Promise<Ended>
}

interface Host {
  readonly perform: (task: Omit<Task, "mark">) => Promise<Ended>
}

/** Collects what comes until a mark. */
const reader = (stream: Readable) => {
  let text = ""
  let look = () => {}
  stream.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk
    look()
  })
  return (mark: string) =>
    new Promise<{ readonly said: string; readonly code: number }>((resolve) => {
      look = () => {
        const at = text.indexOf(mark)
        const end = at < 0 ? -1 : text.indexOf("\n", at)
        if (end < 0) return
        const said = text.slice(0, at)
        const code = Number(text.slice(at + mark.length, end))
        text = text.slice(end + 1)
        resolve({ said, code })
      }
      look()
    })
}

const startHost = (env: NodeJS.ProcessEnv): Host => {
  const child: ChildProcess = spawn(process.execPath, ["--conditions=@tillbridge/source", hostProgram], {
    env,
    serialization: "advanced",
    stdio: ["ignore", "pipe", "pipe", "ipc"]
  })
  // It ends with the test process, and keeps it from nothing.
  child.unref()
  child.channel?.unref()
  for (const stream of [child.stdout, child.stderr]) (stream as unknown as { unref(): void }).unref()
  const ended = new Promise<never>((_, reject) => {
    child.on("error", reject)
    child.on("exit", (code, signal) => {
      host = undefined
      reject(new Error(`the process of the commands ended with ${code ?? signal}`))
    })
  })
  ended.catch(() => {})
  const stdout = reader(child.stdout!)
  const stderr = reader(child.stderr!)
  let last: Promise<unknown> = Promise.resolve()
  const now = async (task: Omit<Task, "mark">): Promise<Ended> => {
    const mark = `${randomUUID()} `
    const both = Promise.all([stdout(mark), stderr(mark)])
    // Something must hold the event loop while the command runs.
    const waiting = setInterval(() => {}, 60_000)
    child.send({ ...task, mark } satisfies Task)
    try {
      const [out, talk] = await Promise.race([both, ended])
      return { code: out.code, stdout: out.said, stderr: talk.said }
    } finally {
      clearInterval(waiting)
    }
  }
  return {
    perform: (task) => {
      const result = last.then(() => now(task))
      last = result.catch(() => {})
      return result
    }
  }
}

let host: Host | undefined

/** A folder, with a database in it that every command uses. */
export const makeBench = () => {
  const folder = mkdtempSync(join(tmpdir(), "tillbridge-cli-"))
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(TILLBRIDGE_|NODE_OPTIONS|VITEST|FORCE_COLOR)/.test(name)
  )
  const environment = {
    ...Object.fromEntries(inherited),
    NODE_COMPILE_CACHE: join(tmpdir(), "tillbridge-cli-compile-cache"),
    XDG_DATA_HOME: join(folder, "data"),
    TILLBRIDGE_DATABASE: `sqlite:${join(folder, "store.sqlite")}`
  }

  const start = (args: ReadonlyArray<string>, env: Record<string, string> = {}): Running => {
    const child = spawn(process.execPath, ["--conditions=@tillbridge/source", main, ...args], {
      cwd: folder,
      env: { ...environment, ...env }
    })
    let stdout = ""
    let stderr = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text))
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text))
    child.stdin.on("error", () => {})
    const ended = new Promise<Ended>((resolve, reject) => {
      child.on("error", reject)
      child.on("close", (code) => resolve({ code, stdout, stderr }))
    })
    return { child, ended }
  }

  /** Runs a command to its end, after those before it. What only a process of its own shows needs `start`. */
  const run = (
    args: ReadonlyArray<string>,
    options: { readonly input?: string | Buffer; readonly env?: Record<string, string> } = {}
  ): Promise<Ended> => {
    host ??= startHost(environment)
    const input = Buffer.from(options.input ?? "")
    return host.perform({ args, folder, input, env: { ...environment, ...options.env } as Task["env"] })
  }

  return {
    folder,
    path: (name: string) => join(folder, name),
    start,
    run,
    remove: () => rmSync(folder, { recursive: true, force: true })
  }
}

export type Bench = ReturnType<typeof makeBench>

/** Runs several, three of them at once where each is a process. */
export const all = <A>(runs: ReadonlyArray<() => Promise<A>>): Promise<ReadonlyArray<A>> => {
  const results: Array<A> = []
  let next = 0
  const worker = async () => {
    while (next < runs.length) {
      const at = next++
      results[at] = await runs[at]!()
    }
  }
  return Promise.all([worker(), worker(), worker()]).then(() => results)
}

export const ndjson = (text: string): Array<Record<string, unknown>> =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>)

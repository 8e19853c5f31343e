/**
 * The runner's side of the loader: one load at a time, measured against the CPU clock of the server's
 * process.
 */
import type { ChildProcess } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import type { FromLoader, Job, Outcome, ToLoader } from "./Load.ts"
import { cpuMs } from "./Proc.ts"
import { CommandFailed, launch, loaderCpu } from "./Subprocess.ts"

export interface Measured extends Outcome {
  readonly cpuMs: number
}

export interface Loader {
  readonly load: (pid: number, job: Job) => Promise<Measured>
}

const program = fileURLToPath(new URL("./LoaderProcess.ts", import.meta.url))

const nextMessage = async (child: ChildProcess): Promise<FromLoader> => {
  const ended = new AbortController()
  try {
    return await Promise.race([
      once(child, "message", { signal: ended.signal }).then(([message]) => message as FromLoader),
      once(child, "exit", { signal: ended.signal }).then(([code]) => {
        throw new CommandFailed(`the loader ended with ${String(code)}`)
      })
    ])
  } finally {
    ended.abort()
  }
}

export const startLoader = (home: string): Loader => {
  const child = launch(["node", program], loaderCpu, ["ignore", "ignore", "inherit", "ipc"], home)
  const ask = (message: ToLoader): Promise<FromLoader> => {
    const answer = nextMessage(child)
    child.send(message)
    return answer
  }
  return {
    load: async (pid, job) => {
      await ask({ kind: "job", job })
      const before = cpuMs(pid)
      const answer = await ask({ kind: "go" })
      if (answer.kind !== "done") throw new CommandFailed("the loader lost its place")
      return { ...answer.outcome, cpuMs: cpuMs(pid) - before }
    }
  }
}

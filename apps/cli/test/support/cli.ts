/** Runs the real program as a child process on a folder of its own. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly child: ChildProcessWithoutNullStreams
  readonly ended: Promise<Ended>
}

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

  const run = (
    args: ReadonlyArray<string>,
    options: { readonly input?: string | Buffer; readonly env?: Record<string, string> } = {}
  ) => {
    const { child, ended } = start(args, options.env)
    child.stdin.end(options.input ?? "")
    return ended
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

/** Runs several at once, so that two cores are busy. */
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

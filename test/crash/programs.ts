/** Programs that mirror and are killed: one at work, and one that is loaded already and waits for its plan. */
import { spawn, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { rolldown } from "rolldown"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { type Plan, type Shop, shops, type Stage } from "./plan.ts"

export interface Ended {
  /** The stage at which it stood still; `null`: it was killed wherever it was. */
  readonly at: Stage | null
  /** The newest local write that it acknowledged; -1: none. */
  readonly acknowledged: Readonly<Record<Shop, number>>
  readonly leases: ReadonlyArray<{ readonly link: string; readonly epoch: number; readonly millis: number }>
  /** From the plan to the end. */
  readonly millis: number
  /** From the plan to the store being open, and to the first page committed; `null`: it did not come to that. */
  readonly openMillis: number | null
  readonly onMillis: number | null
  /** What it ended by itself with; `null`: it was killed. */
  readonly died: string | null
}

/** The program in one file: it starts a thousand times, and from many files it takes eight times as long. */
const bundled = async (folder: string) => {
  const file = path.join(folder, "program.mjs")
  const bundle = await rolldown({
    input: fileURLToPath(new URL("child.ts", import.meta.url)),
    platform: "node",
    resolve: { conditionNames: ["@tillbridge/source", "module", "node", "import", "default"] }
  })
  await bundle.write({ file, format: "esm", codeSplitting: false })
  await bundle.close()
  return file
}

const start = (file: string): ChildProcess =>
  spawn(process.execPath, ["--disable-warning=ExperimentalWarning", file], {
    stdio: ["pipe", "pipe", "inherit"]
  })

interface Waiting {
  readonly child: ChildProcess
  readonly lines: AsyncIterator<string>
}

const load = async (file: Promise<string>): Promise<Waiting> => {
  const child = start(await file)
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
  const first = await lines.next()
  if (first.value !== "loaded") throw new Error(`the program began with ${String(first.value)}`)
  return { child, lines }
}

export const makePrograms = () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "tillbridge-crash-"))
  const file = bundled(folder)
  let spare = load(file)
  // Told where it is asked for.
  spare.catch(() => {})

  /** Carries a plan out in a program, and kills it: at its stage, or after `limit` milliseconds, whichever comes first. */
  const killed = async (plan: Plan, limit: number): Promise<Ended> => {
    const { child, lines } = await spare
    spare = load(file)
    spare.catch(() => {})
    const ended = once(child, "close")
    const began = performance.now()
    const acknowledged = { hub: -1, till: -1 }
    const leases: Array<Ended["leases"][number]> = []
    let at: Stage | null = null
    let died: string | null = null
    let openMillis: number | null = null
    let onMillis: number | null = null
    child.stdin!.write(`${JSON.stringify(plan)}\n`)
    const timer = setTimeout(() => child.kill("SIGKILL"), limit)
    for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
      const [word, ...rest] = next.value.split(" ")
      const since = performance.now() - began
      if (word === "ack") acknowledged[rest[0] as Shop] = Number(rest[1])
      else if (word === "lease")
        leases.push({ link: `${rest[0]} to ${rest[1]}`, epoch: Number(rest[2]), millis: since })
      else if (word === "open") openMillis = since
      else if (word === "went") onMillis = since
      else if (word === "died") died = rest.join(" ")
      else if (word === "at") {
        at = rest.join(" ") as Stage
        child.kill("SIGKILL")
      }
    }
    clearTimeout(timer)
    const [code, signal] = await ended
    if (signal !== "SIGKILL") died ??= `it ended by itself (${code ?? signal})`
    const millis = performance.now() - began
    return { at, acknowledged, leases, millis, openMillis, onMillis, died }
  }

  const stop = async () => {
    const waiting = await spare.catch(() => null)
    if (waiting !== null && waiting.child.exitCode === null) {
      waiting.child.kill("SIGKILL")
      await once(waiting.child, "close")
    }
    fs.rmSync(folder, { recursive: true, force: true })
  }

  return { killed, stop }
}

export type Programs = ReturnType<typeof makePrograms>

export const noWrites = (): Record<Shop, number> => ({ hub: 0, till: 0 })

/** Local writes that are known after a program: those before, and what it acknowledged. */
export const knownWrites = (before: Readonly<Record<Shop, number>>, { acknowledged }: Ended) => {
  const known = { ...before }
  for (const shop of shops) known[shop] = Math.max(before[shop], acknowledged[shop] + 1)
  return known
}

/**
 * What the kernel says about a process and everything it started: CPU time and resident memory.
 * Descendants count, so that a server that hands its work to children gains nothing by it.
 */
import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"

const msPerTick = 1000 / Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }))

interface Stat {
  readonly pid: number
  readonly parent: number
  readonly ownTicks: number
  readonly reapedTicks: number
}

/**
 * The name in parentheses may itself hold spaces and parentheses, so fields are counted after the last one.
 */
export const parseStat = (text: string): Stat => {
  const rest = text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number)
  const field = (number: number): number => rest[number - 3] ?? 0
  return {
    pid: Number.parseInt(text),
    parent: field(4),
    ownTicks: field(14) + field(15),
    reapedTicks: field(16) + field(17)
  }
}

const read = (path: string): string | null => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return null
  }
}

const tree = (root: number): ReadonlyArray<Stat> => {
  const children = Map.groupBy(
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid) => read(`/proc/${pid}/stat`) ?? [])
      .map(parseStat),
    (stat) => stat.parent
  )
  const found = [...children.values()].flat().filter((stat) => stat.pid === root)
  for (const stat of found) found.push(...(children.get(stat.pid) ?? []))
  return found
}

export const cpuMs = (pid: number): number =>
  tree(pid).reduce((sum, stat) => sum + stat.ownTicks + stat.reapedTicks, 0) * msPerTick

/**
 * CPU time of the children this process has waited for: the only place where a finished command's is kept.
 */
export const reapedCpuMs = (): number => {
  const own = read("/proc/self/stat")
  return own === null ? 0 : parseStat(own).reapedTicks * msPerTick
}

export const rssMb = (pid: number): number =>
  tree(pid).reduce((sum, stat) => {
    const status = read(`/proc/${stat.pid}/status`) ?? ""
    return sum + Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024
  }, 0)

/** Samples the memory of a process every 100 ms until stopped; `stop` answers the largest sample. */
export const watchMemory = (pid: number): { readonly stop: () => number } => {
  let peak = 0
  const sample = (): void => {
    peak = Math.max(peak, rssMb(pid))
  }
  const timer = setInterval(sample, 100)
  return {
    stop: () => {
      clearInterval(timer)
      sample()
      return peak
    }
  }
}

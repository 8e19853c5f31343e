/** The vendors' sites that the rows of synchronising read, each started when a row first asks for it. */
import type { ChildProcess } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { CommandFailed, launch, loaderCpu } from "./Subprocess.ts"

export const syncedDialects = ["virtpos", "polaris"] as const
export type SyncedDialect = (typeof syncedDialects)[number]

export interface Site {
  readonly dialect: SyncedDialect
  readonly customers: number
  readonly url: string
  readonly pid: number
  /** Requests that came since it was started, logins aside. */
  readonly requests: () => Promise<number>
}

/** The site with so many customers; one for the whole run. */
export type Sites = (dialect: SyncedDialect, customers: number) => Promise<Site>

/** Of every simulator, and known to everybody. */
export const siteSecret = "demo"

export const pageSize = 200

const program = fileURLToPath(new URL("./SiteProcess.ts", import.meta.url))

const firstMessage = async (child: ChildProcess): Promise<{ readonly url: string }> => {
  const ended = new AbortController()
  try {
    return await Promise.race([
      once(child, "message", { signal: ended.signal }).then(([message]) => message as { url: string }),
      once(child, "exit", { signal: ended.signal }).then(([code]) => {
        throw new CommandFailed(`a simulator ended with ${String(code)}`)
      })
    ])
  } finally {
    ended.abort()
  }
}

const startSite = async (dialect: SyncedDialect, customers: number, home: string): Promise<Site> => {
  const command = ["node", program, "--dialect", dialect, "--customers", String(customers)]
  const child = launch(command, loaderCpu, ["ignore", "ignore", "inherit", "ipc"], home)
  const { url } = await firstMessage(child)
  return {
    dialect,
    customers,
    url,
    pid: child.pid ?? 0,
    requests: async () => Number(await (await fetch(`${url}/-/requests`)).text())
  }
}

export const openSites = (home: string): Sites => {
  const kept = new Map<string, Promise<Site>>()
  return (dialect, customers) => {
    const key = `${dialect} ${customers}`
    return kept.get(key) ?? kept.set(key, startSite(dialect, customers, home)).get(key)!
  }
}

/** The flags of the bench. */
import { parseArgs } from "node:util"

export interface Options {
  readonly contender: string
  readonly only: ReadonlyArray<string>
  readonly rounds: number
  /** Requests a round and server; undefined leaves each row its own number. */
  readonly requests: number | undefined
  /** Customers of a site that is mirrored. */
  readonly customers: number
  readonly million: boolean
  readonly json: boolean
  readonly help: boolean
}

export class UsageError extends Error {}

export const rowNames = [
  "page-json",
  "page-xml",
  "by-id",
  "update",
  "mixed",
  "polaris-json",
  "polaris-xml",
  "polaris-by-id",
  "megawin-list",
  "megawin-by-id",
  "lcmanager-json",
  "lcmanager-xml",
  "import",
  "start",
  "memory",
  "sync-virtpos-json",
  "sync-virtpos-xml",
  "sync-polaris-json",
  "sync-polaris-xml",
  "sync-memory",
  "sync-again",
  "sync-check"
] as const

export const usage = `Measures a contender against hand-written baselines in the same run.

Usage: npm run bench -- [flags]
  --contender NAME  tillbridge (default), or a baseline to try the bench itself: http, fastify
  --only NAME       a row, or the first word of several, as polaris; may be repeated. Rows:
                    ${rowNames.join(", ")}
  --rounds N        interleaved rounds of each row (5)
  --requests N      requests a round and server, instead of each row's own number
  --customers N     customers of a site in the rows of sync (100000)
  --memory          the rows of memory with a million customers, not a hundred thousand (minutes)
  --json            the report as JSON
`

/** Whether a row is one that `--only name` asks for. */
export const isMeant = (row: string, name: string): boolean => row === name || row.startsWith(`${name}-`)

const positive = (name: string, value: string): number => {
  const number = Number(value)
  if (Number.isInteger(number) && number > 0) return number
  throw new UsageError(`--${name} takes a whole number above zero, not "${value}"`)
}

export const parseOptions = (argv: ReadonlyArray<string>): Options => {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        contender: { type: "string", default: "tillbridge" },
        only: { type: "string", multiple: true, default: [] },
        rounds: { type: "string", default: "5" },
        requests: { type: "string" },
        customers: { type: "string", default: "100000" },
        memory: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false }
      }
    })
    const only = values.only.flatMap((name) => name.split(","))
    const unknown = only.find((name) => !rowNames.some((row) => isMeant(row, name)))
    if (unknown !== undefined) throw new UsageError(`--only takes ${rowNames.join(", ")}, not "${unknown}"`)
    return {
      contender: values.contender,
      only,
      rounds: positive("rounds", values.rounds),
      requests: values.requests === undefined ? undefined : positive("requests", values.requests),
      customers: positive("customers", values.customers),
      million: values.memory,
      json: values.json,
      help: values.help
    }
  } catch (cause) {
    throw cause instanceof UsageError
      ? cause
      : new UsageError(cause instanceof Error ? cause.message : String(cause))
  }
}

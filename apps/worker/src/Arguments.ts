/** What the caller said. */
import { usage } from "tillbridge/settings"
import { parseArgs } from "node:util"

export interface Arguments {
  readonly config: string | undefined
  readonly database: string | undefined
  readonly host: string
  readonly port: number
  readonly once: boolean
  readonly json: boolean
}

export const help = `Runs every link of the settings file continuously, each at its own pace.

Changes: the systems that links lead to, and the store.

Usage: tillbridge-worker [flags]

Examples:
  tillbridge-worker --config /etc/tillbridge/tillbridge.toml
  tillbridge-worker --once --json

Flags:
  --config FILE    Settings file (default: tillbridge.toml in the working folder)
  --database URL   Where the store is: sqlite:PATH (default: in your data folder)
  --host ADDRESS   Where health and metrics are told (default: 127.0.0.1)
  --port NUMBER    The same; 0 takes a free one (default: 9464)
  --once           Run each link once, and end: with 1 when one failed or set records aside
  --json           Answer and log in JSON, one document a line
  --help           Show this
  --version        Show the version
`

const flags = {
  config: { type: "string" },
  database: { type: "string" },
  host: { type: "string", default: "127.0.0.1" },
  port: { type: "string", default: "9464" },
  once: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
  version: { type: "boolean", default: false }
} as const

/** Throws a `Failure` that says what is wrong. */
export const readArguments = (args: ReadonlyArray<string>): Arguments | "help" | "version" => {
  let values
  try {
    values = parseArgs({ args: [...args], options: flags, strict: true, allowPositionals: false }).values
  } catch (error) {
    // Node explains at length; its first sentence is the message.
    const [first] = (error instanceof Error ? error.message : String(error)).split(/\. |\n/)
    throw usage(`${first!.replace(/\.$/, "")}. See: tillbridge-worker --help`)
  }
  if (values.help) return "help"
  if (values.version) return "version"
  const port = /^\d{1,5}$/.test(values.port) ? Number(values.port) : Number.NaN
  if (!(port <= 65_535)) throw usage("--port must be a number from 0 to 65535")
  const { config, database, host, json, once } = values
  return { config, database, host, port, once, json }
}

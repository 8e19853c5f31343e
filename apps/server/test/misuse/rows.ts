/** The misuse table: what each dialect must do, row by row. */
import { readFileSync } from "node:fs"
import { describe, it } from "vitest"
import { type DialectId, dialects } from "./shop.ts"
import { type Ask, send, type Told } from "./wire.ts"

/** The server that most rows share. */
export interface Stage {
  readonly port: number
  readonly url: string
  readonly pid: number
  /** Folder of the store. */
  readonly folder: string
  /** `millis` is the server's work, whatever else the machine does meanwhile. */
  readonly send: (ask: Ask) => Promise<Told>
  /** All that the process has printed. */
  readonly printed: () => string
}

/** Milliseconds of processor time that a process has used, in steps of ten. */
const workOf = (pid: number): number => {
  const [, fields = ""] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")
  const [user = 0, system = 0] = fields.split(" ").slice(11, 13).map(Number)
  return (user + system) * 10
}

export const sendMeasured =
  (port: number, pid: number) =>
  async (ask: Ask): Promise<Told> => {
    const before = workOf(pid)
    const told = await send(port, ask)
    return { ...told, millis: workOf(pid) - before }
  }

export type Check = (stage: Stage) => Promise<void>

export interface Row {
  readonly number: number
  readonly misuse: string
  readonly checks: Readonly<Record<DialectId, Check>>
}

/** A row that is checked alike in every dialect. */
export const alike = (check: (dialect: DialectId) => Check): Row["checks"] => ({
  virtpos: check("virtpos"),
  polaris: check("polaris"),
  lcmanager: check("lcmanager"),
  megawin: check("megawin")
})

export const testRow = ({ checks, misuse, number }: Row, stage: () => Stage): void => {
  describe(`${number}. ${misuse}`, () => {
    for (const dialect of dialects) it(dialect, () => checks[dialect](stage()))
  })
}

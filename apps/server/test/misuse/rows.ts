/** The misuse table: what each dialect must do, row by row. */
import { describe, it } from "vitest"
import type { Ask, Told } from "./wire.ts"
import { type DialectId, dialects } from "./shop.ts"

/** The server that most rows share. */
export interface Stage {
  readonly port: number
  readonly url: string
  readonly pid: number
  /** Folder of the store. */
  readonly folder: string
  readonly send: (ask: Ask) => Promise<Told>
  /** All that the process has printed. */
  readonly printed: () => string
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

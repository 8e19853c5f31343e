import { Effect } from "effect"
import { misconfigured } from "../Failure.ts"
import type { Session } from "../GlobalFlags.ts"
import { isPort, type Settings } from "../settings/Settings.ts"

interface Serve {
  readonly host: string | undefined
  readonly port: number | undefined
  readonly demo: boolean
}

export const serve = (input: Serve, session: Session) => Effect.void

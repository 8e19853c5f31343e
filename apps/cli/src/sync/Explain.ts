/** What stopped the engine, in plain words with what to do next. */
import type { Link, LinkBusy, SourceError } from "@tillbridge/domain"
import type { SyncError } from "@tillbridge/sync"
import * as DateTime from "effect/DateTime"
import { Failure, rejected } from "../Failure.ts"
import { explain } from "../store/Database.ts"
import { originOf } from "./Ends.ts"

export interface Stopping {
  readonly link: Link
  /** Path of the store. */
  readonly database: string
  /** The command that goes on, or asks again. */
  readonly again: string
  /** Makes the command that allows so many percent to be removed. */
  readonly allowing: (percent: number) => string
  /** What has been kept so far: `it goes on at page 13`. */
  readonly resume: string
}

const remote = (message: string, cause: unknown): Failure => new Failure({ kind: "remote", message, cause })

/** Running again would end the same way: the settings are the likely cause. */
const settled = (message: string, cause: unknown): Failure => new Failure({ kind: "config", message, cause })

const seconds = (millis: number): string => `${Math.ceil(millis / 1000)} s`

const explainSource = (error: SourceError, { again, resume }: Stopping): Failure => {
  const name = originOf(error)
  const { reason } = error
  const goOn = `${resume}: ${again}`
  switch (reason._tag) {
    case "Unreachable":
      return remote(`${name} cannot be reached: ${reason.detail}. ${goOn}`, error)
    case "TimedOut":
      return remote(`${name} did not answer within ${seconds(reason.millis)}. ${goOn}`, error)
    case "RateLimited":
      return remote(
        `${name} asks to slow down, and waiting did not help: lower "rate" in [remotes.${name}]. ${goOn}`,
        error
      )
    case "VendorFailed":
      return remote(`${name} failed with HTTP ${reason.status} in ${error.operation}. ${goOn}`, error)
    case "Malformed":
      return settled(
        `${name} gave an answer to ${error.operation} that is not of its dialect: ${reason.detail}. ` +
          `See what it says: tillbridge remotes test ${name}. ${goOn}`,
        error
      )
    case "Unauthorized":
      return settled(
        `${name} does not accept the credential: ${reason.detail}. Set it right, then: tillbridge remotes test ${name}`,
        error
      )
    case "Refused":
      return settled(`${name} refused ${error.operation}: ${reason.detail}. ${goOn}`, error)
  }
}

/** Who is at it, and until when at the latest. */
export const busy = (error: LinkBusy): Failure =>
  new Failure({
    kind: "busy",
    message:
      `${error.from} → ${error.to} is being synchronised by ${error.owner}, which holds it until ` +
      `${DateTime.formatIso(error.until)} unless it goes on or ends before. Try again then`
  })

export const explainSync = (error: SyncError, stopping: Stopping): Failure => {
  const { allowing, database, link } = stopping
  switch (error._tag) {
    case "LinkBusy":
      return busy(error)
    case "LeaseLost":
      return new Failure({
        kind: "busy",
        message: `${error.message} while this run was held up: it has written nothing since, and that one goes on`
      })
    case "CursorRepeated":
      return rejected(
        `${error.message}, so that going on would never end. Nothing of it was written twice. Start anew with ` +
          `tillbridge sync reset ${link.from} ${link.to}, or ask who runs ${link.from}`
      )
    case "TooManyUnreadable":
      return rejected(
        `${error.message}. The page was not written and the checkpoint stands before it. See what ${link.from} ` +
          `answers: tillbridge remotes test ${link.from}. Those set aside before: ` +
          `tillbridge dead-letters list --from ${link.from} --to ${link.to}`
      )
    case "TooManyDeletes": {
      const percent = Math.min(100, Math.ceil((100 * error.wanted) / Math.max(1, error.known)))
      return rejected(`${error.message}. If they are meant to go: ${allowing(percent)}`)
    }
    case "SourceError":
      return explainSource(error, stopping)
    case "StorageError":
    case "InvalidField":
      return explain(error, database)
  }
}

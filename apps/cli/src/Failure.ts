/**
 * How a command ends when it does not end well. The exit codes are part of the command line's contract: 1 the command
 * ran and found failed rows or nothing, 2 wrong usage or configuration, 3 the database or a remote could not be reached.
 */
import * as Data from "effect/Data"

export type FailureKind = "not-found" | "rejected" | "usage" | "config" | "database" | "remote" | "busy"

const exitCodes: Record<FailureKind, number> = {
  "not-found": 1,
  rejected: 1,
  usage: 2,
  config: 2,
  database: 3,
  remote: 3,
  busy: 3
}

/** One clear line for the caller: what failed, and what to do next. */
export class Failure extends Data.TaggedError("Failure")<{
  readonly kind: FailureKind
  readonly message: string
  /** Shown only with TILLBRIDGE_DEBUG=1. */
  readonly cause?: unknown
}> {
  get exitCode(): number {
    return exitCodes[this.kind]
  }
}

/** The command has said everything itself and only its exit code is left. */
export class Stopped extends Data.TaggedError("Stopped")<{ readonly exitCode: number }> {}

export const usage = (message: string): Failure => new Failure({ kind: "usage", message })
export const misconfigured = (message: string): Failure => new Failure({ kind: "config", message })
export const notFound = (message: string): Failure => new Failure({ kind: "not-found", message })
export const rejected = (message: string): Failure => new Failure({ kind: "rejected", message })

/** What the operating system said, without path and call: `no such file or directory`. */
export const systemReason = (cause: unknown): string => {
  if (!(cause instanceof Error)) return String(cause)
  const code = (cause as NodeJS.ErrnoException).code
  switch (code) {
    case "ENOENT":
      return "no such file or folder"
    case "EACCES":
    case "EPERM":
      return "permission denied"
    case "EISDIR":
      return "it is a folder"
    case "ENOTDIR":
      return "a part of the path is not a folder"
    case "ENOSPC":
      return "the disk is full"
    case "EROFS":
      return "the file system is read-only"
    default:
      return code ?? cause.message
  }
}

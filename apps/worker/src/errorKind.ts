/** A fixed and short list of what runs fail with, as metrics and log lines name it. */
import type { LinkBusy, SourceFailure, StorageFailure } from "@tillbridge/domain"
import type { SyncError } from "@tillbridge/sync"

/** `internal`: a defect of the program. That somebody else runs a link is no failure. */
export type RunError = Exclude<SyncError, LinkBusy> | "internal"

const sourceKinds: Record<SourceFailure["_tag"], string> = {
  Unreachable: "unreachable",
  TimedOut: "timed_out",
  RateLimited: "rate_limited",
  VendorFailed: "vendor_failed",
  Malformed: "malformed",
  Unauthorized: "unauthorized",
  Refused: "refused"
}

const storeKinds: Record<StorageFailure, string> = {
  busy: "store_busy",
  full: "store_full",
  "read-only": "store_read_only",
  unavailable: "store_unavailable",
  corrupt: "store_corrupt",
  "newer-schema": "store_newer_schema",
  unknown: "store_unknown"
}

const otherKinds: Record<Exclude<SyncError, LinkBusy>["_tag"], string> = {
  SourceError: "source",
  StorageError: "store",
  CursorRepeated: "cursor_repeated",
  TooManyUnreadable: "too_many_unreadable",
  TooManyDeletes: "too_many_deletes",
  InvalidField: "invalid_field",
  LeaseLost: "lease_lost"
}

export const kindOf = (error: RunError): string => {
  if (error === "internal") return error
  switch (error._tag) {
    case "SourceError":
      return sourceKinds[error.reason._tag]
    case "StorageError":
      return storeKinds[error.reason]
    default:
      return otherKinds[error._tag]
  }
}

/** Without secrets and personal data, and not long. */
export const messageOf = (error: RunError): string =>
  error === "internal" ? "internal error" : error.message.slice(0, 500)

const { SourceError: _source, StorageError: _store, ...plainKinds } = otherKinds

export const errorKinds: ReadonlyArray<string> = [
  ...Object.values(sourceKinds),
  ...Object.values(storeKinds),
  ...Object.values(plainKinds),
  "internal"
]

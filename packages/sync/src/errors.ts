/** What stops a run, beside failures of the systems and of the store. */
import type { InvalidField, LeaseLost, LinkBusy, SourceError, StorageError } from "@tillbridge/domain"
import * as Schema from "effect/Schema"

/** The source gave the same page at the same checkpoint twice and promised more: going on would never end. */
export class CursorRepeated extends Schema.TaggedError<CursorRepeated>()("CursorRepeated", {
  system: Schema.String
}) {
  override get message() {
    return `${this.system} told the same page at the same place twice and promises more`
  }
}

/** So many records cannot be read or are refused that the cause is no single bad record, but another form of them. */
export class TooManyUnreadable extends Schema.TaggedError<TooManyUnreadable>()("TooManyUnreadable", {
  system: Schema.String,
  unreadable: Schema.Finite,
  seen: Schema.Finite,
  /** Of the first one: field and reason. */
  reason: Schema.String
}) {
  override get message() {
    return (
      `${this.unreadable} of ${this.seen} records of ${this.system} cannot be taken over, ` +
      `which is more than single bad records: ${this.reason}`
    )
  }
}

/** More customers would be removed than is allowed without a word. Of what was just told nothing was removed. */
export class TooManyDeletes extends Schema.TaggedError<TooManyDeletes>()("TooManyDeletes", {
  system: Schema.String,
  wanted: Schema.Finite,
  /** Those of `wanted` that went before it was seen to be too many. */
  removed: Schema.Finite,
  known: Schema.Finite,
  /** In percent of `known`. */
  allowed: Schema.Finite
}) {
  override get message() {
    return (
      `${this.wanted} of ${this.known} customers are gone from ${this.system}, and only ${this.allowed} % may be ` +
      `removed without confirmation; ${this.removed === 0 ? "nothing was removed" : `after ${this.removed}, no more were removed`}`
    )
  }
}

export type SyncError =
  | CursorRepeated
  | TooManyUnreadable
  | TooManyDeletes
  | LinkBusy
  | LeaseLost
  | SourceError
  | StorageError
  | InvalidField

/** Whether running again would end the same way, until a person did something about it. */
export const needsPerson = (error: SyncError): boolean => {
  switch (error._tag) {
    case "CursorRepeated":
    case "TooManyUnreadable":
    case "TooManyDeletes":
    case "InvalidField":
      return true
    case "SourceError":
      return error.reason._tag === "Unauthorized"
    case "StorageError":
    case "LinkBusy":
    case "LeaseLost":
      return false
  }
}

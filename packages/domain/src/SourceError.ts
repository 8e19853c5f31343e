/** What can go wrong while talking to a vendor's system, in words that hold for every dialect. */
import * as Schema from "effect/Schema"

/** The vendor could not be reached, or the connection broke. */
export class Unreachable extends Schema.TaggedError<Unreachable>()("Unreachable", { detail: Schema.String }) {
  readonly isRetryable = true
}

/** The vendor did not answer in time. */
export class TimedOut extends Schema.TaggedError<TimedOut>()("TimedOut", { millis: Schema.Finite }) {
  readonly isRetryable = true
}

/** The vendor asked to slow down; `retryAfterMillis` is its own word when it gave one. */
export class RateLimited extends Schema.TaggedError<RateLimited>()("RateLimited", {
  retryAfterMillis: Schema.optionalKey(Schema.Finite)
}) {
  readonly isRetryable = true
}

/** The vendor answered a 5xx status. */
export class VendorFailed extends Schema.TaggedError<VendorFailed>()("VendorFailed", {
  status: Schema.Finite,
  retryAfterMillis: Schema.optionalKey(Schema.Finite)
}) {
  readonly isRetryable = true
}

/** The answer is not one of this dialect's: HTML, a truncated body, an envelope that does not hold. */
export class Malformed extends Schema.TaggedError<Malformed>()("Malformed", { detail: Schema.String }) {
  readonly isRetryable = false
}

/** The credential was not accepted. */
export class Unauthorized extends Schema.TaggedError<Unauthorized>()("Unauthorized", {
  detail: Schema.String
}) {
  readonly isRetryable = false
}

/** The vendor understood and said no: an application error in its own envelope. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", { detail: Schema.String }) {
  readonly isRetryable = false
}

export const SourceFailure = Schema.Union([
  Unreachable,
  TimedOut,
  RateLimited,
  VendorFailed,
  Malformed,
  Unauthorized,
  Refused
])
export type SourceFailure = typeof SourceFailure.Type

/** An exchange that gave no whole answer, as the layer that sends requests tells it. */
export interface BrokenExchange {
  readonly kind: "unreachable" | "timeout" | "malformed"
  readonly detail: string
  /** How long was waited. */
  readonly millis: number
}

/** A broken exchange as a reason. */
export const reasonOfBroken = ({ detail, kind, millis }: BrokenExchange): SourceFailure => {
  switch (kind) {
    case "unreachable":
      return new Unreachable({ detail })
    case "timeout":
      return new TimedOut({ millis })
    case "malformed":
      return new Malformed({ detail })
  }
}

/** A status that is not 2xx as a reason; `retryAfterMillis` is the vendor's own word on when to call again. */
export const reasonOfStatus = (status: number, retryAfterMillis: number | undefined): SourceFailure => {
  const wait = retryAfterMillis === undefined ? {} : { retryAfterMillis }
  if (status >= 300 && status < 400)
    return new Malformed({ detail: `redirect (HTTP ${status}) is not followed` })
  if (status === 401 || status === 403) return new Unauthorized({ detail: `HTTP ${status}` })
  if (status === 429) return new RateLimited(wait)
  if (status >= 500 || status === 408) return new VendorFailed({ status, ...wait })
  return new Refused({ detail: `HTTP ${status}` })
}

/** A vendor may quote whom it speaks of: messages end up in logs, where no e-mail address and no phone belongs. */
const withoutContacts = (detail: string): string =>
  detail
    .replace(/[^\s"'<>]+@[^\s"'<>]+/g, "…")
    .replace(/\+\d(?:[\s().-]{0,2}\d){6,}|\d(?:[\s().-]{0,2}\d){9,}/g, "…")

/** A call to a vendor failed. The message names dialect, operation and reason, never the URL (it may hold a key). */
export class SourceError extends Schema.TaggedError<SourceError>()("SourceError", {
  dialect: Schema.String,
  operation: Schema.String,
  reason: SourceFailure
}) {
  override get message() {
    const detail = "detail" in this.reason ? `: ${withoutContacts(this.reason.detail)}` : ""
    return `${this.dialect} ${this.operation} failed (${this.reason._tag})${detail}`
  }
  /** Whether the same call may succeed a little later. */
  get isRetryable(): boolean {
    return this.reason.isRetryable
  }
  /** The vendor's own word on when to call again, in milliseconds. */
  get retryAfterMillis(): number | undefined {
    return "retryAfterMillis" in this.reason ? this.reason.retryAfterMillis : undefined
  }
}

/**
 * A dialect's saved words, without the vendor at the other end: answers that somebody kept are read, answers as the
 * drop-in server gives them are written, and calls likewise. For converting files and for the fidelity of a dialect.
 */
import type * as DateTime from "effect/DateTime"
import type * as Result from "effect/Result"
import type * as Stream from "effect/Stream"
import type { Customer, CustomerRecord } from "./Customer.ts"
import type { CustomerChange } from "./CustomerChange.ts"
import type { InvalidField } from "./errors.ts"
import type { LoyaltyCard } from "./LoyaltyCard.ts"
import type { Store } from "./Merchant.ts"
import type { Malformed, Refused } from "./SourceError.ts"
import type { TimeZone } from "./TimeZone.ts"

/** What a saved text leaves unsaid. */
export interface CodecContext {
  readonly timeZone: TimeZone
  /** System whose keys stand in the vendor's external key. */
  readonly externalSystem: string
  readonly now: DateTime.Utc
  readonly stores: ReadonlyArray<Store>
  /** How many customers follow, for dialects that say so before the first. */
  readonly count: number
}

export interface CustomerWithCards {
  readonly customer: Customer
  readonly cards: ReadonlyArray<LoyaltyCard>
}

export interface DialectCodec {
  /** Id of the dialect. */
  readonly dialect: string
  /** Forms in which it writes an answer; the first is the default. */
  readonly formats: ReadonlyArray<"xml" | "json">
  /**
   * Customers of a saved list answer (any of the vendor's forms, told apart by the first character), while it is read.
   * A record that cannot be read is a failure in its place; an answer that is not this vendor's, or says that it
   * failed, fails the stream.
   */
  readonly readAnswer: <E>(
    bytes: Stream.Stream<Uint8Array, E>,
    context: CodecContext
  ) => Stream.Stream<Result.Result<CustomerChange, Malformed>, Malformed | Refused | E>
  /** A list answer as the drop-in server gives it, while the customers come. */
  readonly writeAnswer: <E>(
    customers: Stream.Stream<CustomerWithCards, E>,
    format: "xml" | "json",
    context: CodecContext
  ) => Stream.Stream<Uint8Array, E>
  /** The parameters or body by which the vendor's own API is told a customer (`null`: it cannot be). */
  readonly writeCall: ((record: CustomerRecord, context: CodecContext) => string) | null
  /** What the drop-in server understands of such a call. */
  readonly readCall:
    | ((text: string, context: CodecContext) => Result.Result<CustomerRecord, InvalidField>)
    | null
}

/**
 * What goes wrong while serving, as the vendor's own answer. The statuses are our choice (INFERRED: none is
 * documented): 200 for what the application refuses, because the clients tell nothing but a bare status of any other
 * (OBSERVED), and HTTP's own status for what never reached the application. No text says anything about the inside.
 */
import type { DomainError } from "@tillbridge/domain"
import type {
  BodyTooLarge,
  BodyUnreadable,
  MalformedJson,
  MalformedParameters,
  UnsupportedBody
} from "@tillbridge/wire"
import * as Schema from "effect/Schema"

/** The request is understood as HTTP but not as a call: a parameter given twice, a required one missing. */
export class BadCall extends Schema.TaggedError<BadCall>()("BadCall", { reason: Schema.String }) {
  override get message() {
    return this.reason
  }
}

export class UnknownAction extends Schema.TaggedError<UnknownAction>()("UnknownAction", {}) {
  override readonly message = "unknown action"
}

export class MethodNotAllowed extends Schema.TaggedError<MethodNotAllowed>()("MethodNotAllowed", {
  allow: Schema.String
}) {
  override readonly message = "method not allowed"
}

/** A browser or proxy fetching ahead must not change anything. */
export class PrefetchRefused extends Schema.TaggedError<PrefetchRefused>()("PrefetchRefused", {}) {
  override readonly message = "a prefetch may not change data"
}

/** GET and DELETE say everything in the query. */
export class BodyRefused extends Schema.TaggedError<BodyRefused>()("BodyRefused", {}) {
  override readonly message = "this call has no body"
}

export type CallError =
  | DomainError
  | BadCall
  | UnknownAction
  | MethodNotAllowed
  | PrefetchRefused
  | BodyRefused
  | MalformedParameters
  | MalformedJson
  | BodyTooLarge
  | BodyUnreadable
  | UnsupportedBody

export interface ErrorAnswer {
  readonly status: number
  readonly message: string
  readonly headers?: Readonly<Record<string, string>>
}

const references = {
  group: "unknown megatech_GPR_No",
  "card type": "unknown card type",
  owner: "unknown customer",
  store: "unknown store",
  "store list": "unknown store list"
} as const

const taken = {
  "card number": "the card number is already taken",
  "card external id": "the card is already taken",
  "customer external id": "the login belongs to another customer",
  "customer id": "id_client is already taken",
  "card id": "the card is already taken",
  credential: "the key is already taken",
  store: "the store is already taken"
} as const

/** The vendor's names for fields that the domain itself refuses; a name it does not know stays. */
const names: Readonly<Record<string, string>> = {
  group: "megatech_GPR_No",
  mobilePhone: "cellphone",
  discountPercent: "webRemise"
}

/** The answer to a defect: something of ours is broken, and the caller learns no more than that. */
export const internalError: ErrorAnswer = { status: 500, message: "internal error" }

const refused = (message: string): ErrorAnswer => ({ status: 200, message })

/** The vendor's answer to every error there is; a new one does not compile here until it has its own. */
export const answerOf = (error: CallError): ErrorAnswer => {
  switch (error._tag) {
    case "CustomerNotFound":
      return refused("customer not found")
    case "CardNotFound":
      return refused("card not found")
    case "MerchantNotFound":
    case "NotAuthenticated":
      return refused("invalid apikey")
    case "TooManyAttempts":
      return {
        status: 429,
        message: "too many attempts, try again later",
        headers: { "retry-after": String(Math.max(1, Math.ceil(error.retryAfterMillis / 1_000))) }
      }
    case "NotPermitted":
      return refused(`this apikey may not ${error.scope === "read" ? "read" : "change"} data`)
    case "UnknownReference":
      return refused(references[error.kind])
    case "AlreadyTaken":
      return refused(taken[error.what])
    case "InvalidField":
      return refused(`${names[error.field] ?? error.field} ${error.reason}`)
    case "StorageError":
      return error.isRetryable
        ? { status: 503, message: "temporary error, try again", headers: { "retry-after": "1" } }
        : internalError
    case "BadCall":
      return refused(error.reason)
    case "MalformedParameters":
      return { status: 400, message: error.reason }
    case "MalformedJson":
      return { status: 400, message: `the body is no JSON: ${error.reason}` }
    case "UnknownAction":
      return { status: 404, message: error.message }
    case "MethodNotAllowed":
      return { status: 405, message: error.message, headers: { allow: error.allow } }
    case "PrefetchRefused":
      return { status: 403, message: error.message }
    case "BodyRefused":
      return { status: 400, message: error.message, headers: { connection: "close" } }
    case "BodyTooLarge":
      return { status: 413, message: error.message, headers: { connection: "close" } }
    case "BodyUnreadable":
      return { status: 400, message: error.message, headers: { connection: "close" } }
    case "UnsupportedBody":
      return { status: 415, message: error.reason }
  }
}

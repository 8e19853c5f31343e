/**
 * What goes wrong while serving, as the vendor's own answer. The statuses are our choice (INFERRED: none is
 * documented): 200 for what the application refuses, as the vendor's `success` field suggests, and HTTP's own status
 * for what never reached the application. No text says anything about the inside.
 */
import type { DomainError } from "@tillbridge/domain"
import type { BodyTooLarge, BodyUnreadable, MalformedParameters, UnsupportedBody } from "@tillbridge/wire"
import * as Schema from "effect/Schema"
import { parameterNameOf } from "./parameters.ts"

/** The request is understood as HTTP but not as a call: a parameter given twice, a value of no use. */
export class BadCall extends Schema.TaggedError<BadCall>()("BadCall", { info: Schema.String }) {
  override get message() {
    return this.info
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

export type CallError =
  | DomainError
  | BadCall
  | UnknownAction
  | MethodNotAllowed
  | PrefetchRefused
  | MalformedParameters
  | BodyTooLarge
  | BodyUnreadable
  | UnsupportedBody

export interface ErrorAnswer {
  readonly status: number
  readonly info: string
  readonly headers?: Readonly<Record<string, string>>
}

const references = {
  group: "unknown group_id",
  "card type": "unknown type_id",
  owner: "unknown customer_id or customer_external_id",
  store: "unknown store",
  "store list": "unknown store list"
} as const

const taken = {
  "card number": "uid belongs to another card",
  "card external id": "external_id belongs to another card",
  "customer external id": "external_id belongs to another customer",
  "customer id": "id is already taken",
  "card id": "card_id is already taken",
  credential: "the key is already taken",
  store: "the store is already taken"
} as const

/** The answer to a defect: something of ours is broken, and the caller learns no more than that. */
export const internalError: ErrorAnswer = { status: 500, info: "internal error" }

/** The vendor's answer to every error there is; a new one does not compile here until it has its own. */
export const answerOf = (error: CallError): ErrorAnswer => {
  switch (error._tag) {
    case "CustomerNotFound":
      return { status: 200, info: "customer not found" }
    case "CardNotFound":
      return { status: 200, info: "card not found" }
    case "MerchantNotFound":
    case "NotAuthenticated":
      return { status: 200, info: "invalid apikey" }
    case "TooManyAttempts":
      return {
        status: 429,
        info: "too many attempts, try again later",
        headers: { "retry-after": String(Math.ceil(error.retryAfterMillis / 1_000)) }
      }
    case "NotPermitted":
      return {
        status: 200,
        info:
          error.scope === "balance"
            ? "this apikey may not set accumulated_sales"
            : `this apikey may not ${error.scope === "read" ? "read" : "change"} data`
      }
    case "UnknownReference":
      return { status: 200, info: references[error.kind] }
    case "AlreadyTaken":
      return { status: 200, info: taken[error.what] }
    case "InvalidField":
      return { status: 200, info: `${parameterNameOf(error.field)} ${error.reason}` }
    case "StorageError":
      return error.isRetryable
        ? { status: 503, info: "temporary error, try again", headers: { "retry-after": "1" } }
        : internalError
    case "BadCall":
      return { status: 200, info: error.info }
    case "MalformedParameters":
      return { status: 400, info: error.reason }
    case "UnknownAction":
      return { status: 404, info: "unknown action" }
    case "MethodNotAllowed":
      return { status: 405, info: "method not allowed", headers: { allow: error.allow } }
    case "PrefetchRefused":
      return { status: 403, info: error.message }
    case "BodyTooLarge":
      return { status: 413, info: error.message, headers: { connection: "close" } }
    case "BodyUnreadable":
      return { status: 400, info: error.message, headers: { connection: "close" } }
    case "UnsupportedBody":
      return { status: 415, info: error.reason }
  }
}

/**
 * What goes wrong while serving, as the vendor's own answer: what the application refuses is HTTP 200 with an
 * `ErrorCode` that is not 0 (the convention is OBSERVED in the server's published source), what never reached it is the
 * framework's `Message` under HTTP's own status (INFERRED: the stock words of ASP.NET Web API), and the token endpoint
 * speaks OAuth. No text says anything about the inside.
 */
import type { DomainError } from "@tillbridge/domain"
import type { BodyTooLarge, BodyUnreadable, MalformedParameters, UnsupportedBody } from "@tillbridge/wire"
import * as Schema from "effect/Schema"
import type { ModelError } from "./periodModel.ts"

/** The request is readable and asks for something that is refused. */
export class RequestRefused extends Schema.TaggedError<RequestRefused>()("RequestRefused", {
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}

export class UnknownAction extends Schema.TaggedError<UnknownAction>()("UnknownAction", {}) {
  override readonly message = "unknown action"
}

export class MethodNotAllowed extends Schema.TaggedError<MethodNotAllowed>()("MethodNotAllowed", {
  method: Schema.String
}) {
  override readonly message = "method not allowed"
}

export type CallError =
  | DomainError
  | ModelError
  | RequestRefused
  | UnknownAction
  | MethodNotAllowed
  | BodyTooLarge
  | BodyUnreadable

export interface ErrorAnswer {
  readonly status: number
  /** Of the application; absent where the framework answers. */
  readonly errorCode?: number
  readonly message: string
  readonly headers?: Readonly<Record<string, string>>
}

/** The code of the vendor's own catch-all (OBSERVED): the only general one that is known. */
export const GENERAL_ERROR = 3

/** The vendor's messages have at most 100 characters (OBSERVED). */
const refused = (message: string, status = 200): ErrorAnswer => ({
  status,
  errorCode: GENERAL_ERROR,
  message: message.slice(0, 100)
})

const framework = (
  status: number,
  message: string,
  headers?: Readonly<Record<string, string>>
): ErrorAnswer => ({ status, message, ...(headers === undefined ? {} : { headers }) })

/** The answer to a defect: something of ours is broken, and the caller learns no more than that. */
export const internalError = framework(500, "An error has occurred.")

const busy = framework(503, "The service is unavailable. Please try again later.", { "retry-after": "1" })

const seconds = (millis: number) => String(Math.max(1, Math.ceil(millis / 1000)))

const references = {
  group: "unknown group",
  "card type": "unknown card type",
  owner: "unknown client",
  store: "unknown point of sale",
  "store list": "unknown RegPosList"
} as const

/** A method as it may stand in a text. */
const shownMethod = (method: string) => (/^[A-Za-z]{1,20}$/.test(method) ? method : "?")

/** The vendor's answer to every error there is; a new one does not compile here until it has its own. */
export const answerOf = (error: CallError): ErrorAnswer => {
  switch (error._tag) {
    case "CustomerNotFound":
      return refused("client not found")
    case "CardNotFound":
      return refused("card not found")
    case "UnknownReference":
      return refused(references[error.kind])
    case "AlreadyTaken":
      return refused(`the ${error.what} is already taken`)
    case "InvalidField":
      return refused(`${error.field} ${error.reason}`)
    case "NotPermitted":
      return refused(`this user may not ${error.scope === "read" ? "read" : "change"} data`)
    case "RequestRefused":
    case "UnreadableModel":
      return refused(error.reason)
    case "AmbiguousModel":
      return refused(error.reason, 400)
    case "NotAuthenticated":
    case "MerchantNotFound":
      return framework(401, "Authorization has been denied for this request.", {
        "www-authenticate": "Bearer"
      })
    case "UnknownAction":
      return framework(404, "No HTTP resource was found that matches the request URI.")
    case "MethodNotAllowed": {
      const method = shownMethod(error.method)
      return framework(405, `The requested resource does not support http method '${method}'.`, {
        allow: "POST"
      })
    }
    case "BodyTooLarge":
      return framework(413, `The request entity is longer than ${error.limit} bytes.`, {
        connection: "close"
      })
    case "BodyUnreadable":
      return framework(400, "The request entity could not be read to its end.", { connection: "close" })
    case "UnsupportedMediaType":
      return framework(
        415,
        `The request entity's media type '${error.mediaType}' is not supported for this resource.`
      )
    case "TooManyAttempts":
      return framework(429, "Too many attempts. Please try again later.", {
        "retry-after": seconds(error.retryAfterMillis)
      })
    case "StorageError":
      return error.isRetryable ? busy : internalError
  }
}

/** What OAuth says no with. */
export const TokenProblem = Schema.Literals(["invalid_request", "unsupported_grant_type", "invalid_grant"])

/** The token endpoint says no. `isWrongPassword`: the server answers that with 401 instead of 400 (OBSERVED). */
export class TokenRefused extends Schema.TaggedError<TokenRefused>()("TokenRefused", {
  error: TokenProblem,
  reason: Schema.String,
  isWrongPassword: Schema.Boolean
}) {
  override get message(): string {
    return this.reason
  }
}

export type TokenError =
  | DomainError
  | TokenRefused
  | MethodNotAllowed
  | MalformedParameters
  | BodyTooLarge
  | BodyUnreadable
  | UnsupportedBody

export interface TokenErrorAnswer {
  readonly status: number
  readonly error: string
  readonly description: string
  readonly headers?: Readonly<Record<string, string>>
}

const told = (
  status: number,
  error: string,
  description: string,
  headers?: Readonly<Record<string, string>>
): TokenErrorAnswer => ({ status, error, description, ...(headers === undefined ? {} : { headers }) })

export const tokenInternalError = told(500, "server_error", internalError.message)

/** The answer of the token endpoint to every error there is. */
export const tokenAnswerOf = (error: TokenError): TokenErrorAnswer => {
  switch (error._tag) {
    case "TokenRefused":
      return error.isWrongPassword
        ? told(401, error.error, error.reason, { "www-authenticate": "Bearer" })
        : told(400, error.error, error.reason)
    case "MalformedParameters":
      return told(400, "invalid_request", error.reason)
    case "UnsupportedBody":
      return told(415, "invalid_request", error.reason)
    case "TooManyAttempts":
    case "MethodNotAllowed":
    case "BodyTooLarge":
    case "BodyUnreadable": {
      const { headers, message, status } = answerOf(error)
      return told(status, "invalid_request", message, headers)
    }
    case "StorageError":
      return error.isRetryable
        ? told(503, "temporarily_unavailable", busy.message, busy.headers)
        : tokenInternalError
    case "NotAuthenticated":
    case "MerchantNotFound":
    case "CustomerNotFound":
    case "CardNotFound":
    case "UnknownReference":
    case "AlreadyTaken":
    case "InvalidField":
    case "NotPermitted":
      return told(400, "invalid_grant", "The grant is not valid.")
  }
}

/**
 * What goes wrong while serving, as an answer. The vendor documents no error at all: statuses, codes and shape are
 * this project's (INFERRED). Messages are French because a shop's developer reads them; codes are for programs. No
 * text says anything about the inside.
 */
import type { DomainError } from "@tillbridge/domain"
import type { BodyTooLarge, BodyUnreadable, MalformedParameters, UnsupportedBody } from "@tillbridge/wire"
import * as Schema from "effect/Schema"
import { memberNameOf } from "./fields.ts"
import { rightNames } from "./functions.ts"

/** The request is understood as HTTP but not as a call. */
export class BadCall extends Schema.TaggedError<BadCall>()("BadCall", {
  code: Schema.Literals([
    "MissingParameter",
    "InvalidParameter",
    "RepeatedParameter",
    "InvalidCheckPoint",
    "UnexpectedBody"
  ]),
  info: Schema.String
}) {
  override get message() {
    return this.info
  }
}

export class UnknownFunction extends Schema.TaggedError<UnknownFunction>()("UnknownFunction", {}) {
  override readonly message = "unknown function"
}

export class MethodNotAllowed extends Schema.TaggedError<MethodNotAllowed>()("MethodNotAllowed", {
  allow: Schema.String
}) {
  override readonly message = "method not allowed"
}

/** A prefetch, or a link on a page of another site: neither may change anything. */
export class UnsafeWrite extends Schema.TaggedError<UnsafeWrite>()("UnsafeWrite", {}) {
  override readonly message = "a prefetch or another site's page may not change data"
}

export type CallError =
  | DomainError
  | BadCall
  | UnknownFunction
  | MethodNotAllowed
  | UnsafeWrite
  | MalformedParameters
  | BodyTooLarge
  | BodyUnreadable
  | UnsupportedBody

export interface ErrorAnswer {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly headers?: Readonly<Record<string, string>>
}

const reasons: Readonly<Record<string, string>> = {
  "must be at most 1000 characters long, without NUL": "au plus 1000 caractères, sans NUL",
  "must be at most 255 characters long": "au plus 255 caractères",
  "must be F or M": "F ou M attendu",
  "must be a date such as 1980-12-31": "date attendue, par exemple 1980-12-31",
  "must be a date before the year 3000": "date avant l'an 3000 attendue",
  "must be true or false": "true ou false attendu",
  "must be the number of a store": "numéro de magasin attendu",
  "must be a single value": "une seule valeur attendue",
  "must be a whole number of 32 bits": "nombre entier (Int32) attendu",
  "must be a whole number of 64 bits": "nombre entier (Int64) attendu",
  "must be a decimal number": "nombre décimal attendu",
  "must not be nested so deeply": "imbrication trop profonde",
  "must not have so many other members": "trop de membres inconnus pour un client",
  "must not contain NUL or a lone surrogate": "caractère NUL ou surrogate isolé",
  "is not a date of the calendar": "date inexistante"
}

const references = {
  group: "groupe inconnu",
  "card type": "type de carte inconnu",
  owner: "client inconnu",
  store: "CodeMagasin inconnu",
  "store list": "liste de magasins inconnue"
} as const

const taken = {
  "card number": "ce numéro de carte est celui d'une autre carte",
  "card external id": "cette clé est celle d'une autre carte",
  "customer external id": "cette Cle est celle d'un autre client",
  "customer id": "ce IDClient est déjà pris",
  "card id": "ce numéro est déjà pris",
  credential: "cet accès existe déjà",
  store: "ce magasin existe déjà"
} as const

/** The answer to a defect: something of ours is broken, and the caller learns no more than that. */
export const internalError: ErrorAnswer = { status: 500, code: "InternalError", message: "erreur interne" }

const seconds = (millis: number): string => String(Math.max(1, Math.ceil(millis / 1_000)))

const close = { connection: "close" }

const permission = (scope: string): string =>
  scope === "read"
    ? `il faut au moins un des droits « ${rightNames.read} » et « ${rightNames.write} »`
    : `il faut le droit « ${rightNames.write} »`

/** The answer to every error there is; a new one does not compile here until it has its own. */
export const answerOf = (error: CallError): ErrorAnswer => {
  switch (error._tag) {
    case "CustomerNotFound":
      return { status: 404, code: "ClientNotFound", message: "client inconnu" }
    case "CardNotFound":
      return { status: 404, code: "CardNotFound", message: "carte inconnue" }
    case "MerchantNotFound":
    case "NotAuthenticated":
      return {
        status: 401,
        code: "NotAuthenticated",
        message: "identification requise : appeler ACL.Login avec user et password",
        headers: { "www-authenticate": `Basic realm="core/api", charset="UTF-8"` }
      }
    case "NotPermitted":
      return { status: 403, code: "NotPermitted", message: permission(error.scope) }
    case "TooManyAttempts":
      return {
        status: 429,
        code: "TooManyAttempts",
        message: "trop d'essais, réessayer plus tard",
        headers: { "retry-after": seconds(error.retryAfterMillis) }
      }
    case "UnknownReference":
      return { status: 400, code: "InvalidParameter", message: references[error.kind] }
    case "AlreadyTaken":
      return { status: 409, code: "AlreadyTaken", message: taken[error.what] }
    case "InvalidField":
      return {
        status: 400,
        code: "InvalidParameter",
        message: `${memberNameOf(error.field)} : ${reasons[error.reason] ?? error.reason}`
      }
    case "StorageError":
      return error.isRetryable
        ? {
            status: 503,
            code: "Unavailable",
            message: "momentanément indisponible, réessayer",
            headers: { "retry-after": "1" }
          }
        : internalError
    case "BadCall":
      return {
        status: 400,
        code: error.code,
        message: error.info,
        ...(error.code === "UnexpectedBody" ? { headers: close } : {})
      }
    case "MalformedParameters":
      return { status: 400, code: "InvalidParameter", message: `paramètres illisibles (${error.reason})` }
    case "UnknownFunction":
      return { status: 404, code: "UnknownFunction", message: "fonction inconnue" }
    case "MethodNotAllowed":
      return {
        status: 405,
        code: "MethodNotAllowed",
        message: `méthode HTTP refusée, attendu : ${error.allow}`,
        headers: { allow: error.allow }
      }
    case "UnsafeWrite":
      return {
        status: 403,
        code: "UnsafeWrite",
        message: "ni un préchargement ni la page d'un autre site ne peut modifier des données"
      }
    case "BodyTooLarge":
      return {
        status: 413,
        code: "BodyTooLarge",
        message: `le corps dépasse ${error.limit} octets`,
        headers: close
      }
    case "BodyUnreadable":
      return {
        status: 400,
        code: "BodyUnreadable",
        message: "le corps n'a pas pu être lu en entier",
        headers: close
      }
    case "UnsupportedBody":
      return {
        status: 415,
        code: "UnsupportedBody",
        message: `application/x-www-form-urlencoded en UTF-8 attendu (${error.reason})`
      }
  }
}

/** The arguments of each function, read into what the domain's services take. */
import { type CustomerReference, type InvalidField, type Merchant, orNull, StoreId } from "@tillbridge/domain"
import * as DateTime from "effect/DateTime"
import * as Result from "effect/Result"
import type { PolarisNames } from "../PolarisNames.ts"
import type { CallParameters } from "./call.ts"
import { hasTicks, readTime } from "./dates.ts"
import { BadCall } from "./errors.ts"
import { isWrong, readInt32, type ReadContext } from "./fields.ts"
import { type ClientCall, readClientCall, readId } from "./incoming.ts"
import { indexesOf, isPlain, parseDocument, renamed, sameName } from "./wireTree.ts"

/** What of a merchant the arguments depend on. */
export type Addressed = Pick<Merchant, "timeZone" | "externalKeyPrefix">

type Read<A> = Result.Result<A, BadCall | InvalidField>

const missing = (name: string): Result.Result<never, BadCall> =>
  Result.fail(new BadCall({ code: "MissingParameter", info: `${name} est obligatoire` }))

const invalid = (info: string): Result.Result<never, BadCall> =>
  Result.fail(new BadCall({ code: "InvalidParameter", info }))

export const required = (parameters: CallParameters, name: string): Read<string> => {
  const given = orNull(parameters.get(name))
  return given === null ? missing(name) : Result.succeed(given)
}

/** The shop of the call; that the merchant has it is looked at later. Nobody can have a number below 1. */
const readStore = (parameters: CallParameters, name: string): Read<StoreId> => {
  const given = required(parameters, name)
  if (Result.isFailure(given)) return Result.fail(given.failure)
  const number = readInt32(given.success)
  if (number === undefined) return invalid(`${name} : nombre entier (Int32) attendu`)
  return number < 1 ? invalid(`${name} inconnu`) : Result.succeed(StoreId.make(number))
}

/** Whether the merchant's prefix was given. Another one is told so: it would name keys that nobody has. */
const readPrefix = (parameters: CallParameters, merchant: Addressed): Read<string | null> => {
  const given = orNull(parameters.get("prefixCle"))
  if (given === null) return Result.succeed(null)
  return given === merchant.externalKeyPrefix ? Result.succeed(given) : invalid("prefixCle inconnu")
}

export interface GetClientCall {
  readonly store: StoreId
  readonly reference: CustomerReference | "nobody"
  readonly withKey: boolean
}

/** The number is looked at before the key (INFERRED); a key needs its prefix (DOCUMENTED). */
export const readGetClient = (parameters: CallParameters, merchant: Addressed): Read<GetClientCall> => {
  const store = readStore(parameters, "CodeMagasin")
  if (Result.isFailure(store)) return Result.fail(store.failure)
  const prefix = readPrefix(parameters, merchant)
  if (Result.isFailure(prefix)) return Result.fail(prefix.failure)
  const withKey = prefix.success !== null
  const number = orNull(parameters.get("IDClient"))
  if (number !== null) {
    const id = readId("IDClient", number)
    if (isWrong(id)) return Result.fail(id)
    const reference = id === "unknown" ? ("nobody" as const) : ({ by: "id", id } as const)
    return Result.succeed({ store: store.success, reference, withKey })
  }
  const key = orNull(parameters.get("Cle"))
  if (key === null) return missing("IDClient ou Cle")
  if (prefix.success === null) return missing("prefixCle")
  const reference =
    key.length > 255
      ? ("nobody" as const)
      : ({ by: "externalId", externalId: { system: prefix.success, key } } as const)
  return Result.succeed({ store: store.success, reference, withKey })
}

export interface ModifiedCall {
  readonly since: DateTime.Utc
  readonly store: StoreId
  readonly checkPoint: string | null
  readonly prefix: string | null
  readonly limit: number
}

const defaultLimit = 100

export const readModified = (
  parameters: CallParameters,
  merchant: Addressed,
  largestPage: number
): Read<ModifiedCall> => {
  const lastChanged = required(parameters, "lastChanged")
  if (Result.isFailure(lastChanged)) return Result.fail(lastChanged.failure)
  const since = readTime(lastChanged.success, merchant.timeZone)
  if (since === undefined) return invalid("lastChanged : date attendue, par exemple 2024-01-31T12:00:00")
  const store = readStore(parameters, "codeMagasin")
  if (Result.isFailure(store)) return Result.fail(store.failure)
  const prefix = readPrefix(parameters, merchant)
  if (Result.isFailure(prefix)) return Result.fail(prefix.failure)
  const given = orNull(parameters.get("limit"))
  const limit = given === null ? Math.min(defaultLimit, largestPage) : readInt32(given)
  if (limit === undefined || limit < 1 || limit > largestPage) {
    return invalid(`limit : nombre entier de 1 à ${largestPage} attendu`)
  }
  return Result.succeed({
    // A customer's time of change has milliseconds: within one, whatever is later begins with the next.
    since: hasTicks(lastChanged.success) ? DateTime.add(since.instant, { milliseconds: 1 }) : since.instant,
    store: store.success,
    checkPoint: orNull(parameters.get("checkPoint")),
    prefix: prefix.success,
    limit
  })
}

export interface PutClientCall extends ClientCall {
  readonly store: StoreId
  readonly references: ReadonlyArray<CustomerReference>
}

/** The members of a client record, XML or JSON, by this package's names. */
export const readInfoClient = (text: string, names: PolarisNames) => {
  const document = parseDocument(text, { refuseDuplicateKeys: true })
  if (Result.isFailure(document)) return invalid("InfoClient : XML ou JSON bien formé attendu")
  const { root, value } = document.success
  if (root !== null && !sameName(root, names.roots.client)) {
    return invalid(`InfoClient : élément ${names.roots.client} attendu`)
  }
  // An element without members is the same as a record without any.
  const record =
    value === "" || (root !== null && typeof value === "string" && value.trim() === "") ? {} : value
  if (!isPlain(record)) return invalid("InfoClient : un seul client attendu")
  const members = renamed(record, indexesOf(names).client, true)
  return Result.isSuccess(members)
    ? Result.succeed(members.success)
    : invalid(`InfoClient : ${members.failure} est donné plus d'une fois`)
}

export const readPutClient = (
  parameters: CallParameters,
  merchant: Addressed,
  names: PolarisNames
): Read<PutClientCall> => {
  const text = required(parameters, "InfoClient")
  if (Result.isFailure(text)) return Result.fail(text.failure)
  const store = readStore(parameters, "CodeMagasin")
  if (Result.isFailure(store)) return Result.fail(store.failure)
  const prefix = readPrefix(parameters, merchant)
  if (Result.isFailure(prefix)) return Result.fail(prefix.failure)
  const members = readInfoClient(text.success, names)
  if (Result.isFailure(members)) return Result.fail(members.failure)
  const context: ReadContext = { timeZone: merchant.timeZone, externalSystem: prefix.success ?? "", names }
  const read = readClientCall(members.success, context)
  if (Result.isFailure(read)) return Result.fail(read.failure)
  const { id, key, patch } = read.success
  if (key !== null && prefix.success === null) return missing("prefixCle")
  const externalId = key === null || prefix.success === null ? null : { system: prefix.success, key }
  const references: Array<CustomerReference> =
    id === null
      ? externalId === null
        ? []
        : [{ by: "externalId", externalId }]
      : id === "unknown"
        ? []
        : [{ by: "id", id }]
  return Result.succeed({
    id,
    key,
    store: store.success,
    references,
    patch: externalId === null ? patch : { ...patch, externalIds: [externalId] }
  })
}

/**
 * An answer's bytes into what they say. The form is told by the first character and not by the format asked for, since
 * how a site answers an error is not known. An error's body may come with any status, also with 200.
 */
import { Malformed, Refused, type SourceFailure, Unauthorized } from "@tillbridge/domain"
import type * as Redacted from "effect/Redacted"
import * as RedactedValue from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { PolarisNames } from "../PolarisNames.ts"
import { FragmentedInfoClient, type InfoClient } from "../PolarisSchema.ts"
import { readRecord, type UnreadableClient, unreadableClient } from "./records.ts"
import {
  indexesOf,
  isPlain,
  listOf,
  membersIn,
  parseDocument,
  plainOf,
  renamed,
  sameName,
  type WireDocument
} from "./wireTree.ts"

/** What reading depends on: the site's names, and what no message may show. */
export interface ReplyContext {
  readonly names: PolarisNames
  readonly secrets: ReadonlyArray<Redacted.Redacted>
}

const malformed = (detail: string) => Result.fail(new Malformed({ detail }))

const utf8 = new TextDecoder("utf-8", { fatal: true })

/** The body as a document. */
export const parseReply = (bytes: Uint8Array): Result.Result<WireDocument, Malformed> => {
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    return malformed("the answer is not UTF-8")
  }
  const parsed = parseDocument(text)
  return Result.isSuccess(parsed) ? Result.succeed(parsed.success) : malformed(`the answer ${parsed.failure}`)
}

/** The text with the secrets blotted out, in one line of at most 200 characters. */
const presentable = (text: string, secrets: ReadonlyArray<Redacted.Redacted>): string => {
  let shown = text
  for (const secret of secrets) {
    const value = RedactedValue.value(secret)
    if (value === "") continue
    for (const form of new Set([value, encodeURIComponent(value)]))
      shown = shown.replaceAll(form, "<redacted>")
  }
  return shown
    .replace(/[\s\0-\x1f\x7f]+/g, " ")
    .trim()
    .slice(0, 200)
}

/** What an error says of itself. */
export interface WireError {
  readonly code: string
  readonly message: string
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "")

/** The error that a document is, when it is one. */
export const errorOf = ({ root, value }: WireDocument, context: ReplyContext): WireError | undefined => {
  const { errors } = context.names
  let body = value
  if (root === null) {
    if (!isPlain(value)) return undefined
    const name = Object.keys(value).find((key) => sameName(key, errors.root))
    if (name === undefined) return undefined
    body = value[name]
  } else if (!sameName(root, errors.root)) {
    return undefined
  }
  const members = isPlain(body) ? renamed(body, indexesOf(context.names).error) : undefined
  const said = members !== undefined && Result.isSuccess(members) ? members.success : {}
  return {
    code: presentable(textOf(said["Code"]), context.secrets),
    message: presentable(textOf(said["Message"]) || textOf(body), context.secrets)
  }
}

/** An error as a reason. */
export const reasonOfError = ({ code, message }: WireError): Refused | Unauthorized => {
  const detail = [code, message].filter((part) => part !== "").join(": ") || "no reason given"
  return code === "NotAuthenticated" || code === "NotPermitted"
    ? new Unauthorized({ detail })
    : new Refused({ detail })
}

/** The document of an answer that is no error. */
export const openReply = (
  bytes: Uint8Array,
  context: ReplyContext
): Result.Result<WireDocument, SourceFailure> => {
  const parsed = parseReply(bytes)
  if (Result.isFailure(parsed)) return parsed
  const error = errorOf(parsed.success, context)
  return error === undefined ? parsed : Result.fail(reasonOfError(error))
}

/** The client of an answer; `null` when the answer is nil. */
export const readClient = (
  { root, value }: WireDocument,
  names: PolarisNames
): Result.Result<InfoClient | null, Malformed> => {
  if (value === null) return Result.succeed(null)
  if (root !== null && !sameName(root, names.roots.client))
    return malformed(`the answer is no ${names.roots.client}`)
  return Result.mapError(
    readRecord(value, names),
    (reason) => new Malformed({ detail: `the client cannot be read: ${reason}` })
  )
}

/** A slice of changed clients as the site told it. */
export interface ClientSlice extends Slice {
  readonly clients: ReadonlyArray<InfoClient>
}

/** A slice whose records are as they stand: plain values, or `XmlNode`s. */
export interface OpenSlice extends Slice {
  readonly records: ReadonlyArray<unknown>
}

interface Slice {
  /** Records of the slice that are no clients that could be read. */
  readonly unreadable: ReadonlyArray<UnreadableClient>
  readonly hasMoreResults: boolean
  /** Where to go on; opaque. */
  readonly checkPoint: string | null
}

const decodeSlice = Schema.decodeUnknownResult(
  Schema.Struct({
    hasMoreResults: FragmentedInfoClient.fields.hasMoreResults,
    checkPoint: FragmentedInfoClient.fields.checkPoint
  })
)

/** A document of which only the outermost members are looked into; of equal names all of it is. */
const outermost = (document: WireDocument): unknown => {
  const { element } = document
  if (element === undefined || element.children.length === 0) return document.value
  const members = membersIn(element)
  if (members === undefined) return document.value
  return Object.fromEntries(members.names.map((name, at) => [name, members.values[at]]))
}

/** The list of a slice: by its name, or else the only member that is a list. */
const listIn = (record: Readonly<Record<string, unknown>>): ReadonlyArray<unknown> | undefined => {
  if ("clients" in record) return listOf(record["clients"])
  const lists = Object.entries(record).flatMap(([name, value]) => {
    if (name === "hasMoreResults" || name === "checkPoint" || (!Array.isArray(value) && !isPlain(value)))
      return []
    const list = listOf(value)
    return list === undefined ? [] : [list]
  })
  return lists.length > 1 ? undefined : (lists[0] ?? [])
}

export const openSlice = (
  document: WireDocument,
  names: PolarisNames
): Result.Result<OpenSlice, Malformed> => {
  const { root } = document

  if (root !== null && !sameName(root, names.roots.fragment))
    return malformed(`the answer is no ${names.roots.fragment}`)
  const value = outermost(document)
  const members = isPlain(value) ? renamed(value, indexesOf(names).fragment) : undefined
  if (members === undefined || Result.isFailure(members)) return malformed("the slice cannot be read")
  const envelope = decodeSlice(members.success)
  if (Result.isFailure(envelope)) return malformed("the slice does not say whether there is more")
  const list = listIn(members.success)
  if (list === undefined) return malformed("the slice has no list of clients")
  const { checkPoint, hasMoreResults } = envelope.success
  return Result.succeed({
    records: list,
    unreadable: [],
    hasMoreResults: /^\s*(true|1)\s*$/i.test(hasMoreResults ?? ""),
    checkPoint: checkPoint ?? null
  })
}

/** The records of a slice, each read on its own. */
export const readRecords = (
  { records, unreadable, ...slice }: OpenSlice,
  names: PolarisNames
): ClientSlice => {
  const clients: Array<InfoClient> = []
  const broken = [...unreadable]
  for (const member of records) {
    const value = plainOf(member)
    const client = readRecord(value, names)
    if (Result.isSuccess(client)) clients.push(client.success)
    else broken.push(unreadableClient(value, client.failure, names))
  }
  return { ...slice, clients, unreadable: broken }
}

export const readSlice = (
  document: WireDocument,
  names: PolarisNames
): Result.Result<ClientSlice, Malformed> =>
  Result.map(openSlice(document, names), (slice) => readRecords(slice, names))

/** A scalar answer, `<long>1235</long>` or `1235`; `null` for nil or an empty one. */
export const readScalar = ({ value }: WireDocument): Result.Result<string | null, Malformed> => {
  if (value === null) return Result.succeed(null)
  if (typeof value === "object") return malformed("the answer is no single value")
  const text = String(value).trim()
  return Result.succeed(text === "" ? null : text)
}

/** The number of a client that was written. */
export const readNumber = (document: WireDocument): Result.Result<string | null, Malformed> => {
  const scalar = readScalar(document)
  if (Result.isFailure(scalar) || scalar.success === null) return scalar
  return /^-?[0-9]{1,19}$/.test(scalar.success) ? scalar : malformed("the answer is no number of a client")
}

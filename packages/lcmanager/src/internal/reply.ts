/**
 * An answer's bytes into its envelope, before anything in it is believed: a refusal of the application comes with HTTP
 * 200, and an answer of the framework has a `Message` and no `ErrorCode`, which is no success. Which form an answer has
 * is told by its first character.
 */
import { Malformed, Refused, type SourceFailure } from "@tillbridge/domain"
import {
  decodeText,
  MAX_REPLY_BYTES,
  MAX_REPLY_XML_ELEMENTS,
  parseJson,
  parseMediaType,
  parseXml,
  type XmlElement
} from "@tillbridge/wire"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { ClientInfoPeriodClient, ITEM_ELEMENT, TokenAnswer } from "../LcmanagerSchema.ts"

const malformed = (detail: string) => Result.fail(new Malformed({ detail }))

const localOf = (name: string): string => name.slice(name.indexOf(":") + 1)

const isNil = ({ attributes }: XmlElement): boolean =>
  Object.entries(attributes).some(
    ([name, value]) => localOf(name) === "nil" && (value === "true" || value === "1")
  )

const leafOf = (element: XmlElement): string | null => (isNil(element) ? null : element.text)

/** The members of a row's element: text, and `null` where it is nil. */
export const plainRow = (element: XmlElement): unknown => {
  const out: Record<string, unknown> = {}
  for (const child of element.children) out[localOf(child.name)] = leafOf(child)
  return out
}

/** The XML answer in the shape of the JSON one. Namespaces and the order of members are not looked at. */
const plain = (root: XmlElement): unknown => {
  if (localOf(root.name) !== "ClientInfoPeriodResponse" && localOf(root.name) !== "Error") return null
  const out: Record<string, unknown> = {}
  for (const child of root.children) {
    const name = localOf(child.name)
    if (name === "ErrorCode") out[name] = Number(leafOf(child) || Number.NaN)
    else if (name !== "Clients") out[name] = leafOf(child)
    else if (isNil(child)) out[name] = null
    else out[name] = child.children.filter((item) => localOf(item.name) === ITEM_ELEMENT).map(plainRow)
  }
  return out
}

const limits = { maxBytes: MAX_REPLY_BYTES, maxElements: MAX_REPLY_XML_ELEMENTS }

/** The body as text of the character set that its type names; `undefined` when it is none. */
export const decodeReply = (bytes: Uint8Array, contentType?: string): string | undefined =>
  decodeText(bytes, parseMediaType(contentType)?.parameters.get("charset") ?? "utf-8")

/** The body as plain values. */
export const parseReply = (bytes: Uint8Array, contentType?: string): Result.Result<unknown, Malformed> => {
  const text = decodeReply(bytes, contentType)
  if (text === undefined) return malformed("the answer is not text of its character set")
  const start = text.trimStart()
  if (start === "") return malformed("the answer is empty")
  if (/^<(!doctype\s+html|html)/i.test(start)) return malformed("the answer is an HTML page")
  if (!start.startsWith("<")) {
    const json = parseJson(start)
    return Result.isSuccess(json)
      ? Result.succeed(json.success)
      : malformed(`the answer is no JSON: ${json.failure.reason}`)
  }
  const xml = parseXml(start, limits)
  return Result.isSuccess(xml)
    ? Result.succeed(plain(xml.success))
    : malformed(`the answer is no XML: ${xml.failure.reason}`)
}

/** Text of the vendor's in one line of at most 200 characters, without what must not be seen. */
export const presentable = (text: string, secrets: ReadonlyArray<Redacted.Redacted>): string => {
  let out = text
  for (const secret of secrets) {
    const value = Redacted.value(secret)
    if (value === "") continue
    for (const form of new Set([value, encodeURIComponent(value)])) out = out.replaceAll(form, "<redacted>")
  }
  return out
    .replace(/[\s\0-\x1f\x7f]+/g, " ")
    .trim()
    .slice(0, 200)
}

const Envelope = Schema.Struct({
  ErrorCode: Schema.Int,
  Message: Schema.optionalKey(Schema.NullOr(Schema.String)),
  Clients: Schema.optionalKey(Schema.NullOr(Schema.Array(Schema.Unknown)))
})
const decodeEnvelope = Schema.decodeUnknownResult(Envelope)

const messageOf = (value: unknown): string | undefined => {
  if (typeof value !== "object" || value === null || !("Message" in value)) return undefined
  return typeof value.Message === "string" ? value.Message : undefined
}

/** The list of an answer that says `ErrorCode` 0; anything else as the reason of the failure. */
export const openEnvelope = (
  value: unknown,
  secrets: ReadonlyArray<Redacted.Redacted>
): Result.Result<ReadonlyArray<unknown>, Malformed | Refused> => {
  const envelope = decodeEnvelope(value)
  if (Result.isFailure(envelope)) {
    const message = messageOf(value)
    return malformed(
      message === undefined
        ? "the answer has no ErrorCode"
        : `the answer is the framework's: ${presentable(message, secrets)}`
    )
  }
  const { Clients, ErrorCode, Message } = envelope.success
  if (ErrorCode !== 0) {
    const said = presentable(Message ?? "", secrets) || "no reason given"
    return Result.fail(new Refused({ detail: `ErrorCode ${ErrorCode}: ${said}` }))
  }
  // A cut answer may lack the list; nil says that there is none.
  if (Clients === undefined) return malformed("the answer has no Clients")
  return Result.succeed(Clients ?? [])
}

/** A refusal below HTTP 200 says why in its `Message`, where it has one. */
export const withMessage = (
  reason: SourceFailure,
  bytes: Uint8Array,
  secrets: ReadonlyArray<Redacted.Redacted>
): SourceFailure => {
  if (reason._tag !== "Refused") return reason
  const parsed = parseReply(bytes)
  const message = Result.isSuccess(parsed) ? messageOf(parsed.success) : undefined
  return message === undefined
    ? reason
    : new Refused({ detail: `${reason.detail}: ${presentable(message, secrets)}` })
}

const decodeRow = Schema.decodeUnknownResult(ClientInfoPeriodClient)
const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

/** One row; the failure names the member that cannot be read, never its value. */
export const readRow = (value: unknown): Result.Result<ClientInfoPeriodClient, Malformed> => {
  const row = decodeRow(value)
  if (Result.isSuccess(row)) return Result.succeed(row.success)
  const issue = issuesOf(row.failure.issue).issues[0]
  const field = (issue?.path ?? [])
    .map((part) => String(typeof part === "object" ? part.key : part))
    .join(".")
  return malformed(field === "" ? "is no row" : `${field}: ${issue?.message ?? "is not valid"}`)
}

const decodeTokens = Schema.decodeUnknownResult(TokenAnswer)

/** What a good login answers. */
export const readTokens = (
  bytes: Uint8Array,
  contentType?: string
): Result.Result<TokenAnswer, Malformed> => {
  const parsed = parseReply(bytes, contentType)
  if (Result.isFailure(parsed)) return Result.fail(parsed.failure)
  const tokens = decodeTokens(parsed.success)
  return Result.isSuccess(tokens) ? Result.succeed(tokens.success) : malformed("the login gave no token")
}

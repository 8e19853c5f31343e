/**
 * In what form an answer is written, by the rules of ASP.NET Web API 2 (OBSERVED in its source, the class
 * DefaultContentNegotiator): for each writer, JSON before XML, its first match in `Accept`; the highest quality wins, of
 * equals the more specific range, then the order of writers; without any match the form of the request, then JSON. There
 * is never a 406. `q=0` only passes over the range that has it.
 */
import {
  acceptedCharsets,
  acceptedTypes,
  type Charset,
  encodeText,
  type MediaType,
  parseMediaType,
  type Preference
} from "@tillbridge/wire"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"

export type Format = "json" | "xml"

/** How an answer is written. */
export interface Writing {
  readonly format: Format
  /** `application/json; charset=utf-8` */
  readonly contentType: string
  readonly charset: Charset
}

const writers: ReadonlyArray<readonly [format: Format, types: ReadonlyArray<string>]> = [
  ["json", ["application/json", "text/json"]],
  ["xml", ["application/xml", "text/xml"]]
]

type Chosen = readonly [format: Format, type: string]

interface Match {
  readonly chosen: Chosen
  readonly quality: number
  /** 0 literal, 1 `type/*`, 2 everything. */
  readonly breadth: number
}

const matchOf = (accepted: ReadonlyArray<Preference>, [format, types]: (typeof writers)[number]) => {
  for (const { quality, value } of accepted) {
    if (quality === 0) continue
    const breadth = value === "*/*" ? 2 : value.endsWith("/*") ? 1 : 0
    const type = types.find(
      (one) => breadth === 2 || (breadth === 1 ? one.startsWith(value.slice(0, -1)) : one === value)
    )
    if (type !== undefined) return { chosen: [format, type], quality, breadth } satisfies Match
  }
  return undefined
}

const byAccept = (accepted: ReadonlyArray<Preference>): Chosen | undefined => {
  let best: Match | undefined
  for (const writer of writers) {
    const match = matchOf(accepted, writer)
    if (match === undefined) continue
    const isBetter =
      best === undefined ||
      match.quality > best.quality ||
      (match.quality === best.quality && match.breadth < best.breadth)
    if (isBetter) best = match
  }
  return best?.chosen
}

/** A page's own script that does not care gets JSON (INFERRED: the stock mapping of the JSON writer). */
const isScript = (header: string | undefined, accepted: ReadonlyArray<Preference>): boolean =>
  header !== undefined &&
  /xmlhttprequest/i.test(header) &&
  (accepted.length === 0 || (accepted.length === 1 && accepted[0]?.value === "*/*"))

const byRequest = (type: MediaType | undefined): Chosen | undefined => {
  for (const [format, types] of writers) {
    if (type !== undefined && types.includes(type.type)) return [format, type.type]
  }
  return undefined
}

/** By `Accept-Charset`, else that of the request's body, else UTF-8 (OBSERVED in the same source). */
const charsetOf = (header: string | undefined, type: MediaType | undefined): Charset => {
  for (const { quality, value } of acceptedCharsets(header)) {
    if (quality === 0) continue
    if (value === "utf-8" || value === "*") return "utf-8"
    if (value === "utf-16") return "utf-16"
  }
  return type?.parameters.get("charset")?.toLowerCase() === "utf-16" ? "utf-16" : "utf-8"
}

const usual: Writing = {
  format: "json",
  contentType: "application/json; charset=utf-8",
  charset: "utf-8"
}

/** How the answer to these headers is written. */
export const negotiate = (headers: HttpServerRequest.HttpServerRequest["headers"]): Writing => {
  const { accept } = headers
  const given = headers["content-type"]
  if (
    (accept === undefined || accept === "*/*" || accept === "application/json") &&
    (given === undefined || given === "application/json") &&
    headers["accept-charset"] === undefined
  ) {
    return usual
  }
  const accepted = acceptedTypes(accept)
  const type = parseMediaType(given)
  const [format, name] = isScript(headers["x-requested-with"], accepted)
    ? (["json", "application/json"] as const)
    : (byAccept(accepted) ?? byRequest(type) ?? (["json", "application/json"] as const))
  const charset = charsetOf(headers["accept-charset"], type)
  return { format, charset, contentType: `${name}; charset=${charset}` }
}

/** Text in the encoding of the answer; `first`: it begins it. */
export const bytesOf = (text: string, { charset }: Writing, first = true): Uint8Array =>
  encodeText(text, charset, first)

/**
 * A request's body as the period that it asks for, read as ASP.NET's readers do (lenient where they are), with three
 * differences: XML members are taken in any order; a value that cannot be read costs its member, in XML too; and a
 * member said twice is refused, because it would leave open what is meant. `Operator`, `Token` and `SiteCode` are
 * accepted and not looked at: the merchant is the bearer's.
 */
import type { TimeZone } from "@tillbridge/domain"
import { decodeText, isReadable, type MediaType, parseMediaType } from "@tillbridge/wire"
import * as Result from "effect/Result"
import { fromForm } from "./modelForm.ts"
import { fromJson } from "./modelJson.ts"
import {
  AmbiguousModel,
  type ModelError,
  type PeriodModel,
  UnreadableModel,
  UnsupportedMediaType
} from "./modelValues.ts"
import { fromXml } from "./modelXml.ts"

export {
  AmbiguousModel,
  type ModelError,
  type PeriodModel,
  UnreadableModel,
  UnsupportedMediaType
} from "./modelValues.ts"

const readers: Readonly<
  Record<string, (text: string, zone: TimeZone) => Result.Result<PeriodModel, ModelError>>
> = {
  "application/json": fromJson,
  "text/json": fromJson,
  "application/xml": fromXml,
  "text/xml": fromXml,
  "application/x-www-form-urlencoded": fromForm
}

/** A name that may stand in an answer. */
const named = (type: MediaType | undefined, header: string | undefined): string =>
  type !== undefined && type.type.length <= 100
    ? type.type
    : header === undefined
      ? "application/octet-stream"
      : "unknown"

/**
 * The request in a body of this content type. A local date is of `zone`. An empty body says nothing, whatever it is
 * called; any other needs a type that is read (OBSERVED in the framework's source).
 */
export const readPeriodModel = (
  bytes: Uint8Array,
  contentType: string | undefined,
  contentEncoding: string | undefined,
  zone: TimeZone
): Result.Result<PeriodModel, ModelError> => {
  if (bytes.length === 0) return Result.fail(new UnreadableModel({ reason: "the body is empty" }))
  const type = parseMediaType(contentType)
  const encoding = contentEncoding?.trim().toLowerCase() ?? ""
  const charset = type?.parameters.get("charset") ?? "utf-8"
  const read = type !== undefined && Object.hasOwn(readers, type.type) ? readers[type.type] : undefined
  if (read === undefined) {
    return Result.fail(new UnsupportedMediaType({ mediaType: named(type, contentType) }))
  }
  if ((encoding !== "" && encoding !== "identity") || !isReadable(charset)) {
    return Result.fail(new UnsupportedMediaType({ mediaType: named(type, contentType) }))
  }
  const text = decodeText(bytes, charset)
  if (text === undefined) {
    return Result.fail(new AmbiguousModel({ reason: "the body is not text of its character set" }))
  }
  return read(text, zone)
}

/**
 * Reads the body of a server request, cut while it is read: a declared length past the limit is
 * refused before the first byte, and a stream is left alone as soon as it has passed the limit,
 * so at most the limit and one socket read are ever held. What the client still sends afterwards
 * is the server adapter's to drop (Node's drains 256 KiB, then closes the socket).
 * A body can be read again after it has been read once, but not twice at the same time.
 */
import * as Effect from "effect/Effect"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { MAX_BODY_BYTES } from "./Limits.ts"
import { MalformedParameters, Parameters } from "./Parameters.ts"

/** The body is longer than `limit` bytes. */
export class BodyTooLarge extends Schema.TaggedError<BodyTooLarge>()("BodyTooLarge", {
  limit: Schema.Number
}) {
  override get message(): string {
    return `the body is longer than ${this.limit} bytes`
  }
}

/** The body could not be read to its end: the client went away or broke its framing. */
export class BodyUnreadable extends Schema.TaggedError<BodyUnreadable>()("BodyUnreadable", {}) {
  override get message(): string {
    return "the body could not be read to its end"
  }
}

/** The body is of a type, character set or encoding that is not read here. */
export class UnsupportedBody extends Schema.TaggedError<UnsupportedBody>()("UnsupportedBody", {
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}

const NO_BYTES = new Uint8Array(0)

// Keyed by the platform's request, which all modified views of one request share.
const alreadyRead = new WeakMap<object, Uint8Array>()

const declaredLength = (request: HttpServerRequest): number | undefined => {
  const header = request.headers["content-length"]
  return header !== undefined && /^\d+$/.test(header) ? Number(header) : undefined
}

const hasNoBody = (request: HttpServerRequest): boolean => {
  const { headers, method, source } = request
  if (headers["content-length"] === "0") return true
  // A web Request without a body has no stream to read; Effect would report that as a failure.
  if ("body" in source && source.body === null) return true
  // In HTTP/1.1 a body is announced by one of the two; this spares most requests a stream.
  return (
    (method === "GET" || method === "HEAD") &&
    headers["content-length"] === undefined &&
    headers["transfer-encoding"] === undefined
  )
}

const join = (chunks: ReadonlyArray<Uint8Array>, length: number): Uint8Array => {
  if (chunks.length === 1 && chunks[0] !== undefined) return chunks[0]
  const bytes = new Uint8Array(length)
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk, offset)
    offset += chunk.length
  }
  return bytes
}

/**
 * The body's bytes as sent, at most `limit` of them. Fails with BodyTooLarge when there are more,
 * with BodyUnreadable when the body breaks off.
 */
export const readBytes = (
  request: HttpServerRequest,
  limit: number = MAX_BODY_BYTES
): Effect.Effect<Uint8Array, BodyTooLarge | BodyUnreadable> =>
  Effect.suspend(() => {
    const known = alreadyRead.get(request.source)
    if (known !== undefined) {
      return known.length > limit ? Effect.fail(new BodyTooLarge({ limit })) : Effect.succeed(known)
    }
    if ((declaredLength(request) ?? 0) > limit) return Effect.fail(new BodyTooLarge({ limit }))
    if (hasNoBody(request)) return Effect.succeed(NO_BYTES)

    const chunks: Array<Uint8Array> = []
    let length = 0
    return request.stream.pipe(
      Stream.mapError(() => new BodyUnreadable()),
      Stream.runForEachArray((array) => {
        for (const chunk of array) {
          length += chunk.length
          if (length > limit) return Effect.fail(new BodyTooLarge({ limit }))
          if (chunk.length > 0) chunks.push(chunk)
        }
        return Effect.void
      }),
      Effect.map(() => {
        const bytes = join(chunks, length)
        alreadyRead.set(request.source, bytes)
        return bytes
      })
    )
  })

/** Why these headers are not of an urlencoded UTF-8 form, or undefined when they are. */
const whyNotForm = (request: HttpServerRequest): string | undefined => {
  const encoding = request.headers["content-encoding"]?.trim().toLowerCase() ?? ""
  if (encoding !== "" && encoding !== "identity") return "an encoded body is not read"
  const contentType = request.headers["content-type"]
  if (contentType === undefined) return "a body needs a content type"
  const [type = "", ...parameters] = contentType.split(";")
  if (type.trim().toLowerCase() !== "application/x-www-form-urlencoded") {
    return "the content type is not application/x-www-form-urlencoded"
  }
  for (const parameter of parameters) {
    const match = /^\s*charset\s*=\s*"?([^"\s]*)"?\s*$/i.exec(parameter)
    if (match !== null && !/^utf-?8$/i.test(match[1] ?? "")) return "the character set is not UTF-8"
  }
  return undefined
}

const utf8 = new TextDecoder("utf-8", { fatal: true })

/**
 * The parameters of an urlencoded form body. An empty body has none, whatever its content type.
 * Fails with UnsupportedBody when a body that is not empty is of another type, another character
 * set or compressed, with MalformedParameters when it is not UTF-8 or not urlencoded, and as
 * `readBytes` does.
 */
export const readForm = (
  request: HttpServerRequest,
  limit: number = MAX_BODY_BYTES
): Effect.Effect<Parameters, BodyTooLarge | BodyUnreadable | UnsupportedBody | MalformedParameters> =>
  Effect.flatMap(
    readBytes(request, limit),
    (bytes): Effect.Effect<Parameters, UnsupportedBody | MalformedParameters> => {
      if (bytes.length === 0) return Effect.succeed(Parameters.empty)
      const reason = whyNotForm(request)
      if (reason !== undefined) return Effect.fail(new UnsupportedBody({ reason }))
      let text: string
      try {
        text = utf8.decode(bytes)
      } catch {
        return Effect.fail(new MalformedParameters({ reason: "the body is not UTF-8" }))
      }
      return Effect.fromResult(Parameters.parse(text))
    }
  )

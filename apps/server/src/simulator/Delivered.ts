/** An answer on its way out, and how it travels: whole, slowly, broken off, or never. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { HttpClientError } from "effect/http/HttpClientError"
import * as HttpServerResponse from "effect/http/HttpServerResponse"

/** How a body ends before its end. */
export type Cut = "reset" | "length" | "chunked"

export type Delivered =
  | {
      readonly _tag: "Answered"
      readonly response: HttpServerResponse.HttpServerResponse
      readonly cut: Cut | null
      readonly bytesPerSecond: number | null
    }
  /** The connection is reset before anything is answered. */
  | { readonly _tag: "Reset" }
  /** Nothing ever comes. */
  | { readonly _tag: "Silent" }

export type Answered = Extract<Delivered, { readonly _tag: "Answered" }>

/** The body broke off. `code` is the platform's word for it. */
export class BrokenOff extends Error {
  readonly code: string
  constructor(cut: Cut) {
    super("the body broke off")
    this.code = cut === "reset" ? "ECONNRESET" : "UND_ERR_SOCKET"
  }
}

const contentOf = (response: HttpServerResponse.HttpServerResponse) =>
  HttpServerResponse.toClientResponse(response)

export const bytesOf = (
  response: HttpServerResponse.HttpServerResponse
): Effect.Effect<Uint8Array, HttpClientError> =>
  Effect.map(contentOf(response).arrayBuffer, (buffer) => new Uint8Array(buffer))

const slowly = (bytes: Uint8Array, perSecond: number): Stream.Stream<Uint8Array> => {
  // At most ten times a second: nobody tells the difference, and a fast trickle costs no timer for each byte.
  const step = Math.max(1, Math.floor(perSecond / 10))
  const starts = Array.from({ length: Math.ceil(bytes.length / step) }, (_, index) => index * step)
  return Stream.fromIterable(starts).pipe(
    Stream.mapEffect((start) =>
      Effect.as(Effect.sleep((step * 1_000) / perSecond), bytes.subarray(start, start + step))
    )
  )
}

/** The body as it travels. */
export const travelling = ({
  bytesPerSecond,
  cut,
  response
}: Answered): Stream.Stream<Uint8Array, HttpClientError | BrokenOff> => {
  if (cut === null && bytesPerSecond === null) return contentOf(response).stream
  return Stream.unwrap(
    Effect.map(bytesOf(response), (whole) => {
      const bytes = cut === null ? whole : whole.subarray(0, Math.floor(whole.length / 2))
      const told = bytesPerSecond === null ? Stream.make(bytes) : slowly(bytes, bytesPerSecond)
      return cut === null ? told : Stream.concat(told, Stream.fail(new BrokenOff(cut)))
    })
  )
}

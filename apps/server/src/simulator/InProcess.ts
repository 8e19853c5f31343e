/** A simulator as an `HttpClient`: the exchange in the caller's own fiber, and broken connections as its errors. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Cookies from "effect/http/Cookies"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { type Answered, BrokenOff, travelling } from "./Delivered.ts"
import type { Exchange } from "./Exchange.ts"

/** Cookies that routes wrote as a header are a client's cookies all the same. */
const withCookies = (response: HttpServerResponse.HttpServerResponse) => {
  const header = response.headers["set-cookie"]
  return header === undefined
    ? response
    : HttpServerResponse.mergeCookies(response, Cookies.fromSetCookie(header))
}

const received = (answered: Answered, request: HttpClientRequest.HttpClientRequest) => {
  const { bytesPerSecond, cut, response } = answered
  const whole = cut === null && bytesPerSecond === null
  const told = whole
    ? response
    : HttpServerResponse.stream(travelling(answered), {
        status: response.status,
        headers: response.headers,
        cookies: response.cookies
      })
  return HttpServerResponse.toClientResponse(withCookies(told), { request })
}

const reset = (request: HttpClientRequest.HttpClientRequest) =>
  new HttpClientError.HttpClientError({
    reason: new HttpClientError.TransportError({ request, cause: new BrokenOff("reset") })
  })

export const makeHttpClient = (exchange: Exchange): HttpClient.HttpClient =>
  HttpClient.make((request) => {
    const asked = HttpServerRequest.fromClientRequest(request).modify({
      remoteAddress: Option.some("127.0.0.1")
    })
    return Effect.flatMap(exchange(asked), (delivered) => {
      switch (delivered._tag) {
        case "Answered":
          return Effect.succeed(received(delivered, request))
        case "Reset":
          return Effect.fail(reset(request))
        case "Silent":
          return Effect.never
      }
    })
  })

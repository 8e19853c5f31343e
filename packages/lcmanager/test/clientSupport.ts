/** A fake site that counts what it is asked, and a client of it. */
import { assert } from "@effect/vitest"
import { SourceError } from "@tillbridge/domain"
import { Cause, Effect, Exit, Layer, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import { LcmanagerClient, type LcmanagerOptions } from "../src/index.ts"

export const PASSWORD = "CANARY/p+w é&1"

export interface Call {
  readonly path: string
  readonly headers: Headers
  readonly body: string
}

/** What the site answers next, by path; `undefined` for the usual. */
export type Answering = (call: Call, calls: ReadonlyArray<Call>) => Response | Promise<Response> | undefined

export const jsonResponse = (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  new Response(typeof body === "string" ? body : JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json; charset=utf-8", ...headers }
  })

export const emptyList = { Clients: [], ErrorCode: 0, Message: "" }

/**
 * A site that gives the tokens a1/r1, a2/r2, …, takes only the newest of them, takes a refresh token once, and answers
 * an empty list.
 */
export const fakeSite = (answering: Answering = () => undefined) => {
  const calls: Array<Call> = []
  let given = 0
  let refreshable = ""
  /** Whether the newest access token is taken. */
  const state = { isTaken: true }
  const pair = () => {
    given++
    state.isTaken = true
    refreshable = `CANARY-r${given}`
    return jsonResponse({
      access_token: `CANARY-a${given}`,
      token_type: "bearer",
      expires_in: 60,
      refresh_token: refreshable
    })
  }
  const usual = (call: Call): Response => {
    if (call.path.endsWith("/ManagerLogin")) {
      const form = new URLSearchParams(call.body)
      if (form.get("grant_type") === "refresh_token") {
        return form.get("refresh_token") === refreshable
          ? pair()
          : jsonResponse({ error: "invalid_grant", error_description: "x" }, 400)
      }
      return form.get("password") === PASSWORD && form.get("username") === "anna"
        ? pair()
        : jsonResponse({ error: "invalid_grant", error_description: "x" }, 401)
    }
    return state.isTaken && call.headers.get("authorization") === `Bearer CANARY-a${given}`
      ? jsonResponse(emptyList)
      : jsonResponse({ Message: "Authorization has been denied for this request." }, 401)
  }
  const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init)
    const call: Call = {
      path: new URL(request.url).pathname,
      headers: request.headers,
      body: await request.text()
    }
    calls.push(call)
    return (await answering(call, calls)) ?? usual(call)
  }
  return {
    calls,
    fetch,
    /** The tokens given out are worth nothing any more. */
    expire: () => void (state.isTaken = false),
    /** The refresh token too, as after a restart. */
    forget: () => {
      state.isTaken = false
      refreshable = "none"
    },
    logins: () =>
      calls
        .filter(({ path }) => path.endsWith("/ManagerLogin"))
        .map(({ body }) => new URLSearchParams(body).get("grant_type"))
  }
}

export const clientOf = (
  fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>,
  options: Partial<LcmanagerOptions> = {}
) =>
  LcmanagerClient.pipe(
    Effect.provide(
      LcmanagerClient.layer({
        baseUrl: "http://site.test/WebService/ROSE/app",
        user: "anna",
        password: Redacted.make(PASSWORD),
        retry: { times: 0 },
        // Limits are real work on a test clock that runs fast.
        timeout: "1 hour",
        ...options
      }).pipe(
        Layer.provide(FetchHttpClient.layer),
        Layer.provide(Layer.succeed(FetchHttpClient.Fetch, fetch as typeof globalThis.fetch))
      )
    )
  )

export const failureOf = <A>(exit: Exit.Exit<A, SourceError>): SourceError => {
  const error = Exit.isFailure(exit) ? Cause.findErrorOption(exit.cause) : undefined
  return error?._tag === "Some" && error.value instanceof SourceError
    ? error.value
    : assert.fail("has not failed with a SourceError")
}

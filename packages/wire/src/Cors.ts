/** Answers that pages of any origin may read, never with the browser's own credentials. */
import type * as HttpServerRequest from "effect/http/HttpServerRequest"

export const corsHeaders = { "access-control-allow-origin": "*" }

const isNameList = /^[\w-]+(?:\s*,\s*[\w-]+)*$/

/** What a browser asks before it sends: which methods and headers it may use. */
export const preflightHeaders = (
  { headers }: HttpServerRequest.HttpServerRequest,
  methods: ReadonlyArray<string>
): Readonly<Record<string, string>> => {
  const asked = headers["access-control-request-headers"]
  return {
    ...corsHeaders,
    "access-control-allow-methods": methods.join(", "),
    "access-control-max-age": "600",
    ...(asked !== undefined && isNameList.test(asked) ? { "access-control-allow-headers": asked } : {})
  }
}

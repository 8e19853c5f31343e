/** An HTTP client of a remote's own, which looks at certificates as browsers do. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import type * as Layer from "effect/Layer"
import type * as HttpClient from "effect/http/HttpClient"
import { CONNECT_MILLIS } from "./limits.ts"

export const layer: Layer.Layer<HttpClient.HttpClient> = NodeHttpClient.layerUndiciOptions({
  connect: { timeout: CONNECT_MILLIS }
})

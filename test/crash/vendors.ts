/** Clients of the two simulated vendors, as a program that mirrors them has them. */
import { TimeZone } from "@tillbridge/domain"
import { PolarisClient, makePolarisSource } from "@tillbridge/polaris"
import { makeVirtposDestination, makeVirtposSource, VirtposClient } from "@tillbridge/virtpos"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as HttpClient from "effect/http/HttpClient"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import type { Shop } from "./plan.ts"

export const zone = TimeZone.make("Europe/Moscow")

const retry = { times: 2, base: "20 millis", cap: "100 millis" } as const
const secret = Redacted.make("demo")

export interface Wire {
  readonly urls: Readonly<Record<Shop, string>>
  readonly pageSize: number
  /** Called before each request. */
  readonly asking?: Effect.Effect<void>
}

export const openVendors = Effect.fnUntraced(function* ({ asking = Effect.void, pageSize, urls }: Wire) {
  const http = Layer.effect(
    HttpClient.HttpClient,
    Effect.map(
      HttpClient.HttpClient,
      HttpClient.mapRequestEffect((request) => Effect.as(asking, request))
    )
  ).pipe(Layer.provide(FetchHttpClient.layer))
  const hub = PolarisClient.layer({
    baseUrl: urls.hub,
    retry,
    system: "hub",
    format: "json",
    pageSize,
    user: "demo",
    password: secret,
    codeMagasin: 1,
    prefixCle: "SHOP",
    timeZone: zone
  })
  const till = VirtposClient.layer({
    baseUrl: urls.till,
    retry,
    system: "till",
    format: "json",
    pageSize,
    apiKey: secret,
    timeZone: zone
  })
  const clients = yield* Layer.build(Layer.mergeAll(hub, till).pipe(Layer.provide(http)))
  return {
    hub: yield* Effect.provide(makePolarisSource, clients),
    till: yield* Effect.provide(makeVirtposSource, clients),
    tillDestination: yield* Effect.provide(makeVirtposDestination, clients)
  }
})

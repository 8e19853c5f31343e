/**
 * A Polaris site as a destination: customers by `IDClient` when they came from there, else by their key under the
 * prefix that the vendor gave. That a write looks a client up by its key is INFERRED, and PutClient does not say
 * whether it made one: so each is looked up before it is written, and the first one made is looked up again; if the
 * site does not find it, the destination refuses, because every write would make another. Cards are only read by this
 * API. Source: Client.PutClient.
 */
import {
  type CustomerChange,
  CustomerDestination,
  externalKey,
  type LookUp,
  Malformed,
  Refused,
  SourceError
} from "@tillbridge/domain"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import { capabilities } from "./internal/capabilities.ts"
import { outgoingClient, outgoingKey } from "./internal/outgoing.ts"
import { readChange } from "./internal/records.ts"
import { type ClientQuery, PolarisClient } from "./PolarisClient.ts"
import { DIALECT } from "./PolarisCodec.ts"

/** The destination of one site; needs its client. */
export const makePolarisDestination = Effect.gen(function* () {
  const client = yield* PolarisClient
  const { externalSystem, names, prefixCle, system, timeZone, writeStore } = client.config
  let lookUpProved = false

  const refused = (operation: string, detail: string) =>
    new SourceError({ dialect: DIALECT, operation, reason: new Refused({ detail }) })

  const idOf = (cle: string) =>
    Effect.map(client.getClient({ cle }), (found) => found?.IDClient?.trim() ?? null)

  /** Whether the site finds by key the client that was just made with it. */
  const proveLookUp = Effect.fnUntraced(function* (key: string, id: string) {
    if ((yield* idOf(key)) !== id) {
      return yield* refused("putCustomer", "clients are not found by Cle here: writing would double them")
    }
    lookUpProved = true
  })

  const putCustomer = Effect.fnUntraced(function* ({ customer, source }: CustomerChange) {
    const others = customer.externalIds ?? []
    const members = outgoingClient(customer, { names, timeZone, withStore: writeStore })
    const own = externalKey([source, ...others], system)
    // It came from here: its number is known, and nothing is to be made.
    if (own !== null) {
      const key = externalKey(others, externalSystem)
      const id = yield* client.putClient({
        IDClient: own,
        ...(key === null || prefixCle === null ? {} : { Cle: key }),
        ...members
      })
      return id === null ? yield* refused("putCustomer", "nothing was saved") : { key: id, isNew: false }
    }
    if (prefixCle === null) {
      return yield* refused(
        "putCustomer",
        "no prefixCle is configured, so a write could not be repeated safely"
      )
    }
    const key = outgoingKey(source, others, externalSystem)
    const isNew = (yield* idOf(key)) === null
    const id = yield* client.putClient({ Cle: key, ...members })
    if (id === null) return yield* refused("putCustomer", "nothing was saved")
    if (isNew && !lookUpProved) yield* proveLookUp(key, id)
    return { key: id, isNew }
  })

  /** Everybody found, which is one at most: both ways name a client. */
  const found = (query: ClientQuery) =>
    Effect.flatMap(client.getClient(query), (wire) => {
      if (wire === null) return Effect.succeed([])
      const change = readChange(wire, client.config, client.members)
      return Result.isSuccess(change)
        ? Effect.succeed([change.success])
        : Effect.fail(
            lookUpError(new Malformed({ detail: `the client cannot be read: ${change.failure.reason}` }))
          )
    })

  const lookUpError = (reason: Malformed | Refused) =>
    new SourceError({ dialect: DIALECT, operation: "lookUp", reason })

  /** Nobody has a number that is none: the site would take it for a wrong call. */
  const byNumber = (key: string) =>
    /^[0-9]{1,19}$/.test(key) ? found({ idClient: key }) : Effect.succeed([])

  const lookUp = (by: LookUp) => {
    if (by.by === "key") return byNumber(by.key)
    if (by.by === "externalId" && by.externalId.system === system) return byNumber(by.externalId.key)
    return by.by === "externalId" && prefixCle !== null
      ? found({ cle: outgoingKey(by.externalId, [], externalSystem) })
      : Effect.fail(lookUpError(new Refused({ detail: `clients cannot be looked up by ${by.by} here` })))
  }

  return CustomerDestination.of({
    system,
    capabilities,
    putCustomer,
    lookUps: prefixCle === null ? ["key"] : ["key", "externalId"],
    lookUp,
    removeCustomer: () => Effect.fail(refused("removeCustomer", "clients cannot be removed by this API")),
    putCard: () => Effect.fail(refused("putCard", "cards cannot be written by this API")),
    removeCard: () => Effect.fail(refused("removeCard", "cards cannot be removed by this API"))
  })
})

/** `CustomerDestination` on a client. */
export const layerPolarisDestination: Layer.Layer<CustomerDestination, never, PolarisClient> = Layer.effect(
  CustomerDestination,
  makePolarisDestination
)

/** The two sides of a link, opened: remotes of the settings, or the merchant's store. */
import type { CustomerDestination, CustomerSource, MerchantId, SourceError } from "@tillbridge/domain"
import { makeStoreSource } from "@tillbridge/sync"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { usage } from "../Failure.ts"
import { say } from "../Output.ts"
import { openNamed } from "../remotes/openNamed.ts"
import type { TrafficReport } from "../remotes/Remote.ts"
import { STORE, unknownRemote } from "../remotes/RemoteSettings.ts"
import type { SyncSettings } from "../remotes/SyncSettings.ts"

type Source = CustomerSource["Service"]
type Destination = CustomerDestination["Service"]

export interface End {
  /** As it was given: the name of a remote, or `store`. */
  readonly name: string
  readonly source: Source
  /** `null`: it cannot be written to. */
  readonly destination: Destination | "store" | null
  /** Of the remote; the store has none. */
  readonly traffic: Effect.Effect<TrafficReport> | null
}

/** Which end a failure came from: two remotes may speak one dialect. */
const origins = new WeakMap<SourceError, string>()

/** The name of the end that failed. */
export const originOf = (error: SourceError): string => origins.get(error) ?? error.dialect

const noted =
  (name: string) =>
  (error: SourceError): Effect.Effect<void> =>
    Effect.sync(() => origins.set(error, name))

const namedSource = (source: Source, name: string): Source => ({
  ...source,
  pages: (from) => source.pages(from).pipe(Stream.tapError(noted(name)))
})

const namedDestination = (destination: Destination, name: string): Destination => {
  const note = noted(name)
  return {
    ...destination,
    putCustomer: (change) => destination.putCustomer(change).pipe(Effect.tapError(note)),
    putCard: (card, owner) => destination.putCard(card, owner).pipe(Effect.tapError(note)),
    removeCard: (number) => destination.removeCard(number).pipe(Effect.tapError(note)),
    removeCustomer: (key) => destination.removeCustomer(key).pipe(Effect.tapError(note)),
    lookUp: (by) => destination.lookUp(by).pipe(Effect.tapError(note))
  }
}

/** Refuses a pair of names that is no link: one system twice, or one that nobody set. */
export const refuseUnknownEnds = Effect.fnUntraced(function* (
  settings: SyncSettings,
  from: string,
  to: string,
  alsoKnown: ReadonlyArray<string> = []
) {
  if (from === to)
    return yield* usage(`"${from}" stands on both sides: name two systems, such as: NAME ${STORE}`)
  for (const name of [from, to]) {
    if (name === STORE || settings.remoteNames.includes(name) || alsoKnown.includes(name)) continue
    return yield* usage(unknownRemote(name, [...settings.remoteNames, STORE], settings.path))
  }
})

/** Standard output holds answers only, so this is not left to the log. */
const sayTrusted = (name: string, fingerprint: string) =>
  say(`The certificate of ${name} is trusted from now on. To take no other: fingerprint = "${fingerprint}"`)

/** Opens one side; a setting that the dialect refuses is a `Failure`. */
export const openEnd = Effect.fnUntraced(function* (
  settings: SyncSettings,
  name: string,
  merchant: MerchantId
) {
  if (name === STORE) {
    const source = yield* makeStoreSource(merchant)
    return {
      name,
      source: namedSource(source, name),
      destination: "store",
      traffic: null
    } satisfies End as End
  }
  const { destination, source, traffic } = yield* openNamed(yield* settings.remote(name), {
    onTrusted: sayTrusted
  })
  return {
    name,
    source: namedSource(source, name),
    destination: destination === null ? null : namedDestination(destination, name),
    traffic
  } satisfies End as End
})

/** The end, if it can be written to. */
export const writable = (end: End): Effect.Effect<Destination | "store", ReturnType<typeof usage>> =>
  end.destination === null
    ? Effect.fail(
        usage(
          `${end.name} cannot be written to: its API has no call for that. ` +
            `It can only stand first: tillbridge sync run ${end.name} ${STORE}`
        )
      )
    : Effect.succeed(end.destination)
